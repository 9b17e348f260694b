"""A model that says given tokens, and waits where its tokens hold a number: only `program` uses it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult


class Speaker(BaseChatModel):
    """Answers with ``speech``, in which a text is a token and a number is a wait in seconds.

    An answer takes as long when it is not streamed. Tokens have no id, because the library gives all message chunks of
    a call its id.
    """

    speech: list[Any]

    @property
    def _llm_type(self) -> str:
        return "speaker"

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        time.sleep(sum(_waits(self.speech)))
        return _answer(self.speech)

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        await asyncio.sleep(sum(_waits(self.speech)))
        return _answer(self.speech)

    def _stream(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for token in self.speech:
            if isinstance(token, str):
                yield _chunk(token)
            else:
                time.sleep(token)

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for token in self.speech:
            if isinstance(token, str):
                await asyncio.sleep(0)
                yield _chunk(token)
            else:
                await asyncio.sleep(token)


def _waits(speech: list[Any]) -> list[float]:
    return [token for token in speech if not isinstance(token, str)]


def _answer(speech: list[Any]) -> ChatResult:
    answer = "".join(token for token in speech if isinstance(token, str))
    return ChatResult(generations=[ChatGeneration(message=AIMessage(content=answer))])


def _chunk(token: str) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=token))
