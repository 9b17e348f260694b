"""Helpers of faults: what was wrong with a refused request, and responses that serve it nevertheless."""

import json
import re
from typing import Any

from conformance.authoring import MODES, Answer, FaultContext, condition
from conformance.suite.graphs import PRINTED_UPDATES

NOBODY = "no-such-assistant"
"""How the name of an assistant that no server has starts."""

METADATA: tuple[str, Any] = ("metadata", {"run_id": "1", "attempt": 1})
RUN = (METADATA, *(("updates", update) for update in PRINTED_UPDATES))
FAILURE: tuple[str, Any] = ("error", {"error": "NotFound", "message": "no such thing"})


@condition
def refused(exchange: FaultContext) -> bool:
    """Requests for a run that the server refused with 4xx."""
    status = exchange.exchange.status
    return exchange.method == "POST" and "/runs" in exchange.path and status is not None and 400 <= status < 500


@condition
def of_unknown_assistant(exchange: FaultContext) -> bool:
    """Requests for an assistant whose name no server has, or whose name is an id."""
    name = exchange.body.get("assistant_id")
    return isinstance(name, str) and bool(name.startswith(NOBODY) or re.fullmatch("[0-9a-f-]{36}", name))


@condition
def of_unknown_mode(exchange: FaultContext) -> bool:
    """Requests for a mode that does not exist."""
    modes = exchange.body.get("stream_mode")
    return modes == 5 or any(mode not in MODES for mode in ([modes] if isinstance(modes, str) else modes or ()))


@condition
def of_wrong_type(exchange: FaultContext) -> bool:
    """Requests in which the flag is a string, the modes are an object, or the assistant is null."""
    body = exchange.body
    flag, mode = body.get("stream_subgraphs"), body.get("stream_mode")
    return isinstance(flag, str) or isinstance(mode, dict) or body.get("assistant_id", "") is None


@condition
def unusable(exchange: FaultContext) -> bool:
    """Requests whose body is not a JSON object, or names no assistant."""
    return not isinstance(exchange.request, dict) or "assistant_id" not in exchange.request


@condition
def on_a_thread(exchange: FaultContext) -> bool:
    """Requests about a thread."""
    return "/threads/" in exchange.path


of_unknown_thread = on_a_thread & ~(unusable | of_wrong_type | of_unknown_assistant | of_unknown_mode)
"""Requests about a thread with a body in which nothing is wrong: if they are refused, it is because of the thread."""


def serve(answer: Answer, *events: tuple[str, Any]) -> None:
    """Answer with an event stream; `events` are pairs of name and data."""
    answer.status = 200
    answer.replace_header("content-type", "text/event-stream")
    answer.body = "".join(f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n" for name, data in events).encode()
