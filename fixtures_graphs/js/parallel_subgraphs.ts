/** Two subgraphs in the same step; the left one is slower than the right one. */

import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  items: Annotation<string[]>({ reducer: (items, more) => items.concat(more), default: () => [] }),
});

const SideState = Annotation.Root({
  started: Annotation<boolean>,
  items: Annotation<string[]>, // replaced, not appended: only the parent accumulates
});

function side(name: string, delay: number) {
  async function begin(_state: typeof SideState.State, { writer }: LangGraphRunnableConfig) {
    writer?.({ side: name });
    return { started: true };
  }

  async function finish() {
    await sleep(1000 * delay);
    return { items: [name] };
  }

  return new StateGraph(SideState)
    .addNode("begin", begin)
    .addNode("finish", finish)
    .addEdge(START, "begin")
    .addEdge("begin", "finish")
    .compile();
}

export const graph = new StateGraph(State)
  .addNode("left", side("left", 0.6))
  .addNode("right", side("right", 0.2))
  .addEdge(START, "left")
  .addEdge(START, "right")
  .compile();
