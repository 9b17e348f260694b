"""Rewrites recordings of a good server into recordings of a server with one specific fault.

A fault is a generator over the events (or bytes) of one exchange.  What it yields arrives when the last event that it
consumed arrived, so a fault that waits for the end delays everything, as it does in the fault proxy.
"""

from __future__ import annotations

import copy
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from conformance.authoring.cut import SILENT_S, STATUS_AT_THE_LIMIT
from conformance.authoring.registry import Fault
from conformance.authoring.rewriting import Answer, End, FaultContext, SentEvent, sent
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.protocol import thread_in
from conformance.wire.endings import BROKEN, COMPLETE, SILENCE
from conformance.wire.sse import Block

_ENDINGS = {End.CUT: BROKEN, End.HANG: SILENCE}


def apply(fault: Fault, recording: Recording) -> Recording | None:
    """Return the recording of a server with this fault; None if the fault changes nothing in it."""
    changed = False
    exchanges = []
    for exchange in recording.exchanges:
        context = FaultContext(exchange, recording)
        touched = exchange.status is not None and fault.where(context)
        faulty = _rewrite(fault, exchange, context) if touched else exchange
        changed = changed or not _same(exchange, faulty, fault.part)
        exchanges.append(faulty)
    if not changed:
        return None
    cut = [faulty for good, faulty in zip(recording.exchanges, exchanges, strict=True) if _hangs(good, faulty)]
    return replace(recording, exchanges=exchanges + [asked for one in cut for asked in _status(one, recording)])


def _hangs(good: Exchange, faulty: Exchange) -> bool:
    """Return whether a fault made an exchange hang."""
    return faulty.ending == SILENCE != good.ending


def _status(hanging: Exchange, recording: Recording) -> Iterator[Exchange]:
    """Yield the request for the run's status that the recorder sends when a stream of a run on a thread hangs.

    The runs of a good server have ended by then; it does not know a run that no request of the recording started.
    """
    if hanging.run_id is None or (thread := thread_in(hanging.path)) is None:
        return
    known = any(one.starts_run and one.accepted and one.run_id == hanging.run_id for one in recording.exchanges)
    answer = {"run_id": hanging.run_id, "status": "success"} if known else {"detail": "no such run"}
    base = hanging.url.partition("/threads/")[0]
    url = f"{base}/threads/{quote(thread, safe='')}/runs/{quote(hanging.run_id, safe='')}"
    when = (hanging.ended or hanging.sent, hanging.ended_t or hanging.sent_t)
    asked = Exchange(STATUS_AT_THE_LIMIT, "request", "GET", url, [], None, True, *when, hanging.graph)
    asked.status, asked.headers = (200 if known else 404), [("content-type", "application/json")]
    asked.answered, asked.answered_t = asked.ended, asked.ended_t = when
    asked.chunks, asked.ending, asked.detail = [Chunk(*when, json.dumps(answer).encode())], COMPLETE, ""
    yield asked


def _same(one: Exchange, other: Exchange, part: str) -> bool:
    """Return whether a fault of this part left the exchange as it was."""
    if one is other:
        return True
    if _frame(one) != _frame(other):
        return False
    if part == "events":
        return _blocks(one) == _blocks(other) and not any(map(_is_comment, other.blocks))
    return one.content == other.content


def _frame(exchange: Exchange) -> tuple[int | None, list[tuple[str, str]], str, int | None]:
    return exchange.status, exchange.headers, exchange.ending, exchange.answered


def _blocks(exchange: Exchange) -> list[tuple[bytes, int]]:
    """Return the blocks with their arrival, whatever the chunks; without comments, which a fault is not handed."""
    return [(block.raw, chunk.seq) for block, chunk in exchange.arrivals if not _is_comment(block)]


def _is_comment(block: Block) -> bool:
    """Return whether a block consists of comments only."""
    return block.data is None and all(line.startswith(":") for line in block.lines)


def _rewrite(fault: Fault, exchange: Exchange, context: FaultContext) -> Exchange:
    if fault.part == "answer":
        return _with_answer(fault, exchange, context)
    if not (context.is_stream and exchange.is_stream):
        return exchange
    if fault.part == "bytes":
        source: Iterable[tuple[Chunk, Any]] = ((chunk, chunk.data) for chunk in exchange.chunks)
    else:
        source = ((Chunk(event.seq, event.t, b""), sent(event)) for event in exchange.events)
    return _with_pieces(fault, source, exchange, context)


def emitted(
    fault: Fault, source: Iterator[Any], context: FaultContext, send_on: Callable[[bytes], object]
) -> Iterator[bytes | End]:
    """Yield what the fault makes of the events (or bytes) of `source`: bytes to send on, or an end.

    Events that the fault does not choose are handed to `send_on` when they arrive.
    """
    chosen = source if fault.chooses is None else _chosen(fault.chooses, source, send_on)
    for piece in fault.function(chosen, context):
        yield piece.bytes if isinstance(piece, SentEvent) else piece
    if fault.chooses is not None:
        deque(chosen, maxlen=0)  # sends on what follows the last event that the fault took


def _chosen(
    chooses: Callable[[SentEvent], bool], source: Iterator[SentEvent], send_on: Callable[[bytes], object]
) -> Iterator[SentEvent]:
    """Yield the events that a fault chooses, and send the others on."""
    for event in source:
        if chooses(event):
            yield event
        else:
            send_on(event.bytes)


def _with_pieces(
    fault: Fault, source: Iterable[tuple[Chunk, Any]], exchange: Exchange, context: FaultContext
) -> Exchange:
    """Run the fault over the source; each piece that it yields arrives with what it consumed last."""
    last = Chunk(exchange.answered or exchange.sent, exchange.answered_t or exchange.sent_t, b"")

    def feed() -> Iterator[Any]:
        nonlocal last
        for chunk, item in source:
            last = chunk
            yield item
        if exchange.ended is not None:
            last = Chunk(exchange.ended, exchange.ended_t or 0.0, b"")

    chunks: list[Chunk] = []

    def send_on(data: bytes) -> None:
        chunks.append(Chunk(last.seq, last.t, data))

    for piece in emitted(fault, feed(), context, send_on):
        if isinstance(piece, End):
            waited = SILENT_S if piece is End.HANG else 0.0
            ended_t = (exchange.ended_t or last.t) + waited
            return replace(exchange, chunks=chunks, ending=_ENDINGS[piece], detail=piece.value, ended_t=ended_t)
        send_on(piece)
    return replace(exchange, chunks=chunks)


def _with_answer(fault: Fault, exchange: Exchange, context: FaultContext) -> Exchange:
    streams = exchange.is_stream
    assert exchange.status is not None
    answer = Answer(exchange.status, list(exchange.headers), exchange.ending, b"" if streams else exchange.content)
    before = copy.copy(answer)
    fault.function(answer, context)
    chunks = exchange.chunks
    if answer.body != before.body or (streams and not str(answer.status).startswith("2")):
        chunks = [Chunk(exchange.ended or exchange.sent, exchange.ended_t or exchange.sent_t, answer.body)]
    faulty = replace(exchange, status=answer.status, headers=answer.headers, ending=answer.ending, chunks=chunks)
    return _sent_late(faulty) if answer.late else faulty


def _sent_late(exchange: Exchange) -> Exchange:
    """Return the exchange with head and body moved to its end."""
    seq, t = exchange.ended or exchange.sent, exchange.ended_t or exchange.sent_t
    return replace(exchange, answered=seq, answered_t=t, chunks=[Chunk(seq, t, exchange.content)])
