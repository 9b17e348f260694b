/** Two models that answer slowly at the same time, each in its own node with its own tag. */

import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { Parrot } from "./parrot.js";

const leftModel = new Parrot({ delay: 0.05, tags: ["tag-left"] });
const rightModel = new Parrot({ delay: 0.05, tags: ["tag-right"] });

const State = Annotation.Root({
  topic: Annotation<string>,
  left_answer: Annotation<string>,
  right_answer: Annotation<string>,
});

async function left(state: typeof State.State) {
  return { left_answer: (await leftModel.invoke(`Left joke about ${state.topic}`)).text };
}

async function right(state: typeof State.State) {
  return { right_answer: (await rightModel.invoke(`Right joke about ${state.topic}`)).text };
}

export const graph = new StateGraph(State)
  .addNode("left", left)
  .addNode("right", right)
  .addEdge(START, "left")
  .addEdge(START, "right")
  .compile();
