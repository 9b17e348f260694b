"""How many scenarios are performed at the same time, as fast as the server allows.

The number rises with each stream whose first output arrives promptly: only a run that is executed has output, so a
server that is full cannot be prompt.  (Status and headers may come before a queue.)  The number falls by a quarter
when the server refuses requests or answers simple ones late, and rises again slowly after that.  Everything here is
arithmetic: no clock, no I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field

START = 10
"""At how many a session starts: moderate, because nothing is known about the server."""
PACED = 12
"""How many paced scenarios are performed at once: all 24 in two rounds."""
LATE_S = 1.0
"""An answer is late if it took so much longer than the fastest one of the session; servers answer in a tenth of it."""
LEAST_IF_LATE = 4
"""To how many late answers narrow at most: on a machine that is busy otherwise answers are late however few ask."""
PERFORMANCES = 3
"""How often a scenario is performed at most: as it comes, and twice more with fewer beside it."""
CALM_PERFORMANCES = 3
"""How often a scenario that looks late is performed again, alone."""
ENOUGH_LATE = 3
"""How many scenarios that stay late show that the server holds back, whatever the load."""
PAUSE_S = 1.0
"""How long nothing is started after a refusal without Retry-After."""
MOST_PAUSE_S = 10.0
"""How long one Retry-After is honoured; some servers say minutes."""
ALL_PAUSES_S = 30.0
"""How long the pauses of a session may be together.  After that a server refuses whatever the load."""


@dataclass
class Concurrency:
    """The number of scenarios that may run at the same time, and how it follows what a server does."""

    ceiling: int
    width: int = 0
    least: int = 0
    most: int = 0
    not_before: float = 0.0
    """The time before which nothing is started."""
    _narrowed: float = float("-inf")
    """When it was narrowed last."""
    _clean: int = 0
    """How many scenarios have ended without trouble since it was narrowed or widened."""
    _paused_s: float = 0.0
    _fastest: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.width = self.least = self.most = min(START, self.ceiling)

    @property
    def gives_up(self) -> bool:
        """Whether the server refused for so long that it makes no sense to ask again."""
        return self._paused_s >= ALL_PAUSES_S

    def took(self, kind: str, seconds: float) -> None:
        """Note how long an answer of this kind took."""
        self._fastest[kind] = min(seconds, self._fastest.get(kind, seconds))

    def is_late(self, kind: str, seconds: float) -> bool:
        """Return whether an answer of this kind took much longer than the fastest one so far."""
        return seconds > self._fastest[kind] + LATE_S

    def first_output(self, seconds: float) -> None:
        """Note how long the first output of a stream took."""
        self.took("output", seconds)
        if not self.is_late("output", seconds) and self._narrowed < 0:
            self._set(self.width + 1)

    def ended(self) -> None:
        """Note that a scenario ended without trouble: after a narrowing, a whole round of them allows one more."""
        self._clean += 1
        if self._narrowed >= 0 and self._clean >= self.width:
            self._set(self.width + 1)

    def narrow(self, started: float, now: float, *, refused: bool) -> None:
        """Allow a quarter less: a scenario that was started then met late answers or refusals.

        What was started before the last narrowing tells nothing about the present number.
        """
        if started >= self._narrowed:
            self._narrowed = max(now, 0.0)
            least = 1 if refused else min(LEAST_IF_LATE, self.width)
            self._set(max(least, self.width * 3 // 4))

    def pause(self, now: float, seconds: float) -> None:
        """Start nothing for so many seconds, as a server that refused a request asked for."""
        until = now + min(seconds, MOST_PAUSE_S, ALL_PAUSES_S - self._paused_s)
        self._paused_s += max(0.0, until - max(now, self.not_before))
        self.not_before = max(self.not_before, until)

    def again(self) -> None:
        """Prepare to perform again what met trouble, with half as many at once as until now, and never more."""
        self.ceiling = max(1, self.width // 2)
        self._set(self.width)

    def _set(self, width: int) -> None:
        self.width = min(width, self.ceiling)
        self.least, self.most = min(self.least, self.width), max(self.most, self.width)
        self._clean = 0
