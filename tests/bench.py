"""Measures how long the parts of a session take (`tox -e bench`).  Not a test: the figures depend on the machine."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial

import httpx
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
"""How many bytes are read at once, as from a socket while events arrive slowly."""


def show(name: str, value: float, unit: str = "s") -> None:
    print(f"{name:<44} {value:>12,.3f} {unit}")


def best(function: Callable[[], object], times: int = 5) -> float:
    """Return the CPU time of the fastest of several calls, in seconds."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds)


def portions(data: bytes) -> list[bytes]:
    return [data[at : at + READ] for at in range(0, len(data), READ)]


def ours(reads: list[bytes]) -> int:
    decoder = Decoder()
    return sum(len(decoder.feed(read)) for read in reads)


def theirs(reads: list[bytes]) -> int:
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=iter(reads))
    return len(list(httpx_sse.EventSource(response).iter_sse()))


def measure_decoder() -> None:
    """Print decoded events per second, also of httpx-sse, and the time for one event of growing size."""
    recorded = b"".join(exchange.content for exchange in golden.good().streams() if exchange.is_stream)
    for name, data in (("one small event, repeated", EVENT * 100_000), ("all golden recordings", recorded)):
        reads = portions(data)
        for whose, decode in (("this decoder", ours), ("httpx-sse", theirs)):
            show(f"{name}: {whose}", decode(reads) / best(partial(decode, reads)), "events/s")
    for size in (1_000_000, 10_000_000):
        reads = portions(b"event: x\ndata: " + b"a" * size + b"\n\n")
        show(f"one event of {size // 1_000_000} MB in reads of 4 kB", best(partial(ours, reads)))


def measure_session(name: str | None) -> None:
    """Print how long each part of a whole session takes."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        plan = make_plan(settings({"report-dir": folder, "target": name}, {}))
        judgement = Judgement(plan, selected=set(plan.items))
        loaded = time.monotonic()
        show("declarations loaded", loaded - start)
        summary = record_session(plan, list(plan.items), "", lambda state: None, lambda text: None)
        recorded = time.monotonic()
        server = recorded - loaded - summary.seconds
        show("server started and stopped", server)
        show("recording", summary.seconds)
        show(f"slowest scenario ({summary.slowest[0]})", summary.slowest[1])
        judgement.judge_selected()
        judged = time.monotonic()
        show(f"judging {len(plan.items)} items", judged - recorded)
        show("judging, each item", 1000 * (judged - recorded) / len(plan.items), "ms")
        status = write_report(judgement).exit_status
        whole = time.monotonic() - start
        show("whole session", whole)
        show("whole session without server and slowest scenario", whole - server - summary.slowest[1])
        print(f"exit status {status}, {len(list(plan.recordings.glob('*.jsonl')))} recordings")


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.bench")
    parser.add_argument("--target", metavar="NAME_OR_FILE")
    chosen = parser.parse_args()
    measure_session(chosen.target)  # first, because the data for the decoder would slow down everything after it
    measure_decoder()
