"""Causes that show in the status of an answer, and in what a refusal says."""

from __future__ import annotations

from typing import Any

from conformance.authoring.capabilities import of_request
from conformance.evidence.exchange import Exchange
from conformance.wire.strict_json import NotJson
from conformance.wire.text import shortened

from .case import NAMED, Case, Description, json_of, listed, template

WORDS = 160
"""How many characters of the server's reason a sentence quotes."""
TOGETHER = " together"
"""How the names of pairs of modes end."""
ABSENT = (404, 405, 501)
"""The statuses of a server that does not have a resource."""


def refuses_a_capability(case: Case) -> str | None:
    """No request in the session that asked for this mode, form or flag was accepted."""
    exchange = case.exchange
    if not _is_refused(case) or exchange.status in ABSENT:
        return None
    missing = [one.name for one in of_request(case.recording, exchange) if one in case.session.facts.lacking]
    alone = [name for name in missing if not name.endswith(TOGETHER)]
    pairs = [name.removesuffix(TOGETHER).split(" and ") for name in missing if name.endswith(TOGETHER)]
    # A pair with a mode that is refused in every request says nothing more.
    names = alone + _together([pair for pair in pairs if not any(f"the mode {mode}" in alone for mode in pair)])
    if not names:
        return None
    return f"The server accepted no request for {' or '.join(names)}. It refused this one {reason(exchange)}."


def _together(pairs: list[list[str]]) -> list[str]:
    """Return the names of refused pairs of modes; one name if all have a mode in common."""
    common = set.intersection(*map(set, pairs)) if pairs else set()
    if len(pairs) > 1 and common:
        return [f"{common.pop()} together with another mode"]
    return [f"{' and '.join(pair)} together" for pair in pairs]


def has_no_such_resource(case: Case) -> str | None:
    """Every valid request of this kind in the session was answered alike, with 404, 405 or 501."""
    exchange = case.exchange
    if not _is_refused(case) or exchange.status not in ABSENT:
        return None
    alike = [one for one in case.exchanges if one.valid and one.status and template(one) == template(exchange)]
    if {one.status for one in alike} != {exchange.status} or len(alike) < 2:
        return None
    return f"The server answered every `{template(exchange)}` with {exchange.status} ({len(alike)} requests)."


def refuses(case: Case) -> str | None:
    """The server refused this valid request."""
    if not _is_refused(case):
        return None
    return f"The server refused `{template(case.exchange)}` {reason(case.exchange)}."


def redirects(case: Case) -> str | None:
    """The server answered with a redirect."""
    status = case.exchange.status or 0
    if not 300 <= status < 400:
        return None
    return f"The server redirected `{template(case.exchange)}` with {status}."


def answers_with_another_status(case: Case) -> str | None:
    """A stream was answered with a success that is not 200."""
    exchange = case.exchange
    if not (exchange.valid and exchange.asks_for_stream and exchange.accepted) or exchange.status == 200:
        return None
    return f"The server answered `{template(exchange)}` with {exchange.status}; only 200 is an event stream."


def answers_with_another_media_type(case: Case) -> str | None:
    """A stream was answered with 200 and another content type."""
    exchange = case.exchange
    if not (exchange.valid and exchange.asks_for_stream) or exchange.status != 200 or exchange.is_stream:
        return None
    given = f"`{exchange.media_type}`" if exchange.media_type else "none"
    return f"The media type of the answer is {given}, not `text/event-stream`."


def runs_what_it_should_refuse(case: Case) -> str | None:
    """A request that should be refused started a run."""
    exchange = case.exchange
    if case.area != "errors" or exchange.valid or not exchange.accepted:
        return None
    if not exchange.is_stream:
        return "The server accepted the request and created a run." if exchange.run_id and exchange.starts_run else None
    ran = [name for name in case.names if name not in NAMED]
    if ran:
        return f"The server accepted the request and ran a graph: the stream has {listed(ran)} events."
    if "error" in case.names:
        return "The server accepted the request, and reported the problem as an event in the stream."
    return "The server accepted the request, and its stream has no event of a mode."


def crashes(case: Case) -> str | None:
    """A request that should be refused was answered with 5xx."""
    exchange = case.exchange
    if case.area != "errors" or exchange.valid or not 500 <= (exchange.status or 0) < 600:
        return None
    return f"The server reported an error of its own ({reason(exchange).removeprefix('with ')}) instead of refusing."


def gives_no_text_as_reason(case: Case) -> str | None:
    """A refusal has no reason that a client can show."""
    exchange = case.exchange
    if case.requirement != "clients.refusal-reason" or exchange.accepted:
        return None
    if not exchange.content:
        return "The refusal has no body."
    try:
        body = exchange.json
    except NotJson:
        return "The refusal is plain text, not JSON."
    if not isinstance(body, dict):
        return "The refusal is JSON, but not an object."
    lists = [key for key, value in body.items() if isinstance(value, list)]
    return f"The refusal gives its reason as a list, under the key `{lists[0]}`." if lists else None


def _is_refused(case: Case) -> bool:
    """Return whether a request was refused that must be served."""
    must_be_served = case.exchange.valid or "the server must answer" in case.message
    return must_be_served and (case.exchange.status or 0) >= 400


def reason(exchange: Exchange) -> str:
    """Return the status and the server's own words, to follow a verb."""
    words = _words(json_of(exchange))
    return f"with {exchange.status}, saying: “{words}”" if words else f"with {exchange.status}, without a reason"


def _words(body: Any) -> str:
    """Return the reason in the body of a refusal, in the forms that frameworks use; empty if there is none."""
    if isinstance(body, str):
        return shortened(body.rstrip("."), WORDS)
    if isinstance(body, list):
        return "; ".join(filter(None, map(_words, body[:2])))
    if not isinstance(body, dict):
        return ""
    said = next((body[key] for key in ("detail", "message", "msg", "error") if body.get(key)), "")
    place = body.get("loc")
    prefix = ".".join(str(one) for one in place) + ": " if isinstance(place, list) and place else ""
    words = _words(said)
    return prefix + words if words else ""


REFUSED = (Description("capability-refused", refuses_a_capability),)
ABSENT_RESOURCE = (Description("resource-absent", has_no_such_resource),)
ANSWERS = (
    Description("refused", refuses),
    Description("redirected", redirects),
    Description("other-status", answers_with_another_status),
    Description("other-media-type", answers_with_another_media_type),
    Description("run-instead-of-refusal", runs_what_it_should_refuse),
    Description("error-instead-of-refusal", crashes),
    Description("reason-not-text", gives_no_text_as_reason),
)
