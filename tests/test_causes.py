"""A likely cause is what the recording shows, or nothing is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from conformance import suite
from conformance.authoring.expectations import Difference
from conformance.authoring.registry import REGISTRY
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import STREAM, Chunk, Exchange
from conformance.evidence.recording import Recording
from conformance.faults.known import known_faults, proof
from conformance.faults.proof import rewritten
from conformance.judging.causes import STAGES, likely_cause, with_cause
from conformance.judging.causes.values import REWRITTEN, relations
from conformance.judging.judge import judge
from conformance.judging.outcomes import FAILED, PASSED, Failure, Outcome
from conformance.wire.endings import COMPLETE, LENGTH, SILENCE

from . import golden
from .reports import report

suite.load()


def named(fault: str) -> Iterator[tuple[str, str]]:
    """Yield name and text of each cause that is named for a failure of the fault's own requirement."""
    broken = next(one for one in REGISTRY.faults if one.name == fault)
    session, _ = rewritten(broken, golden.table())
    for item in golden.table_items().values():
        if item.check.requirement == broken.requirement and (outcome := judge(item, session)).word == FAILED:
            found = likely_cause(broken.requirement, outcome, session)
            yield (found[0].name, found[1]) if found is not None else ("", "")


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        ("answers_created", "other-status", "with 201"),
        ("answers_line_by_line", "other-media-type", "`application/x-ndjson`"),
        ("redirects_to_a_trailing_slash", "redirected", "with 307"),
        ("has_no_joins", "resource-absent", "every `GET /threads/{thread_id}/runs/{run_id}/stream` with 404"),
        ("has_one_reader_for_each_run", "refused", "with 409"),
        ("wants_a_list_of_modes", "capability-refused", "no request for stream_mode as a string"),
        ("creates_a_thread_on_the_fly", "run-instead-of-refusal", "`updates`"),
        ("crashes_at_an_unknown_thread", "error-instead-of-refusal", "500"),
        ("refuses_in_plain_text", "reason-not-text", "plain text"),
        ("leaves_out_content_location", "header-missing", "0 of"),
        ("answers_with_the_outcome", "creation-waits", "`success`"),
        ("lists_only_the_last_state", "history-differs", "1 state;"),
        ("makes_ids_of_64_digits", "id-form", "64 hexadecimal"),
        ("replays_from_the_start", "join-replays", "3 events"),
        ("replays_a_finished_run", "finished-run-streamed", "3 events"),
        ("cuts_the_connection", "not-ended", "broken off"),
        ("never_ends_a_join", "not-ended", "left the stream open"),
        ("debugs_threads_only", "mode-missing", "no `debug` event"),
        ("adds_states_for_joiners", "mode-not-requested", "`values`"),
        ("ignores_the_flag", "namespace-missing", "bare name"),
        ("puts_the_namespace_into_data", "namespace-missing", "pair of namespace and chunk"),
        ("error_is_a_detail", "error-keys", "`detail`"),
        ("tells_no_attempt", "metadata-keys", "`attempt`"),
        ("masks_the_message", "message-replaced", "text of the server's own"),
        ("passes_half_a_pair_on", "half-a-pair", "input"),
        ("escapes_twice", "value-changed", "every backslash is doubled"),
        ("drops_every_hundredth_write", "events-lost", "990 of the 1000"),
        ("sends_every_hundredth_write_twice", "events-repeated", "10 of them again"),
        ("swaps_neighbouring_writes", "events-reordered", "another order"),
        ("serves_the_first_mode_only", "events-absent", "None of"),
    ],
)
def test_the_cause_of_a_fault_is_described(fault: str, name: str, words: str) -> None:
    found = list(named(fault))
    assert [text for one, text in found if one == name and words.lower() in text.lower()], found


def described(exchange: dict[str, Any], requirement: str, message: str, *, at: int | None = None) -> str:
    """Return the cause of a failure in a recording of this one exchange; `at` is the position of the event."""
    events = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in exchange.pop("events", ()))
    given = {"name": "stream", "kind": STREAM, "method": "POST", "url": "http://server/threads/one/runs/stream"}
    body = json.dumps({"stream_mode": exchange.pop("modes", ["updates"])})
    answer = {"status": 200, "headers": [("content-type", "text/event-stream")], "ending": COMPLETE}
    made = Exchange(
        **{**given, "request_headers": [], "body": body, "valid": True, "sent": 1, "sent_t": 0.0, **answer, **exchange}
    )
    made.chunks = made.chunks or [Chunk(2, 0.0, events.encode())]
    recording = Recording("one", "one", {}, "joke", [made], None)
    event = made.events[at - 1] if at is not None else None
    failed = Outcome(FAILED, message, failure=Failure(recording, made, event))
    return with_cause(requirement, failed, SessionRecordings([recording])).cause


PIECE = [{"event": "content-block-start", "content": {"text": ""}}, {}]


@pytest.mark.parametrize(
    ("exchange", "requirement", "message", "at", "words"),
    [
        ({"events": [("()", {}), ("('a:1',)", {})]}, "subgraphs.root-bare", "x", None, "printed namespaces"),
        ({"events": [("data", {"event": "updates", "data": 1})]}, "stateless.stream", "x", None, "named `data`"),
        (
            {"events": [("metadata", {"attempt": 0})]},
            "metadata.fields",
            "attempt: expected 1",
            1,
            "attempt is 0 in every",
        ),
        (
            {"events": [("updates", {})], "coding": "gzip"},
            "delivery.each-mode",
            "event 1 (`updates`) must be delivered while the run is active",
            1,
            "compressed with gzip, although the request does not ask for that. A compressor holds events back",
        ),
        (
            {"coding_problem": "Content-Encoding declares br, but the body is not encoded"},
            "transport.ends",
            "x",
            None,
            "Content-Encoding declares br, but the body is not encoded, although the request does not ask for that.",
        ),
        ({"events": [("messages", PIECE)], "modes": ["messages-tuple"]}, "filtering.by-tag", "x", 1, "holds a message"),
    ],
)
def test_the_cause_of_a_failure_without_a_fault_is_described(
    exchange: dict[str, Any], requirement: str, message: str, at: int | None, words: str
) -> None:
    assert words in described(exchange, requirement, message, at=at)


def test_runs_of_other_threads_are_counted() -> None:
    listed = json.dumps([{"thread_id": "one"}, {"thread_id": "two"}]).encode()
    runs = {
        "method": "GET",
        "kind": "request",
        "url": "http://server/threads/one/runs",
        "chunks": [Chunk(2, 0.0, listed)],
    }
    assert (
        described({**runs, "chunks": [Chunk(2, 0.0, listed)]}, "errors.unknown-mode", "x")
        == "1 of the 2 runs in the list belong to other threads."
    )


def test_a_stream_that_the_suite_closed_is_not_called_left_open() -> None:
    message = "`stream` must end by the rules of HTTP"
    closed = {"events": [("updates", {"a": 1})], "ending": LENGTH}
    assert described(closed, "transport.ends", message) == ""
    assert "left the stream open" in described({"ending": SILENCE}, "transport.ends", message)


@pytest.mark.parametrize("name", ["\x1b[31mred", "x" * 10_000, "|" * 500, "(" * 5_000])
def test_no_text_of_a_server_controls_a_terminal_or_fills_a_page(name: str) -> None:
    text = described({"events": [(name, {})]}, "updates.node-sequence", "x")
    assert text.isprintable()
    assert 0 < len(text) < 700


def test_data_that_is_not_json_is_no_error() -> None:
    history = {"kind": "request", "url": "http://server/threads/one/history", "chunks": [Chunk(2, 0.0, b"[[[")]}
    assert described(history, "state.history", "x") == ""


SPELLED = r"caf\u00e9 \n C:\new"


@pytest.mark.parametrize(
    ("expected", "received", "words"),
    [
        (SPELLED, SPELLED.replace(r"\u00e9", "é"), "escapes that are part of the text are replaced"),
        (SPELLED, SPELLED.replace("\\", "\\\\"), "every backslash is doubled"),
        (SPELLED, SPELLED.replace("\\", ""), "REVERSE SOLIDUS"),
        ({"a": None}, {}, "keys whose value is null are left out"),
        ({"a": {"b": 1}}, {"a": '{"b": 1}'}, "encoded as JSON twice"),
        (None, {}, "`{}` is sent in place of null"),
        ([], None, "null is sent in place of `[]`"),
        (True, 1, "as numbers"),
        (1, "1", "as the text `1`"),
        ({"a": 1, "b": 2}, {"a": 1, "c": 2}, "the key `b` is named `c`"),
        ([1, 2, 3], [3, 1, 2], "another order"),
        ("x" * 300, "x" * 120, "cut off after 120 of 300"),
        ({"step": {"n": 1}}, {"n": 1}, "the object around the value, with the key `step`, is left out"),
    ],
)
def test_what_a_server_did_to_a_value(expected: Any, received: Any, words: str) -> None:
    found = relations(expected, received)
    assert found is not None
    assert len(found) == 1
    assert words in found.pop()


@pytest.mark.parametrize(
    ("expected", "received"),
    [
        ("a\\b", "a\\\\\\b"),
        ("joke", "jo"),
        ({"a": 1, "b": 1}, {"a": "1", "b": 2}),
        ("abc", "xyz"),
        ([1], [1, 2]),
        (1, 2),
    ],
)
def test_what_fits_only_in_part_is_not_named(expected: Any, received: Any) -> None:
    assert relations(expected, received) is None


def test_backslashes_that_are_lost_are_not_called_doubled() -> None:
    expected = "caf\\u00e9 \\\\n"
    for what, rewrite in REWRITTEN.items():
        if (received := rewrite(expected)) != expected:
            assert relations(expected, received) in ({what}, None)


def test_nothing_is_named_without_a_place_or_when_two_fit() -> None:
    good = golden.table()
    recording = next(iter(good.recordings.values()))
    place = Failure(recording, recording.exchanges[0], difference=Difference({"a": 1}, {"b": 2}))
    assert likely_cause("custom.any-json", Outcome(FAILED, "x"), good) is None
    assert likely_cause("custom.any-json", Outcome(FAILED, "x", failure=place), good) is None


def test_the_names_of_descriptions_are_unique() -> None:
    names = [one.name for stage in STAGES for one in stage]
    assert len(names) == len(set(names))


def test_a_good_server_has_no_causes() -> None:
    good = golden.table()
    outcomes = [with_cause(golden.items()[id].check.requirement, one, good) for id, one in golden.outcomes().items()]
    assert not any(one.cause for one in outcomes if one.word == PASSED)


def test_an_outcome_keeps_the_text_and_drops_what_it_was_found_in() -> None:
    session = SessionRecordings(rewritten(_fault("answers_created"), golden.table())[0].recordings.values())
    failed = next(
        one for item in golden.table_items().values()
        if item.check.requirement == "transport.stream-on-thread" and (one := judge(item, session)).word == FAILED
    )  # fmt: skip
    assert failed.failure is not None
    done = with_cause("transport.stream-on-thread", failed, session)
    assert (done.failure, done.message) == (None, failed.message)
    assert "201" in done.cause


def _fault(name: str) -> Any:
    return next(one for one in REGISTRY.faults if one.name == name)


def test_a_report_shows_the_cause() -> None:
    content = report(faults=("leaves_out_content_location",))
    causes = [one.get("cause", "") for row in content["requirements"] for one in row.get("details", {}).values()]
    assert any("Content-Location" in cause for cause in causes)


def test_every_check_has_a_fault_that_proves_it() -> None:
    owners = {fault.name: fault.requirement for fault in known_faults()}
    checks = {item.check.name: item.check.requirement for item in golden.table_items().values()}
    assert {name: owners[proof(f"{name}[x]", known_faults())] for name in checks} == checks
    assert proof("test_of_nothing", known_faults()) == ""
