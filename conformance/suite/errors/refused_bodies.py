"""Requests that a server should refuse for their body: none, no object, a field missing or of the wrong type.

And that a server which has refused something serves the next request, whatever it was.
"""

import json

from conformance.authoring import ExchangeView, RecordingView, equal, expect, fault, same_sequence, scenario, verifies
from conformance.suite.errors.refusals import (
    PLACES,
    RUN,
    USUAL,
    is_refused,
    neighbour,
    of_wrong_type,
    place_of,
    refused,
    serve,
    unknown_assistant,
    unknown_mode,
    unknown_thread,
    unusable,
)
from conformance.suite.graphs import PRINTED, TOPIC
from conformance.suite.subgraphs.flag import norms_subgraph


@scenario(
    graph="joke",
    exchanges=("unusable body", "neighbour", "create thread"),
    body=("without-comma", "empty", "array", "without-assistant"),
    place=PLACES,
)
async def unusable_body(server, body, place):
    """A body that cannot be used, then one that can."""
    thread = await place_of(server, place)
    bodies = {
        "without-comma": printed_body(server.assistant),
        "empty": "",
        "array": [],
        "without-assistant": USUAL,
    }
    await server.runs.streamed(thread, name="unusable body", body=bodies[body], valid=False)
    await neighbour(server, thread)


def printed_body(assistant):
    """The body that the specification prints, lines 265-272, with the names filled in: there is no comma between the modes."""
    return f"""{{
   "assistant_id": {json.dumps(assistant)},
   "input": {json.dumps(TOPIC)},
   "stream_mode": [
     "updates"
     "custom"
   ]
 }}"""


WRONG: dict[str, dict[str, object]] = {
    "flag-as-text": {"stream_subgraphs": "true"},
    "mode-as-object": {"stream_mode": {"updates": True}},
    "assistant-null": {"assistant_id": None},
}


@scenario(graph="joke", exchanges=("create thread", "wrong type", "neighbour"), wrong=tuple(WRONG))
async def wrong_type(server, wrong):
    """A field of the wrong type, then the same fields with the right ones."""
    thread = await server.threads.create()
    right = {"assistant_id": server.assistant, **USUAL, "stream_subgraphs": True}
    await server.runs.streamed(thread, name="wrong type", body={**right, **WRONG[wrong]}, valid=False)
    await server.runs.streamed(thread, name="neighbour", body=right)


@verifies("errors.unusable-body", on=unusable_body)
def test_an_unusable_body_is_refused(recording: RecordingView) -> None:
    """The specification's own body without a comma, none at all, an array, and one without assistant_id are refused."""
    is_refused(recording, "unusable body")


@fault("errors.unusable-body", part="answer", where=lambda x: refused(x) and unusable(x))
def crashes_at_an_unusable_body(answer, exchange):
    """Answers 500."""
    answer.refuse(500)


@fault("errors.unusable-body", part="answer", where=lambda x: refused(x) and unusable(x))
def runs_a_default_assistant_for_an_unusable_body(answer, exchange):
    """Runs its first graph where the body names none."""
    serve(answer, *RUN)


@verifies("errors.wrong-types", on=wrong_type)
def test_a_wrong_type_is_refused(recording: RecordingView) -> None:
    """Text for a boolean, an object for modes, null for an assistant are refused."""
    is_refused(recording, "wrong type")


@fault("errors.wrong-types", part="answer", where=lambda x: refused(x) and of_wrong_type(x))
def takes_text_for_true(answer, exchange):
    """Takes any text for true, and serves the run."""
    if isinstance(exchange.body.get("stream_subgraphs"), str):
        serve(answer, *RUN)


@fault("errors.wrong-types", part="answer", where=lambda x: refused(x) and of_wrong_type(x))
def crashes_at_a_wrong_type(answer, exchange):
    """Answers 500."""
    answer.refuse(500)


def is_served(stream: ExchangeView) -> None:
    same_sequence(stream["updates"], PRINTED, "the updates of an ordinary run", stream.exchange)
    expect(not stream["error"], "an ordinary run must not fail", stream.exchange)
    equal(stream.exchange.ending, "complete", "how an ordinary run ended", stream.exchange)


@verifies(
    "errors.server-survives",
    on=(unknown_assistant, unknown_thread, unknown_mode, unusable_body, wrong_type, norms_subgraph),
    over=("named", "place", "thread_id", "request", "asked", "body", "wrong", "form"),
)
def test_an_ordinary_run_is_served_after_a_refusal(
    unknown_assistant: dict[object, RecordingView],
    unknown_thread: dict[object, RecordingView],
    unknown_mode: dict[object, RecordingView],
    unusable_body: dict[object, RecordingView],
    wrong_type: dict[object, RecordingView],
    norms_subgraph: dict[str, RecordingView],
) -> None:
    """The last run of each refusal scenario is an ordinary one, and complete.

    That of wrong types has the subgraph flag, so it tells nothing where that spoils every run; and a scenario may have
    ended before it for want of a resource that nothing here requires.
    """
    flagged = (view["stream"].exchange for view in norms_subgraph.values())
    spoilt = not any(event.base == "updates" for run in flagged if run.is_stream for event in run.events)
    for views in (unknown_assistant, unknown_thread, unknown_mode, unusable_body, {} if spoilt else wrong_type):
        for view in views.values():
            if views is not unknown_thread or "neighbour" in view:
                is_served(view["neighbour"])


@fault(
    "errors.server-survives",
    part="answer",
    where=lambda x: x.is_stream and any((other.status or 0) // 100 == 4 for other in x.earlier),
)
def is_stuck_after_a_refusal(answer, exchange):
    """Answers 500 to every run once it has refused one."""
    answer.refuse(500)
