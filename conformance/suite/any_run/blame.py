"""Which requirement a difference from the library breaks: the one whose sentence speaks of what differs.

A difference that follows from another one, or that no sentence covers, breaks none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.authoring import (
    ComparedStream,
    Event,
    Recording,
    member,
    names_of_its_own,
    unknown_names,
)
from conformance.suite.any_run.nature import (
    escapes_are_lost,
    has_no_message,
    is_free,
    is_in_blocks,
    is_initial_state,
    is_of_another_mode,
    is_unreadable,
    kind_of,
)
from conformance.suite.any_run.readers import LATE, READERS, RUN, shares_out
from conformance.suite.any_run.runs import AFTER_A_FAILURE, EARLIER, NEW, SECOND_RUN, thread_kind
from conformance.suite.any_run.sentences import of_mode, of_subgraph

LATER = {SECOND_RUN: "state.next-run-continues", AFTER_A_FAILURE: None}
"""The requirement that is broken if a run starts from another state, by what its thread had before.

After a failure it is `errors.after-a-failure`, which `thread` judges by the state itself.
"""

LOSSES = ("missing event", "lost", "order")
"""The kinds of differences that a lost event causes."""


@dataclass(frozen=True)
class Blame:
    """What the streams of a session say about the cause of a difference in one of them."""

    streams: Sequence[ComparedStream]

    @cached_property
    def divides(self) -> bool:
        """Whether the server divides the events of a run among its readers."""
        return any(map(shares_out, {id(one.recording): one.recording for one in self.streams}.values()))

    @cached_property
    def own_names(self) -> set[str]:
        """The names of events that the server sends beside those of all modes."""
        return names_of_its_own((one.recording, one.exchange) for one in self.streams if one.exchange.kind == "stream")

    @cached_property
    def kinds_written(self) -> set[str]:
        """The kinds of JSON values that custom events hold."""
        streams = [one.exchange for one in self.streams if one.exchange.is_stream]
        return {kind_of(event) for one in streams for event in one.events if event.base == "custom"}

    @cached_property
    def differing_modes(self) -> set[str]:
        """The modes in which a stream differs whose reader started the run."""
        return {one.difference.mode for one in self.streams if one.difference is not None and not one.joined}

    @cached_property
    def differing_first_runs(self) -> set[str]:
        """The modes in which the first run of a thread differs, or one without a thread."""
        first = [one for one in self.streams if thread_of(one) not in LATER]
        return {one.difference.mode for one in first if one.difference is not None}

    def requirement_of(self, stream: ComparedStream) -> str | None:
        """Return the requirement that the first difference of a stream breaks; None if no sentence covers it."""
        difference = stream.difference
        if difference is None or difference.area is None or self._follows(stream):
            return None
        if isinstance(difference.actual, str) and escapes_are_lost(difference.actual, difference.expected):
            return "framing.escapes-stay"
        if shows_the_start(stream) and difference.mode not in self.differing_first_runs:
            return LATER[thread_of(stream)]
        if self._is_dropped_value(stream):
            return "custom.any-json"
        if is_initial_state(stream):
            return "values.input-first"
        if stream.joined and difference.mode == "error":
            return "join.error-reaches-the-joiner" if difference.kind in LOSSES else None  # its text is the creator's
        if difference.mode == "error" and difference.path == ("message",):
            return "errors.message-text"
        if stream.joined:
            return "join.rest-of-run" if difference.kind in LOSSES else "join.same-events"
        if difference.kind == "namespace" and not member(stream.exchange.request, "stream_subgraphs"):
            return "subgraphs.off-by-default"
        if difference.kind == "namespace":
            return "subgraphs.nested-path" if len(difference.namespace) > 1 else "subgraphs.namespace"
        if difference.mode == "events" and isinstance(stream.where, Event) and is_of_another_mode(stream.where):
            return "events.no-other-modes"
        if difference.namespace and difference.kind in ("missing event", "additional event", "order"):
            return of_subgraph(stream, difference.mode)
        return of_mode(difference.mode, difference.kind, list(difference.path), difference.expected)

    def _follows(self, stream: ComparedStream) -> bool:
        """Return whether a difference follows from what is judged elsewhere.

        That is a division among readers, what is sent to a client that joins after the end, which `readers` judges,
        and for a client that joined a difference of the mode itself, unless the client that started the run saw none.
        """
        assert stream.difference is not None
        divided = self.divides and stream.difference.kind in LOSSES and _has_several_readers(stream.recording)
        late = stream.joined and stream.exchange.name == LATE
        joined = stream.joined and stream.difference.mode in self.differing_modes and not self._creator_agrees(stream)
        unread = is_unreadable(stream) or is_in_blocks(stream.difference.actual, stream.difference.expected)
        other = self._is_misnamed(stream) or has_no_message(stream) or is_free(stream)
        return divided or late or joined or unread or other

    def _is_misnamed(self, stream: ComparedStream) -> bool:
        """Return whether an event is missing, and another has a name that is none: it may be that one."""
        lost = stream.difference is not None and stream.difference.kind in LOSSES
        return lost and stream.exchange.is_stream and bool(unknown_names(stream.exchange) - self.own_names)

    def _creator_agrees(self, stream: ComparedStream) -> bool:
        """Return whether the client that started the run received rightly the mode in which a joining one differs."""
        assert stream.difference is not None
        created = [one for one in self.streams if one.recording is stream.recording and one.exchange.name == RUN]
        modes = [one.difference.mode for one in created if one.difference is not None]
        return bool(created) and stream.difference.mode not in modes

    def _is_dropped_value(self, stream: ComparedStream) -> bool:
        """Return whether a custom value is missing because the server sends none of its kind."""
        difference = stream.difference
        assert difference is not None
        custom = difference.mode == "custom" and difference.kind == "missing event"
        return custom and bool(self.kinds_written) and type(difference.expected).__name__ not in self.kinds_written


def _has_several_readers(recording: Recording) -> bool:
    return sum(one.name in READERS and one.is_stream for one in recording.streams()) > 1


def thread_of(stream: ComparedStream) -> str:
    """Return what kind of thread a run has."""
    return NEW if stream.exchange.name == EARLIER else thread_kind(stream.recording)


def shows_the_start(stream: ComparedStream) -> bool:
    """Return whether what differs is what a later run of a thread starts from: its first state, or its first step."""
    difference, event = stream.difference, stream.where
    if difference is None or not isinstance(event, Event) or thread_of(stream) not in LATER:
        return False
    if difference.path[-1:] == ("langgraph_step",) or difference.path == ("step",):
        return True
    is_state = difference.mode == "values" or difference.path[:2] == ("payload", "values")
    first = next(one for one in stream.exchange.events if one.base == event.base)
    return is_state and bool(difference.path) and event is first
