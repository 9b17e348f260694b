/**
 * Serves the graphs of the langgraph.json beside this file with the official server: node serve.mjs PORT
 *
 * It runs in one process. It stores its state in .langgraph_api in the working directory and loads it at the next
 * start.
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { startServer } from "@langchain/langgraph-api/server";
import { register } from "tsx/esm/api";

/** The number of runs executed at the same time. An idle worker costs almost nothing. */
const WORKERS = 50;

const port = Number(process.argv[2] ?? process.env.PORT);
if (!Number.isInteger(port)) {
  console.error("No port is given: pass it as the argument (node serve.mjs 8080), or set the variable PORT.");
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

/** Returns the absolute path, because the server resolves paths from its working directory, not from this folder. */
function fromHere(path) {
  return fileURLToPath(new URL(path, import.meta.url));
}
