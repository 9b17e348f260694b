/** One subgraph that is started several times in one step: concurrent invocations of the same node. */

import { Annotation, type LangGraphRunnableConfig, Send, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  subjects: Annotation<string[]>,
  planned: Annotation<number>,
  spoken: Annotation<string[]>({ reducer: (spoken, more) => spoken.concat(more), default: () => [] }),
});

const TwinState = Annotation.Root({ subject: Annotation<string>, spoken: Annotation<string[]> });

async function plan(state: typeof State.State) {
  return { planned: state.subjects.length };
}

function starts(state: typeof State.State) {
  return state.subjects.map((subject) => new Send("twin", { subject }));
}

async function speak(state: typeof TwinState.State, { writer }: LangGraphRunnableConfig) {
  writer?.({ subject: state.subject });
  return { spoken: [`twin of ${state.subject}`] };
}

const twin = new StateGraph(TwinState).addNode("speak", speak).addEdge(START, "speak").compile();

export const graph = new StateGraph(State)
  .addNode("plan", plan)
  .addNode("twin", twin)
  .addEdge(START, "plan")
  .addConditionalEdges("plan", starts, ["twin"])
  .compile();
