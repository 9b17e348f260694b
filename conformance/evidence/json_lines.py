"""Recordings as JSON Lines: a header line, a line for each request, head, chunk and end, and a finish line.

A recording that breaks off, even within a line, is read up to there.
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
    """Return the recording in a file; raises OSError, and ValueError as `parse_recording` does."""
    return parse_recording(path.name, path.read_bytes())


def parse_recording(name: str, content: bytes) -> Recording:
    """Return the recording that the content of a file holds.

    An incomplete last line, which a crash leaves behind, is skipped.  Raises ValueError, naming file and line, for
    anything else that is not a recording.
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
                _add_entry(recording, entry)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
            if number == len(lines) and recording is not None:
                break
            raise ValueError(f"{name}, line {number}: not a line of a recording ({problem!r})") from None
    if recording is None:
        raise ValueError(f"{name}: the file is empty; a recording begins with a header line")
    return recording


def _header(entry: dict[str, Any], file: str) -> Recording:
    head = entry["recording"]
    if head["format"] != FORMAT:
        raise ValueError(
            f"format {head['format']} instead of {FORMAT}: judge it with the version of the suite that wrote it"
        )
    return Recording(head["scenario"], head["variant"], head["axes"], head["graph"], file=file)


def _add_entry(recording: Recording, entry: dict[str, Any]) -> None:
    if "request" in entry:
        sent = {key: value for key, value in entry["request"].items() if key != "request_headers"}
        headers = [(name, value) for name, value in entry["request"]["request_headers"]]
        recording.exchanges.append(Exchange(request_headers=headers, **sent))
    elif "finished" in entry:
        recording.stopped = entry["finished"]["stopped"]
    else:
        _add_response(recording.exchanges[entry["exchange"]], entry)


def _add_response(exchange: Exchange, entry: dict[str, Any]) -> None:
    if "status" in entry:
        exchange.status = entry["status"]
        exchange.headers = [(name, value) for name, value in entry["headers"]]
        exchange.answered, exchange.answered_t = entry["seq"], entry["t"]
    elif "how" in entry:
        exchange.ending, exchange.detail = entry["how"], entry["detail"]
        exchange.ended, exchange.ended_t = entry["seq"], entry["t"]
        exchange.coding, exchange.coding_problem = entry.get("coding", ""), entry.get("coding_problem", "")
    else:
        data = entry["text"].encode() if "text" in entry else base64.b64decode(entry["base64"])
        exchange.chunks.append(Chunk(entry["seq"], entry["t"], data))


def header_line(scenario: str, variant: str, axes: dict[str, Any], graph: str) -> str:
    """Return the line that names the scenario variant."""
    head = {"format": FORMAT, "scenario": scenario, "variant": variant, "axes": axes, "graph": graph}
    return json.dumps({"recording": head})


def request_line(exchange: Exchange) -> str:
    """Return the line of a request."""
    names = ("name", "kind", "method", "url", "request_headers", "body", "valid", "sent", "sent_t", "graph")
    unusual = {name: text for name in ("query", "verified_by") if (text := getattr(exchange, name))}
    return json.dumps({"request": {name: getattr(exchange, name) for name in names} | unusual})


def head_line(number: int, exchange: Exchange) -> str:
    """Return the line with the status and headers of a response; `number` counts the requests from 0."""
    when = {"seq": exchange.answered, "t": exchange.answered_t}
    return json.dumps({"exchange": number, **when, "status": exchange.status, "headers": exchange.headers})


def chunk_line(number: int, chunk: Chunk) -> str:
    """Return the line of a chunk: as text, or in base64 if it is not UTF-8."""
    line: dict[str, Any] = {"exchange": number, "seq": chunk.seq, "t": chunk.t}
    try:
        line["text"] = chunk.data.decode("utf-8")
    except UnicodeDecodeError:
        line["base64"] = base64.b64encode(chunk.data).decode("ascii")
    return json.dumps(line)


def end_line(number: int, exchange: Exchange) -> str:
    """Return the line that says how and when an exchange ended, and how its body was decoded if that is not usual."""
    when = {"seq": exchange.ended, "t": exchange.ended_t}
    codings = {"coding": exchange.coding, "coding_problem": exchange.coding_problem}
    unusual = {name: text for name, text in codings.items() if text}
    return json.dumps({"exchange": number, **when, "how": exchange.ending, "detail": exchange.detail, **unusual})


def finish_line(stopped: str | None) -> str:
    """Return the last line: why the scenario ended early, None if it was performed to its end."""
    return json.dumps({"finished": {"stopped": stopped}})
