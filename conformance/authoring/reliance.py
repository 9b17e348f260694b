"""What a check relies on: the capabilities that it looks through, and whether the server has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from conformance import catalogue
from conformance.authoring.capabilities import of_event, of_request, unrequested
from conformance.catalogue import Capability
from conformance.evidence.exchange import Event, Exchange
from conformance.evidence.recording import Recording
from conformance.protocol import MODES

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
    named: frozenset[str] = frozenset()
    """The ids of the capabilities that the target declares to lack."""
    declared: frozenset[str] = frozenset()
    """The same, and the ids of the capabilities that need one of them."""


@cache
def session_facts(
    deployed: frozenset[str],
    lacking: frozenset[Capability],
    stopped: str | None,
    wrong_address: str,
    lacks: tuple[str, ...],
) -> SessionFacts:
    """Return one object for equal facts, because outcomes are memoized by them and comparing sets is slow.

    `lacks` is what the target declares to lack; the name of a mode stands for the capability of the mode.
    """
    known = catalogue.capabilities()
    named = frozenset(f"mode.{one}" if one in MODES else one for one in lacks).intersection(known)
    declared = named
    while more := {id for id, one in known.items() if declared.intersection(one.needs)} - declared:
        declared |= more
    return SessionFacts(deployed, lacking, stopped, wrong_address, named, declared)


@dataclass
class Reliance:
    """What a check has looked at, and the capabilities that it relied on: it says nothing if the server lacks one."""

    facts: SessionFacts = SessionFacts()
    exchanges: list[Exchange] = field(default_factory=list)
    requests: list[Capability] = field(default_factory=list)
    events: list[tuple[str, Capability]] = field(default_factory=list)
    """The capabilities of event names, each with the name."""
    unrequested: list[tuple[Exchange, str, Capability]] = field(default_factory=list)
    """The capabilities for modes that the run of an exchange did not ask for, each with the exchange and the name."""

    def looks_at(self, recording: Recording, exchange: Exchange) -> None:
        """Note that the check looks at an exchange."""
        self.exchanges.append(exchange)
        self.requests += of_request(recording, exchange)
        self.unrequested += [(exchange, name, one) for name, one in unrequested(recording, exchange).items()]

    def reads(self, name: str) -> None:
        """Note that the check reads the events of this name."""
        self.events += [(name, one) for one in of_event(name)]

    def stops_at(self, recording: Recording) -> None:
        """Note that the check asks for an exchange that was not performed: it relies on what was refused before."""
        for exchange in recording.exchanges:
            if not exchange.accepted:
                self.requests += of_request(recording, exchange)

    def declared_absent(self) -> Capability | None:
        """Return what the check relied on and the target declares to lack; None if nothing."""
        return next((one for one in self._relied() if one.id in self.facts.declared), None)

    def has_declared(self) -> bool:
        """Return whether the check relied on what the target declares to lack by name, and the server has.

        A check that passes although the server really lacks it does not need it.
        """
        return any(one.id in self.facts.named and one not in self.facts.lacking for one in self._relied())

    def _relied(self) -> Iterator[Capability]:
        yield from self.requests
        yield from (one for _, one in self.events)

    def missing(self, requirement: str, where: Event | Exchange | None) -> Capability | None:
        """Return what the server lacks, the check relied on, and the requirement does not govern; None if nothing.

        If the failure shows at an event of a mode, only this mode counts, and at one of a mode that was not requested
        also that the server sends those.  What a server does with a request that it should refuse depends on nothing
        else.
        """
        exchange = where.exchange if isinstance(where, Event) else where
        if exchange is not None and not exchange.valid:
            return None
        base = where.base if isinstance(where, Event) else None
        narrow = any(name == base for name, _ in self.events)
        relied = self.requests + [one for name, one in self.events if not narrow or name == base]
        relied += [one for other, name, one in self.unrequested if other is exchange and name == base]
        absent = (one for one in relied if one in self.facts.lacking)
        return next((one for one in absent if not one.is_governed_by(requirement)), None)

    def empty_mode(self, requirement: str) -> Capability | None:
        """Return the mode that the check read and the server never sends, unless the requirement governs it."""
        absent = (one for _, one in self.events if one in self.facts.lacking and one.id.startswith(SENT))
        return next((one for one in absent if not one.is_governed_by(requirement)), None)
