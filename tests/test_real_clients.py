"""Real clients on stored streams: they see what the suite sees, up to known bugs, and visibly break where they should.

What a client needs and this machine lacks is said when the tests end; with LG_REQUIRE_SERVERS set that is a failure.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY
from conformance.catalogue import schemas as schema
from conformance.cli import main
from conformance.clients import readers
from conformance.clients.compare import KNOWN, Part, Reading, compare
from conformance.clients.examine import examine, result
from conformance.clients.performed import PERFORMED, different
from conformance.clients.readers import READERS, Reader, lacking, named
from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.json_lines import read_recording
from conformance.evidence.recording import Recording
from conformance.faults import apply as faults
from conformance.judging.verdict import BROKEN_MUST, UNSURE, USAGE
from conformance.launch.process import LaunchError
from conformance.report.markdown import matrix_md, report_md
from conformance.report.matrix import Server
from conformance.settings import UsageError
from conformance.wire.endings import BROKEN

from . import golden
from .generate import observed

suite.load()


def ready(reader: Reader) -> None:
    """Skip where the client cannot be run here."""
    try:
        problem = lacking(reader)
        if not problem:
            readers.command(reader, print)
    except LaunchError as trouble:
        problem = str(trouble)
    if problem:
        assert not os.environ.get("LG_REQUIRE_SERVERS"), problem
        pytest.skip(f"left out: {problem}")


def seen(reader: Reader, recordings: Sequence[Recording]) -> Any:
    return examine(recordings, [reader], print)[0]


def every(reader: Reader) -> str:
    return reader.id


@pytest.mark.parametrize("reader", READERS, ids=every)
def test_a_client_sees_what_the_suite_saw(reader: Reader) -> None:
    ready(reader)
    found = seen(reader, list(golden.good().recordings.values()))
    assert (found["outcome"], found["message"], found["known"]) == ("passed", "", [])
    assert found["streams"] > 250


def test_a_stream_that_was_refused_is_one_that_no_client_sees() -> None:
    reader = READERS[-1]
    ready(reader)
    served = read_recording(golden.FOLDER / "joke_updates.jsonl")
    refused = read_recording(golden.FOLDER / "joke_without_thread.jsonl")
    for exchange in (one for one in refused.exchanges if one.is_stream):
        exchange.status, exchange.headers = 422, [("Content-Type", "application/json")]
    found = seen(reader, [served, refused])
    assert (found["outcome"], found["streams"]) == ("failed", 2)
    assert [one["recording"] for one in found["evidence"]] == ["joke_without_thread.jsonl"]
    assert found["evidence"][0]["message"] == "it asks for an event stream and is given status 422"


LAWFUL: dict[str, dict[str, tuple[str, ...]]] = {
    "begins_with_a_byte_order_mark": {"bom": ("langgraph_sdk==0.1.70", "httpx-sse==0.4.3")},
    "ends_lines_with_cr": {"held": ("langgraph_sdk==0.1.70", "httpx-sse==0.4.3")},
    "sends_retry_and_unknown_fields": {"phantom": ("langgraph_sdk==0.1.70", "httpx-sse==0.4.3")},
    "splits_data_over_lines": {},
    "comments_between_and_inside": {},
    "sends_opaque_ids": {},
    "sends_one_byte_at_a_time": {},
}
"""What the standard allows a server, and which clients stumble over it by a known bug."""


@pytest.mark.parametrize("name", LAWFUL)
@pytest.mark.parametrize("reader", READERS, ids=every)
def test_a_lawful_oddity_fails_on_no_client(reader: Reader, name: str) -> None:
    ready(reader)
    oddity = next(one for one in REGISTRY.variations if one.name == name)
    chosen = ("joke_updates", "joined_beside_the_creator", "unicode_text-joke", "joined_in_the_middle")
    found = seen(reader, [rewritten(oddity, golden_recording(one)) for one in chosen])
    assert (found["outcome"], found["message"]) == ("passed", "")
    assert {one.partition(":")[0] for one in found["known"]} == {
        bug for bug, names in LAWFUL[name].items() if reader.id in names
    }


def golden_recording(name: str) -> Recording:
    return read_recording(golden.FOLDER / f"{name}.jsonl")


def rewritten(oddity: Any, recording: Recording) -> Recording:
    """The recording with every stream as the odd server would send it."""
    made = [
        faults._rewrite(oddity, one, faults.Seen(one, recording)) if one.is_stream else one
        for one in recording.exchanges
    ]
    return replace(recording, exchanges=made)


BREAK = (
    "ends_with_the_word_done",
    "writes_infinity",
    "forgets_the_names",
    "loses_the_last_bytes",
    "accumulates_the_text",
    "repeats_the_metadata",
    "writes_the_media_type_in_capitals",
    "cuts_the_connection",
    "replays_from_the_start",
)
"""Faults of several areas whose table is made again here."""


@pytest.mark.parametrize("reader", READERS, ids=every)
def test_what_is_told_of_faults_was_observed(reader: Reader) -> None:
    """The rows of observed.json for some faults: python -m tests.observed."""
    ready(reader)
    chosen = [fault for fault in REGISTRY.faults if fault.name in BREAK]
    assert len(chosen) == len(BREAK)
    told = json.loads(observed.FILE.read_text("utf-8"))
    rows = observed.observe(reader, chosen)
    assert len(rows) >= 6
    assert [row for row in rows if row not in told and not any(same(row, one) for one in told)] == []


def same(row: Any, other: Any) -> bool:
    """Whether another client was seen to do the same, which is told once."""
    return all(row[key] == other[key] for key in ("requirement", "fault", "observed"))


def test_the_table_speaks_of_what_there_is() -> None:
    rows = json.loads(observed.FILE.read_text("utf-8"))
    there = {(fault.requirement, fault.name) for fault in REGISTRY.faults}
    assert {(row["requirement"], row["fault"]) for row in rows} <= there
    assert {(row["client"], row["version"]) for row in rows} == {(one.name, one.version) for one in READERS}
    assert {row["requirement"] for row in rows} <= set(catalogue.requirements())
    assert all(row["observed"] for row in rows)


# --- the comparison


def stream(
    content: bytes = b"event: values\ndata: {}\n\nevent: updates\ndata: 1\nid: 7\n\n", how: str = "complete"
) -> Exchange:
    head: dict[str, Any] = {"status": 200, "headers": [("content-type", "text/event-stream")], "answered": 1}
    return Exchange(
        "stream",
        "stream",
        "POST",
        "http://h/runs/stream",
        [],
        "{}",
        True,
        0,
        0.0,
        chunks=[Chunk(2, 0.0, content)],
        ending=how,
        **head,
    )


RIGHT = [Part("values", {}), Part("updates", 1, "7")]


@pytest.mark.parametrize(
    ("parts", "error", "said"),
    [
        (RIGHT, "", ""),
        (RIGHT[:1], "", "did not yield event 2"),
        ([RIGHT[0], *RIGHT], "", "event 2"),
        ([*RIGHT, RIGHT[1]], "", "after the 2 events"),
        ([Part("message", {}), RIGHT[1]], "", "event 1"),
        ([Part("values", {"a": 1}), RIGHT[1]], "", "event 1"),
        ([RIGHT[0], Part("updates", 1, "8")], "", "event 2"),
        (RIGHT, "ValueError: no", "it raised"),
        (RIGHT[:1], "ValueError: no", "and raised"),
        ([Part("", None), *RIGHT], "", "event 1"),
    ],
)
def test_a_difference_is_told(parts: list[Part], error: str, said: str) -> None:
    found = compare(Reading(parts, error), stream(), ())
    assert found.known == frozenset()
    assert said in found.difference if said else found.difference == ""


def test_a_broken_transport_may_raise_after_all_complete_events() -> None:
    broken = stream(ending=BROKEN)
    assert compare(Reading(RIGHT, "ReadError: x"), broken, ()).difference == ""
    assert "event 2" in compare(Reading(RIGHT[:1], "ReadError: x"), broken, ()).difference


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
def test_a_known_bug_is_no_difference_and_is_told(name: str) -> None:
    content, parts, how = KNOWN_CASES[name]
    assert compare(Reading(parts), stream(content, how), [name]) == compare(Reading(parts), stream(content, how), KNOWN)
    found = compare(Reading(parts), stream(content, how), [name])
    assert (found.difference, found.known) == ("", frozenset({name}))
    assert compare(Reading(parts), stream(content, how), set(KNOWN) - {name}).difference != ""


def test_a_run_of_the_clients_own_is_compared_without_its_ids() -> None:
    recording = golden_recording("joke_in_mode-updates")
    begun = recording.exchanges[-1]
    parts = [Part(event.name, event.value) for event in begun.events]
    assert different(Reading(parts), begun, begun, text=False) == ""
    assert "event 2" in different(Reading(parts[:-1]), begun, begun, text=False)
    assert "raised" in different(Reading(parts, "ValueError: no"), begun, begun, text=False)
    assert {*PERFORMED} <= {*golden.good().recordings}


# --- the command and the reports


def test_an_unknown_client_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"langgraph_sdk==0\.4\.14"):
        named(["nobody"])
    assert main(["clients", str(golden.FOLDER), "--client", "nobody"]) == USAGE
    assert main(["clients", "nowhere"]) == USAGE
    assert main(["judge", str(golden.FOLDER), "--client", "nobody"]) == USAGE
    assert "there are langgraph_sdk==0.4.14" in capsys.readouterr().err


def test_a_client_that_cannot_be_run_cannot_tell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conformance.clients.examine.lacking", lambda reader: "it needs a thing: get it")
    assert main(["clients", str(golden.FOLDER / "joke_updates.jsonl")]) == UNSURE
    said = capsys.readouterr().out
    assert said.count("cantTell") == len(READERS)
    assert "it needs a thing: get it" in said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A report folder with one recording."""
    (tmp_path / "out" / "recordings").mkdir(parents=True)
    for name in ("run.json", "joke_updates.jsonl"):
        shutil.copy(golden.FOLDER / name, tmp_path / "out" / "recordings")
    main(["judge", str(tmp_path / "out"), "-q", "--tb=no", "-k", "updates.node-sequence", "-p", "no:cacheprovider"])
    return tmp_path / "out"


def test_what_clients_saw_stands_in_the_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = iter(["passed", "failed", "cantTell", "passed"])
    monkeypatch.setattr(
        "conformance.clients.command.examine",
        lambda recordings, chosen, say: [
            result(
                one,
                next(outcomes),
                "a <b> | c",
                1,
                ["phantom: x"],
                [{"recording": "r", "exchange": "e", "message": "m"}],
            )
            for one in chosen
        ],
    )
    assert main(["clients", str(folder / "recordings")]) == BROKEN_MUST
    document = json.loads((folder / "report.json").read_text("utf-8"))
    assert schema.errors("report", document) == []
    assert [one["outcome"] for one in document["clients"]] == ["passed", "failed", "cantTell", "passed"]
    page = (folder / "report.md").read_text("utf-8")
    assert "| Works with | langgraph\\_sdk 0.4.14, httpx-sse 0.4.3 |" in page
    assert "a &#60;b&#62; &#124; c" in page
    assert page == report_md(document, {"joke_updates.jsonl"})
    row = next(line for line in matrix_md([Server(document, "h", "m")]).splitlines() if line.startswith("| httpx-sse"))
    assert row == "| httpx-sse 0.4.3 | ✓ passed |"
    outcomes = iter(["failed"])
    assert main(["clients", str(folder), "--client", "httpx-sse"]) == BROKEN_MUST
    again = json.loads((folder / "report.json").read_text("utf-8"))["clients"]
    assert [one["outcome"] for one in again] == ["passed", "failed", "cantTell", "failed"]


def test_a_judgement_may_ask_the_clients(folder: Path) -> None:
    reader = READERS[0]
    ready(reader)
    main(["judge", str(folder), "-q", "--tb=no", "-k", "updates.node-sequence", "--client", reader.id])
    found = json.loads((folder / "report.json").read_text("utf-8"))["clients"]
    assert [(one["name"], one["outcome"], one["streams"]) for one in found] == [(reader.name, "passed", 1)]
