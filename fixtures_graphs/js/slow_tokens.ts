/** A model that waits before every token, so that its first token is available long before its last. */

import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { Parrot } from "./parrot.js";

const model = new Parrot({ delay: 0.25 });

const State = Annotation.Root({ topic: Annotation<string>, joke: Annotation<string> });

async function callModel(state: typeof State.State) {
  return { joke: (await model.invoke(`Generate a long and very slow joke about ${state.topic}`)).text };
}

export const graph = new StateGraph(State).addNode("call_model", callModel).addEdge(START, "call_model").compile();
