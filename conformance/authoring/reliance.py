"""What a check relies on: the capabilities that it looks through, and whether the server has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from conformance.authoring.capabilities import of_event, of_request
from conformance.catalogue import Capability
from conformance.evidence.exchange import Event, Exchange
from conformance.evidence.recording import Recording

SENT = ("mode.", "output.")
"""The capabilities without which a server never sends events of a mode."""


@dataclass(frozen=True)
class SessionFacts:
    """What the recordings of a session tell about the server as a whole."""

    deployed: frozenset[str] = frozenset()
    """The reference graphs for which the server started at least one run."""
    lacking: frozenset[Capability] = frozenset()
    """The capabilities that requests for deployed graphs asked for, and that no exchange showed."""
    stopped: str | None = None
    """Why the session ended early, None if it did not."""
    wrong_address: str = ""
    """What the server answered to every request, if that shows that the URL is wrong; otherwise empty."""


@cache
def session_facts(
    deployed: frozenset[str], lacking: frozenset[Capability], stopped: str | None, wrong_address: str
) -> SessionFacts:
    """Return one object for equal facts, because outcomes are memoized by them and comparing sets is slow."""
    return SessionFacts(deployed, lacking, stopped, wrong_address)


@dataclass
class Reliance:
    """What a check has looked at, and the capabilities that it relied on: it says nothing if the server lacks one."""

    facts: SessionFacts = SessionFacts()
    exchanges: list[Exchange] = field(default_factory=list)
    requests: list[Capability] = field(default_factory=list)
    events: list[tuple[str, Capability]] = field(default_factory=list)
    """The capabilities of event names, each with the name."""

    def looks_at(self, recording: Recording, exchange: Exchange) -> None:
        """Note that the check looks at an exchange."""
        self.exchanges.append(exchange)
        self.requests += of_request(recording, exchange)

    def reads(self, name: str) -> None:
        """Note that the check reads the events of this name."""
        self.events += [(name, one) for one in of_event(name)]

    def missing(self, requirement: str, where: Event | Exchange | None) -> Capability | None:
        """Return what the server lacks, the check relied on, and the requirement does not govern; None if nothing.

        If the failure shows at an event of a mode, only this mode counts.  What a server does with a request that it
        should refuse depends on nothing else.
        """
        exchange = where.exchange if isinstance(where, Event) else where
        if exchange is not None and not exchange.valid:
            return None
        base = where.base if isinstance(where, Event) else None
        narrow = any(name == base for name, _ in self.events)
        relied = self.requests + [one for name, one in self.events if not narrow or name == base]
        absent = (one for one in relied if one in self.facts.lacking)
        return next((one for one in absent if not one.is_governed_by(requirement)), None)

    def empty_mode(self, requirement: str) -> Capability | None:
        """Return the mode that the check read and the server never sends, unless the requirement governs it."""
        absent = (one for _, one in self.events if one in self.facts.lacking and one.id.startswith(SENT))
        return next((one for one in absent if not one.is_governed_by(requirement)), None)
