/** A model that is called inside a tool that a node calls. */

import { tool } from "@langchain/core/tools";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";
import { Parrot } from "./parrot.js";

const model = new Parrot();

const State = Annotation.Root({ topic: Annotation<string>, answer: Annotation<string> });

const tellJoke = tool(async ({ topic }) => (await model.invoke(`Tool joke about ${topic}`)).text, {
  name: "tell_joke",
  description: "Tell a joke about a topic.",
  schema: z.object({ topic: z.string() }),
});

async function agent(state: typeof State.State) {
  return { answer: await tellJoke.invoke({ topic: state.topic }) };
}

export const graph = new StateGraph(State).addNode("agent", agent).addEdge(START, "agent").compile();
