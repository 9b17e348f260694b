/** A help desk: messages, a subgraph that writes a draft, and a node that fails at first and is tried again. */

import { setTimeout as sleep } from "node:timers/promises";
import { AIMessage } from "@langchain/core/messages";
import { Annotation, END, type LangGraphRunnableConfig, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { PAUSE_MS, Scripted } from "./scripted.ts";

const Desk = Annotation.Root({
  ...MessagesAnnotation.spec,
  ticket: Annotation<string>,
  drafts: Annotation<number>,
});
type State = typeof Desk.State;

const model = new Scripted();
/** The tasks that failed once. */
const tried = new Set<string>();

/** Fails at the first try of each run, as a service does that is not awake. */
async function openTicket(state: State, config: LangGraphRunnableConfig) {
  const task = String(config.metadata?.langgraph_checkpoint_ns);
  await sleep(PAUSE_MS);
  if (!tried.has(task)) {
    tried.add(task);
    throw new Error("the service is not awake");
  }
  return { ticket: `ticket ${state.messages.filter((message) => message.getType() === "human").length}` };
}

async function lookUp(state: State, config: LangGraphRunnableConfig) {
  config.writer?.({ looking: "up" });
  await sleep(PAUSE_MS);
  return { drafts: (state.drafts ?? 0) + 1 };
}

const writing = new StateGraph(Desk)
  .addNode("look_up", lookUp)
  .addNode("draft", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
  .addEdge(START, "look_up")
  .addEdge("look_up", "draft")
  .addEdge("draft", END)
  .compile();

export const graph = new StateGraph(Desk)
  .addNode("open_ticket", openTicket, { retryPolicy: { initialInterval: 100, jitter: false, maxAttempts: 3 } })
  .addNode("write", writing)
  .addNode("close", (state) => ({ messages: [new AIMessage(`${state.ticket} is closed after ${state.drafts} drafts`)] }))
  .addEdge(START, "open_ticket")
  .addEdge("open_ticket", "write")
  .addEdge("write", "close")
  .addEdge("close", END)
  .compile();
