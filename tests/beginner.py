"""A server as an author has it in the first hour: the graph joke alone, the mode values alone, one mistake in it."""

from __future__ import annotations

import json
import ssl
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .fakes import STREAM, Connection, Fake, answer, serving

UNKNOWN_MODE = "this server streams values only"


def event(name: str, data: Any) -> bytes:
    """Return one event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def states(topic: str, *, mistake: bool) -> list[dict[str, str]]:
    """Return the states of a run of joke; with the mistake, the last one holds the update of its node alone."""
    refined = f"{topic} and cats"
    joke = {"joke": f"This is a joke about {refined}"}
    return [{"topic": topic}, {"topic": refined}, joke if mistake else {"topic": refined, **joke}]


@contextmanager
def beginner(*, mistake: bool, tls: ssl.SSLContext | None = None) -> Iterator[Fake]:
    """Run the server, with TLS if a context for it is given."""

    async def create(connection: Connection) -> None:
        created = json.dumps({"thread_id": str(uuid.uuid4())})
        await connection.send(answer(created, 200, "Connection: close"))

    async def stream(connection: Connection) -> None:
        body = json.loads(connection.body)
        modes = body.get("stream_mode", "values")
        if body.get("assistant_id") != "joke":
            await connection.send(answer(json.dumps({"detail": f"no assistant {body.get('assistant_id')}"}), 404))
        elif modes not in ("values", ["values"]):
            await connection.send(answer(json.dumps({"detail": UNKNOWN_MODE}), 422))
        else:
            metadata = {"run_id": str(uuid.uuid4()), "attempt": 1}
            events = [event("values", state) for state in states(body["input"]["topic"], mistake=mistake)]
            head = STREAM.removesuffix(b"\r\n") + b"Cache-Control: no-store\r\n\r\n"
            await connection.send(head + event("metadata", metadata) + b"".join(events))

    async def route(connection: Connection) -> None:
        on_a_thread = connection.line.startswith("POST /threads/") and connection.line.endswith("/runs/stream")
        missing = answer('{"detail": "Not Found"}', 404)
        try:
            await (stream(connection) if on_a_thread else connection.send(missing))
        except (ValueError, KeyError, TypeError, AttributeError):
            await connection.send(answer('{"detail": "unusable body"}', 422))

    with serving({"POST /threads ": create, "": route}, tls) as fake:
        yield fake
