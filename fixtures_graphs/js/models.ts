/** Four consecutive model calls, distinguished by node and tag: two are tagged, two share a node and have no tag. */

import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { Parrot } from "./parrot.js";

const taggedA = new Parrot({ tags: ["tag-a"] });
const taggedB = new Parrot({ tags: ["tag-b"] });
const untagged = new Parrot();

const State = Annotation.Root({
  topic: Annotation<string>,
  first_answer: Annotation<string>,
  second_answer: Annotation<string>,
  third_answers: Annotation<string[]>,
});

async function first(state: typeof State.State) {
  return { first_answer: (await taggedA.invoke(`First joke about ${state.topic}`)).text };
}

async function second(state: typeof State.State) {
  return { second_answer: (await taggedB.invoke(`Second joke about ${state.topic}`)).text };
}

async function third(state: typeof State.State) {
  const third = await untagged.invoke(`Third joke about ${state.topic}`);
  const fourth = await untagged.invoke(`Fourth joke about ${state.topic}`);
  return { third_answers: [third.text, fourth.text] };
}

export const graph = new StateGraph(State)
  .addNode("first", first)
  .addNode("second", second)
  .addNode("third", third)
  .addEdge(START, "first")
  .addEdge("first", "second")
  .addEdge("second", "third")
  .compile();
