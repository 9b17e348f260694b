/**
 * Custom data and model tokens in the root graph and in a subgraph: output for each of the six modes.
 *
 * The first node waits, so that a client can join before the run has produced anything.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import { Parrot } from "./parrot.js";

const model = new Parrot();

const SubState = Annotation.Root({ topic: Annotation<string>, inner_answer: Annotation<string> });

const State = Annotation.Root({
  ...SubState.spec,
  delay: Annotation<number>,
  waited: Annotation<number>,
  root_answer: Annotation<string>,
});

async function wait(state: typeof State.State) {
  const delay = state.delay ?? 0;
  await sleep(1000 * delay);
  return { waited: delay };
}

async function root(state: typeof State.State, { writer }: LangGraphRunnableConfig) {
  writer?.({ from: "root" });
  return { root_answer: (await model.invoke(`Root joke about ${state.topic}`)).text };
}

async function inner(state: typeof SubState.State, { writer }: LangGraphRunnableConfig) {
  writer?.({ from: "inner" });
  return { inner_answer: (await model.invoke(`Inner joke about ${state.topic}`)).text };
}

const sub = new StateGraph(SubState).addNode("inner", inner).addEdge(START, "inner").compile();

export const graph = new StateGraph(State)
  .addNode("wait", wait)
  .addNode("root", root)
  .addNode("sub", sub)
  .addEdge(START, "wait")
  .addEdge("wait", "root")
  .addEdge("root", "sub")
  .compile();
