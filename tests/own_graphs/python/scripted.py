"""A model that answers by a script: it calls tools when a person spoke last, and otherwise sums up what they said."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

PAUSE_S = 0.3
"""How long the model thinks in the middle of an answer, so that a reader has time to join."""


class Scripted(BaseChatModel):
    """Calls each of its tools once, with what the person said, and then answers in words."""

    tools: tuple[str, ...] = ()

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> "Scripted":
        return Scripted(tools=tuple(tool.name for tool in tools))

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        calls, words = self._answer(messages)
        return ChatResult(generations=[ChatGeneration(message=AIMessage("".join(words), tool_calls=calls))])

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        calls, words = self._answer(messages)
        pieces = [{**call, "args": json.dumps(call["args"]), "index": number} for number, call in enumerate(calls)]
        if pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=pieces))
        for number, word in enumerate(words):
            await asyncio.sleep(PAUSE_S if number in (1, 2) else 0)
            yield ChatGenerationChunk(message=AIMessageChunk(content=word))

    def _answer(self, messages: list[BaseMessage]) -> tuple[list[Any], list[str]]:
        """Return the calls of tools, and the words of the answer."""
        last = messages[-1]
        if last.type == "human" and self.tools:
            turn = sum(one.type == "human" for one in messages)
            given = {"text": str(last.content)}
            calls = [{"name": name, "args": given, "id": f"call-{turn}-{name}"} for name in self.tools]
            return calls, ["Let ", "me ", "see."]
        said = [str(one.content) for one in messages if one.type == "tool"][-len(self.tools) or None :]
        return [], ["The ", "tools ", "say: ", *(f"{text} " for text in said or ["nothing"])]
