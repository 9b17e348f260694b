"""The model of all graphs but ``program``: it repeats its prompt word by word, deterministically and without a network.

It does not depend on the graphs that call it.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult


class Parrot(BaseChatModel):
    """Answers ``You said: <prompt>``, one token per word, each after ``delay`` seconds.

    A token includes the white space after its word, so the joined tokens are exactly the answer. Tokens have no id,
    because the library gives all message chunks of a call its id, including the empty last one of newer versions.
    """

    delay: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "parrot"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        answer = "".join(_tokens(messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=answer))])

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for token in _tokens(messages):
            if self.delay:
                time.sleep(self.delay)
            yield _chunk(token)

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for token in _tokens(messages):
            await asyncio.sleep(self.delay)
            yield _chunk(token)


def _tokens(messages: list[BaseMessage]) -> list[str]:
    return re.findall(r"\S+\s*", f"You said: {messages[-1].content}")


def _chunk(token: str) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=token))
