/** Fails after it has produced output; with `healthy` it succeeds. */

import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

export const State = Annotation.Root({
  delay: Annotation<number>,
  healthy: Annotation<boolean>,
  log: Annotation<string[]>({ reducer: (log, more) => log.concat(more), default: () => [] }),
});

export async function okNode(state: typeof State.State) {
  await sleep(1000 * (state.delay ?? 0));
  return { log: ["ok_node"] };
}

async function badNode(state: typeof State.State, { writer }: LangGraphRunnableConfig) {
  writer?.({ about_to: "fail" });
  if (!state.healthy) throw new Error("the reference graph failed on purpose");
  return { log: ["bad_node"] };
}

export const graph = new StateGraph(State)
  .addNode("ok_node", okNode)
  .addNode("bad_node", badNode)
  .addEdge(START, "ok_node")
  .addEdge("ok_node", "bad_node")
  .compile();
