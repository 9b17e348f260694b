/** A model that answers by a script: it calls tools when a person spoke last, and otherwise sums up what they said. */

import { setTimeout as sleep } from "node:timers/promises";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/** How long the model thinks in the middle of an answer, so that a reader has time to join. */
export const PAUSE_MS = 300;

export class Scripted extends BaseChatModel {
  readonly names: string[];

  constructor(names: string[] = []) {
    super({});
    this.names = names;
  }

  _llmType(): string {
    return "scripted";
  }

  async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const { calls, words } = this.answer(messages);
    return { generations: [{ text: words.join(""), message: new AIMessage({ content: words.join(""), tool_calls: calls }) }] };
  }

  async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const { calls, words } = this.answer(messages);
    const pieces = calls.map(({ args, ...call }, index) => ({ ...call, args: JSON.stringify(args), index }));
    for (const [number, text] of words.entries()) {
      if (number === 1 || number === 2) await sleep(PAUSE_MS);
      const tool_call_chunks = number === 0 ? pieces : [];
      const chunk = new ChatGenerationChunk({ text, message: new AIMessageChunk({ content: text, tool_call_chunks }) });
      yield chunk;
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
    }
  }

  /** Returns the calls of tools, and the words of the answer. */
  private answer(messages: BaseMessage[]) {
    const last = messages[messages.length - 1];
    const type = (message: BaseMessage) => message.getType();
    if (type(last) === "human" && this.names.length) {
      const turn = messages.filter((message) => type(message) === "human").length;
      const args = { text: String(last.content) };
      const calls = this.names.map((name) => ({ name, args, id: `call-${turn}-${name}`, type: "tool_call" as const }));
      return { calls, words: ["Let ", "me ", "see."] };
    }
    const tools = messages.filter((message) => type(message) === "tool").map((message) => String(message.content));
    const said = tools.slice(this.names.length ? -this.names.length : 0);
    return { calls: [], words: ["The ", "tools ", "say: ", ...(said.length ? said : ["nothing"]).map((text) => `${text} `)] };
  }
}
