/** Writes its input: shows whether any JSON value arrives as custom data, in updates and in values. */

import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ payloads: Annotation<unknown[]>, echoed: Annotation<unknown[]> });

async function echo(state: typeof State.State, { writer }: LangGraphRunnableConfig) {
  for (const payload of state.payloads) writer?.(payload);
  return { echoed: state.payloads };
}

export const graph = new StateGraph(State).addNode("echo", echo).addEdge(START, "echo").compile();
