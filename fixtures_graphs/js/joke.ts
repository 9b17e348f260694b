/** The specification's first example (streaming-api.md, lines 95-119) in TypeScript. */

import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ topic: Annotation<string>, joke: Annotation<string> });

async function refineTopic(state: typeof State.State) {
  return { topic: state.topic + " and cats" };
}

async function generateJoke(state: typeof State.State) {
  return { joke: `This is a joke about ${state.topic}` };
}

export const graph = new StateGraph(State)
  .addNode("refine_topic", refineTopic)
  .addNode("generate_joke", generateJoke)
  .addEdge(START, "refine_topic")
  .addEdge("refine_topic", "generate_joke")
  .addEdge("generate_joke", END)
  .compile();
