/** Writes its query as custom data: the specification prints no graph for its custom example, line 755. */

import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ query: Annotation<string>, answer: Annotation<string> });

async function answer(state: typeof State.State, { writer }: LangGraphRunnableConfig) {
  writer?.({ query: state.query });
  return { answer: `You asked: ${state.query}` };
}

export const graph = new StateGraph(State).addNode("answer_query", answer).addEdge(START, "answer_query").compile();
