"""Every limit of a session, each with its name, its unit and the reason for it.

README.md explains them to users; nothing else of the recorder waits without one of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.authoring.cut import ENDING_S


def limit(value: float, reason: str, option: str = "") -> Any:
    """Declare a limit: its default, the reason for it, and the option that changes it, if there is one."""
    return field(default=value, metadata={"reason": reason, "option": option})


@dataclass(frozen=True)
class Limits:
    """The limits of one session: seconds end in `_s`, numbers of bytes in `_bytes`."""

    # --- one wait of a scenario

    silence_s: float = limit(
        30.0,
        "no event arrives on the exchange that a scenario waits for: official servers send a first event within 1 s, "
        "and no scenario is silent for over 6 s without announcing it",
        "--silence",
    )
    queue_s: float = limit(
        90.0,
        "before the first event of an exchange other than metadata, while events of others arrive, silence begins so "
        "much later: a server may perform runs one after another, and a slow server is not wrong",
    )
    poll_s: float = limit(
        60.0,
        "a state or a run is asked for again and again: its answers do not show whether the run goes on, so a poll may "
        "take twice as long as a silence; the slowest takes 4 s",
        "--silence",
    )

    # --- one exchange, whether a scenario waits for it or not

    length_s: float = limit(
        60.0,
        "no event arrives on an exchange for which no scenario waits: twice a silence, because the scenario may be "
        "waiting for another exchange",
        "--length",
    )
    exchange_s: float = limit(
        600.0, "events keep arriving: the longest stream takes 42 s, and a slow server is not wrong"
    )
    exchange_bytes: int = limit(16 << 20, "the largest stream of the suite has 4 MiB")
    exchange_blocks: int = limit(20_000, "events and comments: the longest stream of the suite has 3,000")

    # --- what the recorder does at a limit

    status_s: float = limit(10.0, "the answer to the question whether the run of a stream at its limit has ended")
    ending_s: float = limit(
        ENDING_S, "the end of a stream whose run has ended: official servers take a tenth of a second"
    )

    # --- the whole session

    session_s: float = limit(
        1200.0, "no session may last for ever: the embedded server takes one minute, a slow one ten", "--max-seconds"
    )
    session_bytes: int = limit(192 << 20, "all streams of the suite together have a tenth of it")
    waits: int = limit(
        5, "so many waits ran out, one of which began after another had run out, and no event arrived since: it hangs"
    )
    paced_s: float = limit(
        300.0, "the scenarios that must not be disturbed are performed alone: a quarter of the session at most"
    )
    connect_s: float = limit(10.0, "opening a connection: no reader waits longer for a server")
    reach_s: float = limit(10.0, "any answer, when the suite asks whether the server is there")
    clean_up_s: float = limit(20.0, "deleting the threads of the suite; one that is left carries its name and nonce")
