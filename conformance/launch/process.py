"""Runs a process in a temporary folder and ends it together with everything that it started (POSIX).

It knows processes, ports and environment variables; it knows nothing of servers.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STOP_LIMIT_S = 10.0
"""How long the launcher may take to stop; far beyond its own 2 s, so that its SIGKILL comes first even under load."""
START_LIMIT_S = 60.0
"""A server is ready after 3 to 4 s on two cores; on a loaded machine with a cold disk it takes ten times as long."""
ATTEMPTS = 3
"""How many ports are tried, because another program can take a free port before the process binds it."""
LOG_TAIL_BYTES = 2000
DEFAULT_PORT = 2024
"""Where `langgraph dev` listens by default; a developer may have one running."""

LAUNCHER = Path(__file__).with_name("_launcher.py")

REMOVED_VARIABLES = (
    "LANGSMITH_", "LANGCHAIN_", "LANGGRAPH_", "LANGSERVE_", "LSD_", "FF_",
    "AEGRA_", "SKEINO_", "REDIS_", "POSTGRES_", "MONGODB_", "DD_", "OTEL_", "CORS_ALLOW_",
    "LANGROVE_", "LG_DB_", "LG_SERVER_", "LG_GRAPH_", "DATABASE_UR",
    "MOUNT_PREFIX", "MAX_STREAM_CHUNK_SIZE", "N_JOBS_PER_WORKER", "BG_JOB_",
)  # fmt: skip
"""Prefixes of variables that change how a server behaves or what it calls; a server does not inherit them."""


class LaunchError(Exception):
    """A server could not be started; the message names the server, the place and the fix, and ends with its log."""


@dataclass(frozen=True)
class Service:
    """A service that runs beside a server and accepts connections.

    `values` are the placeholders that it provides.  `input` is the descriptor of its launcher's input: the service runs
    while a process holds it open.
    """

    values: Mapping[str, str]
    input: int


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Create a folder and delete it at exit."""
    # Errors of the clean-up are ignored: a file that is left behind must not replace the result of a session.
    with tempfile.TemporaryDirectory(prefix="lg-conformance-", ignore_cleanup_errors=True) as name:
        yield Path(name).resolve()


def missing_posix() -> str:
    """Return what this system lacks to start processes that end with everything they started; empty on POSIX."""
    return "" if hasattr(os, "killpg") else "a POSIX system, such as Linux, macOS or WSL, to start processes"


def free_port() -> int:
    """Return a loopback port on which nothing listens now; another program may take it before the server does."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port != DEFAULT_PORT:
            return port


def child_environment(inherited: Mapping[str, str], additions: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server: `inherited` without REMOVED_VARIABLES, common settings, then `additions`."""
    kept = {key: value for key, value in inherited.items() if not key.startswith(REMOVED_VARIABLES)}
    common = {"NO_PROXY": "127.0.0.1,localhost", "PYTHONDONTWRITEBYTECODE": "1"}  # no __pycache__ beside the graphs
    return kept | common | dict(additions)


@contextmanager
def supervised(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Path, keep_open: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the launcher with the command; both end at exit, or when this process dies.

    The launcher has a process group of its own, and holds the descriptors `keep_open` open while it runs.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", str(LAUNCHER), *command],  # -I: modules beside the launcher must not shadow others
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=keep_open,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process group: the launcher does it when its input is closed; SIGKILL if it does not."""
    assert process.stdin
    process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT_S)
    with suppress(ProcessLookupError, PermissionError):  # the group is empty; macOS raises the second
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def log_tail(log: Path) -> str:
    """Return the last LOG_TAIL_BYTES of a log, with every character escaped that could control a terminal."""
    tail = log.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "backslashreplace")
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in tail)
