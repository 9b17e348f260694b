/** Adds to the state of the thread: shows whether a run sees the earlier runs. */

import { Annotation, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  item: Annotation<string>,
  items: Annotation<string[]>({ reducer: (items, more) => items.concat(more), default: () => [] }),
  count: Annotation<number>({ reducer: (count, more) => count + more, default: () => 0 }),
});

async function addItem(state: typeof State.State) {
  return { items: [state.item], count: 1 };
}

export const graph = new StateGraph(State).addNode("add", addItem).addEdge(START, "add").compile();
