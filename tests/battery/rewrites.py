"""What the incomplete servers of the battery do to streams and answers, and the conditions that select exchanges."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from conformance.authoring.conditions import Condition, condition
from conformance.authoring.rewriting import Answer, FaultContext, FaultOutput, Portions, SentEvent, SentEvents, without
from conformance.protocol import TERMINAL_STATUSES, run_in, thread_in, wire_name

FORBIDDEN_SILENCE_S = 3
"""The longest step, in seconds, that `closes_after_silence` tolerates."""
GZIP_WINDOW_BITS = 31
"""zlib's value for the largest window with a gzip header."""
SPECIFIED_KEYS = {"assistant_id", "input", "stream_mode", "stream_subgraphs"}
"""The keys of a run's body that the specification shows."""


# --- which exchanges


@condition
def starts_run(exchange: FaultContext) -> bool:
    """Requests that start a run, streamed or in the background."""
    return exchange.exchange.starts_run


@condition
def starts_background_run(exchange: FaultContext) -> bool:
    """Requests that start a run in the background."""
    return exchange.exchange.starts_run and exchange.path.endswith("/runs")


@condition
def with_string(exchange: FaultContext) -> bool:
    """Requests whose `stream_mode` is a string."""
    return isinstance(exchange.body.get("stream_mode"), str)


@condition
def with_list(exchange: FaultContext) -> bool:
    """Requests whose `stream_mode` is a list."""
    return isinstance(exchange.body.get("stream_mode"), list)


@condition
def with_several(exchange: FaultContext) -> bool:
    """Runs whose `stream_mode` is a list of more than one entry."""
    given = exchange.body.get("stream_mode")
    return isinstance(given, list) and len(given) > 1


@condition
def with_unspecified_key(exchange: FaultContext) -> bool:
    """Requests whose body has a key that the specification does not show."""
    return bool(exchange.body.keys() - SPECIFIED_KEYS)


@condition
def reads_run(exchange: FaultContext) -> bool:
    """Requests for a run or for the runs of a thread."""
    path = exchange.path
    is_run = run_in(path) is not None and not path.endswith("/stream")
    return exchange.method == "GET" and thread_in(path) is not None and (is_run or path.endswith("/runs"))


@condition
def reads_runs(exchange: FaultContext) -> bool:
    """Requests for the runs of a thread."""
    return exchange.method == "GET" and exchange.path.endswith("/runs")


@condition
def reads_thread(exchange: FaultContext) -> bool:
    """Requests for a thread."""
    thread = thread_in(exchange.path)
    return exchange.method == "GET" and thread is not None and exchange.path.endswith(f"/threads/{thread}")


@condition
def joins_ended_run(exchange: FaultContext) -> bool:
    """Joins of a run that the server has already reported as ended."""
    run = exchange.exchange.url.partition("?")[0].removesuffix("/stream")
    return exchange.is_join and any(
        other.url == run and any(f'"{status}"'.encode() in other.content for status in TERMINAL_STATUSES)
        for other in exchange.earlier
    )


@condition
def is_silent_for_long(exchange: FaultContext) -> bool:
    """Runs with a step that is silent for longer than FORBIDDEN_SILENCE_S."""
    given = exchange.body.get("input")
    return exchange.graph == "silence" and isinstance(given, dict) and given.get("delay", 0) > FORBIDDEN_SILENCE_S


def at(ending: str, method: str = "GET") -> Condition:
    """Return the condition for requests with this method whose path has this ending."""
    return Condition(lambda exchange: exchange.method == method and exchange.path.endswith(ending))


# --- streams


def leaves_out(base: str) -> Callable[[SentEvents, FaultContext], FaultOutput]:
    """Return a rewrite that sends no event of this base name."""

    def rewrite(events: SentEvents, exchange: FaultContext) -> FaultOutput:
        yield from without(events, base)

    return rewrite


def only_first_mode(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send only the first mode of the list, and what belongs to no mode."""
    first, *others = (wire_name(mode) for mode in exchange.body["stream_mode"])
    unwanted = {*others} - {first}
    yield from (event for event in events if event.base not in unwanted)


def wrapped(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send each event as the data of an event named data."""
    for event in events:
        yield event.holding({"event": event.name, "data": event.value}).named("data")


def replayed(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send first what another reader had received before the join."""
    yield from exchange.sent_before
    yield from events


def only_root(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send nothing from inside a subgraph."""
    yield from (event for event in events if not event.namespace)


def without_namespaces(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send every event under its bare name."""
    yield from (event.named(event.base) if event.namespace else event for event in events)


def only_one_level(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send nothing from inside a subgraph of a subgraph."""
    yield from (event for event in events if sum(":" in segment for segment in event.namespace.split("|")) < 2)


def without_attempt(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Leave `attempt` out of the metadata event."""
    for event in events:
        yield event.holding({"run_id": event.value["run_id"]}) if event.name == "metadata" else event


def of_another_protocol(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send the message chunks as events of another protocol, with the metadata unchanged."""
    started: set[str] = set()
    for event in events:
        if event.base != "messages":
            yield event
            continue
        chunk, metadata = event.value
        if chunk["id"] not in started:
            started.add(chunk["id"])
            yield event.holding([{"event": "message-start", "role": "ai", "id": chunk["id"]}, metadata])
        delta = {"type": "text-delta", "text": chunk["content"]}
        yield event.holding([{"event": "content-block-delta", "index": 0, "delta": delta}, metadata])


def whole_answers(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send the message chunks of a call as one, when its node or the run has ended."""
    calls: dict[tuple[str, str], SentEvent] = {}
    for event in events:
        if event.base == "messages":
            key = event.name, event.value[0]["id"]
            calls[key] = _joined(calls[key], event) if key in calls else event
            continue
        if event.base in ("updates", "values", "error"):
            yield from calls.values()
            calls.clear()
        yield event
    yield from calls.values()


def _joined(earlier: SentEvent, later: SentEvent) -> SentEvent:
    chunk, metadata = earlier.value
    return earlier.holding([chunk | {"content": chunk["content"] + later.value[0]["content"]}, metadata])


def with_heartbeat_events(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Send an event named heartbeat after the metadata event and after every third event."""
    for position, event in enumerate(events):
        yield event
        if position % 3 == 0 and event.base != "error":
            yield SentEvent("heartbeat", "{}")


def closed_at_silence(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """End the stream before the first event of a mode, which follows the silent step."""
    for event in events:
        if event.base in exchange.modes:
            return
        yield event


def spaced(seconds: float) -> Callable[[SentEvents, FaultContext], FaultOutput]:
    """Return a rewrite that waits for so many seconds after each event; only the live proxy can run it."""

    def rewrite(events: SentEvents, exchange: FaultContext) -> FaultOutput:
        for event in events:
            yield event
            time.sleep(seconds)

    return rewrite


def closed_after(seconds: float) -> Callable[[SentEvents, FaultContext], FaultOutput]:
    """Return a rewrite that ends the stream before the first event that comes later than so many seconds."""

    def rewrite(events: SentEvents, exchange: FaultContext) -> FaultOutput:
        started = time.monotonic()
        for event in events:
            if time.monotonic() - started > seconds:
                return
            yield event

    return rewrite


def compressed(portions: Portions, exchange: FaultContext) -> FaultOutput:
    """Compress the bytes, and flush after each portion."""
    compressor = zlib.compressobj(wbits=GZIP_WINDOW_BITS)
    for portion in portions:
        yield compressor.compress(portion) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()


# --- answers


def declared_compressed(answer: Answer, exchange: FaultContext) -> None:
    """Say that the body is compressed; compress it if it is not a stream."""
    answer.replace_header("content-encoding", "gzip")
    answer.replace_header("content-length", None)
    if answer.body:
        answer.body = gzip.compress(answer.body)


def empty_values(answer: Answer, exchange: FaultContext) -> None:
    """Show a state without values."""
    if answer.status == 200:
        answer.json = answer.json | {"values": {}, "next": [], "tasks": []}


def still_running(answer: Answer, exchange: FaultContext) -> None:
    """Show runs, and the thread of a run, as active."""
    if answer.status == 200:
        found = answer.json
        answer.json = [_active(one) for one in found] if isinstance(found, list) else _active(found)


def _active(resource: dict[str, Any]) -> dict[str, Any]:
    return resource | {"status": "running" if "run_id" in resource else "busy"}


def runs_of_all_threads(answer: Answer, exchange: FaultContext) -> None:
    """List ten runs of other threads besides those of this one."""
    if answer.status == 200:
        answer.json = answer.json + [_foreign_run(number) for number in range(10)]


def _foreign_run(number: int) -> dict[str, Any]:
    run, thread = (str(uuid5(NAMESPACE_URL, f"{kind}-{number}")) for kind in ("run", "thread"))
    return {"run_id": run, "thread_id": thread, "status": "success", "metadata": {}, "kwargs": {}}
