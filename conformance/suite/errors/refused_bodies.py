"""Requests that a server should refuse because of their body: it is unusable, or a field has the wrong type."""

import json
from typing import Any

from conformance.authoring import Answer, FaultContext, RecordingView, Server, fault, scenario, verifies
from conformance.suite.errors.bad_requests import RUN, of_wrong_type, refused, serve, unusable
from conformance.suite.errors.refusals import PLACES, USUAL, expect_refused, neighbour, place_of
from conformance.suite.graphs import TOPIC


@scenario(
    graph="joke",
    exchanges=("unusable body", "neighbour", "create thread"),
    body=("without-comma", "empty", "array", "without-assistant"),
    place=PLACES,
)
async def unusable_body(server: Server, body: str, place: str) -> None:
    """A run is requested with a body that cannot be used, and then with a valid body."""
    thread = await place_of(server, place)
    bodies = {
        "without-comma": printed_body(server.assistant),
        "empty": "",
        "array": [],
        "without-assistant": USUAL,
    }
    await server.runs.streamed(thread, name="unusable body", body=bodies[body], valid=False)
    await neighbour(server, thread)


def printed_body(assistant: str) -> str:
    """Return the body that the specification prints, lines 265-272, which lacks the comma between the modes."""
    return f"""{{
   "assistant_id": {json.dumps(assistant)},
   "input": {json.dumps(TOPIC)},
   "stream_mode": [
     "updates"
     "custom"
   ]
 }}"""


WRONG: dict[str, dict[str, Any]] = {
    "flag-as-text": {"stream_subgraphs": "true"},
    "mode-as-object": {"stream_mode": {"updates": True}},
    "assistant-null": {"assistant_id": None},
}


@scenario(graph="joke", exchanges=("create thread", "wrong type", "neighbour"), wrong=tuple(WRONG))
async def wrong_type(server: Server, wrong: str) -> None:
    """A run is requested with one field of the wrong type, and then with valid values in all fields."""
    thread = await server.threads.create()
    right = {"assistant_id": server.assistant, **USUAL, "stream_subgraphs": True}
    await server.runs.streamed(thread, name="wrong type", body={**right, **WRONG[wrong]}, valid=False)
    await server.runs.streamed(thread, name="neighbour", body=right)


# --- errors.unusable-body


@verifies("errors.unusable-body", on=unusable_body)
def test_an_unusable_body_is_refused(recording: RecordingView) -> None:
    """A body that is not JSON, is empty, is an array or lacks assistant_id is refused with 4xx and no event stream."""
    expect_refused(recording, "unusable body")


@fault("errors.unusable-body", part="answer", where=refused & unusable)
def crashes_at_an_unusable_body(answer: Answer, exchange: FaultContext) -> None:
    """Answers a request whose body cannot be used with 500."""
    answer.refuse(500)


@fault("errors.unusable-body", part="answer", where=refused & unusable)
def runs_a_default_assistant_for_an_unusable_body(answer: Answer, exchange: FaultContext) -> None:
    """Runs its first graph if the body names no assistant."""
    serve(answer, *RUN)


# --- errors.wrong-types


@verifies("errors.wrong-types", on=wrong_type)
def test_a_wrong_type_is_refused(recording: RecordingView) -> None:
    """A string as the flag, an object as the mode, or null as the assistant is refused with 4xx and no event stream."""
    expect_refused(recording, "wrong type")


@fault("errors.wrong-types", part="answer", where=refused & of_wrong_type)
def takes_text_for_true(answer: Answer, exchange: FaultContext) -> None:
    """Accepts any string as true, and serves the run."""
    if isinstance(exchange.body.get("stream_subgraphs"), str):
        serve(answer, *RUN)


@fault("errors.wrong-types", part="answer", where=refused & of_wrong_type)
def crashes_at_a_wrong_type(answer: Answer, exchange: FaultContext) -> None:
    """Answers a request with a value of the wrong type with 500."""
    answer.refuse(500)
