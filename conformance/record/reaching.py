"""Whether a server can be reached, and if not, which mistake that shows: the port, the protocol, the certificate."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from urllib.parse import urlsplit

import httpx

TRIAL_S = 2.0
"""How long one trial of another protocol may take."""

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
"""How a client of HTTP/2 begins (RFC 9113, section 3.4): the preface and an empty SETTINGS frame."""
_FRAME_HEAD_BYTES = 9
_SETTINGS = 4
"""The type of the frame with which a server of HTTP/2 must begin."""

IS_IT = "is the server running, and is this its URL?"
CERTIFICATE = (
    "give the certificates of its authority with --ca-file FILE (or the variable SSL_CERT_FILE), or --insecure"
)


async def problem_reaching(http: httpx.AsyncClient, url: str, limit_s: float) -> str | None:
    """Return None if something at the URL answers a request, whatever it answers; otherwise what happened, and the fix.

    A text completes the sentence "URL cannot be reached: …".
    """
    try:
        async with asyncio.timeout(limit_s), http.stream("GET", url) as response:
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        if isinstance(problem, TimeoutError):
            problem = TimeoutError(f"no answer within {limit_s:g} s")
        return await _explained(problem, url)
    # Some servers answer a request without TLS on a port with TLS in plain text.
    return _TO_TLS if status == httpx.codes.BAD_REQUEST and await _wants_tls(url) else None


_TO_TLS = "the port expects TLS, but the request was plain HTTP; give the URL with https://"


async def _explained(problem: Exception, url: str) -> str:
    said = str(problem) or type(problem).__name__
    causes = list(_causes(problem))
    if any(isinstance(one, ConnectionRefusedError) for one in causes):
        return f"connection refused, nothing listens on port {_port(url)} of {urlsplit(url).hostname}; {IS_IT}"
    if any(isinstance(one, socket.gaierror) for one in causes):
        return f"the name {urlsplit(url).hostname} is not known ({said}); correct --url"
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in causes):
        return f"its certificate was not accepted ({said}); {CERTIFICATE}"
    https = urlsplit(url).scheme == "https"
    if https and not any(map(_comes_from_tls, causes)) and await _answers(_speaks_plain_http, url):
        return "the port speaks plain HTTP, without TLS; give the URL with http://"
    if await _answers(_speaks_http2, url):
        return "the server speaks HTTP/2 only; the suite and the official SDKs need HTTP/1.1: enable it there"
    return _TO_TLS if await _wants_tls(url) else f"{said}; {IS_IT}"


def _comes_from_tls(problem: BaseException) -> bool:
    """Return whether an error is an alert of TLS or came after its handshake, so that the port does speak it."""
    return "ALERT" in str(getattr(problem, "reason", "")) or isinstance(problem, httpx.RemoteProtocolError)


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        if isinstance(problem, BaseExceptionGroup):
            for one in problem.exceptions:
                yield from _causes(one)
        problem = problem.__cause__ or problem.__context__


def _port(url: str) -> int:
    return urlsplit(url).port or (443 if urlsplit(url).scheme == "https" else 80)


async def _wants_tls(url: str) -> bool:
    """Return whether a URL with http leads to a port with TLS."""
    return urlsplit(url).scheme == "http" and await _answers(_speaks_tls, url)


async def _answers(trial: Callable[[str], bool], url: str) -> bool:
    """Perform a trial in a thread; return its result, False if it fails."""
    try:
        return await asyncio.to_thread(trial, url)
    except (OSError, ValueError):  # among them TimeoutError and all errors of TLS
        return False


def _speaks_tls(url: str) -> bool:
    return _said(url, b"", 0, _any_certificate()) == b""


def _speaks_http2(url: str) -> bool:
    """Return whether the server answers the beginning of HTTP/2 as a server of HTTP/2 does."""
    tls = _any_certificate("h2") if urlsplit(url).scheme == "https" else None
    answer = _said(url, _PREFACE, _FRAME_HEAD_BYTES, tls)
    return len(answer) == _FRAME_HEAD_BYTES and answer[3] == _SETTINGS


def _speaks_plain_http(url: str) -> bool:
    request = f"GET / HTTP/1.1\r\nHost: {urlsplit(url).hostname}\r\nConnection: close\r\n\r\n".encode()
    return _said(url, request, 5, None) == b"HTTP/"


def _said(url: str, request: bytes, count: int, tls: ssl.SSLContext | None) -> bytes:
    """Send bytes to the port of a URL; return the first `count` bytes of the answer, fewer if it ends.  Raises OSError.

    Not with asyncio, which leaves the socket of an unfinished handshake open.
    """
    host = urlsplit(url).hostname or ""
    with (
        socket.create_connection((host, _port(url)), TRIAL_S) as plain,
        tls.wrap_socket(plain, server_hostname=host) if tls else nullcontext(plain) as connection,
    ):
        connection.sendall(request)
        answer = b""
        while len(answer) < count and (more := connection.recv(count - len(answer))):
            answer += more
        return answer


def _any_certificate(*protocols: str) -> ssl.SSLContext:
    """Return a context for a trial, to which nothing secret is sent: it accepts every certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    return context
