"""Behind a real nginx: as it is installed, with buffering forced on, and with compression of event streams."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import suite
from conformance.authoring.views import SessionRecordings
from conformance.evidence.json_lines import read_recording
from conformance.judging.judge import judge
from conformance.targets.target import Target

from . import golden
from .conftest import left_out
from .nginx import PROGRAM, nginx
from .performing import perform
from .test_encodings import as_they_are, counting

IDENTITY, COMPRESSED = "counted_in_one_mode[updates]", "counted_to_a_client[sdk]"
"""The same run, for a client that accepts no compression and for one that does."""
BUFFERS = "proxy_ignore_headers X-Accel-Buffering; proxy_buffering on;"
COMPRESSES = "gzip_types text/event-stream; gzip_proxied any; gzip_http_version 1.0;"
CONFIGURATIONS = {
    # directives, whether the server sends chunks, outcome for each client, coding for the one that accepts it
    "as installed": ("", True, ("passed", "passed"), ""),
    "as installed, without chunks": ("", False, ("passed", "passed"), ""),
    "buffering": (BUFFERS, False, ("failed", "failed"), ""),
    "buffering of chunks, which nginx hands on": (BUFFERS, True, ("passed", "passed"), ""),
    "gzip": (COMPRESSES, True, ("passed", "passed"), "gzip"),
    "gzip and buffering": (BUFFERS + COMPRESSES, True, ("passed", "failed"), "gzip"),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_delivery_behind_nginx(name: str, tmp_path: Path) -> None:
    directives, in_chunks, outcomes, coding = CONFIGURATIONS[name]
    if PROGRAM is None:
        left_out("nginx was not found")
    variants = [one for scenario in suite.load().scenarios.values() for one in scenario.variants()]
    chosen = [one for one in variants if one.id in (IDENTITY, COMPRESSED)]
    with counting(as_they_are, in_chunks=in_chunks) as fake, nginx(tmp_path, fake.url, directives) as url:
        perform(Target("nginx", url), tmp_path, *chosen)
    session = SessionRecordings(map(read_recording, sorted(tmp_path.glob("*.jsonl"))))
    streams = {id: next(one.streams()) for id, one in session.recordings.items()}
    assert {id: stream.coding for id, stream in streams.items()} == {IDENTITY: "", COMPRESSED: coding}
    delivery = [item for item in golden.items().values() if item.check.requirement == "delivery.each-mode"]
    by_variant = {item.variants[0].id: judge(item, session).word for item in delivery if len(item.variants) == 1}
    assert (by_variant[IDENTITY], by_variant[COMPRESSED]) == outcomes
