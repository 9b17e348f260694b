/** Three consecutive nodes; the middle one returns no update. */

import { Annotation, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (log, more) => log.concat(more), default: () => [] }),
});

async function one() {
  return { log: ["one"] };
}

async function nothing() {}

async function two() {
  return { log: ["two"] };
}

export const graph = new StateGraph(State)
  .addNode("one", one)
  .addNode("nothing", nothing)
  .addNode("two", two)
  .addEdge(START, "one")
  .addEdge("one", "nothing")
  .addEdge("nothing", "two")
  .compile();
