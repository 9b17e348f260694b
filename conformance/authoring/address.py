"""Whether the recordings show that the URL does not lead to the API: the server refused everything alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from conformance.evidence.exchange import Exchange
from conformance.wire.text import shortened

NOT_HERE = (404, 405, 410, 421, 426, 501, 502, 505)
"""The statuses of a server that does not have the API at this address; 502 is that of a proxy without a server."""
NOT_ALLOWED = (401, 403, 407)
"""The statuses of a server, or of a proxy before it, that asks for credentials."""

_API_WORDS = re.compile(r"\b(assistant|graph)")
"""Words that the refusal of an unknown assistant contains, and an answer from elsewhere does not."""
WORDS = 160
"""How many characters of the server's own words are quoted."""


def wrong_address(exchanges: Sequence[Exchange]) -> str:
    """Return what the server answered to every request, and what to do; empty if it accepted any of them.

    The answer that an assistant is unknown comes from the API, so the address is right.
    """
    answered = [one for one in exchanges if one.status is not None]
    elsewhere = all(_is_elsewhere(one) for one in answered)
    if not answered or not elsewhere or any(map(_names_the_assistant, answered)):
        return ""
    counts = Counter(map(_kind, answered))
    most = counts.most_common(1)[0][0]
    example = next(one for one in answered if _kind(one) == most)
    others = f" (or {', '.join(sorted(kind for kind in counts if kind != most))})" if len(counts) > 1 else ""
    return f"the server answered every request with {most}{others}: {_quoted(example)}; {_advice(example)}"


def _is_elsewhere(exchange: Exchange) -> bool:
    status = exchange.status or 0
    return 300 <= status < 400 or status in (*NOT_HERE, *NOT_ALLOWED) or _is_page(exchange)


def _is_page(exchange: Exchange) -> bool:
    return exchange.accepted and exchange.media_type.lower() == "text/html"


def _kind(exchange: Exchange) -> str:
    """Return the status, with where it leads if it is a redirect."""
    if _is_page(exchange):
        return f"{exchange.status} and a page of HTML"
    location = exchange.header("location") if 300 <= (exchange.status or 0) < 400 else None
    # The target of a redirect has the path of the request, so only its host is the same for all requests.
    return f"{exchange.status}" + (f" and Location {_origin(location)}" if location else "")


def _origin(location: str) -> str:
    scheme, mark, rest = location.partition("://")
    return shortened(f"{scheme}{mark}{rest.partition('/')[0]}/…" if mark else "on the same host", WORDS)


def _quoted(exchange: Exchange) -> str:
    """Return an example of a request and what was said to it."""
    where = f"Location: {exchange.header('location')}" if 300 <= (exchange.status or 0) < 400 else ""
    said = where or exchange.content.decode("utf-8", "replace").strip()
    answer = f" said “{shortened(said, WORDS)}”" if said else f" got {exchange.status} without a body"
    return f"{exchange.method} {exchange.url}{answer}"


def _advice(exchange: Exchange) -> str:
    status = exchange.status or 0
    if status in NOT_ALLOWED:
        return "give a key with --api-key KEY, or --header 'Authorization: …'"
    if 300 <= status < 400:
        return "the suite follows no redirect, so that it sends no key elsewhere: give the URL it leads to with --url"
    if status == 502:
        return "is the server behind the proxy running?"
    return "the URL is probably not that of the API: does it need a path, such as /api, or another port?"


def _names_the_assistant(exchange: Exchange) -> bool:
    """Return whether a run was refused because its assistant is unknown."""
    body = exchange.request if isinstance(exchange.request, dict) else {}
    said = exchange.content.decode("utf-8", "replace").lower()
    name = body.get("assistant_id")
    named = isinstance(name, str) and name.lower() in said
    return exchange.starts_run and exchange.status == 404 and (named or _API_WORDS.search(said) is not None)
