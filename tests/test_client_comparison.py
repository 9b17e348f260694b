"""Comparing what a client yielded with what the suite read: differences are named, known bugs are not differences."""

from __future__ import annotations

import pytest

from conformance.clients.compare import KNOWN, Part, Reading, compare
from conformance.clients.performed import PERFORMED, difference
from conformance.evidence.exchange import Exchange
from conformance.wire.endings import BROKEN

from . import golden
from .streams import stream

CONTENT = b"event: values\ndata: {}\n\nevent: updates\ndata: 1\nid: 7\n\n"
PARTS = [Part("values", {}), Part("updates", 1, "7")]
"""What a client yields that reads CONTENT correctly."""


def answered(content: bytes = CONTENT, ending: str = "complete") -> Exchange:
    return stream("stream", [(0.0, content)], ending=ending)


@pytest.mark.parametrize(
    ("parts", "error", "difference"),
    [
        (PARTS, "", ""),
        (PARTS[:1], "", "did not yield event 2"),
        ([PARTS[0], *PARTS], "", "event 2"),
        ([*PARTS, PARTS[1]], "", "after the 2 events"),
        ([Part("message", {}), PARTS[1]], "", "event 1"),
        ([Part("values", {"a": 1}), PARTS[1]], "", "event 1"),
        ([PARTS[0], Part("updates", 1, "8")], "", "event 2"),
        (PARTS, "ValueError: no", "raised"),
        (PARTS[:1], "ValueError: no", "raised"),
        ([Part("", None), *PARTS], "", "event 1"),
    ],
)
def test_the_first_difference_is_named(parts: list[Part], error: str, difference: str) -> None:
    found = compare(Reading(parts, error), answered(), ())
    assert found.known == frozenset()
    assert difference in found.difference
    assert bool(difference) == bool(found.difference)


def test_a_client_may_raise_after_all_complete_events_of_a_broken_connection() -> None:
    broken = answered(ending=BROKEN)
    assert compare(Reading(PARTS, "ReadError: x"), broken, ()).difference == ""
    assert "event 2" in compare(Reading(PARTS[:1], "ReadError: x"), broken, ()).difference


KNOWN_CASES: dict[str, tuple[bytes, list[Part], str]] = {
    "phantom": (b"id: 1\n\nevent: a\ndata: 1\n\n", [Part("", None), Part("a", 1)], "complete"),
    "bom": (b"\xef\xbb\xbfevent: a\ndata: 1\n\n", [Part("message", 1)], "complete"),
    "tail": (b"event: a\ndata: 1\n\nevent: b\ndata: 2\n", [Part("a", 1), Part("b", 2)], "complete"),
    "held": (b"event: a\rdata: 1\r\revent: b\rdata: 2\r\r", [Part("a", 1)], "broken"),
    "numbers": (b"event: a\ndata: 9007199254740993\n\n", [Part("a", 9007199254740992)], "complete"),
    "empty": (b"event: a\ndata:\n\n", [Part("a", None)], "complete"),
    "null-name": (b"data: 1\n\n", [Part("", 1)], "complete"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_bug_is_reported_and_is_not_a_difference(name: str) -> None:
    content, parts, ending = KNOWN_CASES[name]
    for known in ([name], KNOWN):
        found = compare(Reading(parts), answered(content, ending), known)
        assert (found.difference, found.known) == ("", frozenset({name}))
    assert compare(Reading(parts), answered(content, ending), set(KNOWN) - {name}).difference


def test_a_run_that_a_client_performed_is_compared_without_its_ids() -> None:
    recording = golden.single("joke_in_mode-updates")
    start = recording.exchanges[-1]
    parts = [Part(event.name, event.value) for event in start.events]
    assert difference(Reading(parts), start, start, text=False) == ""
    assert "event 2" in difference(Reading(parts[:-1]), start, start, text=False)
    assert "raised" in difference(Reading(parts, "ValueError: no"), start, start, text=False)


def test_the_scenarios_that_clients_perform_exist() -> None:
    assert set(PERFORMED) <= set(golden.good().recordings)
