"""What needs no POSIX: every command that starts no server, in a process that cannot import or use what is POSIX only.

The workflow `ci` runs this module on macOS and Windows too.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .test_plugin import FEW, ROOT, environment

PUBLISHED = ROOT / "reports" / "langgraph-dev-0.16.7"
OTHER = ROOT / "reports" / "skeino-4.0.0"
AREAS = ("-k", "framing or metadata or updates or values")
"""Areas that a replay server can be judged by in a few seconds."""

MODULES = ("crypt", "fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
NAMES = {
    "os": ("fork", "forkpty", "getegid", "geteuid", "getgid", "getpgid", "getuid", "killpg", "setpgid", "setsid"),
    "signal": ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1"),
}

# Python runs a module of this name before anything else.  Libraries decide by the platform what they use of `os`, so
# only the suite's own modules are refused what is for POSIX alone; nobody can import a module that is.
WITHOUT_POSIX = f"""
import importlib.abc, os, signal, sys, types

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in {MODULES}:
            raise ModuleNotFoundError(f"{{name}} is for POSIX only", name=name)

class Restricted(types.ModuleType):
    def __getattribute__(self, name):
        if name in {NAMES}[super().__getattribute__("__name__")]:
            caller = sys._getframe(1).f_globals["__name__"]
            if caller == "__main__" or caller.startswith("conformance."):
                raise AttributeError(f"{{name}} is for POSIX only")
        return super().__getattribute__(name)

for name in {MODULES}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Missing())
os.__class__ = signal.__class__ = Restricted
"""


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process without POSIX, whose output is encoded as in a window of an old console."""
    folder = tmp_path_factory.mktemp("restricted")
    (folder / "sitecustomize.py").write_text(WITHOUT_POSIX, "utf-8")
    python_path = (str(folder), str(ROOT))
    separator = ";" if sys.platform == "win32" else ":"
    return environment(PYTHONPATH=separator.join(python_path), PYTHONIOENCODING="cp1252")


def perform(folder: Path, restricted: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command without POSIX."""
    command = [sys.executable, "-m", "conformance", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=restricted, capture_output=True, text=True, encoding="cp1252", timeout=600
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done


@contextmanager
def replayed(restricted: dict[str, str]) -> Iterator[str]:
    """Serve the recordings of a published report without POSIX; yield the URL."""
    command = [sys.executable, "-m", "conformance", "replay", str(PUBLISHED), "--speed", "10"]
    with subprocess.Popen(command, env=restricted, stdout=subprocess.PIPE, text=True, encoding="cp1252") as server:
        try:
            assert server.stdout
            first = server.stdout.readline()
            found = re.match(r"http://\S+", first)
            assert found, first
            yield found[0]
        finally:
            server.terminate()


@pytest.mark.parametrize(
    "code", ["import fcntl", "import pwd", "import os; os.killpg", "import signal; signal.SIGKILL"]
)
def test_the_restricted_process_has_no_posix(restricted: dict[str, str], code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], env=restricted, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "is for POSIX only" in done.stderr


def test_a_server_is_judged_by_its_url(tmp_path: Path, restricted: dict[str, str]) -> None:
    with replayed(restricted) as url:
        done = perform(tmp_path, restricted, "run", "--url", url, "--report-dir", "out", *AREAS)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report["verdict"] == "partial"
    assert {one["outcome"] for one in report["requirements"]} == {"passed", "untested"}


def test_stored_recordings_are_judged(tmp_path: Path, restricted: dict[str, str]) -> None:
    done = perform(tmp_path, restricted, "judge", str(PUBLISHED), "--report-dir", "out", *FEW)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "status", "part"),
    [
        (["--help"], 0, "usage: lg-conformance"),
        (["--version"], 0, "lg-conformance "),
        (["run", "--help"], 0, "--url"),
        (["list"], 0, "updates.node-sequence"),
        (["explain", "updates.node-sequence"], 0, "updates.node-sequence"),
        (["explain", "framing.utf8"], 0, r"\u65e5\u672c\u8a9e"),
        (["graphs", "graphs"], 0, "graphs"),
        (["matrix", "one", "other", "--output", "."], 0, "matrix.html"),
        (["diff", "one", "one"], 0, "nothing changed"),
        (["run", "--target", "aegra", *FEW], 2, "start the server yourself"),
        (["run", "--target", "no-such-target"], 4, "no shipped target"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_a_command_that_starts_no_server_works(
    tmp_path: Path, restricted: dict[str, str], arguments: list[str], status: int, part: str
) -> None:
    for name, report in (("one", PUBLISHED), ("other", OTHER)):  # `matrix` writes beside the reports
        shutil.copytree(report, tmp_path / name)
    done = perform(tmp_path, restricted, *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    assert part in done.stdout + done.stderr
