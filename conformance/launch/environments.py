"""Makes the environments that servers run in, once, and keeps them in the user's cache.

It knows pip, npm and what a cache is; it knows no server and no target file. Packages come from the index that pip and
npm are configured for.
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
"""Told what takes long, while it does."""

PIP = "pip>=26"
"""The first that can leave out what was uploaded after a given day."""
FIRST_DAY = datetime.date(2023, 1, 1)
"""Before the first release of any server of this API."""
NEWEST_PYTHON = 20
"""A bound for the minor versions that are looked for on PATH."""
TAIL_LINES = 12


@dataclass(frozen=True)
class CachedEnvironment:
    """An environment in the cache."""

    folder: Path
    seconds: float
    """What making it took; 0 if it was there."""

    @property
    def python(self) -> Path:
        """Its interpreter, if it is one of Python. No script beside it runs: it names the folder it was made in."""
        return self.folder / "bin" / "python"

    def __str__(self) -> str:
        return f"environment made in {self.seconds:.1f} s" if self.seconds else f"environment reused from {self.folder}"


def cache_root(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of the cache: lg-conformance in XDG_CACHE_HOME, by default in ~/.cache."""
    given = Path(environment.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "lg-conformance"


def cached(name: str, key: Sequence[str], make: Callable[[Path], None], say: Say) -> CachedEnvironment:
    """The folder that `make` fills, made when there is none for the name and key.

    It gets its name when it is complete, so one that lacks something is never used; what an interrupted `make` left is
    thrown away by the next. Two processes that want the same wait for each other.
    """
    slug = re.sub(r"[^\w.=-]+", "-", name)
    folder = cache_root() / f"{slug}-{hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()[:12]}"
    half = folder.with_name(f"{folder.name}.half")
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if folder.is_dir():
            return CachedEnvironment(folder, 0.0)
        shutil.rmtree(half, ignore_errors=True)
        say(f"making the environment of {name}, once, in {folder}")
        began = time.monotonic()
        try:
            make(half)
            half.rename(folder)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
        return CachedEnvironment(folder, time.monotonic() - began)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as problem:
        fix = "set XDG_CACHE_HOME to a folder that can be written"
        raise UsageError(f"the cache {path.parent} cannot be written: {problem.strerror}; {fix}") from None
    try:
        yield
    finally:
        lock.release()


# --- Python


def python_environment(
    name: str, packages: Sequence[str], python: Path, release: str | None, say: Say
) -> CachedEnvironment:
    """A virtual environment of the interpreter `python` with these packages; LaunchError if it cannot be made.

    `release` is one of the packages, as NAME==VERSION: no package newer than the day of its upload comes in then.
    """

    def make(folder: Path) -> None:
        run([str(python), "-m", "venv", str(folder)], name)
        own = folder / "bin" / "python"
        run([*_pip(own), "install", "--upgrade", PIP], name)
        before = ["--uploaded-prior-to", _midnight_after(release, own, name)] if release else []
        run([*_pip(own), "install", *before, *packages], name, _one_index(folder) if release else {})

    key = ["python", str(python), *version_of(python), *packages, f"as of {release}"]
    return cached(name, key, make, say)


def find_python(minimum: tuple[int, ...], paths: Sequence[Path] | None = None) -> Path | None:
    """The suite's own interpreter if it is new enough, else the oldest on PATH or of pyenv that is."""
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
    """Major and minor version of an interpreter that can make environments; empty for anything else."""
    # A shim of pyenv is on PATH and runs nothing; Debian's interpreter without python3-venv has no ensurepip.
    code = "import ensurepip, venv, sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.split()


def _pip(python: Path) -> list[str]:
    return [str(python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]


def _midnight_after(release: str, python: Path, name: str) -> str:
    """The first midnight (UTC) at which pip's index has the release; found with pip alone, whatever index it uses."""
    package, _, version = release.partition("==")
    days = (datetime.datetime.now(datetime.UTC).date() - FIRST_DAY).days + 1

    def midnight(day: int) -> str:
        return f"{FIRST_DAY + datetime.timedelta(day)}T00:00:00Z"

    def has(day: int) -> bool:
        command = [*_pip(python), "index", "versions", package, "--pre", "--json", "--uploaded-prior-to", midnight(day)]
        try:
            said = run(command, name, _one_index(python.parents[1]))
        except LaunchError as problem:
            if "No matching distribution" in str(problem):
                return False
            raise
        return version in json.loads(said)["versions"]

    if not has(days):
        raise LaunchError(f"{name}: pip finds no {release} for this Python; `pip index versions {package}` lists them")
    if has(0):
        raise LaunchError(f"{name}: pip's index does not tell when {release} was uploaded; use one that does")
    return midnight(bisect.bisect_left(range(days), True, key=has))


def _one_index(folder: Path) -> dict[str, str]:
    """Variables that leave pip its main index alone: links and folders tell no upload time, so all of them would do."""
    return {"PIP_EXTRA_INDEX_URL": folder.as_uri(), "PIP_FIND_LINKS": str(folder / "include")}


# --- Node


def node_environment(name: str, graphs: Path, say: Say) -> CachedEnvironment:
    """A copy of the folder `graphs` with what its package.json wants installed; LaunchError if it cannot be made.

    With a package-lock.json beside it the packages are those of the lock, dependencies included.
    """

    def make(folder: Path) -> None:
        shutil.copytree(graphs, folder, ignore=shutil.ignore_patterns("node_modules", ".langgraph_api"))
        verb = "ci" if (graphs / "package-lock.json").is_file() else "install"
        run(["npm", verb, "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)], name)

    sources = sorted(path for path in graphs.iterdir() if path.is_file())
    digests = [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sources]
    return cached(name, ["node", *map(str, node_version()), *digests], make, say)


def node_version() -> tuple[int, ...]:
    """The version of Node on PATH; empty if it or npm is not there."""
    if shutil.which("npm") is None:
        return ()
    try:
        done = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(int(number) for number in re.findall(r"\d+", done.stdout)[:3])


def run(command: Sequence[str], name: str, variables: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """What the command says; LaunchError with the end of its words if it fails."""
    environment = {**os.environ, **(variables or {})}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as problem:
        raise LaunchError(f"{name}: {command[0]} cannot be run ({problem.strerror})") from None
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
        raise LaunchError(
            f"{name}: `{' '.join(command)}` ended with {done.returncode}; the end of what it said:\n{said}"
        )
    return done.stdout
