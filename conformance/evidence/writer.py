"""Writes recordings and other JSON files to disk with every secret masked; nothing else writes recordings."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from conformance.evidence import json_lines
from conformance.evidence.exchange import MASKED, Chunk, Exchange
from conformance.evidence.redaction import Redactor, StreamRedactor

PUBLIC_FIELDS = {"accept", "cache-control", "content-type", "last-event-id"}
"""Request headers that the suite itself sets; the value of every other header is masked."""


class Clock:
    """Numbers the observations of a session."""

    def __init__(self) -> None:
        self._seq = 0
        self._start = time.monotonic()

    def tick(self) -> tuple[int, float]:
        """Return the next running number, and the seconds since the clock was created."""
        self._seq += 1
        return self._seq, round(time.monotonic() - self._start, 4)


class RecordingWriter:
    """Writes one recording line by line; each line is on disk when its method returns."""

    def __init__(
        self, path: Path, redactor: Redactor, scenario: str, variant: str, axes: dict[str, Any], graph: str
    ) -> None:
        self._redactor = redactor
        self._streams: list[StreamRedactor] = []
        self._file: IO[str] = path.open("w", encoding="utf-8")
        self._line(json_lines.header_line(scenario, variant, axes, graph))

    def request(self, exchange: Exchange) -> int:
        """Write the request; return the number of the exchange, which the lines that follow refer to."""
        headers = [
            (name, value if name.lower() in PUBLIC_FIELDS else MASKED) for name, value in exchange.request_headers
        ]
        body = None if exchange.body is None else self._redactor.text(exchange.body)
        masked = replace(exchange, request_headers=headers, url=self._redactor.text(exchange.url), body=body)
        self._streams.append(StreamRedactor(self._redactor))
        self._line(json_lines.request_line(masked))
        return len(self._streams) - 1

    def head(self, number: int, exchange: Exchange) -> None:
        """Write status and headers as they arrived."""
        headers = [(self._redactor.text(name), self._redactor.text(value)) for name, value in exchange.headers]
        self._line(json_lines.head_line(number, replace(exchange, headers=headers)))

    def chunk(self, number: int, chunk: Chunk) -> None:
        """Write bytes that arrived together, except those that may be the beginning of a secret."""
        if data := self._streams[number].feed(chunk.data):
            self._line(json_lines.chunk_line(number, Chunk(chunk.seq, chunk.t, data)))

    def end(self, number: int, exchange: Exchange) -> None:
        """Write the bytes held back and how the exchange ended."""
        assert exchange.ended is not None
        assert exchange.ended_t is not None
        if rest := self._streams[number].close():
            self._line(json_lines.chunk_line(number, Chunk(exchange.ended, exchange.ended_t, rest)))
        self._line(json_lines.end_line(number, replace(exchange, detail=self._redactor.text(exchange.detail))))

    def finish(self, stopped: str | None) -> None:
        """Write why the scenario ended early, None if it was performed to its end; close the file."""
        self._line(json_lines.finish_line(stopped and self._redactor.text(stopped)))
        self._file.close()

    def _line(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()


def write_json(path: Path, value: Any, redactor: Redactor) -> None:
    """Write a JSON file with the secrets in its values masked; keys are the suite's own words."""
    path.write_text(json.dumps(masked(value, redactor), indent=1, ensure_ascii=True) + "\n", "utf-8")


def masked(value: Any, redactor: Redactor) -> Any:
    """Return a JSON value with the secrets in its texts masked."""
    if isinstance(value, dict):
        return {key: masked(inner, redactor) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner, redactor) for inner in value]
    return redactor.text(value) if isinstance(value, str) else value
