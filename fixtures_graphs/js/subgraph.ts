/** The specification's subgraph example (streaming-api.md, lines 468-504) in TypeScript. */

import { Annotation, START, StateGraph } from "@langchain/langgraph";

// Define subgraph
const SubgraphState = Annotation.Root({
  foo: Annotation<string>, // note that this key is shared with the parent graph state
  bar: Annotation<string>,
});

async function subgraphNode1() {
  return { bar: "bar" };
}

async function subgraphNode2(state: typeof SubgraphState.State) {
  return { foo: state.foo + state.bar };
}

const subgraph = new StateGraph(SubgraphState)
  .addNode("subgraph_node_1", subgraphNode1)
  .addNode("subgraph_node_2", subgraphNode2)
  .addEdge(START, "subgraph_node_1")
  .addEdge("subgraph_node_1", "subgraph_node_2")
  .compile();

// Define parent graph
const ParentState = Annotation.Root({ foo: Annotation<string> });

async function node1(state: typeof ParentState.State) {
  return { foo: "hi! " + state.foo };
}

export const graph = new StateGraph(ParentState)
  .addNode("node_1", node1)
  .addNode("node_2", subgraph)
  .addEdge(START, "node_1")
  .addEdge("node_1", "node_2")
  .compile();
