"""The API in the vocabulary of the official SDKs, as scenarios use it: threads.create, runs.stream, runs.join_stream …

Every call is one named exchange of the scenario's recording.  A thread of None means a run without a thread.
Specification: streaming-api.md; the resources that it does not show are those of the official API description.
It does no I/O itself: a `Connection` sends the requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from conformance.evidence.exchange import JOIN, STREAM, Exchange
from conformance.protocol import is_terminal, wire_name
from conformance.wire.endings import LEFT, LIMITS
from conformance.wire.strict_json import NotJson, parse_json

CREATED_BY = "langgraph-stream-conformance"

POLL_FIRST_S, POLL_LAST_S = 0.1, 1.0
"""Pauses between two requests for the same resource grow from the first to the last, to spare the server."""

PATH = re.compile(r"/(?!/)[!-~]*")
"""A path relative to the base URL: no scheme, no authority, no character that a URL cannot hold."""

Fields = Mapping[str, Any]
_STREAM_HEADERS = {"Accept": "text/event-stream", "Cache-Control": "no-store"}


class Stopped(Exception):
    """A scenario cannot continue; the message says why, as a report shows it."""


class OpenExchange(Protocol):
    """An exchange while it is under way."""

    exchange: Exchange

    @property
    def over(self) -> bool: ...

    @property
    def last_id(self) -> str: ...

    @property
    def names(self) -> Sequence[str]: ...

    def first(self, name: str) -> str | None: ...

    def watch(self, text: str) -> None: ...

    def has_shown(self, text: str) -> bool: ...

    def close(self, ending: str, detail: str) -> None: ...

    def silent_for(self, seconds: float) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    async def until(self, condition: Callable[[], bool], awaited: str) -> bool: ...


class Connection(Protocol):
    """What sends the requests of one scenario and records them."""

    nonce: str
    sends_api_key: bool

    def assistant(self, graph: str) -> str: ...

    def base(self, graph: str) -> str: ...

    def send(
        self, name: str, kind: str, method: str, url: str, headers: Fields, body: str | None, graph: str,
        *, valid: bool, slowly: bool, kept: bool,
    ) -> OpenExchange: ...  # fmt: skip

    async def sleep(self, seconds: float) -> None: ...

    def polling(self, name: str, awaited: str) -> AbstractContextManager[Callable[[], None]]: ...

    def created(self, base: str, thread: str) -> None: ...

    def started(self, base: str, thread: str, run: str) -> None: ...


class Server:
    """The server under test, bound to one scenario variant: its graph and its recording."""

    def __init__(self, connection: Connection, graph: str, scenario: str) -> None:
        self._connection = connection
        self.graph = graph
        self.scenario = scenario
        self.nonce = connection.nonce
        self.assistant = connection.assistant(graph)
        self.base = connection.base(graph)
        self.threads = Threads(self)
        self.runs = Runs(self)

    @property
    def needs_key(self) -> bool:
        """Whether the suite was given an x-api-key, which it sends with every request."""
        return self._connection.sends_api_key

    def on(self, graph: str) -> Server:
        """Return the same scenario bound to another reference graph; its exchanges go into the same recording."""
        return Server(self._connection, graph, self.scenario)

    def send(
        self,
        name: str,
        method: str,
        url: str,
        body: Any = None,
        *,
        kind: str = "request",
        headers: Fields | None = None,
        valid: bool = True,
        slowly: bool = False,
        kept: bool = False,
    ) -> OpenExchange:
        """Start one exchange; a body that is text is sent as it is, any other as JSON.

        With `slowly` the connection has a small receive buffer, so that the server notices a reader that pauses.  With
        `kept` it stays open, and serves the next request that says so.  A header that is None is not sent, although
        HTTP libraries add it.  Raises Stopped if the session was stopped.
        """
        text = body if body is None or isinstance(body, str) else _dump(body)
        given: dict[str, str] = {} if text is None else {"Content-Type": "application/json"}
        fields = given | dict(headers or {})
        return self._connection.send(
            name, kind, method, self.base + url, fields, text, self.graph,
            valid=valid, slowly=slowly, kept=kept,
        )  # fmt: skip

    async def ask(self, name: str, method: str, url: str, body: Any = None, **options: Any) -> Reply:
        """Perform one exchange to its end."""
        live = self.send(name, method, url, body, **options)
        await live.until(lambda: live.over, "the answer")
        return Reply(live.exchange)

    async def ask_until(self, condition: Callable[[Any], bool], awaited: str, name: str, method: str, url: str) -> Any:
        """Repeat a request until the JSON value of the answer meets the condition; return the value.

        Raises Stopped if it has not become true, as `awaited` describes it, when the limit of a poll is reached.
        """
        pause = POLL_FIRST_S
        with self._connection.polling(name, awaited) as check:
            while True:
                value = (await self.ask(name, method, url)).value
                if condition(value):
                    return value
                check()
                await self._connection.sleep(pause)
                pause = min(POLL_LAST_S, 1.5 * pause)

    def created(self, thread: str) -> None:
        """Remember a thread that the suite created, to delete it at the end."""
        self._connection.created(self.base, thread)

    def started(self, thread: str, run: str) -> None:
        """Remember a background run, to cancel it at the end."""
        self._connection.started(self.base, thread, run)


class Reply:
    """The answer to a request that does not ask for a stream."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    @property
    def accepted(self) -> bool:
        return self.exchange.accepted

    @property
    def value(self) -> Any:
        """The JSON value of an accepted answer; raises Stopped for any other."""
        if not self.accepted:
            answer = self.exchange.detail if self.exchange.status is None else f"status {self.exchange.status}"
            raise Stopped(f"`{self.exchange.name}` was not accepted: {answer}")
        try:
            return self.exchange.json
        except NotJson as problem:
            raise Stopped(str(problem)) from None

    def text(self, key: str) -> str:
        """Return the non-empty text under a key of the answer; raises Stopped if there is none."""
        value = self.value
        found = value.get(key) if isinstance(value, dict) else None
        if not isinstance(found, str) or not found:
            raise Stopped(f"the answer to `{self.exchange.name}` has no text `{key}`")
        return found


class Stream:
    """An event stream while it is read."""

    def __init__(self, live: OpenExchange) -> None:
        self._live = live

    async def seen(self, count: int, mode: str) -> None:
        """Wait for `count` events of a mode, of any namespace; raises Stopped if the stream ends before that."""
        wire = wire_name(mode)
        if not await self._live.until(lambda: self._count(wire) >= count, f"{count} `{wire}` events"):
            raise Stopped(f"`{self._name}` ended before {count} `{wire}` events arrived{self._how}")

    def watch(self, text: str) -> None:
        """Note whether the data of an event contains the text; call it before the first event can arrive."""
        self._live.watch(text)

    async def shows(self, text: str) -> None:
        """Wait for an event whose data contains a watched text; raises Stopped if the stream ends before that."""
        if not await self._live.until(lambda: self._live.has_shown(text), f"an event with {text}"):
            raise Stopped(f"`{self._name}` ended before an event with {text} arrived{self._how}")

    async def has_output(self) -> None:
        """Wait for the first event after the metadata, or for the end of the stream."""
        await self._live.until(lambda: len(self._live.names) > 1, "output of the run")

    async def answered(self) -> None:
        """Wait for status and headers; raises Stopped if none arrive or the answer is not an event stream."""
        await self._live.until(lambda: self._live.exchange.answered is not None, "status and headers")
        if not self._live.exchange.is_stream:
            raise Stopped(f"`{self._name}` was not answered with an event stream{self._how}")

    async def ended(self) -> None:
        """Wait until the stream ends, in whatever way."""
        await self._live.until(lambda: self._live.over, "the end of the stream")

    async def leave(self) -> None:
        """Close the connection, as a reader that disconnects."""
        self._live.close(LEFT, "the suite's reader left")
        await self.ended()

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._live.pause()

    def resume(self) -> None:
        """Continue to read."""
        self._live.resume()

    def silent_for(self, seconds: float) -> None:
        """Announce that the run sends no event for so many seconds, so that the limit of silence allows it."""
        self._live.silent_for(seconds)

    @property
    def last_id(self) -> str:
        """The id of the last event, which a client that reconnects sends as Last-Event-ID."""
        return self._live.last_id

    @property
    def location(self) -> str | None:
        """The Location of the answer if it is a path, to which a client reconnects; None for anything else."""
        value = self._live.exchange.header("location") or ""
        return value if PATH.fullmatch(value) else None

    async def run_id(self) -> str:
        """Return the run's id from the metadata event; raises Stopped if the stream ends without one."""
        await self._live.until(lambda: self._live.first("metadata") is not None, "a metadata event")
        metadata = self.first("metadata")
        found = metadata.get("run_id") if isinstance(metadata, dict) else None
        if not isinstance(found, str) or not found:
            raise Stopped(f"`{self._name}` has no metadata event with a run_id{self._how}")
        return found

    def first(self, name: str) -> Any:
        """Return the data of the first event of this name; None if none arrived or its data is not JSON."""
        try:
            return parse_json(self._live.first(name) or "")
        except NotJson:
            return None

    @property
    def _name(self) -> str:
        return self._live.exchange.name

    @property
    def _how(self) -> str:
        """Why the suite closed the stream, as the end of a message; empty if it did not."""
        exchange = self._live.exchange
        return f": {exchange.detail}" if self._live.over and exchange.ending in LIMITS else ""

    def _count(self, wire: str) -> int:
        return sum(name.partition("|")[0] == wire for name in self._live.names)


class Threads:
    """client.threads"""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def create(self, *, name: str = "create thread", body: Fields | None = None, **options: Any) -> str:
        """POST /threads; return the thread's id.  Unless a body is given, it names the suite and the scenario."""
        own = self._server
        mark = {"metadata": {"created_by": CREATED_BY, "nonce": own.nonce, "scenario": own.scenario}}
        reply = await self._server.ask(name, "POST", "/threads", mark if body is None else body, **options)
        thread = reply.text("thread_id")
        self._server.created(thread)
        return thread

    async def get(self, thread: str, *, name: str = "get thread", **options: Any) -> Reply:
        """GET /threads/{thread_id}"""
        return await self._server.ask(name, "GET", path("threads", thread), **options)

    async def get_state(self, thread: str, *, name: str = "get state", **options: Any) -> Reply:
        """GET /threads/{thread_id}/state"""
        return await self._server.ask(name, "GET", path("threads", thread, "state"), **options)

    async def get_history(self, thread: str, *, limit: int = 10, name: str = "get history") -> Reply:
        """POST /threads/{thread_id}/history"""
        return await self._server.ask(name, "POST", path("threads", thread, "history"), {"limit": limit})

    async def state_when(self, thread: str, condition: Callable[[Any], bool], *, name: str = "poll state") -> Any:
        """Repeat GET /threads/{thread_id}/state until its values meet the condition; return the state."""

        def holds(state: Any) -> bool:
            values = state.get("values") if isinstance(state, dict) else None
            return isinstance(values, dict) and condition(values)

        url = path("threads", thread, "state")
        return await self._server.ask_until(holds, "a state that meets the condition", name, "GET", url)


class Runs:
    """client.runs"""

    def __init__(self, server: Server) -> None:
        self._server = server

    def stream(self, thread: str | None, *, name: str = "stream", body: Any = None, headers: Fields | None = None,
               valid: bool = True, slowly: bool = False, kept: bool = False, **fields: Any) -> Stream:  # fmt: skip
        """POST /threads/{thread_id}/runs/stream, or /runs/stream without a thread.

        `fields` are those of the body beside assistant_id (`assistant` overrides it); `body` replaces all of it.
        """
        url = "/runs/stream" if thread is None else path("threads", thread, "runs", "stream")
        sent = self._body(fields) if body is None else body
        given = _STREAM_HEADERS | dict(headers or {})
        options: dict[str, Any] = {
            "kind": STREAM, "headers": given, "valid": valid, "slowly": slowly, "kept": kept,
        }  # fmt: skip
        return Stream(self._server.send(name, "POST", url, sent, **options))

    async def streamed(self, thread: str | None, *, name: str = "stream", **options: Any) -> Stream:
        """Stream a run to its end."""
        stream = self.stream(thread, name=name, **options)
        await stream.ended()
        return stream

    def join_stream(self, thread: str, run: str, *, name: str = "join", query: Mapping[str, str] | None = None,
                    headers: Fields | None = None, valid: bool = True) -> Stream:  # fmt: skip
        """GET /threads/{thread_id}/runs/{run_id}/stream"""
        url = path("threads", thread, "runs", run, "stream") + (f"?{urlencode(query)}" if query else "")
        given = _STREAM_HEADERS | dict(headers or {})
        return Stream(self._server.send(name, "GET", url, kind=JOIN, headers=given, valid=valid))

    def rejoin(self, location: str, *, name: str = "rejoin") -> Stream:
        """GET the path that a Location names, as the SDKs reconnect: the base URL followed by the path."""
        return Stream(self._server.send(name, "GET", location, kind=JOIN, headers=_STREAM_HEADERS))

    async def create(
        self, thread: str, *, name: str = "create run", headers: Fields | None = None, **fields: Any
    ) -> str:
        """POST /threads/{thread_id}/runs, a background run; return its id."""
        url = path("threads", thread, "runs")
        run = (await self._server.ask(name, "POST", url, self._body(fields), headers=headers)).text("run_id")
        self._server.started(thread, run)
        return run

    async def get(self, thread: str, run: str, *, name: str = "get run", **options: Any) -> Reply:
        """GET /threads/{thread_id}/runs/{run_id}"""
        return await self._server.ask(name, "GET", path("threads", thread, "runs", run), **options)

    async def ended(self, thread: str, run: str, *, name: str = "poll run") -> Any:
        """Repeat GET /threads/{thread_id}/runs/{run_id} until the run has a terminal status; return the run."""

        def ended(value: Any) -> bool:
            return isinstance(value, dict) and is_terminal(value.get("status"))

        url = path("threads", thread, "runs", run)
        return await self._server.ask_until(ended, "a terminal status", name, "GET", url)

    async def list(self, thread: str, *, name: str = "list runs") -> Reply:
        """GET /threads/{thread_id}/runs"""
        return await self._server.ask(name, "GET", path("threads", thread, "runs"))

    def _body(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        given = dict(fields)
        return {"assistant_id": given.pop("assistant", self._server.assistant), **given}


def path(*segments: str) -> str:
    """Return a path of escaped segments, so that an id that a server chose cannot lead to another path."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def _dump(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
