"""How far a session is, printed while it records."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from conformance.wire.text import printable

LINE_EVERY_S = 10.0
"""How often a line tells how far a recording is, if the output is not a terminal."""


class State(Protocol):
    """How far a recording is."""

    @property
    def done(self) -> int: ...

    @property
    def total(self) -> int: ...

    @property
    def awaited(self) -> Sequence[str]: ...

    @property
    def waits(self) -> int: ...

    @property
    def events(self) -> int: ...

    @property
    def reached(self) -> Sequence[str]: ...


class Progress:
    """How far the recording is: one line, rewritten on a terminal, otherwise a new line from time to time."""

    def __init__(self, writer: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._writer = writer
        self._clock = clock
        self._tty = bool(getattr(writer, "_file", None) and writer._file.isatty())
        self._last = clock()
        self._done = self._total = self._told = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        if self._total:
            self._writer.line(f"recorded {self._done} of {self._total} scenarios")

    def _clear(self) -> None:
        """Blank the line that is rewritten."""
        if self._tty:
            self._writer.write("\r" + " " * (self._writer.fullwidth - 1) + "\r")

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._writer.line(printable(text))
        self._writer.flush()

    def __call__(self, state: State) -> None:
        """Show the state of the recording, and what ran into a limit since the last call."""
        self._done, self._total = state.done, state.total
        for text in state.reached[self._told :]:
            self._clear()
            self.say(text)
        self._told = len(state.reached)
        if self._tty:
            line = f"{_how_far(state)}{_waiting_for(state)}"
            self._writer.write("\r" + line[: self._writer.fullwidth - 1].ljust(self._writer.fullwidth - 1))
            self._writer.flush()
        elif self._clock() - self._last >= LINE_EVERY_S:
            self._last = self._clock()
            self.say(_how_far(state))


def _how_far(state: State) -> str:
    waits = f"{state.waits} waits open, {state.events:,} events received"
    return f"recording: {state.done} of {state.total} scenarios done, {waits}"


def _waiting_for(state: State) -> str:
    waiting = ", ".join(state.awaited[:3]) + (" …" if len(state.awaited) > 3 else "")
    return f" · waiting for {waiting}" if waiting else ""
