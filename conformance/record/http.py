"""The HTTP client with which the suite sends requests to a target."""

from __future__ import annotations

import logging
import socket
import ssl
from typing import Any

import httpcore
import httpx

from conformance.targets.target import Target, is_loopback

SLOW_READER_BYTES = 32 << 10
"""The receive buffer of a slow reader: smaller than any stream that tests it, so that the server notices it."""

SURPLUS_S = 0.2
"""How long the suite waits for bytes that follow the end of a body on a connection that stays open."""
SURPLUS_BYTES = 64
"""How many of them it reads."""

# Bytes are recorded as they arrive, so they must not arrive compressed; httpx would ask for that by default.
_HEADERS = {"Accept-Encoding": "identity"}

# httpx logs the URL of every request and httpcore the headers of every answer; both may hold secrets.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)


def open_client(
    target: Target,
    tls: ssl.SSLContext,
    *,
    connect_s: float,
    other_s: float | None = None,
    slow: bool = False,
    kept: bool = False,
) -> httpx.AsyncClient:
    """Return a client that follows no redirect, and uses no proxy for this machine.

    It reuses no connection, unless it is to keep one.  It adds the query of the target, which is secret, to each
    request.  `other_s` limits everything but connecting.
    """
    pool = httpx.Limits(max_connections=1 if kept else None, max_keepalive_connections=int(kept))

    async def add_query(request: httpx.Request) -> None:
        if target.query:
            queries = (request.url.query, target.query.encode())
            request.url = request.url.copy_with(query=b"&".join(query for query in queries if query))

    given: dict[str, Any] = {
        "headers": _HEADERS,
        "timeout": httpx.Timeout(other_s, connect=connect_s),
        "event_hooks": {"request": [add_query]},
    }
    if not slow:
        remote = not is_loopback(target.url)
        return httpx.AsyncClient(limits=pool, trust_env=remote, verify=tls, **given)
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_READER_BYTES)]
    transport = httpx.AsyncHTTPTransport(limits=pool, verify=tls, socket_options=small)
    return httpx.AsyncClient(transport=transport, **given)


async def expect_nothing_more(response: httpx.Response) -> None:
    """Raise httpx.RemoteProtocolError if bytes follow the end of a body that was read from a connection still open."""
    try:
        surplus = await response.extensions["network_stream"].read(SURPLUS_BYTES, timeout=SURPLUS_S)
    except (httpcore.ReadTimeout, httpcore.ReadError):
        return  # nothing follows, or the connection is closed
    if surplus:
        raise httpx.RemoteProtocolError(f"after the end of the body the server sent {surplus!r}")
