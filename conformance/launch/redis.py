"""A private Redis for one server: in memory, on loopback, with a password (POSIX)."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from conformance.launch.process import (
    ATTEMPTS,
    START_LIMIT_S,
    LaunchError,
    Service,
    child_environment,
    free_port,
    log_tail,
    supervised,
    temporary_folder,
)

PROGRAM = "redis-server"
PLACEHOLDERS = ("redis_url",)
POLL_S = 0.05
ANSWER_LIMIT_S = 1.0


def missing() -> str:
    """Return what is missing to run Redis and how to install it; empty if nothing is."""
    return "" if shutil.which(PROGRAM) else f"Redis ({PROGRAM}), not found on PATH: apt-get install redis-server"


@contextmanager
def redis() -> Iterator[Service]:
    """Run an empty Redis; raises LaunchError if it does not start."""
    with temporary_folder() as folder:
        for _ in range(ATTEMPTS):
            port, password = free_port(), secrets.token_hex(16)
            with supervised(
                _command(folder, port, password), folder, child_environment({}, {}), folder / "log"
            ) as process:
                if _ready(port, password, process):
                    assert process.stdin
                    yield Service({"redis_url": f"redis://:{password}@127.0.0.1:{port}"}, process.stdin.fileno())
                    return
        raise LaunchError(f"Redis does not start; the end of its log:\n{log_tail(folder / 'log')}")


def _command(folder: Path, port: int, password: str) -> list[str]:
    """Return the command; the password is in a file, because other users can see a command."""
    settings = folder / "redis.conf"
    lines = [f"port {port}", "bind 127.0.0.1", f"dir {folder}", 'save ""', "appendonly no", f"requirepass {password}"]
    settings.write_text("\n".join(lines) + "\n", "utf-8")
    return [str(shutil.which(PROGRAM)), str(settings)]


def _ready(port: int, password: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait until it accepts its password; return false if it exits, which it does if its port is taken."""
    end = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < end:
        # With the password, because another program may answer at the port.
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), ANSWER_LIMIT_S) as connection:
            connection.sendall(f"AUTH {password}\r\n".encode())
            if connection.recv(16) == b"+OK\r\n":
                return True
        time.sleep(POLL_S)
    return False
