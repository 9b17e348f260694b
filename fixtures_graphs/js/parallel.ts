/** Three nodes in one step that finish at different times, and a node that runs after all of them. */

import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  items: Annotation<string[]>({ reducer: (items, more) => items.concat(more), default: () => [] }),
  scale: Annotation<number>,
});

function slow(name: string, delay: number) {
  return async (state: typeof State.State) => {
    await sleep(1000 * delay * (state.scale ?? 1));
    return { items: [name] };
  };
}

async function join() {
  return { items: ["join"] };
}

export const graph = new StateGraph(State)
  .addNode("a", slow("a", 0.9))
  .addNode("b", slow("b", 0.3))
  .addNode("c", slow("c", 0.6))
  .addNode("join", join)
  .addEdge(START, "a")
  .addEdge(START, "b")
  .addEdge(START, "c")
  .addEdge(["a", "b", "c"], "join")
  .compile();
