"""The streams of `any_run` are what the library streams for the same program, modes, flag and earlier runs.

Each difference fails the requirement whose sentence it breaks, and no other.
"""

from __future__ import annotations

from conformance.authoring import (
    ComparedStream,
    RecordingView,
    compared_streams,
    fail,
    inconclusive,
    verifies,
)
from conformance.suite.any_run.blame import Blame
from conformance.suite.any_run.scenarios import any_run

JUDGED = (
    "updates.node-sequence", "updates.data-verbatim", "values.full-state", "values.one-per-step",
    "messages.deltas", "messages.type-and-id", "messages.metadata-details", "filtering.by-node", "filtering.by-tag",
    "debug.envelope", "debug.node-names", "debug.full-state", "debug.tasks", "custom.any-json", "custom.all-in-order",
    "events.nodes", "events.final-state", "events.model", "events.details", "errors.error-event",
    "subgraphs.off-by-default", "subgraphs.included", "subgraphs.namespace", "subgraphs.nested-path",
    "subgraphs.custom", "subgraphs.tokens", "join.rest-of-run",
    "join.same-events", "join.error-reaches-the-joiner", "framing.escapes-stay", "errors.message-text",
    "events.no-other-modes", "values.input-first",
    "state.next-run-continues",
)  # fmt: skip
"""The requirements that a difference can break."""


def expect_no_difference(view: RecordingView, stream: ComparedStream, share: str) -> None:
    """Fail if the stream differs; `share` says how many streams break the requirement."""
    if (difference := stream.difference) is not None:
        view[stream.exchange.name][difference.mode]  # the check rests on this mode
        row = f"`{stream.exchange.name}` of {stream.recording.variant} ({share} streams)"
        fail(f"{row} differs from the library: {difference.message}", stream.where)


def _declare(requirement: str) -> None:
    """Declare the check of one requirement: no stream of `any_run` breaks its sentence."""

    def check(recordings: dict[str, RecordingView]) -> None:
        compared = compared_streams([view.recording for view in recordings.values()])
        streams = [part for stream in compared for part in stream.by_mode()]
        if not streams:
            inconclusive("no run of the graph `program` was streamed, so nothing can be compared with the library")
        blame = Blame(streams)
        broken = [one for one in streams if blame.requirement_of(one) == requirement]
        views = {view.recording.variant: view for view in recordings.values()}
        judgeable = [one for one in broken if views[one.recording.variant].is_provided(one.exchange)]
        for stream in judgeable or broken:
            expect_no_difference(views[stream.recording.variant], stream, f"{len(broken)} of {len(compared)}")
        for stream in streams:
            views[stream.recording.variant].all(stream.exchange.name)

    area, _, name = requirement.partition(".")
    check.__name__ = f"test_any_run_is_as_the_library_has_it_{area}_{name.replace('-', '_')}"
    check.__doc__ = "In any combination of program, modes, flag, thread and readers the stream is the library's."
    verifies(requirement, on=any_run, over="row")(check)


for _requirement in JUDGED:
    _declare(_requirement)
