/** A model that is called inside a task that a node starts and awaits. */

import { Annotation, START, StateGraph, task } from "@langchain/langgraph";
import { Parrot } from "./parrot.js";

const model = new Parrot();

const State = Annotation.Root({ topic: Annotation<string>, answer: Annotation<string> });

const tellJoke = task("tell_joke", async (topic: string) => (await model.invoke(`Task joke about ${topic}`)).text);

async function agent(state: typeof State.State) {
  return { answer: await tellJoke(state.topic) };
}

export const graph = new StateGraph(State).addNode("agent", agent).addEdge(START, "agent").compile();
