/** A model that says given tokens, and waits where its tokens hold a number: only `program` uses it. */

import { setTimeout as sleep } from "node:timers/promises";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/** What a model says: a text is a token, a number is a wait in seconds. */
export type Speech = (string | number)[];

/**
 * Answers with `speech`. An answer takes as long when it is not streamed.
 *
 * Tokens have no id, because the library gives all message chunks of a call the call's id.
 */
export class Speaker extends BaseChatModel {
  readonly speech: Speech;

  constructor({ speech, tags = [] }: { speech: Speech; tags?: string[] }) {
    super({ tags });
    this.speech = speech;
  }

  _llmType(): string {
    return "speaker";
  }

  async _generate(_messages: BaseMessage[]): Promise<ChatResult> {
    const waits = this.speech.filter((token) => typeof token === "number");
    if (waits.length) await sleep(1000 * waits.reduce((sum, one) => sum + one, 0));
    const text = this.speech.filter((token) => typeof token === "string").join("");
    return { generations: [{ text, message: new AIMessage(text) }] };
  }

  async *_streamResponseChunks(
    _messages: BaseMessage[],
    _options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for (const text of this.speech) {
      if (typeof text === "number") {
        await sleep(1000 * text);
        continue;
      }
      const chunk = new ChatGenerationChunk({ text, message: new AIMessageChunk(text) });
      yield chunk; // first, because the caller that iterates over the chunks sets the id of the call
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}
