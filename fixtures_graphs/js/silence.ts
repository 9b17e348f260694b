/** A node that produces nothing for a while: shows whether the stream survives the silence. */

import { setTimeout } from "node:timers/promises";
import { Annotation, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ delay: Annotation<number>, slept: Annotation<number>, done: Annotation<boolean> });

async function sleep(state: typeof State.State) {
  await setTimeout(1000 * state.delay);
  return { slept: state.delay };
}

async function after() {
  return { done: true };
}

export const graph = new StateGraph(State)
  .addNode("sleep", sleep)
  .addNode("after", after)
  .addEdge(START, "sleep")
  .addEdge("sleep", "after")
  .compile();
