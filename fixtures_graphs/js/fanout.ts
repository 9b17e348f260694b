/** One node that is started several times in one step; later starts finish earlier. */

import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, Send, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  subjects: Annotation<string[]>,
  planned: Annotation<number>,
  jokes: Annotation<string[]>({ reducer: (jokes, more) => jokes.concat(more), default: () => [] }),
  best: Annotation<string>,
});

interface Order {
  subject: string;
  delay: number;
}

async function plan(state: typeof State.State) {
  return { planned: state.subjects.length };
}

function orders({ subjects }: typeof State.State) {
  return subjects.map((subject, index) => new Send("gen", { subject, delay: 0.1 * (subjects.length - index) }));
}

async function gen(order: Order) {
  await sleep(1000 * order.delay);
  return { jokes: [`joke about ${order.subject}`] };
}

async function pick(state: typeof State.State) {
  // The first in code point order, because the runtime may join the jokes in any order.
  return { best: state.jokes.toSorted(byCodePoint)[0] };
}

/** Compares as UTF-8, because JavaScript compares UTF-16 code units, which gives another order. */
function byCodePoint(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

export const graph = new StateGraph(State)
  .addNode("plan", plan)
  .addNode("gen", gen)
  .addNode("pick", pick)
  .addEdge(START, "plan")
  .addConditionalEdges("plan", orders, ["gen"])
  .addEdge("gen", "pick")
  .compile();
