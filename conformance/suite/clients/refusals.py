"""What the official clients can tell their users of a refusal."""

import json
from typing import Any

from conformance.authoring import RecordingView, expect, fault, inconclusive, shown, verifies
from conformance.suite.errors.refusals import refused, unknown_assistant, unknown_mode
from conformance.suite.errors.refused_bodies import unusable_body, wrong_type

REQUESTS = {
    "unknown_assistant": "unknown assistant",
    "unknown_mode": "unknown mode",
    "unusable_body": "unusable body",
    "wrong_type": "wrong type",
}
"""The refused request of each scenario."""


@verifies(
    "clients.refusal-reason",
    on=(unknown_assistant, unknown_mode, unusable_body, wrong_type),
    over=("named", "place", "asked", "body", "wrong"),
)
def test_a_refusal_gives_its_reason_as_text(
    unknown_assistant: dict[object, RecordingView],
    unknown_mode: dict[object, RecordingView],
    unusable_body: dict[object, RecordingView],
    wrong_type: dict[object, RecordingView],
) -> None:
    """Whatever is refused with 4xx says why in a place where the Python SDK looks."""
    views = [*unknown_assistant.values(), *unknown_mode.values(), *unusable_body.values(), *wrong_type.values()]
    served = [view for view in views if "neighbour" in view and view["neighbour"].exchange.is_stream]
    seen = [view[REQUESTS[view.recording.scenario]] for view in served]
    refusals = [one.exchange for one in seen if one.refused]
    for exchange in refusals:
        said = f"`{exchange.name}` was refused with {exchange.status} and a body without a reason that is text: "
        expect(reason(exchange.content), said + shown(exchange.content.decode("utf-8", "replace")), exchange)
    if not refusals:
        inconclusive("nothing was refused where the valid neighbour was served")


def reason(content: bytes) -> str | None:
    """The reason as the Python SDK takes it from the body of a refusal, None where it finds none."""
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
def lists_what_is_wrong(answer, exchange):
    """Gives the detail as a list of objects, as frameworks do for what they find themselves."""
    answer.json = {"detail": [{"loc": ["body"], "msg": "not valid", "type": "value_error"}]}


@fault("clients.refusal-reason", part="answer", where=refused)
def refuses_without_a_word(answer, exchange):
    """Sends no body with a refusal."""
    answer.body = b""


@fault("clients.refusal-reason", part="answer", where=refused)
def refuses_in_plain_text(answer, exchange):
    """Gives the reason as plain text."""
    answer.body = b"no such thing"
    answer.replace_header("content-type", "text/plain")
