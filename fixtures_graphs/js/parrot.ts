/**
 * The model of all reference graphs but `program`: it repeats its prompt word by word, deterministically and without a network.
 *
 * It does not depend on the graphs that call it.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";

/**
 * Answers `You said: <prompt>`, one token per word, each after `delay` seconds.
 *
 * A token includes the white space after its word, so the joined tokens are exactly the answer. Tokens have no id,
 * because the library gives all message chunks of a call the call's id.
 */
export class Parrot extends BaseChatModel {
  readonly delay: number;

  constructor({ delay = 0, tags = [] }: { delay?: number; tags?: string[] } = {}) {
    super({ tags });
    this.delay = delay;
  }

  _llmType(): string {
    return "parrot";
  }

  async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const text = tokens(messages).join("");
    return { generations: [{ text, message: new AIMessage(text) }] };
  }

  async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: this["ParsedCallOptions"],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for (const text of tokens(messages)) {
      if (this.delay) await sleep(1000 * this.delay);
      const chunk = new ChatGenerationChunk({ text, message: new AIMessageChunk(text) });
      yield chunk; // first, because the caller that iterates over the chunks sets the id of the call
      await runManager?.handleLLMNewToken(text, undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

function tokens(messages: BaseMessage[]): string[] {
  return `You said: ${messages.at(-1)?.text}`.match(/\S+\s*/g) ?? [];
}
