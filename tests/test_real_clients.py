"""Real clients read the golden streams as the suite does, except for known bugs, and break on faults as documented.

A client that this machine cannot run is skipped; with LG_REQUIRE_SERVERS set it is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance import catalogue, suite
from conformance.authoring.registry import REGISTRY, Fault
from conformance.authoring.rewriting import FaultContext
from conformance.clients import readers
from conformance.clients.examine import examine
from conformance.clients.readers import READERS, Reader, lacking
from conformance.evidence.recording import Recording
from conformance.faults.apply import _rewrite
from conformance.launch.process import LaunchError

from . import golden
from .conftest import left_out
from .generate import observed

suite.load()

EACH_READER = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.id)


def require(reader: Reader) -> None:
    """Skip the test if this machine cannot run the client."""
    try:
        problem = lacking(reader)
        if not problem:
            readers.driver_command(reader, print)
    except LaunchError as error:
        problem = str(error)
    if problem:
        left_out(problem)


def examined(reader: Reader, recordings: Sequence[Recording]) -> dict[str, Any]:
    [found] = examine(recordings, [reader], print)
    return found


def golden_recording(name: str) -> Recording:
    return golden.single(name)


@EACH_READER
def test_a_client_yields_the_events_that_the_suite_read(reader: Reader) -> None:
    require(reader)
    found = examined(reader, list(golden.good().recordings.values()))
    assert (found["outcome"], found["message"], found["known"]) == ("passed", "", [])
    assert found["streams"] > 250


def test_a_refused_stream_is_a_difference_for_every_client() -> None:
    reader = READERS[-1]
    require(reader)
    served, refused = golden_recording("joke_updates"), golden_recording("joke_without_thread")
    for exchange in (one for one in refused.exchanges if one.is_stream):
        exchange.status, exchange.headers = 422, [("Content-Type", "application/json")]
    found = examined(reader, [served, refused])
    assert (found["outcome"], found["streams"]) == ("failed", 2)
    [difference] = found["evidence"]
    assert difference["recording"] == "joke_without_thread.jsonl"
    assert "status 422" in difference["message"]


OLD_PARSERS = ("langgraph_sdk==0.1.70", "httpx-sse==0.4.3")
KNOWN_BUGS: dict[str, dict[str, tuple[str, ...]]] = {
    "begins_with_a_byte_order_mark": {"bom": OLD_PARSERS},
    "ends_lines_with_cr": {"held": OLD_PARSERS},
    "sends_retry_and_unknown_fields": {"phantom": OLD_PARSERS},
    "splits_data_over_lines": {},
    "comments_between_and_inside": {},
    "sends_opaque_ids": {},
    "sends_one_byte_at_a_time": {},
}
"""Conforming variations, with the known bugs that they trigger and the clients that have them."""


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", KNOWN_BUGS)
@EACH_READER
def test_a_conforming_variation_triggers_known_bugs_at_most(reader: Reader, name: str) -> None:
    require(reader)
    variation = next(one for one in REGISTRY.variations if one.name == name)
    names = ("joke_updates", "joined_beside_the_creator", "unicode_text-joke", "joined_in_the_middle")
    found = examined(reader, [varied(variation, golden_recording(one)) for one in names])
    assert (found["outcome"], found["message"]) == ("passed", "")
    assert {one.partition(":")[0] for one in found["known"]} == {
        bug for bug, ids in KNOWN_BUGS[name].items() if reader.id in ids
    }


def varied(variation: Fault, recording: Recording) -> Recording:
    """Return the recording with every stream as a server with this variation sends it, also if only chunks change."""
    contexts = [FaultContext(one, recording) for one in recording.exchanges]
    pairs = zip(recording.exchanges, contexts, strict=True)
    exchanges = [_rewrite(variation, one, context) if one.is_stream else one for one, context in pairs]
    return replace(recording, exchanges=exchanges)


OBSERVED_FAULTS = (
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
"""Faults of several areas whose rows of observed.json are observed again here."""


@EACH_READER
def test_the_published_observations_can_be_repeated(reader: Reader) -> None:
    require(reader)
    chosen = [fault for fault in REGISTRY.faults if fault.name in OBSERVED_FAULTS]
    assert len(chosen) == len(OBSERVED_FAULTS)
    rows = observed.observe(reader, chosen)
    assert len(rows) >= 6
    assert [row for row in rows if not any(is_published(row, one) for one in published())] == []


def published() -> list[dict[str, str]]:
    return list(json.loads(observed.FILE.read_text("utf-8")))


def is_published(row: dict[str, str], other: dict[str, str]) -> bool:
    """Return whether a published row says the same; it names another client if that client does the same."""
    return all(row[key] == other[key] for key in ("requirement", "fault", "observed"))


def test_the_published_observations_name_existing_faults_and_clients() -> None:
    rows = published()
    existing = {(fault.requirement, fault.name) for fault in REGISTRY.faults}
    assert {(row["requirement"], row["fault"]) for row in rows} <= existing
    assert {(row["client"], row["version"]) for row in rows} == {(one.name, one.version) for one in READERS}
    assert {row["requirement"] for row in rows} <= set(catalogue.requirements())
    assert all(row["observed"] for row in rows)
