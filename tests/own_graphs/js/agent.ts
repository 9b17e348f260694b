/** A ReAct agent with two tools. */

import { setTimeout as sleep } from "node:timers/promises";
import { tool } from "@langchain/core/tools";
import { type LangGraphRunnableConfig, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { z } from "zod";
import { PAUSE_MS, Scripted } from "./scripted.ts";

const schema = z.object({ text: z.string() });

const shout = tool(
  async ({ text }, config: LangGraphRunnableConfig) => {
    config.writer?.({ shouting: text });
    await sleep(PAUSE_MS);
    return text.toUpperCase();
  },
  { name: "shout", description: "Say it in capital letters.", schema },
);

const count = tool(
  async ({ text }) => {
    await sleep(2 * PAUSE_MS);
    return `${text.length} letters`;
  },
  { name: "count", description: "Count the letters.", schema },
);

const model = new Scripted(["shout", "count"]);

export const graph = new StateGraph(MessagesAnnotation)
  .addNode("agent", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
  .addNode("tools", new ToolNode([shout, count]))
  .addEdge(START, "agent")
  .addConditionalEdges("agent", toolsCondition)
  .addEdge("tools", "agent")
  .compile();
