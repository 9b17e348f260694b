"""Whether a refusal gives its reason where the official clients look for it."""

import json
from typing import Any

from conformance.authoring import Answer, FaultContext, RecordingView, expect, fault, inconclusive, shown, verifies
from conformance.suite.errors.bad_requests import refused
from conformance.suite.errors.refusals import unknown_assistant, unknown_mode
from conformance.suite.errors.refused_bodies import unusable_body, wrong_type

REQUESTS = {
    "unknown_assistant": "unknown assistant",
    "unknown_mode": "unknown mode",
    "unusable_body": "unusable body",
    "wrong_type": "wrong type",
}
"""The name of the bad request of each scenario."""


@verifies(
    "clients.refusal-reason",
    on=(unknown_assistant, unknown_mode, unusable_body, wrong_type),
    over=("named", "place", "asked", "body", "wrong"),
)
def test_a_refusal_gives_its_reason_as_text(
    assistants: dict[object, RecordingView],
    modes: dict[object, RecordingView],
    bodies: dict[object, RecordingView],
    types: dict[object, RecordingView],
) -> None:
    """The body of every refusal gives its reason as a non-empty string, in a place where the Python SDK looks."""
    recordings = [*assistants.values(), *modes.values(), *bodies.values(), *types.values()]
    served = [one for one in recordings if "neighbour" in one and one["neighbour"].is_stream]
    requests = [one[REQUESTS[one.recording.scenario]] for one in served]
    refusals = [request for request in requests if request.refused]
    for refusal in refusals:
        content = refusal.exchange.content
        body = shown(content.decode("utf-8", "replace"))
        missing = f"the body of a refusal must give its reason as a string; `{refusal.name}` has the body {body}"
        expect(reason(content), missing, refusal)
    if not refusals:
        inconclusive("no bad request was refused in a scenario whose valid request was served")


def reason(content: bytes) -> str | None:
    """Return the reason that the Python SDK reads from the body of a refusal, None if it finds none."""
    try:
        body: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    places = [body.get(key) for key in ("message", "detail", "error")]
    places += [error.get(key) for key in ("message", "detail")] if isinstance(error, dict) else []
    return next((text for text in places if isinstance(text, str) and text), None)


@fault("clients.refusal-reason", part="answer", where=refused)
def lists_what_is_wrong(answer: Answer, exchange: FaultContext) -> None:
    """Gives the reason of a refusal as a list of objects, as some frameworks do."""
    answer.json = {"detail": [{"loc": ["body"], "msg": "not valid", "type": "value_error"}]}


@fault("clients.refusal-reason", part="answer", where=refused)
def refuses_without_a_word(answer: Answer, exchange: FaultContext) -> None:
    """Sends refusals without a body."""
    answer.body = b""


@fault("clients.refusal-reason", part="answer", where=refused)
def refuses_in_plain_text(answer: Answer, exchange: FaultContext) -> None:
    """Gives the reason of a refusal as plain text instead of JSON."""
    answer.body = b"no such thing"
    answer.replace_header("content-type", "text/plain")
