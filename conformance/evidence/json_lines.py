"""Recordings as JSON Lines: a line for the scenario, for each request, head, chunk and end, and one at the finish.

A recording that breaks off, even within a line, is read as far as it goes.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from conformance.evidence.exchange import Chunk, Exchange
from conformance.evidence.recording import Recording

FORMAT = 1


def read_recording(path: Path) -> Recording:
    """Read one file; raises OSError, and ValueError as `parse_recording` does."""
    return parse_recording(path.name, path.read_bytes())


def parse_recording(name: str, content: bytes) -> Recording:
    """Return the recording that the content of a file holds; an incomplete last line, as a crash leaves it, is skipped.

    Raises ValueError, naming file and line, for anything else that is not a recording.
    """
    recording: Recording | None = None
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            entry = json.loads(line)
            if recording is None:
                recording = _header(entry, name)
            else:
                _take(recording, entry)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
            if number == len(lines) and recording is not None:
                break
            raise ValueError(f"{name}, line {number}: not a line of a recording ({problem!r})") from None
    if recording is None:
        raise ValueError(f"{name}: empty, not a recording")
    return recording


def _header(entry: dict[str, Any], file: str) -> Recording:
    head = entry["recording"]
    if head["format"] != FORMAT:
        raise ValueError(
            f"format {head['format']} is not {FORMAT}: judge it with the version of the suite that wrote it"
        )
    return Recording(head["scenario"], head["variant"], head["axes"], head["graph"], file=file)


def _take(recording: Recording, entry: dict[str, Any]) -> None:
    if "request" in entry:
        sent = {key: value for key, value in entry["request"].items() if key != "request_headers"}
        headers = [(name, value) for name, value in entry["request"]["request_headers"]]
        recording.exchanges.append(Exchange(request_headers=headers, **sent))
    elif "finished" in entry:
        recording.stopped = entry["finished"]["stopped"]
    else:
        _take_answer(recording.exchanges[entry["exchange"]], entry)


def _take_answer(exchange: Exchange, entry: dict[str, Any]) -> None:
    if "status" in entry:
        exchange.status = entry["status"]
        exchange.headers = [(name, value) for name, value in entry["headers"]]
        exchange.answered, exchange.answered_t = entry["seq"], entry["t"]
    elif "how" in entry:
        exchange.ending, exchange.detail = entry["how"], entry["detail"]
        exchange.ended, exchange.ended_t = entry["seq"], entry["t"]
    else:
        data = entry["text"].encode() if "text" in entry else base64.b64decode(entry["base64"])
        exchange.chunks.append(Chunk(entry["seq"], entry["t"], data))


def header_line(scenario: str, variant: str, axes: dict[str, Any], graph: str) -> str:
    head = {"format": FORMAT, "scenario": scenario, "variant": variant, "axes": axes, "graph": graph}
    return json.dumps({"recording": head})


def request_line(exchange: Exchange) -> str:
    names = ("name", "kind", "method", "url", "request_headers", "body", "valid", "sent", "sent_t", "graph")
    return json.dumps({"request": {name: getattr(exchange, name) for name in names}})


def head_line(number: int, exchange: Exchange) -> str:
    seen = {"seq": exchange.answered, "t": exchange.answered_t}
    return json.dumps({"exchange": number, **seen, "status": exchange.status, "headers": exchange.headers})


def chunk_line(number: int, chunk: Chunk) -> str:
    line: dict[str, Any] = {"exchange": number, "seq": chunk.seq, "t": chunk.t}
    try:
        line["text"] = chunk.data.decode("utf-8")
    except UnicodeDecodeError:
        line["base64"] = base64.b64encode(chunk.data).decode("ascii")
    return json.dumps(line)


def end_line(number: int, exchange: Exchange) -> str:
    seen = {"seq": exchange.ended, "t": exchange.ended_t}
    return json.dumps({"exchange": number, **seen, "how": exchange.ending, "detail": exchange.detail})


def finish_line(stopped: str | None) -> str:
    return json.dumps({"finished": {"stopped": stopped}})
