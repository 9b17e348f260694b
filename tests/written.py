"""Writes recordings that tests have made in memory, as the recorder writes them."""

from collections.abc import Iterator
from pathlib import Path

from conformance.evidence.json_lines import chunk_line, end_line, finish_line, head_line, header_line, request_line
from conformance.evidence.recording import Recording


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording to a file."""
    path.write_text("".join(line + "\n" for line in recording_lines(recording)), "utf-8")


def recording_lines(recording: Recording) -> Iterator[str]:
    """Yield the lines of a recording, without line feeds."""
    yield header_line(recording.scenario, recording.variant, recording.axes, recording.graph)
    for number, exchange in enumerate(recording.exchanges):
        yield request_line(exchange)
        if exchange.status is not None:
            yield head_line(number, exchange)
        for chunk in exchange.chunks:
            yield chunk_line(number, chunk)
        if exchange.ended is not None:
            yield end_line(number, exchange)
    yield finish_line(recording.stopped)
