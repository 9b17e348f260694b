"""A private PostgreSQL for one server: a new cluster on loopback, with a password, gone with the run.

It knows the binaries of PostgreSQL and who may run them; it knows no server that uses it.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from conformance.launch.environments import run
from conformance.launch.process import (
    ATTEMPTS,
    START_LIMIT_S,
    LaunchError,
    free_port,
    log_tail,
    supervised,
    temporary_folder,
)

USER = "postgres"
"""Who runs it if the suite runs as root, which PostgreSQL refuses."""
SERVER = Path("/usr/lib/postgresql")
"""Where Debian puts the programs that are not on PATH, in VERSION/bin."""
POLL_S = 0.05


@dataclass(frozen=True)
class Database:
    """A PostgreSQL that accepts connections."""

    url: str
    input: int
    """Descriptor of its launcher's input: whoever holds it keeps the database running."""


def missing() -> str:
    """What is not there to run PostgreSQL, with the way out; empty if all is."""
    if _programs() is None:
        return "PostgreSQL (initdb and postgres), not found on PATH: apt-get install postgresql"
    if os.geteuid() == 0 and not (_has_user() and shutil.which("setpriv")):
        return f"the user {USER} and setpriv, because PostgreSQL does not run as root: apt-get install postgresql"
    return ""


@contextmanager
def postgresql() -> Iterator[Database]:
    """A running PostgreSQL with one empty database; LaunchError if it does not start."""
    programs = _programs()
    if programs is None:
        raise LaunchError(f"needs {missing()}")
    with temporary_folder() as folder:
        password = secrets.token_hex(16)
        (folder / "password").write_text(password, "utf-8")
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, USER, pwd.getpwnam(USER).pw_gid)
        _initialise(programs, folder)
        for _ in range(ATTEMPTS):
            port = free_port()
            with supervised(_command(programs, folder, port), folder, {**os.environ}, folder / "log") as process:
                if _ready(folder, process):
                    assert process.stdin
                    yield Database(f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres", process.stdin.fileno())
                    return
        raise LaunchError(f"PostgreSQL does not start; the end of its log:\n{log_tail(folder / 'log')}")


def _programs() -> Path | None:
    folders = [Path(entry) for entry in os.get_exec_path()]
    folders += sorted(SERVER.glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True)
    return next((one for one in folders if (one / "initdb").is_file() and (one / "postgres").is_file()), None)


def _has_user() -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam(USER))
    return False


def _as_user(*command: str | Path) -> list[str]:
    privileges = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups") if os.geteuid() == 0 else ()
    return [str(part) for part in (*privileges, *command)]


def _initialise(programs: Path, folder: Path) -> None:
    who = ("-U", USER, f"--pwfile={folder / 'password'}", "--auth=scram-sha-256")
    command = _as_user(programs / "initdb", "-D", folder / "data", *who, "-E", "UTF8", "--no-locale", "--no-sync")
    run(command, "PostgreSQL", cwd=folder)


def _command(programs: Path, folder: Path, port: int) -> list[str]:
    # Nothing of it is kept, so nothing need reach a disk.
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off", "port": port}
    given = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    return _as_user(programs / "postgres", "-D", folder / "data", *given)


def _ready(folder: Path, process: subprocess.Popen[bytes]) -> bool:
    """Whether it accepts connections; false if it ended, as it does when a stranger has its port."""
    status = folder / "data" / "postmaster.pid"
    end = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < end:
        # Its own file, not an answer on the port, which could be a stranger's.
        with suppress(OSError):
            if status.read_text("utf-8").splitlines()[-1].strip() == "ready":
                return True
        time.sleep(POLL_S)
    return False
