"""A private PostgreSQL for one server: a new cluster on loopback, with a password, deleted afterwards (POSIX)."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from conformance.launch.environments import run
from conformance.launch.process import (
    ATTEMPTS,
    START_LIMIT_S,
    LaunchError,
    Service,
    free_port,
    log_tail,
    supervised,
    temporary_folder,
)

USER = "postgres"
"""The user that runs PostgreSQL if the suite runs as root, which PostgreSQL refuses."""
DEBIAN_FOLDER = Path("/usr/lib/postgresql")
"""Where Debian installs the programs, in VERSION/bin, which is not on PATH."""
PLACEHOLDERS = (
    "database_url", "database_host", "database_port", "database_user", "database_password", "database_name",
)  # fmt: skip
POLL_S = 0.05


def missing() -> str:
    """Return what is missing to run PostgreSQL and how to install it; empty if nothing is."""
    if _programs() is None:
        return "PostgreSQL (initdb and postgres), not found on PATH: apt-get install postgresql"
    if os.geteuid() == 0 and not (_has_user() and shutil.which("setpriv")):
        return f"the user {USER} and setpriv, because PostgreSQL does not run as root: apt-get install postgresql"
    return ""


@contextmanager
def postgresql(authentication: str = "scram-sha-256") -> Iterator[Service]:
    """Run PostgreSQL with an empty database; raises LaunchError if it does not start.

    With the authentication `trust` it takes any password.
    """
    programs = _programs()
    if programs is None:
        raise LaunchError(f"the server needs {missing()}")
    with temporary_folder() as folder:
        password = secrets.token_hex(16)
        _initialise(programs, folder, password, authentication)
        for _ in range(ATTEMPTS):
            port = free_port()
            with supervised(_command(programs, folder, port), folder, {**os.environ}, folder / "log") as process:
                if _ready(folder, process):
                    assert process.stdin
                    yield Service(_values(port, password), process.stdin.fileno())
                    return
        raise LaunchError(f"PostgreSQL does not start; the end of its log:\n{log_tail(folder / 'log')}")


def _values(port: int, password: str) -> dict[str, str]:
    """Return the values of PLACEHOLDERS."""
    parts = ("127.0.0.1", str(port), USER, password, "postgres")
    url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
    return dict(zip(PLACEHOLDERS, (url, *parts), strict=True))


def _programs() -> Path | None:
    """Return the folder with initdb and postgres: the first on PATH, otherwise the newest of Debian's."""
    folders = [Path(entry) for entry in os.get_exec_path()]
    folders += sorted(DEBIAN_FOLDER.glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True)
    return next((one for one in folders if (one / "initdb").is_file() and (one / "postgres").is_file()), None)


def _has_user() -> bool:
    import pwd  # POSIX

    with suppress(KeyError):
        return bool(pwd.getpwnam(USER))
    return False


def _as_user(*command: str | Path) -> list[str]:
    """Return the command, run as USER if the suite runs as root."""
    privileges = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups") if os.geteuid() == 0 else ()
    return [str(part) for part in (*privileges, *command)]


def _initialise(programs: Path, folder: Path, password: str, authentication: str) -> None:
    """Create a cluster whose superuser has this password."""
    file = folder / "password"
    file.write_text(password, "utf-8")
    if os.geteuid() == 0:
        for path in (folder, file):
            shutil.chown(path, USER, USER)
    access = ("-U", USER, f"--pwfile={file}", f"--auth={authentication}")
    command = _as_user(programs / "initdb", "-D", folder / "data", *access, "-E", "UTF8", "--no-locale", "--no-sync")
    run(command, "PostgreSQL", cwd=folder)


def _command(programs: Path, folder: Path, port: int) -> list[str]:
    # The database is deleted afterwards, so nothing has to reach the disk (fsync).
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off", "port": port}
    given = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    return _as_user(programs / "postgres", "-D", folder / "data", *given)


def _ready(folder: Path, process: subprocess.Popen[bytes]) -> bool:
    """Wait until it accepts connections; return false if it exits, which it does if its port is taken."""
    status = folder / "data" / "postmaster.pid"
    end = time.monotonic() + START_LIMIT_S
    while process.poll() is None and time.monotonic() < end:
        # Its own file, because another program may answer at the port.
        with suppress(OSError):
            if status.read_text("utf-8").splitlines()[-1].strip() == "ready":
                return True
        time.sleep(POLL_S)
    return False
