"""The fault proxy: live, faults and conforming variations have the same effect as on recordings.

Above all these are faults of timing and transport, which a recording only imitates.
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

# For a check on every stream all scenarios are performed, so other checks of the requirement are selected by name.
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
VARIATIONS = {
    "sends_one_byte_at_a_time": "updates.node-sequence or filtering or join.does-not-replay",
    "mixes_line_endings": "updates.node-sequence or updates.data-verbatim or framing.hostile or errors.error-event",
    "comments_between_and_inside": "join.rest-of-run or join.same-events or transport.concurrent-runs",
    "closes_with_an_end_event": "errors.error-event or join.finished-run or stateless.same-output",
    "sends_updates_after_values": f"values.one-per-step or delivery.several-modes or {ALONE}",
    "sends_the_events_mode_late": "events.final-state or events.children or modes.duplicates",
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """The URL of the running official server."""
    target = named_target("langgraph-dev")
    assert target.launch is not None
    with target.launch(lambda text: None) as running:
        yield running.url


@contextmanager
def proxy(name: str, upstream: str, folder: Path) -> Iterator[str]:
    """Run `lg-conformance fault`; yield its URL."""
    command = [sys.executable, "-m", "conformance", "fault", name, "--upstream", upstream]
    serving = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    try:
        yield serving.stdout.readline().partition(" ")[0]
    finally:
        serving.terminate()
        serving.wait(60)
        serving.stdout.close()


def judged(url: str, selected: str, folder: Path) -> tuple[int, Any, str]:
    """Return exit status, report and output of `lg-conformance run -k`."""
    command = [
        sys.executable,
        "-m",
        "conformance",
        "run",
        "--url",
        url,
        "-k",
        f"({selected}) and not any_run",
        "--report-dir",
        "out",
    ]
    options = ["--concurrency", "50", "--silence", "8", "-q"]
    done = subprocess.run(
        [*command, *options], cwd=folder, env=environment(), capture_output=True, text=True, timeout=300
    )
    return done.returncode, json.loads((folder / "out" / "report.json").read_text("utf-8")), done.stdout


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_live(name: str, upstream: str, tmp_path: Path) -> None:
    requirement, selected = FAULTS[name]
    with proxy(name, upstream, tmp_path) as url:
        status, report, output = judged(url, selected, tmp_path)
    found = next(one for one in report["requirements"] if one["id"] == requirement)
    assert found["outcome"] == "failed", output
    assert status == (1 if found["level"] == "MUST" else 0), output
    assert report["verdict"] == ("not conformant" if found["level"] == "MUST" else "partial")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", VARIATIONS)
def test_a_conforming_variation_changes_nothing_live(name: str, upstream: str, tmp_path: Path) -> None:
    with proxy(name, upstream, tmp_path) as url:
        status, report, output = judged(url, VARIATIONS[name], tmp_path)
    red = [one["id"] for one in report["requirements"] if one["outcome"] in ("failed", "cantTell")]
    assert (status, red) == (0, []), output
