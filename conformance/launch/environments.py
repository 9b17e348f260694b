"""Creates the Python and Node environments that servers run in, once, and keeps them in the user's cache.

Packages come from the index for which pip or npm is configured.  It knows nothing of target files.
"""

from __future__ import annotations

import bisect
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from conformance.launch.process import LaunchError
from conformance.settings import UsageError

Say = Callable[[str], None]
"""Shows a line to the user, for instance before something that takes long."""

PIP = "pip>=26"
"""The first pip with `--uploaded-prior-to`."""
FIRST_DAY = datetime.date(2023, 1, 1)
"""Earlier than the first release of any server of this API."""
NEWEST_PYTHON = 20
"""The minor version of Python up to which interpreters are searched on PATH."""
TAIL_LINES = 12
"""How many of the last lines of a failed command's output an error shows."""


@dataclass(frozen=True)
class CachedEnvironment:
    """An environment in the cache."""

    folder: Path
    seconds: float
    """How long it took to create; 0 if it was reused."""

    @property
    def python(self) -> Path:
        """The interpreter of a Python environment.

        The scripts beside it do not run: they contain the path of the folder in which they were created.
        """
        return self.folder / "bin" / "python"

    def __str__(self) -> str:
        if not self.seconds:
            return f"environment reused from {self.folder}"
        return f"environment created in {self.seconds:.1f} s"


def cache_root(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the cache: `lg-conformance` in XDG_CACHE_HOME, by default in ~/.cache."""
    given = Path(environment.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "lg-conformance"


def cached(name: str, key: Sequence[str], make: Callable[[Path], None], say: Say) -> CachedEnvironment:
    """Return the cached environment of this name and key; `make` creates its folder if there is none.

    The folder is renamed when it is complete, so that an incomplete one is never used; the remains of an interrupted
    `make` are deleted by the next call.  A process waits while another creates the same environment.
    """
    slug = re.sub(r"[^\w.=-]+", "-", name)
    folder = cache_root() / f"{slug}-{hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()[:12]}"
    half = folder.with_name(f"{folder.name}.half")
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if folder.is_dir():
            return CachedEnvironment(folder, 0.0)
        shutil.rmtree(half, ignore_errors=True)
        say(f"creating the environment of {name}, once, in {folder}")
        start = time.monotonic()
        try:
            make(half)
            half.rename(folder)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
        return CachedEnvironment(folder, time.monotonic() - start)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as problem:
        fix = "set XDG_CACHE_HOME to a writable folder"
        raise UsageError(f"the cache {path.parent} cannot be written: {problem.strerror}; {fix}") from None
    try:
        yield
    finally:
        lock.release()


# --- Python


def python_environment(
    name: str, packages: Sequence[str], python: Path, release: str | None, say: Say
) -> CachedEnvironment:
    """Return a virtual environment of the interpreter `python` with these packages; raises LaunchError.

    `release` is one of the packages, as NAME==VERSION; then no package is newer than the day of its upload.
    """

    def make(folder: Path) -> None:
        run([str(python), "-m", "venv", str(folder)], name)
        inside = folder / "bin" / "python"
        run([*_pip(inside), "install", "--upgrade", PIP], name)
        before = ["--uploaded-prior-to", _midnight_after(release, inside, name)] if release else []
        run([*_pip(inside), "install", *before, *packages], name, _main_index_only(folder) if release else {})

    key = ["python", str(python), *version_of(python), *packages, f"as of {release}"]
    return cached(name, key, make, say)


def find_python(minimum: tuple[int, ...], paths: Sequence[Path] | None = None) -> Path | None:
    """Return the suite's interpreter if it is new enough, otherwise the oldest on PATH or of pyenv that is.

    None if there is none.  `paths` replaces this search.
    """
    for candidate in _candidates(minimum) if paths is None else paths:
        found = version_of(candidate)
        if found and tuple(map(int, found)) >= minimum:
            return candidate.resolve()
    return None


def _candidates(minimum: tuple[int, ...]) -> Iterator[Path]:
    yield Path(sys.executable).resolve()
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    folders = [Path(entry) for entry in os.get_exec_path()] + sorted(pyenv.glob("*/bin"))
    for minor in range(minimum[1] if len(minimum) > 1 else 0, NEWEST_PYTHON):
        yield from (path for folder in folders if (path := folder / f"python{minimum[0]}.{minor}").is_file())


def version_of(python: Path) -> list[str]:
    """Return major and minor version of an interpreter that can create environments; empty for anything else."""
    # A pyenv shim may run no interpreter; Debian's interpreter has no ensurepip without the package python3-venv.
    code = "import ensurepip, venv, sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.split()


def _pip(python: Path) -> list[str]:
    return [str(python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]


def _midnight_after(release: str, python: Path, name: str) -> str:
    """Return the first midnight (UTC) after the upload of a release.

    It is found by bisection with pip alone, because that works with every index that pip can use.
    """
    package, _, version = release.partition("==")
    days = (datetime.datetime.now(datetime.UTC).date() - FIRST_DAY).days + 1

    def midnight(day: int) -> str:
        return f"{FIRST_DAY + datetime.timedelta(day)}T00:00:00Z"

    def has(day: int) -> bool:
        command = [*_pip(python), "index", "versions", package, "--pre", "--json", "--uploaded-prior-to", midnight(day)]
        try:
            output = run(command, name, _main_index_only(python.parents[1]))
        except LaunchError as problem:
            if "No matching distribution" in str(problem):
                return False
            raise
        return version in json.loads(output)["versions"]

    if not has(days):
        ways = f"`pip index versions {package}` lists the releases"
        raise LaunchError(f"{name}: pip does not find {release} for this Python; {ways}")
    if has(0):
        raise LaunchError(
            f"{name}: pip's index does not say when {release} was uploaded; configure one that does, such as PyPI"
        )
    return midnight(bisect.bisect_left(range(days), True, key=has))


def _main_index_only(folder: Path) -> dict[str, str]:
    """Return variables that restrict pip to its main index: packages from other sources have no upload time."""
    return {"PIP_EXTRA_INDEX_URL": folder.as_uri(), "PIP_FIND_LINKS": str(folder / "include")}


# --- Node


def node_environment(name: str, graphs: Path, say: Say) -> CachedEnvironment:
    """Return a copy of the folder `graphs` with the packages of its package.json installed; raises LaunchError.

    If there is a package-lock.json, its versions are installed.
    """

    def make(folder: Path) -> None:
        shutil.copytree(graphs, folder, ignore=shutil.ignore_patterns("node_modules", ".langgraph_api"))
        verb = "ci" if (graphs / "package-lock.json").is_file() else "install"
        run(["npm", verb, "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)], name)

    sources = sorted(path for path in graphs.iterdir() if path.is_file())
    digests = [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sources]
    return cached(name, ["node", *map(str, node_version()), *digests], make, say)


def node_version() -> tuple[int, ...]:
    """Return the version of Node on PATH; empty without Node or npm."""
    if shutil.which("npm") is None:
        return ()
    try:
        done = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(int(number) for number in re.findall(r"\d+", done.stdout)[:3])


def run(command: Sequence[str], name: str, variables: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Return the output of a command; raises LaunchError with the end of the output if it fails."""
    environment = {**os.environ, **(variables or {})}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as problem:
        raise LaunchError(f"{name}: {command[0]} cannot be run ({problem.strerror})") from None
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
        raise LaunchError(
            f"{name}: `{' '.join(command)}` exited with status {done.returncode}; the end of its output:\n{tail}"
        )
    return done.stdout
