/**
 * Serves the graphs of the langgraph.json beside this file with the official server: node serve.mjs PORT
 *
 * It is one process. It keeps its state in .langgraph_api in the working directory, and loads what an earlier start
 * left there.
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startServer } from "@langchain/langgraph-api/server";
import { register } from "tsx/esm/api";

/** Runs executed at a time. A worker that waits for one costs next to nothing. */
const WORKERS = 50;

const port = Number(process.argv[2] ?? process.env.PORT);
if (!Number.isInteger(port)) {
  console.error("No port: give it as the argument, or as PORT in the environment.");
  process.exit(2);
}

register(); // the graphs are TypeScript

const { graphs } = JSON.parse(await readFile(new URL("langgraph.json", import.meta.url), "utf-8"));
const { host, cleanup } = await startServer({
  host: "127.0.0.1",
  port,
  nWorkers: WORKERS,
  cwd: process.cwd(),
  graphs: Object.fromEntries(Object.entries(graphs).map(([name, path]) => [name, fromHere(path)])),
});
console.log(`serving ${Object.keys(graphs).length} graphs at http://${host}`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await cleanup();
    process.exit(0);
  });
}

/** The server looks paths up from its working directory; those of the file count from here. */
function fromHere(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
