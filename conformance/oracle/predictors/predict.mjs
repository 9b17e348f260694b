/**
 * Yields what langgraph for JavaScript itself streams for a run; input and output are those of predict.py.
 *
 *     node --import tsx predict.mjs GRAPHS < cases.jsonl > predictions.jsonl
 *
 * GRAPHS is a folder with a langgraph.json, the graphs and node_modules.  Cases are performed one after another, because
 * concurrent runs with the same id lose events.  Waits take a moment only: whenever nothing happens, a clock jumps to
 * the end of the next one.
 */

import { readFileSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import timers from "node:timers/promises";
import { pathToFileURL } from "node:url";

const RUN = "00000000-0000-4000-8000-00000000000a";
const THREAD = "00000000-0000-4000-8000-00000000000b";
/** How long nothing must happen before the clock jumps, in milliseconds. */
const QUIET = 4;

const folder = resolve(process.argv[2]);
const from = createRequire(resolve(folder, "package.json"));
const load = (path) => import(pathToFileURL(path).href);

// --- a clock that jumps; the graphs wait with node:timers/promises

const clock = { now: 0, sleepers: [] };
const sleep = timers.setTimeout;
timers.setTimeout = (milliseconds) =>
  new Promise((wake) => clock.sleepers.push({ at: clock.now + Math.round(milliseconds), wake }));
syncBuiltinESMExports();

/** Ends the waits, one after another, until it is stopped. */
async function jump(active) {
  while (active.running) {
    await sleep(QUIET);
    clock.sleepers.sort((one, other) => one.at - other.at);
    const next = clock.sleepers.shift();
    if (!next) continue;
    clock.now = next.at;
    next.wake();
  }
}

// --- an error must not overtake what waits to be read

const { error } = ReadableStreamDefaultController.prototype;
ReadableStreamDefaultController.prototype.error = function (problem) {
  sleep(1).then(() => error.call(this, problem));
};

// --- data as the official server sends it

const plain = (value) =>
  JSON.parse(
    JSON.stringify(value ?? null, function (key, made) {
      const raw = this[key];
      if (raw instanceof Error) return { error: raw.name, message: raw.message };
      if (typeof raw?.toDict !== "function") return made;
      const { type, data } = raw.toDict();
      return { ...data, type };
    }),
  );

/** The server renames `parentConfig` and the `state` of a task that is a subgraph; of a config, see predict.py. */
function asSent(data) {
  if (data.type !== "checkpoint") return data;
  const { parentConfig, ...payload } = data.payload;
  for (const task of payload.tasks) {
    if (task.state?.configurable) [task.checkpoint, task.state] = [task.state.configurable, undefined];
  }
  const identified = (config) => {
    const kept = Object.entries(config?.configurable ?? {}).filter(([key]) => !key.startsWith("__"));
    return config && { configurable: Object.fromEntries(kept) };
  };
  return { ...data, payload: { ...payload, config: identified(payload.config), parent_config: identified(parentConfig) } };
}

// --- steps, as in predict.py

function steps() {
  const now = new Map();
  const tasks = new Map();
  const path = (namespace, mode, data) => {
    if (mode === "debug" && data.type === "task") {
      now.set(namespace.join("|"), data.step);
      const place = JSON.stringify([namespace, data.step]);
      tasks.set(place, (tasks.get(place) ?? 0) + 1);
    }
    const ends = namespace.map((_, index) => index + 1);
    const whole = ends.filter((end) => end === namespace.length || namespace[end].includes(":"));
    return [0, ...whole].map((end) => now.get(namespace.slice(0, end).join("|")) ?? -1);
  };
  const parallel = () => [...tasks].filter(([, count]) => count > 1).map(([place]) => JSON.parse(place));
  return { path, parallel };
}

// --- a run

async function* stream(graph, input, config, modes, subgraphs) {
  const streamMode = [...new Set([...modes, "debug"])].filter((mode) => mode !== "events");
  const options = { ...config, streamMode, subgraphs };
  const unpacked = (chunk) => {
    const [namespace, mode, data] = subgraphs ? chunk : [[], ...chunk];
    return [mode, namespace, mode === "debug" ? plain(asSent(plain(data))) : plain(data)];
  };
  try {
    if (!modes.includes("events")) {
      for await (const chunk of await graph.stream(input, options)) yield unpacked(chunk);
      return;
    }
    for await (const event of graph.streamEvents(input, { version: "v2", ...options })) {
      if (event.event === "on_chain_stream" && event.run_id === config.runId) yield unpacked(event.data.chunk);
      else if (!event.tags?.includes("langsmith:hidden")) yield ["events", [], plain(event)];
    }
  } catch (problem) {
    yield ["error", [], plain(problem)];
  }
}

const snapshot = (state) =>
  plain({
    values: state.values,
    next: state.next,
    step: state.metadata?.step ?? null,
    checkpoint_id: state.config.configurable.checkpoint_id ?? null,
    parent_id: state.parentConfig?.configurable.checkpoint_id ?? null,
  });

async function predicted(built, asked, checkpointer) {
  const graph = Object.assign(Object.create(Object.getPrototypeOf(built)), built, { checkpointer });
  const configurable = checkpointer ? { thread_id: THREAD } : {};
  let prediction;
  for (const [number, { input }] of asked.runs.entries()) {
    const runId = number === asked.runs.length - 1 ? RUN : crypto.randomUUID();
    const [track, began] = [steps(), clock.now];
    prediction = { events: [], parallel: [], history: [] };
    for await (const [mode, namespace, data] of stream(graph, input, { runId, configurable }, asked.modes, asked.subgraphs)) {
      const path = track.path(namespace, mode, data);
      const kept = mode === "error" || asked.modes.includes(mode);
      if (kept) prediction.events.push([mode, namespace, data, path, (clock.now - began) / 1000]);
    }
    prediction.parallel = track.parallel();
  }
  if (checkpointer) for await (const state of graph.getStateHistory({ configurable })) prediction.history.push(snapshot(state));
  return prediction;
}

const { MemorySaver } = await load(from.resolve("@langchain/langgraph"));
const version = (name) => JSON.parse(readFileSync(resolve(folder, "node_modules", name, "package.json"), "utf8")).version;
const library = Object.fromEntries(["@langchain/langgraph", "@langchain/core"].map((name) => [name, version(name)]));
const { graphs } = JSON.parse(readFileSync(resolve(folder, "langgraph.json"), "utf8"));

console.log = console.error; // what a graph or the library prints must not stand among the predictions
const active = { running: true };
const jumping = jump(active);
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const [file, name] = graphs[asked.graph].split(":");
  const built = (await load(resolve(folder, file)))[name];
  const prediction = await predicted(built, asked, asked.thread ? new MemorySaver() : undefined);
  process.stdout.write(JSON.stringify({ case: asked, library, ...prediction }) + "\n");
}
active.running = false;
await jumping;
