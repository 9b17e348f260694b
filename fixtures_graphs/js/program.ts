/** Interprets a program from its input: steps, subgraphs, parallel work, loops, tokens, waits and failures. */

import { setTimeout as sleep } from "node:timers/promises";
import { tool } from "@langchain/core/tools";
import { Annotation, END, type LangGraphRunnableConfig, Send, START, StateGraph, task } from "@langchain/langgraph";
import { z } from "zod";
import { Speaker, type Speech } from "./speaker.js";

/** The version of the contract of the reference graphs, which every run of this graph writes into its state. */
const CONTRACT = 2;
/** How many levels of subgraphs there are below the root. */
const DEPTH = 3;

type Update = Record<string, any>;

const State = Annotation.Root({
  program: Annotation<any[]>,
  contract: Annotation<number>,
  done: Annotation<number>,
  value: Annotation<any>,
  log: Annotation<any[]>({ reducer: (log, more) => log.concat(more), default: () => [] }),
});
type State = typeof State.State;

/** Returns a value in which every `{"$repeat": text or list, "times": number}` is replaced by the repetition. */
function grown(value: any): any {
  if (Array.isArray(value)) return value.map(grown);
  if (value === null || typeof value !== "object") return value;
  if (!Object.hasOwn(value, "$repeat")) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, grown(item)]));
  }
  const part = grown(value.$repeat);
  return typeof part === "string" ? part.repeat(value.times) : Array.from({ length: value.times }, () => part).flat();
}

/** Yields the instructions of a program in the order in which they are carried out, without loops. */
function* unrolled(program: any[]): Generator<any> {
  for (const instruction of program) {
    if (!instruction.loop) yield instruction;
    else for (let round = 0; round < instruction.times; round++) yield* unrolled(instruction.loop);
  }
}

/** Returns the instruction to carry out now; undefined after the last. */
function current(state: State): any {
  return [...unrolled(state.program)][state.done];
}

async function speak(speech: Speech, tag?: string | null): Promise<string> {
  return (await new Speaker({ speech, tags: tag == null ? [] : [tag] }).invoke("speak")).text;
}

const speakInTool = tool(async ({ speech, tag }) => speak(speech, tag), {
  name: "speak_in_tool",
  description: "Say tokens.",
  schema: z.object({ speech: z.array(z.any()), tag: z.string().nullable() }),
});

const speakInTask = task("speak_in_task", speak);

/** Says the tokens of an action in the node itself, in a tool or in a task; returns the answer. */
async function say(action: any): Promise<string> {
  const speech = grown(action.say);
  const tag = action.tag ?? null;
  if (action.in === "tool") return speakInTool.invoke({ speech, tag });
  return action.in === "task" ? speakInTask(speech, tag) : speak(speech, tag);
}

/** Performs the actions of a step; returns the part of the update that they cause. */
async function perform(actions: any[], { writer }: LangGraphRunnableConfig): Promise<Update> {
  const update: Update = {};
  const log = (entry: any) => (update.log = [...(update.log ?? []), entry]);
  for (const action of actions) {
    if ("custom" in action) writer?.(grown(action.custom));
    else if ("say" in action) log(await say(action));
    else if ("append" in action) log(grown(action.append));
    else if ("write" in action) update.value = grown(action.write);
    else if ("wait" in action) await sleep(1000 * action.wait);
    else if ("fail" in action) throw new Error(action.fail);
  }
  return update;
}

const begin = async () => ({ contract: CONTRACT, done: 0 });
const join = async (state: State) => ({ done: state.done + 1 });
const nothing = async () => ({});

async function step(state: State, config: LangGraphRunnableConfig) {
  return { ...(await perform(current(state).step, config)), done: state.done + 1 };
}

async function each(given: any, config: LangGraphRunnableConfig) {
  return { log: [], ...(await perform(given.step, config)) };
}

/** Returns what carries out the next instruction. */
function route(state: State): any {
  const instruction = current(state);
  if (!instruction) return END;
  if (instruction.fan) return instruction.fan.map((actions: any[]) => new Send("each", { step: actions }));
  if (instruction.parallel) return instruction.parallel.map((program: any[]) => new Send("branch", { program }));
  if (instruction.call) return "call";
  return instruction.step.length ? (instruction.node ?? "a") : "nothing";
}

/** Returns the graph of one level, whose nodes `call` and `branch` run `inner`, if there is a level below. */
function level(inner: any): any {
  const branch = async ({ program }: any) => ({ log: (await inner.invoke({ program })).log });

  async function call(state: State) {
    const { call: program, times = 1 } = current(state);
    const log: any[] = [];
    for (let round = 0; round < times; round++) log.push(...(await inner.invoke({ program })).log);
    return { log, done: state.done + 1 };
  }

  const sequential: Update = { begin, a: step, b: step, c: step, join, ...(inner && { call }) };
  const joined: Update = { nothing, each, ...(inner && { branch }) };
  const routed = [...Object.keys(sequential), ...Object.keys(joined), END].filter((name) => !["begin", "join"].includes(name));
  const built: any = new StateGraph(State);
  for (const [name, node] of Object.entries({ ...sequential, ...joined })) built.addNode(name, node);
  built.addEdge(START, "begin");
  for (const name of Object.keys(sequential)) built.addConditionalEdges(name, route, routed);
  for (const name of Object.keys(joined)) built.addEdge(name, "join");
  return built.compile();
}

let levels = level(undefined);
for (let depth = 0; depth < DEPTH; depth++) levels = level(levels);

export const graph = levels;
