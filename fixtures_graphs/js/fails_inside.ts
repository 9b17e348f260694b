/** The graph `fails` with the failing node inside a subgraph. */

import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";
import { okNode, State } from "./fails.js";

const SubState = Annotation.Root({
  healthy: Annotation<boolean>,
  log: Annotation<string[]>, // replaced, not appended: only the parent accumulates
});

async function badNode(state: typeof SubState.State, { writer }: LangGraphRunnableConfig) {
  writer?.({ about_to: "fail" });
  if (!state.healthy) throw new Error("the reference graph failed on purpose");
  return { log: ["bad_node"] };
}

const sub = new StateGraph(SubState).addNode("bad_node", badNode).addEdge(START, "bad_node").compile();

export const graph = new StateGraph(State)
  .addNode("ok_node", okNode)
  .addNode("sub", sub)
  .addEdge(START, "ok_node")
  .addEdge("ok_node", "sub")
  .compile();
