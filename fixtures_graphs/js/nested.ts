/** Three nested graphs; each level writes its name and appends it to the shared text. */

import { Annotation, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ path: Annotation<string> });

function visit(level: string) {
  return async (state: typeof State.State, { writer }: LangGraphRunnableConfig) => {
    writer?.({ level });
    return { path: `${state.path} > ${level}` };
  };
}

const innerGraph = new StateGraph(State).addNode("inner", visit("inner")).addEdge(START, "inner").compile();

const middleGraph = new StateGraph(State)
  .addNode("middle", visit("middle"))
  .addNode("inner_graph", innerGraph)
  .addEdge(START, "middle")
  .addEdge("middle", "inner_graph")
  .compile();

export const graph = new StateGraph(State)
  .addNode("outer", visit("outer"))
  .addNode("middle_graph", middleGraph)
  .addEdge(START, "outer")
  .addEdge("outer", "middle_graph")
  .compile();
