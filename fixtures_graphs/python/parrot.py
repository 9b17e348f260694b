"""The one model of the reference graphs: it repeats its prompt word by word, always the same, without a network.

It knows nothing of the graphs that call it.
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
    """Answers ``You said: <prompt>``, one token for each word, each after ``delay`` seconds.

    A word keeps the white space that follows it, so the joined tokens are exactly the answer. Tokens carry no id of
    their own: the library gives all pieces of one call the call's id, also the empty last one that newer versions add.
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
