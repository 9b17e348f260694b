"""How long the parts of a run take (`tox -e bench`).  No test: the figures belong to the machine that printed them."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx_sse

from conformance.session.judgement import Judgement
from conformance.session.plan import make_plan
from conformance.session.recording import record_session
from conformance.session.reporting import write_report
from conformance.settings import settings
from conformance.wire.sse import Decoder

from . import golden

EVENT = b'event: updates\r\ndata: {"refine_topic":{"topic":"ice cream and cats"}}\r\n\r\n'
READ = 4096
"""Bytes of one read: what a socket gives while events trickle in."""


def show(name: str, value: float, unit: str = "s") -> None:
    print(f"{name:<44} {value:>12,.3f} {unit}")


def best(function: Any, times: int = 5) -> float:
    """The least seconds of CPU that several calls took."""
    took = []
    for _ in range(times):
        start = time.process_time()
        function()
        took.append(time.process_time() - start)
    return min(took)


def portions(data: bytes) -> list[bytes]:
    return [data[at : at + READ] for at in range(0, len(data), READ)]


def ours(reads: list[bytes]) -> int:
    decoder = Decoder()
    return sum(len(decoder.feed(read)) for read in reads)


def theirs(reads: list[bytes]) -> int:
    response = SimpleNamespace(headers={"content-type": "text/event-stream"}, iter_text=lambda: _text(reads))
    return sum(1 for _ in httpx_sse.EventSource(response).iter_sse())  # type: ignore[arg-type]


def _text(reads: list[bytes]) -> Iterator[str]:
    return (read.decode() for read in reads)


def reader() -> None:
    """Decoded events per second against httpx-sse, and how the cost of one event grows with its size."""
    recorded = b"".join(exchange.content for exchange in golden.good().streams() if exchange.is_stream)
    for name, data in (("one small event, repeated", EVENT * 100_000), ("all golden recordings", recorded)):
        reads = portions(data)
        for who, read in (("this reader", ours), ("httpx-sse", theirs)):
            show(f"{name}: {who}", read(reads) / best(lambda read=read, reads=reads: read(reads)), "events/s")
    for size in (1_000_000, 10_000_000):
        reads = portions(b"event: x\ndata: " + b"a" * size + b"\n\n")
        show(f"one event of {size // 1_000_000} MB in reads of 4 kB", best(lambda reads=reads: ours(reads)))


def run(name: str | None) -> None:
    """A whole session, part by part."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        plan = make_plan(settings({"report-dir": folder, "target": name}, {}))
        judgement = Judgement(plan, selected=set(plan.items))
        loaded = time.monotonic()
        show("declarations loaded", loaded - start)
        done = record_session(plan, list(plan.items), "", lambda done, total, awaited: None, lambda text: None)
        recorded = time.monotonic()
        set_up = recorded - loaded - done.seconds
        show("server started and stopped", set_up)
        show("recording", done.seconds)
        show(f"slowest scenario ({done.slowest[0]})", done.slowest[1])
        judgement.judge_selected()
        judged = time.monotonic()
        show(f"judging {len(plan.items)} items", judged - recorded)
        show("judging, each item", 1000 * (judged - recorded) / len(plan.items), "ms")
        status = write_report(judgement).exit_status
        whole = time.monotonic() - start
        show("whole session", whole)
        show("whole session less server and slowest scenario", whole - set_up - done.slowest[1])
        print(f"exit status {status}, {len(list(plan.recordings.glob('*.jsonl')))} recordings")


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.bench")
    parser.add_argument("--target", metavar="NAME_OR_FILE")
    chosen = parser.parse_args()
    run(chosen.target)  # first: what the reader is tried on would weigh on everything after it
    reader()
