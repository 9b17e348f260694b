"""A session shows how far its recording is, on a terminal and in a log, and names what ran into a limit at once."""

import io
from typing import Any

from _pytest._io import TerminalWriter

from conformance.record.recorder import RecordingState
from conformance.report.terminal import Progress


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_every_ten_seconds() -> None:
    output, clock = io.StringIO(), Clock()
    progress = Progress(TerminalWriter(output), clock)
    for seconds in range(25):
        clock.now = float(seconds)
        progress(RecordingState(seconds, 235, ["a"], 12, 100 * seconds))
    assert output.getvalue().splitlines() == [
        "recording: 10 of 235 scenarios done, 12 waits open, 1,000 events received",
        "recording: 20 of 235 scenarios done, 12 waits open, 2,000 events received",
    ]


def test_what_ran_into_a_limit_is_shown_once_and_at_once() -> None:
    output = io.StringIO()
    progress = Progress(TerminalWriter(output), Clock())
    for reached in ((), ["the first\x1b[2J"], ["the first\x1b[2J", "the second"], ["the first\x1b[2J", "the second"]):
        progress(RecordingState(0, 1, [], 0, 0, reached))
    first, second = output.getvalue().splitlines()
    assert first.startswith("the first")
    assert second == "the second"
    assert "\x1b" not in output.getvalue()


def test_a_terminal_gets_one_line_that_is_rewritten() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    output: Any = Terminal()
    writer = TerminalWriter(output)
    writer.hasmarkup = False
    with Progress(writer, Clock()) as progress:
        progress(RecordingState(3, 235, ["a", "b", "c", "d"], 12, 100))
    first, last = output.getvalue().rsplit("\r", 1)
    assert "\n" not in first
    assert "recording: 3 of 235 scenarios done" in first
    assert last == "recorded 3 of 235 scenarios\n"
