"""examples.json: what a good and a faulty server send for a requirement, in a few rows.

The rows are taken from the golden recordings, around the first difference; nothing is written by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from conformance.authoring.registry import REGISTRY, Fault
from conformance.authoring.views import SessionRecordings
from conformance.catalogue import requirements
from conformance.evidence.exchange import Exchange
from conformance.faults.normalize import normalize
from conformance.faults.proof import rewritten
from conformance.judging.items import Item
from conformance.judging.judge import judge
from conformance.judging.outcomes import FAILED, Outcome
from conformance.wire.endings import BROKEN, COMPLETE
from conformance.wire.sse import Block
from conformance.wire.strict_json import NotJson, parse_json
from conformance.wire.text import printable
from tests import golden

WIDTH = 200
"""Characters of a row; if the first difference is further on, the row starts shortly before it."""

CONTEXT = 80
"""Characters of a row without a difference, and characters shown before a difference far inside a row."""

ROWS_AFTER = 3
"""How many rows are shown from the first difference on, after one row before it."""

PREFERRED = {
    "threads.isolated": "keeps_state_by_assistant",
    "threads.uuid-ids": "counts_its_runs",
    "metadata.identifies-the-run": "tells_the_id_of_the_thread",
    "messages.metadata-details": "tells_the_step_as_text",
    "debug.tasks": "sends_no_results",
    "events.final-state": "tells_the_last_update_for_the_state",
    "modes.each-unchanged": "doubles_updates_beside_others",
    "modes.only-requested": "sends_pings",
    "stateless.same-output": "sends_no_custom_data_without_thread",
}
"""The most instructive fault of a requirement, if that is not the first that the suite declares."""

USUAL_HEADERS = ("accept", "cache-control", "content-type")
"""Request header fields that are left out, because the official clients send them with every request."""

ENDS = {COMPLETE: "(the stream ends)", BROKEN: "(the connection is cut)"}


def fault_of(requirement: str) -> Fault:
    """Return the fault that the example of a requirement shows."""
    faults = [fault for fault in REGISTRY.faults if fault.requirement == requirement]
    return next((fault for fault in faults if fault.name == PREFERRED.get(requirement)), faults[0])


def examples() -> dict[str, dict[str, Any]]:
    """Return the content of examples.json: an example for each requirement that has a fault."""
    golden.table_items()
    faulty = {fault.requirement for fault in REGISTRY.faults}
    return {id: example(fault_of(id)) for id in requirements() if id in faulty}


def example(fault: Fault) -> dict[str, Any]:
    """Return a request, rows of the good and of the bad answer, and the message of the check for the bad one."""
    session, _ = rewritten(fault, golden.table())
    item, outcome = _first_failure(fault, session)
    good, bad = _pair(item, outcome, session)
    ids: dict[str, str] = {}
    request = normalize(f"{good.method} {re.sub('^https?://[^/]+', '', good.url)}", ids)
    timed = fault.requirement.startswith("delivery.")
    rows = _rows(good, bad, lambda text: normalize(printable(text), ids), timed=timed)
    body = _cut(normalize(printable(good.body or ""), ids))
    message = _cut(normalize(outcome.message, ids))
    request, body, message, *shown = _renumbered([request, body, message, *rows[0], *rows[1]])
    return {
        "fault": fault.name,
        "check": item.check.name,
        "request": request,
        "headers": [f"{name}: {value}" for name, value in good.request_headers if name.lower() not in USUAL_HEADERS],
        "body": body,
        "good": shown[: len(rows[0])],
        "bad": shown[len(rows[0]) :],
        "message": message,
    }


def _first_failure(fault: Fault, session: SessionRecordings) -> tuple[Item, Outcome]:
    for item in golden.table_items().values():
        if item.check.requirement == fault.requirement:
            outcome = judge(item, session)
            if outcome.word == FAILED:
                return item, outcome
    raise AssertionError(f"no check of {fault.requirement} fails on {fault.name}")


def _pair(item: Item, outcome: Outcome, session: SessionRecordings) -> tuple[Exchange, Exchange]:
    """Return the exchange of the evidence, good and bad; if the fault did not change it, the first that it changed."""
    named = [(evidence.recording, evidence.exchange) for evidence in outcome.evidence]
    files = dict.fromkeys([file for file, _ in named] + [variant.file for variant in item.variants])
    pairs = [(file, *pair) for file in files for pair in _changed(file, session)]
    _, good, bad = min(pairs, key=lambda one: (one[0], one[1].name) not in named)
    return good, bad


def _changed(file: str, session: SessionRecordings) -> Iterator[tuple[Exchange, Exchange]]:
    variant = next(variant for variant, one in golden.table().recordings.items() if one.file == file)
    both = golden.table().recordings[variant].exchanges, session.recordings[variant].exchanges
    for good, bad in zip(*both, strict=True):
        if good is not bad and _compared(good) != _compared(bad):
            yield good, bad


def _compared(exchange: Exchange) -> tuple[object, ...]:
    chunks = [(chunk.seq, chunk.data) for chunk in exchange.chunks]
    return exchange.status, exchange.headers, exchange.ending, exchange.answered, chunks


def _rows(good: Exchange, bad: Exchange, show: Callable[[str], str], *, timed: bool) -> tuple[list[str], list[str]]:
    """Return the rows of two answers around the first difference; `timed` adds seconds since the good one started."""
    heads = _head(good, bad), _head(bad, good)
    if heads[0] != heads[1]:
        both = [[show(head), *_first(one, show)] for head, one in zip(heads, (good, bad), strict=True)]
    elif not good.is_stream:
        both = [[f"{head}  {show(_text(one))}"] for head, one in zip(heads, (good, bad), strict=True)]
    else:
        since = good.answered_t if timed else None
        lines = _lines(good, show, since), _lines(bad, show, since)
        if lines[0] == lines[1]:
            lines = _raw(good, show), _raw(bad, show)
        at = _shared(*lines)
        both = [one[max(0, at - 1) : at + ROWS_AFTER] for one in lines]
    return _narrow(*both)


def _head(exchange: Exchange, other: Exchange) -> str:
    """Return the status, and the header fields that the other answer does not have."""
    fields = [f"{name}: {value}" for name, value in exchange.headers if (name, value) not in other.headers]
    differing = [field for field in fields if not field.lower().startswith("content-length")]
    return "  ".join([f"HTTP {exchange.status}", *differing])


def _first(exchange: Exchange, show: Callable[[str], str]) -> list[str]:
    return _lines(exchange, show)[:ROWS_AFTER] if exchange.is_stream else [show(_text(exchange))]


def _text(exchange: Exchange) -> str:
    return _compact(exchange.content.decode("utf-8", "replace"))


def _compact(text: str) -> str:
    """Return JSON without insignificant whitespace, which must not be the first difference; other text as it is."""
    try:
        return json.dumps(parse_json(text), ensure_ascii=False, separators=(",", ":"))
    except NotJson:
        return text


def _lines(exchange: Exchange, show: Callable[[str], str], since: float | None = None) -> list[str]:
    """Return a row for each event and one for the end; `since` adds the seconds after it and a row for the head."""
    rows = [show(_plain(event.block)) for event in exchange.events]
    if since is not None:
        times = [exchange.answered_t or since, *(event.t for event in exchange.events)]
        rows = [f"{t - since:.1f} s  {row}" for t, row in zip(times, [f"HTTP {exchange.status}", *rows], strict=True)]
    unfinished = [f"(unfinished)  {show(_raw_text(exchange.tail))}"] if exchange.tail else []
    return [*rows, *unfinished, ENDS.get(exchange.ending, "(no further event)")]


def _raw(exchange: Exchange, show: Callable[[str], str]) -> list[str]:
    mark = ["\ufeff"] if exchange.bom else []
    return [show(text) for text in (*mark, *map(_raw_text, exchange.blocks))]


def _raw_text(block: Block) -> str:
    return block.raw.decode("utf-8", "replace")


def _plain(block: Block) -> str:
    """Return a block on one line: as `event` and `data` if it has no other field, otherwise as it was sent."""
    text = _raw_text(block)
    plain = re.fullmatch(r"event: ([^\r\n]*)\r?\ndata: ([^\r\n]*)\r?\n\r?\n", text)
    return f"event: {plain[1]}  data: {_compact(plain[2])}" if plain else text


def _narrow(good: list[str], bad: list[str]) -> tuple[list[str], list[str]]:
    """Return the rows shortened; a row that is equal on both sides is shortened more."""
    return _narrowed(good, bad), _narrowed(bad, good)


def _narrowed(rows: list[str], others: list[str]) -> list[str]:
    pairs = zip_longest(rows, others[: len(rows)], fillvalue="")
    return [_cut(row, 0, CONTEXT) if row in others else _cut(row, _shared(row, other)) for row, other in pairs]


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the common beginning."""
    differing = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))


def _cut(text: str, at: int = 0, width: int = WIDTH) -> str:
    """Return at most `width` characters of a text, around the position `at`."""
    if len(text) <= width:
        return text
    if at < width - CONTEXT // 2:
        return f"{text[:width]}…"
    head = re.match(r"(?:[\d.]+ s  )?(?:event: \S*  data: |HTTP \d+  )?", text)
    start = at - CONTEXT
    middle = text[start : start + width - 40]
    return f"{head[0] if head else ''}…{middle}{'…' if start + width - 40 < len(text) else ''}"


def _renumbered(texts: list[str]) -> list[str]:
    """Return the texts with their ids numbered again, because shortening may have removed some."""
    known: dict[str, str] = {}
    number = re.compile(r"<id \d+>")
    return [number.sub(lambda found: known.setdefault(found[0], f"<id {len(known) + 1}>"), text) for text in texts]
