"""A session that starts a server leaves nothing of it behind, neither at its end nor after Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from conformance.judging.verdict import UNSURE

from .test_plugin import environment

TARGET = "langgraph-gaussdb-fastapi"
"""A server with a private PostgreSQL, which starts in some seconds."""
LIMIT_S = 300
MARK = "LG_TEST_STARTED_BY"
"""A variable of the session's environment; every process that it starts inherits it or the folder in its command."""


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary files that PostgreSQL's own user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="lg-left-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def session(scratch: Path, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a session with the target, whose temporary files and processes can be told from all others."""
    command = [sys.executable, "-m", "conformance", "run", "--target", TARGET, "--report-dir", "out", "-q", *arguments]
    variables = {**environment(), "TMPDIR": str(scratch), MARK: str(scratch)}
    return subprocess.Popen(
        command, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )


def left(scratch: Path) -> list[str]:
    """Return the processes and the folders that a session has left."""
    found = [str(path.relative_to(scratch)) for path in scratch.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if str(scratch).encode() in told and process.name != str(os.getpid()):
            found.append(told.partition(b"\0")[0].decode())
    return found


def is_open(url: str) -> bool:
    """Return whether anything listens at the address."""
    with closing(socket.socket()) as one:
        return one.connect_ex(("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))) == 0


def address_in(output: str) -> str:
    """Return the address that a session's last lines name."""
    return next(line.split()[-1] for line in output.splitlines() if line.strip().startswith("target "))


def skipped_without_the_server(code: int, output: str) -> None:
    if code == UNSURE and f"{TARGET} needs " in output:
        assert not os.environ.get("LG_REQUIRE_SERVERS"), output
        pytest.skip(f"left out: {output.strip().splitlines()[0]}")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("interrupted", [False, True])
def test_no_process_port_or_database_is_left(scratch: Path, tmp_path: Path, interrupted: bool) -> None:
    chosen = () if interrupted else ("-k", "threads.create")
    with session(scratch, tmp_path, *chosen) as process:
        assert process.stdout is not None
        lines = []
        try:
            for line in process.stdout:
                lines.append(line)
                if interrupted and line.startswith("recording: "):
                    assert left(scratch)  # the server and its database are running
                    process.send_signal(signal.SIGINT)
                    break
            lines.append(process.communicate(timeout=LIMIT_S)[0] if interrupted else "")
            code = process.wait(LIMIT_S)
        finally:
            process.kill()
    output = "".join(lines)
    skipped_without_the_server(code, output)
    assert f"started {TARGET} " in output
    assert code == (UNSURE if interrupted else 0), output
    assert left(scratch) == []
    assert not is_open(address_in(output))
