"""The API in the vocabulary of the official SDKs, as scenarios use it: threads.create, runs.stream, runs.join_stream …

Every call is one named exchange of the scenario's recording.  A thread of None is the stateless form.
Norm: streaming-api.md; the resources that it does not show are those of the official API description.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from . import transcript
from .live import Live, Run, Stopped
from .transcript import Exchange, NotJson, parse_json
from .writer import RecordingWriter

CREATED_BY = "langgraph-stream-conformance"
FINAL = frozenset({"success", "error", "timeout", "interrupted"})
"""The statuses of a run that goes on no more."""

POLL_FIRST_S, POLL_LAST_S = 0.1, 1.0
"""Pauses between two looks at a resource grow from the first to the last, to spare the server."""

PATH = re.compile(r"/(?!/)[!-~]*")
"""A path from the base URL on: no scheme, no authority, and nothing that a URL cannot hold."""

_Fields = Mapping[str, Any]
_WIRE = {"messages-tuple": "messages"}
_STREAM_HEADERS = {"Accept": "text/event-stream", "Cache-Control": "no-store"}


class Server:
    """The server under test, bound to one scenario variant: its graph, its recording."""

    def __init__(self, run: Run, http: httpx.AsyncClient, writer: RecordingWriter, graph: str, scenario: str) -> None:
        self._run = run
        self._http = http
        self._writer = writer
        self.graph = graph
        self.scenario = scenario
        self.nonce = run.nonce
        self._lives: list[Live] = []
        self.assistant = run.target.assistant(graph)
        self.base = run.target.base(graph)
        self.threads = Threads(self)
        self.runs = Runs(self)

    @property
    def needs_key(self) -> bool:
        """Whether the suite was given an x-api-key, which goes with every request."""
        return any(name.lower() == "x-api-key" for name in self._run.target.headers)

    def on(self, graph: str) -> Server:
        """The same scenario, bound to another reference graph; its exchanges go into the same recording."""
        other = Server(self._run, self._http, self._writer, graph, self.scenario)
        other._lives = self._lives  # so that what it leaves open is closed with the rest
        return other

    def send(
        self,
        name: str,
        method: str,
        url: str,
        body: Any = None,
        *,
        kind: str = "request",
        headers: _Fields | None = None,
        valid: bool = True,
        slowly: bool = False,
    ) -> Live:
        """Start one exchange; a body that is text is sent as it is, any other as JSON.

        With `slowly` the connection has a small receive buffer, so that a reader that pauses is felt by the server.
        Raises Stopped when the run starts nothing more.
        """
        if self._run.stopped is not None:
            raise Stopped(f"`{name}` was not sent: {self._run.stopped}")
        text = body if body is None or isinstance(body, str) else _dump(body)
        given: dict[str, str] = {} if text is None else {"Content-Type": "application/json"}
        fields = list((given | dict(self._run.target.headers) | dict(headers or {})).items())
        exchange = Exchange(name, kind, method, self.base + url, fields, text, valid, *self._run.clock.tick())
        exchange.graph = self.graph
        http = self._run.open_client(slow=True) if slowly else self._http
        self._lives.append(Live(self._run, http, self._writer, exchange))
        return self._lives[-1]

    async def close(self) -> None:
        """End what the scenario left open."""
        for live in self._lives:
            live.close(transcript.LEFT, "the scenario ended")
            await live.until(lambda: False)

    async def ask(self, name: str, method: str, url: str, body: Any = None, **options: Any) -> Reply:
        """Perform one exchange to its end."""
        live = self.send(name, method, url, body, **options)
        await live.until(lambda: live.over)
        return Reply(live.exchange)

    async def ask_until(self, condition: Callable[[Any], bool], name: str, method: str, url: str) -> Any:
        """Ask until the answer's JSON value meets the condition, and return it; the run's limits end the waiting."""
        pause = POLL_FIRST_S
        while True:
            reply = await self.ask(name, method, url)
            value = reply.value
            if condition(value):
                return value
            await asyncio.sleep(pause)
            pause = min(POLL_LAST_S, 1.5 * pause)

    def created(self, thread: str) -> None:
        """Remember a thread that the suite made, to delete it at the end."""
        self._run.threads.append((self.base, thread))

    def started(self, thread: str, run: str) -> None:
        """Remember a background run, to cancel it at the end."""
        self._run.background.append((self.base, thread, run))


class Reply:
    """The answer to a request that is no stream."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    @property
    def accepted(self) -> bool:
        return self.exchange.accepted

    @property
    def value(self) -> Any:
        """The JSON value of an accepted answer; raises Stopped for any other."""
        if not self.accepted:
            how = self.exchange.detail if self.exchange.status is None else f"status {self.exchange.status}"
            raise Stopped(f"`{self.exchange.name}` was not accepted: {how}")
        try:
            return self.exchange.json
        except NotJson as problem:
            raise Stopped(str(problem)) from None

    def text(self, key: str) -> str:
        """The non-empty text under a key of the answer; raises Stopped where there is none."""
        value = self.value
        found = value.get(key) if isinstance(value, dict) else None
        if not isinstance(found, str) or not found:
            raise Stopped(f"the answer to `{self.exchange.name}` has no text `{key}`")
        return found


class Stream:
    """An event stream while it is read."""

    def __init__(self, live: Live) -> None:
        self._live = live

    async def seen(self, count: int, mode: str) -> None:
        """Wait for so many events of a mode, of any namespace; raises Stopped when the stream ends before."""
        wire = _WIRE.get(mode, mode)
        if not await self._live.until(lambda: self._count(wire) >= count):
            raise Stopped(f"`{self._name}` ended before {count} `{wire}` events had come")

    async def answered(self) -> None:
        """Wait for status and header fields; raises Stopped when none come or the answer is no event stream."""
        await self._live.until(lambda: self._live.exchange.answered is not None)
        if not self._live.exchange.is_stream:
            raise Stopped(f"`{self._name}` was not answered with an event stream")

    async def ended(self) -> None:
        """Wait until the stream is over, however it ends."""
        await self._live.until(lambda: self._live.over)

    async def leave(self) -> None:
        """Close the connection, as a reader does that goes away."""
        self._live.close(transcript.LEFT, "the suite's reader left")
        await self.ended()

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._live.pause()

    def resume(self) -> None:
        """Read on."""
        self._live.resume()

    def silent_for(self, seconds: float) -> None:
        """Tell the limits of the run that a step on purpose takes so long without an event."""
        self._live.silent_for(seconds)

    @property
    def last_id(self) -> str:
        """The id of the last event that has come, which a client that comes back sends as Last-Event-ID."""
        return self._live.last_id

    @property
    def location(self) -> str | None:
        """Where the answer tells clients to come back to, if that is a path; None for anything else."""
        value = self._live.exchange.header("location") or ""
        return value if PATH.fullmatch(value) else None

    async def run_id(self) -> str:
        """The run's id, from the metadata event; raises Stopped where none tells it."""
        await self._live.until(lambda: self._live.first("metadata") is not None)
        metadata = self.first("metadata")
        found = metadata.get("run_id") if isinstance(metadata, dict) else None
        if not isinstance(found, str) or not found:
            raise Stopped(f"`{self._name}` has no metadata event that tells its run_id")
        return found

    def first(self, name: str) -> Any:
        """The data of the first event of this name that has come; None where there is none or it is no JSON."""
        try:
            return parse_json(self._live.first(name) or "")
        except NotJson:
            return None

    @property
    def _name(self) -> str:
        return self._live.exchange.name

    def _count(self, wire: str) -> int:
        return sum(name.partition("|")[0] == wire for name in self._live.names)


class Threads:
    """client.threads"""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def create(self, *, name: str = "create thread", body: _Fields | None = None, **options: Any) -> str:
        """POST /threads; return the thread's id.  It carries who made it for what, unless a body is given."""
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
        """Ask for the state until its values meet the condition; return the values."""

        def holds(state: Any) -> bool:
            values = state.get("values") if isinstance(state, dict) else None
            return isinstance(values, dict) and condition(values)

        return await self._server.ask_until(holds, name, "GET", path("threads", thread, "state"))


class Runs:
    """client.runs"""

    def __init__(self, server: Server) -> None:
        self._server = server

    def stream(self, thread: str | None, *, name: str = "stream", body: Any = None, headers: _Fields | None = None,
               valid: bool = True, slowly: bool = False, **fields: Any) -> Stream:  # fmt: skip
        """POST /threads/{thread_id}/runs/stream, or /runs/stream without a thread.

        `fields` are those of the body beside assistant_id (`assistant` overrides it); `body` replaces all of it.
        """
        url = "/runs/stream" if thread is None else path("threads", thread, "runs", "stream")
        sent = self._body(fields) if body is None else body
        given = _STREAM_HEADERS | dict(headers or {})
        options: dict[str, Any] = {"kind": "stream", "headers": given, "valid": valid, "slowly": slowly}
        return Stream(self._server.send(name, "POST", url, sent, **options))

    async def streamed(self, thread: str | None, *, name: str = "stream", **options: Any) -> Stream:
        """The same, read to its end."""
        stream = self.stream(thread, name=name, **options)
        await stream.ended()
        return stream

    def join_stream(self, thread: str, run: str, *, name: str = "join", query: Mapping[str, str] | None = None,
                    headers: _Fields | None = None, valid: bool = True) -> Stream:  # fmt: skip
        """GET /threads/{thread_id}/runs/{run_id}/stream"""
        url = path("threads", thread, "runs", run, "stream") + (f"?{urlencode(query)}" if query else "")
        given = _STREAM_HEADERS | dict(headers or {})
        return Stream(self._server.send(name, "GET", url, kind="join", headers=given, valid=valid))

    def rejoin(self, location: str, *, name: str = "rejoin") -> Stream:
        """GET what a Location says, as the SDKs come back: the base URL and then the path as it stands."""
        return Stream(self._server.send(name, "GET", location, kind="join", headers=_STREAM_HEADERS))

    async def create(self, thread: str, *, name: str = "create run", **fields: Any) -> str:
        """POST /threads/{thread_id}/runs, a background run; return its id."""
        headers = fields.pop("headers", None)
        url = path("threads", thread, "runs")
        run = (await self._server.ask(name, "POST", url, self._body(fields), headers=headers)).text("run_id")
        self._server.started(thread, run)
        return run

    async def get(self, thread: str, run: str, *, name: str = "get run", **options: Any) -> Reply:
        """GET /threads/{thread_id}/runs/{run_id}"""
        return await self._server.ask(name, "GET", path("threads", thread, "runs", run), **options)

    async def ended(self, thread: str, run: str, *, name: str = "poll run") -> Any:
        """Ask for the run until its status is final; return it."""

        def final(value: Any) -> bool:
            return isinstance(value, dict) and value.get("status") in FINAL

        return await self._server.ask_until(final, name, "GET", path("threads", thread, "runs", run))

    async def list(self, thread: str, *, name: str = "list runs") -> Reply:
        """GET /threads/{thread_id}/runs"""
        return await self._server.ask(name, "GET", path("threads", thread, "runs"))

    def _body(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        given = dict(fields)
        return {"assistant_id": given.pop("assistant", self._server.assistant), **given}


def path(*segments: str) -> str:
    """A path of segments; what a server chose as an id cannot become another path."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def _dump(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
