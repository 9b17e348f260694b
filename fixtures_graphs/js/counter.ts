/** Counts in slow steps: the number in an event says at which point of the run it was produced. */

import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ count: Annotation<number>, n: Annotation<number>, delay: Annotation<number> });

async function step(state: typeof State.State, { writer }: LangGraphRunnableConfig) {
  const number = (state.count ?? 0) + 1;
  writer?.({ step: number });
  await sleep(1000 * (state.delay ?? 0));
  return { count: number };
}

function nextStep(state: typeof State.State) {
  return state.count >= state.n ? END : "step";
}

export const graph = new StateGraph(State)
  .addNode("step", step)
  .addEdge(START, "step")
  .addConditionalEdges("step", nextStep, ["step", END])
  .compile();
