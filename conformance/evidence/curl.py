"""Requests as shell commands, and the lines that repeat a recorded request on a new thread.

It knows recordings and the shell; it judges nothing and sends nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from conformance.evidence.exchange import MASKED, NOTHING, STREAMS, Exchange
from conformance.evidence.recording import Recording
from conformance.protocol import run_in, thread_in
from conformance.wire.strict_json import NotJson
from conformance.wire.text import printable

SHORT_BODY = 10_000
"""How many characters of a request body a command shows; a longer one is read from a file."""

BODY_FILE = "body.json"

_READ_BODY = (
    'import json, sys; print(next(r["body"] for r in (json.loads(l).get("request", {}) for l in open(sys.argv[1]))'
    ' if r.get("name") == sys.argv[2]), end="")'
)
"""A program for `python3 -c` that prints the body of a request in a recording."""


def curl_command(exchange: Exchange, variables: Mapping[str, str] | None = None) -> str:
    """Return a request as a shell command; a secret value appears as the variable SECRET.

    `variables` maps the ids of threads and runs in its path to the shell variables to use instead.
    """
    words = ["curl", "-N", *_trusting(exchange), "-X", shlex.quote(exchange.method), _url(exchange, variables or {})]
    words += ["--compressed"] if exchange.asks_for_coding else []
    for name, value in exchange.request_headers:
        secret = value == MASKED
        words += ["-H", shlex.quote(f"{name}: ") + '"$SECRET"' if secret else shlex.quote(f"{name}: {value}")]
    if exchange.body is not None:
        long = len(exchange.body) > SHORT_BODY
        words += ["--data-binary", f"@{BODY_FILE}"] if long else ["--data-raw", shlex.quote(_body(exchange))]
    return " ".join(words)


def _trusting(exchange: Exchange) -> list[str]:
    """Return the options with which curl verifies the certificate of the server as the suite did."""
    if not exchange.verified_by:
        return []
    return ["--insecure"] if exchange.verified_by == NOTHING else ["--cacert", shlex.quote(exchange.verified_by)]


def repeating(recording: Recording | None, exchange: Exchange) -> str:
    """Return shell lines that repeat a request: create its thread, start the runs before it, then the request."""
    lines: list[str] = []
    variables: dict[str, str] = {}
    for earlier in _needed(recording, exchange) if recording is not None else ():
        lines += [*_body_file(recording, earlier), *_preparing(earlier, exchange, variables)]
    lines += [*_body_file(recording, exchange), curl_command(exchange, variables)]
    return "\n".join(printable(part) for line in lines for part in line.split("\n"))


def _body_file(recording: Recording | None, exchange: Exchange) -> Iterator[str]:
    """Yield the line that takes a long body from the recording, which is beside the report."""
    if recording is not None and len(exchange.body or "") > SHORT_BODY:
        words = ("python3", "-c", _READ_BODY, f"recordings/{recording.file}", exchange.name)
        yield f"{shlex.join(words)} > {BODY_FILE}"


def _needed(recording: Recording, exchange: Exchange) -> Iterator[Exchange]:
    """Yield the accepted requests that created the thread of a request and that started runs on it before."""
    thread = thread_in(exchange.path)
    for other in recording.exchanges if thread is not None else ():
        if other is exchange or other.sent > exchange.sent or not other.accepted:
            continue
        if _created_thread(other) == thread or (other.starts_run and thread_in(other.path) == thread):
            yield other


def _created_thread(exchange: Exchange) -> str | None:
    """Return the id of the thread that a request created, None if it created none."""
    if exchange.method != "POST" or not exchange.path.partition("?")[0].endswith("/threads"):
        return None
    return _member(exchange, "thread_id")


def _member(exchange: Exchange, name: str) -> str | None:
    try:
        value = exchange.json
    except NotJson:
        return None
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def _preparing(earlier: Exchange, exchange: Exchange, variables: dict[str, str]) -> Iterator[str]:
    """Yield the lines for one request before the repeated one, and note the variable that they set."""
    command = curl_command(earlier, variables)
    if (thread := _created_thread(earlier)) is not None:
        variables[thread] = "THREAD"
        yield f"THREAD=$({command} -s | {_reading('thread_id')})"
    elif (run := run_in(exchange.path)) is None or earlier.run_id != run:
        yield f"{command}{_unfinished(earlier, exchange)}"
    elif earlier.kind in STREAMS:
        variables[run] = "RUN"
        yield f"{command} > run.txt &"
        yield "sleep 1"
        yield """RUN=$(grep -o '"run_id": *"[^"]*"' run.txt | head -n 1 | cut -d '"' -f 4)"""
    else:
        variables[run] = "RUN"
        yield f"RUN=$({command} -s | {_reading('run_id')})"


def _reading(name: str) -> str:
    return f"""python3 -c 'import json, sys; print(json.load(sys.stdin)["{name}"])'"""


def _unfinished(earlier: Exchange, exchange: Exchange) -> str:
    """Return the sign that leaves a request in the background, if it had not ended when the repeated one was sent."""
    return "" if earlier.ended is not None and earlier.ended < exchange.sent else " &"


def _url(exchange: Exchange, variables: Mapping[str, str]) -> str:
    """Return the URL quoted for a shell, with variables in place of ids and of the secrets in the target's query."""
    ids = {form: name for id, name in variables.items() for form in (id, quote(id, safe=""))}
    url, secrets = exchange.url, {MASKED: "SECRET"} if exchange.query else {}
    if exchange.query:
        url += f"{'&' if '?' in url else '?'}{exchange.query}"
    segments = "|".join(f"(?<=/){re.escape(id)}(?=[/?]|$)" for id in ids)
    pattern = "|".join(filter(None, (segments, *map(re.escape, secrets))))
    parts = re.split(f"({pattern})", url) if pattern else [url]
    names = ids | secrets
    quoted = (f'"${names[part]}"' if n % 2 else shlex.quote(part) for n, part in enumerate(parts) if part)
    return "".join(quoted) or "''"


def _body(exchange: Exchange) -> str:
    """Return the body; what cannot be printed is escaped as in JSON, so that JSON stays JSON with the same value."""
    text = exchange.body or ""
    if exchange.request is None:
        return text  # not JSON, on purpose
    return "".join(char if char.isprintable() or (char.isspace() and char < " ") else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    data = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[i : i + 2].hex()}" for i in range(0, len(data), 2))
