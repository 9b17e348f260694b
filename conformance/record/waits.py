"""What scenarios wait for: each wait has a limit, and says what was awaited when it runs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Wait:
    """Something that a scenario waits for.

    `since` returns the time from which its limit counts: when it began, or the last event of its exchange.
    """

    scenario: str
    exchange: str
    awaited: str
    limit: str
    seconds: float
    since: Callable[[], float]
    end: Callable[[str], None] = field(repr=False)
    """Called with the text of the wait when it ran out."""

    def ran_out(self, now: float) -> bool:
        """Return whether its limit is reached."""
        return now - self.since() > self.seconds

    @property
    def text(self) -> str:
        """Say what ran into which limit: scenario, exchange, what was awaited, and for how long."""
        return (
            f"limit reached: `{self.exchange}` of `{self.scenario}`: {self.awaited} did not arrive, "
            f"{self.limit.format(seconds=f'{self.seconds:g}')}"
        )


SILENCE = "and no event on it for {seconds} s (--silence)"
POLL = "although it was asked for during {seconds} s (--silence; a poll may take twice as long)"
STATUS = "although it was awaited for {seconds} s"
