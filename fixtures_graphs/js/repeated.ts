/** One subgraph that runs twice in a row: two invocations of the same node in different steps. */

import { Annotation, END, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ visits: Annotation<number> });

async function visit(state: typeof State.State, { writer }: LangGraphRunnableConfig) {
  const number = state.visits + 1;
  writer?.({ visit: number });
  return { visits: number };
}

function nextRound(state: typeof State.State) {
  return state.visits >= 2 ? END : "round";
}

const roundGraph = new StateGraph(State).addNode("visit", visit).addEdge(START, "visit").compile();

export const graph = new StateGraph(State)
  .addNode("round", roundGraph)
  .addEdge(START, "round")
  .addConditionalEdges("round", nextRound, ["round", END])
  .compile();
