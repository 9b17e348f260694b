"""What checks see: recordings, exchanges and the whole session, asked for by name.

A view decides whether a missing or refused exchange is a failure of the server or leaves the check inconclusive, so
that no check has to.  It depends on its recording and on the session's facts, on nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Any, NoReturn

from conformance.authoring.address import wrong_address
from conformance.authoring.capabilities import of_event, of_request
from conformance.authoring.cut import STATUS_AT_THE_LIMIT, cut_short, ended_run
from conformance.authoring.expectations import Inconclusive, fail, inconclusive, shown
from conformance.authoring.provided import lacking
from conformance.authoring.registry import DeclarationError
from conformance.authoring.reliance import SENT, Reliance, SessionFacts, session_facts
from conformance.catalogue import Capability, nearest
from conformance.evidence.exchange import STREAM, Events, Exchange
from conformance.evidence.recording import Recording, run_request, shows_a_run
from conformance.protocol import BUSY, requested_modes, wire_name
from conformance.wire.endings import COMPLETE, UNREACHABLE

TOO_LARGE = 413


class SessionRecordings:
    """All recordings of one session, by scenario variant."""

    def __init__(
        self,
        recordings: Iterable[Recording],
        stopped: str | None = None,
        lacks: Collection[str] = (),
        lacking: frozenset[Capability] | None = None,
    ) -> None:
        """`stopped` says why the session ended early, `lacks` is what the target declares to lack.

        `lacking` is what the server is known to lack; None for what no recording shows, which few recordings cannot
        tell.
        """
        self._lacking = lacking
        self.lacks = tuple(lacks)
        self.recordings = {recording.variant: recording for recording in recordings}
        self.stopped = stopped

    @cached_property
    def facts(self) -> SessionFacts:
        """What the recordings tell about the server as a whole."""
        every = [(recording, exchange) for recording in self.recordings.values() for exchange in recording.exchanges]
        deployed = frozenset(exchange.graph for _, exchange in every if _started_a_run(exchange))
        address = wrong_address([exchange for _, exchange in every if exchange.valid]) if not deployed else ""
        absent = lacking(every, deployed) if self._lacking is None else self._lacking
        return session_facts(deployed, absent, self.stopped, address, self.lacks)

    @property
    def shows_a_run(self) -> bool:
        """Whether any stream carried a metadata event and an event of a requested mode."""
        return any(shows_a_run(one, exchange) for one in self.recordings.values() for exchange in one.streams())

    def relies_on_nothing_lacking(self, recording: Recording, exchange: Exchange) -> bool:
        """Return whether the server has everything that an exchange asks for, apart from its modes."""
        return not self.facts.lacking.intersection(of_request(recording, exchange))

    def streams(self) -> Iterator[Exchange]:
        """Yield every exchange that validly asks for an event stream."""
        return (exchange for recording in self.recordings.values() for exchange in recording.streams())


def _started_a_run(exchange: Exchange) -> bool:
    if exchange.kind == STREAM:
        return exchange.is_stream
    return exchange.starts_run and exchange.accepted and exchange.valid


class RecordingView:
    """One recording as a check of one requirement sees it; its exchanges are asked for by name."""

    def __init__(self, recording: Recording, reliance: Reliance, exchanges: tuple[str, ...] | None = None) -> None:
        """`exchanges` are the names that the scenario declares, None if they are not known."""
        self.recording = recording
        self._reliance = reliance
        self._declared = exchanges

    def __getitem__(self, name: str) -> ExchangeView:
        """Return the exchange of this name, the last one if there are several; inconclusive if it was not performed."""
        return self.all(name)[-1]

    def __contains__(self, name: str) -> bool:
        return bool(self._found(name))

    def all(self, name: str) -> list[ExchangeView]:
        """Return every exchange of this name in the order of sending; inconclusive if there is none."""
        found = self._found(name)
        if not found:
            self._reliance.stops_at(self.recording)
            why = self.recording.stopped or "the scenario did not need it"
            inconclusive(f"`{name}` of `{self.recording.variant}` was not performed: {why}{self._not_deployed()}")
        return [ExchangeView(exchange, self.recording, self._reliance) for exchange in found]

    def was_cut(self, name: str) -> bool:
        """Return whether the suite closed every exchange of this name that the server might have continued."""
        found = self._found(name)
        return bool(found) and all(cut_short(self.recording, one) for one in found)

    def is_provided(self, exchange: Exchange) -> bool:
        """Return whether the server has everything that an exchange of this recording asks for."""
        return not self._reliance.facts.lacking.intersection(of_request(self.recording, exchange))

    @property
    def axes(self) -> dict[str, Any]:
        """The values of the scenario's axes."""
        return self.recording.axes

    def _found(self, name: str) -> list[Exchange]:
        if self._declared is not None and name not in self._declared and name != STATUS_AT_THE_LIMIT:
            near = nearest(name, self._declared)
            raise DeclarationError(f"scenario {self.recording.scenario} declares no exchange `{name}`{near}")
        return self.recording.all(name)

    def _not_deployed(self) -> str:
        graph, facts = self.recording.graph, self._reliance.facts
        return "" if graph in facts.deployed or facts.stopped else f"; {not_deployed(graph, facts)}"


def not_deployed(graph: str, facts: SessionFacts) -> str:
    """Return the text that says that a reference graph is missing, and how to deploy it, or that the URL is wrong."""
    return facts.wrong_address or (
        f"no request for the reference graph `{graph}` was accepted; deploy it (`lg-conformance graphs DIR`), "
        f"or give its name with `--assistant {graph}=NAME`"
    )


class ExchangeView:
    """One exchange as a check of one requirement sees it."""

    def __init__(self, exchange: Exchange, recording: Recording, reliance: Reliance) -> None:
        self.exchange = exchange
        self._recording = recording
        self._reliance = reliance
        reliance.looks_at(recording, exchange)

    def __getitem__(self, mode: str) -> Events:
        """Return the events of a mode, of every namespace, in order; `mode` may also be metadata, error or end."""
        base = wire_name(mode)
        self._reliance.reads(base)
        return Events(event for event in self.events if event.base == base)

    def lacks(self, mode: str) -> bool:
        """Return whether the server never sends events of this mode, in any stream of the session.

        A check of several modes sorts them by this, so that it compares all others before it is inconclusive.
        """
        return any(one.id.startswith(SENT) and one in self._reliance.facts.lacking for one in of_event(mode))

    def expect_capability(self, id: str) -> None:
        """Be inconclusive if no exchange of the session shows this capability, an id of capabilities.toml."""
        for one in self._reliance.facts.lacking:
            if one.id == id:
                self._reliance.requests.append(one)
                raise Inconclusive(f"the server lacks {one.name}", because=one.because)

    @property
    def name(self) -> str:
        return self.exchange.name

    @property
    def run_request(self) -> dict[str, Any] | None:
        """The body of the request that started the run, also for a join; None if there is no such JSON object."""
        request = run_request(self._recording, self.exchange)
        return request.request if request is not None and isinstance(request.request, dict) else None

    @property
    def requested(self) -> set[str]:
        """The wire names of the modes that the run was started with, also for a join."""
        request = run_request(self._recording, self.exchange)
        return requested_modes(request.request) if request is not None else set()

    @property
    def follows_trouble(self) -> bool:
        """Whether an earlier request of the recording was refused, or its stream has an error event."""
        earlier = (one for one in self._recording.exchanges if one.sent < self.exchange.sent)
        return any(not one.accepted or "error" in (event.base for event in one.events) for one in earlier)

    @property
    def sent(self) -> int:
        """The running number of the request in the session."""
        return self.exchange.sent

    @property
    def status(self) -> int | None:
        return self.exchange.status

    @property
    def accepted(self) -> bool:
        return self.exchange.accepted

    @property
    def is_stream(self) -> bool:
        """Whether it was answered with an event stream."""
        return self.exchange.is_stream

    @property
    def ending(self) -> str:
        """How it ended, a word of `wire.endings`."""
        return self.exchange.ending

    @property
    def events(self) -> Events:
        """All events; it fails if the stream was refused, and is inconclusive if that is not the server's fault."""
        self.expect_stream()
        if not self.exchange.events and cut_short(self._recording, self.exchange):
            inconclusive(f"`{self.name}` sent no event before the suite closed it: {self.exchange.detail}")
        return self.exchange.events

    @property
    def json(self) -> Any:
        """The JSON value of the answer, which must be accepted."""
        self.expect_accepted()
        return self.exchange.json

    @property
    def refused(self) -> bool:
        """Whether it was answered with 4xx and not with an event stream."""
        status = self.exchange.status
        return status is not None and 400 <= status < 500 and self.exchange.media_type.lower() != "text/event-stream"

    def expect_stream(self) -> None:
        """The server must answer with an event stream."""
        if not self.exchange.is_stream:
            self._wrong_answer("with status 200 and text/event-stream")

    def expect_accepted(self) -> None:
        """The server must answer with 2xx."""
        if not self.exchange.accepted:
            self._wrong_answer("with 2xx")

    def expect_answered(self) -> None:
        """The server must answer, whatever it says."""
        if self.exchange.status is None:
            self._wrong_answer("the request")

    def expect_complete(self, why: str) -> None:
        """The server must end the stream by the rules of HTTP; `why` completes the sentence "must end …"."""
        if cut_short(self._recording, self.exchange):
            inconclusive(f"whether `{self.name}` ends {why} is unknown: the suite closed it ({self.exchange.detail})")
        if self.exchange.ending != COMPLETE:
            known = ended_run(self._recording, self.exchange)
            over = f"; the run had ended: {known}" if known else ""
            how = f"it ended as `{self.ending}` ({self.exchange.detail}){over}"
            fail(f"`{self.name}` must end {why}; {how}", self.exchange)

    def _wrong_answer(self, expected: str) -> NoReturn:
        """Fail, or be inconclusive if the answer is not evidence against this requirement."""
        exchange = self.exchange
        if exchange.status in BUSY:
            inconclusive(f"`{self.name}` was answered with {exchange.status}: the server is busy; lower --concurrency")
        if exchange.status == TOO_LARGE:
            inconclusive(f"`{self.name}` was answered with 413: the server does not accept a request of that size")
        if exchange.status is None and cut_short(self._recording, exchange):
            inconclusive(f"`{self.name}` was not answered before the suite closed it: {exchange.detail}")
        if exchange.ending == UNREACHABLE:
            inconclusive(f"`{self.name}` could not connect ({exchange.detail}); is the server running?")
        facts = self._reliance.facts
        if exchange.graph not in facts.deployed:
            stopped = f" ({facts.stopped})" if facts.stopped else ""
            inconclusive(f"{self._answer()}; {not_deployed(exchange.graph, facts)}{stopped}")
        fail(f"{self._answer()}; the server must answer {expected}", exchange)

    def _answer(self) -> str:
        exchange = self.exchange
        if exchange.status is None:
            return f"`{self.name}` was not answered ({exchange.ending}: {exchange.detail})"
        media = shown(exchange.header("content-type") or "no content type")
        return f"`{self.name}` was answered with {exchange.status} and {media}"
