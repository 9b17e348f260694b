/** A model that is called inside a tool, which a node calls. */

import { DynamicStructuredTool } from "@langchain/core/tools";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { Parrot } from "./parrot.ts";

const model = new Parrot();

const State = Annotation.Root({ topic: Annotation<string>, answer: Annotation<string> });

const tellJoke = new DynamicStructuredTool({
  name: "tell_joke",
  description: "Tell a joke about a topic.",
  schema: { type: "object", properties: { topic: { type: "string" } }, required: ["topic"] },
  func: async ({ topic }: { topic: string }) => (await model.invoke(`Tool joke about ${topic}`)).text,
});

async function agent(state: typeof State.State): Promise<typeof State.Update> {
  return { answer: await tellJoke.invoke({ topic: state.topic }) };
}

export const graph = new StateGraph(State).addNode("agent", agent).addEdge(START, "agent").compile();
