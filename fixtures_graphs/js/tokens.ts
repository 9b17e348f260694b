/**
 * The specification's example of a model call (streaming-api.md, lines 650-681) in TypeScript.
 *
 * The parrot replaces the OpenAI model, so that no network and no API key are needed.
 */

import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { Parrot } from "./parrot.js";

const MyState = Annotation.Root({ topic: Annotation<string>, joke: Annotation<string> });

const llm = new Parrot();

/** Call the LLM to generate a joke about a topic */
async function callModel(state: typeof MyState.State) {
  const llmResponse = await llm.invoke([{ role: "user", content: `Generate a joke about ${state.topic}` }]);
  return { joke: llmResponse.text };
}

export const graph = new StateGraph(MyState).addNode("call_model", callModel).addEdge(START, "call_model").compile();
