"""Faults and oddities live: command line, proxy and verdict agree with what the recordings say.

Faults of time and transport, whose recorded form is only a picture of them, are tried here above all.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.targets.target_file import named_target

from .test_plugin import environment

# A check over every stream has all scenarios performed, so these choose others by name.
FAILING = "test_the_stream_of_a_failed_run_ends"
ALONE = "test_each_mode_is_as_it_is_alone"
FAULTS = {
    "holds_the_stream_to_the_end": ("delivery.each-mode", "delivery.each-mode"),
    "comments_for_ever": ("transport.ends", FAILING),
    "cuts_the_connection": ("transport.ends", FAILING),
    "stalls_in_the_middle_of_an_event": ("transport.ends", FAILING),
    "replays_from_the_start": ("join.does-not-replay", "join.does-not-replay"),
    "shares_events_out_among_joiners": ("join.several-readers", "join.several-readers"),
    "buffers_whole_answers": ("delivery.head-first", "delivery.head-first"),
}
ODDITIES = {
    "sends_one_byte_at_a_time": "updates.node-sequence or filtering or join.does-not-replay",
    "mixes_line_endings": "updates.node-sequence or updates.data-verbatim or framing.hostile or errors.error-event",
    "comments_between_and_inside": "join.rest-of-run or join.same-events or transport.concurrent-runs",
    "closes_with_an_end_event": "errors.error-event or join.finished-run or stateless.same-output",
    "sends_updates_after_values": f"values.one-per-step or delivery.several-modes or {ALONE}",
    "sends_the_events_mode_late": "events.final-state or events.children or modes.duplicates",
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """The official server, running."""
    target = named_target("langgraph-dev")
    assert target.launch is not None
    with target.launch(lambda text: None) as running:
        yield running.url


@contextmanager
def view(name: str, upstream: str, folder: Path) -> Iterator[str]:
    """A view of the server through `lg-conformance fault`; gives its URL."""
    command = [sys.executable, "-m", "conformance", "fault", name, "--upstream", upstream]
    serving = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    try:
        yield serving.stdout.readline().partition(" ")[0]
    finally:
        serving.terminate()
        serving.wait(10)
        serving.stdout.close()


def judged(url: str, chosen: str, folder: Path) -> tuple[int, Any, str]:
    """Exit status, report and output of `lg-conformance run` on what is chosen with -k."""
    command = [sys.executable, "-m", "conformance", "run", "--url", url, "-k", chosen, "--report-dir", "out"]
    options = ["--concurrency", "50", "--silence", "8", "-q"]
    done = subprocess.run(
        [*command, *options], cwd=folder, env=environment(), capture_output=True, text=True, timeout=300
    )
    return done.returncode, json.loads((folder / "out" / "report.json").read_text("utf-8")), done.stdout


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_live(name: str, upstream: str, tmp_path: Path) -> None:
    requirement, chosen = FAULTS[name]
    with view(name, upstream, tmp_path) as url:
        status, report, output = judged(url, chosen, tmp_path)
    found = next(one for one in report["requirements"] if one["id"] == requirement)
    assert found["outcome"] == "failed", output
    assert status == (1 if found["level"] == "MUST" else 0), output
    assert report["verdict"] == ("not conformant" if found["level"] == "MUST" else "partial")


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_changes_nothing_live(name: str, upstream: str, tmp_path: Path) -> None:
    with view(name, upstream, tmp_path) as url:
        status, report, output = judged(url, ODDITIES[name], tmp_path)
    red = [one["id"] for one in report["requirements"] if one["outcome"] in ("failed", "cantTell")]
    assert (status, red) == (0, []), output
