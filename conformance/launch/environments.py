"""Creates the Python and Node environments that servers and clients run in.

Packages come from the index for which pip or npm is configured.  It knows nothing of target files.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from conformance.launch.cache import CachedEnvironment, Say, cached
from conformance.launch.process import LaunchError

PIP = "pip>=26"
"""The first pip with `--uploaded-prior-to`."""
NEWEST_PYTHON = 20
"""The minor version of Python up to which interpreters are searched on PATH."""
TAIL_LINES = 12
"""How many of the last lines of a failed command's output an error shows."""


# --- Python


def python_environment(
    name: str, packages: Sequence[str], python: Path, last_day: datetime.date | None, say: Say
) -> CachedEnvironment:
    """Return a virtual environment of the interpreter `python` with these packages; raises LaunchError.

    No package was uploaded after `last_day` (UTC), unless it is None.
    """

    def make(folder: Path) -> None:
        say(f"pip installs {', '.join(packages)}, from the index for which it is configured")
        run([str(python), "-m", "venv", str(folder)], name)
        inside = folder / "bin" / "python"
        run([*_pip(inside), "install", "--upgrade", PIP], name)
        before = ["--uploaded-prior-to", _midnight_after(last_day)] if last_day else []
        run([*_pip(inside), "install", *before, *packages], name, _main_index_only(folder) if last_day else {})

    key = ["python", str(python), *version_of(python), *packages, f"as of {last_day}"]
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


def _midnight_after(day: datetime.date) -> str:
    return f"{day + datetime.timedelta(1)}T00:00:00Z"


def _main_index_only(folder: Path) -> dict[str, str]:
    """Return variables that restrict pip to its main index: packages from other sources have no upload time."""
    return {"PIP_EXTRA_INDEX_URL": folder.as_uri(), "PIP_FIND_LINKS": str(folder / "include")}


# --- Node


def node_environment(name: str, graphs: Path, say: Say, files: Path | None = None) -> CachedEnvironment:
    """Return a copy of the folder `graphs` with the packages of its package.json installed; raises LaunchError.

    The files of the folder `files` replace those of the copy.  If there is a package-lock.json, its versions are
    installed.
    """

    def make(folder: Path) -> None:
        shutil.copytree(graphs, folder, ignore=shutil.ignore_patterns("node_modules", ".langgraph_api"))
        if files is not None:
            (folder / "package-lock.json").unlink(missing_ok=True)  # it belongs to the package.json that is replaced
            shutil.copytree(files, folder, dirs_exist_ok=True)
        say(f"npm installs {_dependencies(folder)}, from the registry for which it is configured")
        verb = "ci" if (folder / "package-lock.json").is_file() else "install"
        run(["npm", verb, "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)], name)

    sources = [path for given in (graphs, files) if given for path in sorted(given.iterdir()) if path.is_file()]
    digests = [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sources]
    return cached(name, ["node", *map(str, node_version()), *digests], make, say)


def _dependencies(folder: Path) -> str:
    """Return the packages that the package.json of a folder asks for."""
    wanted = json.loads((folder / "package.json").read_text("utf-8")).get("dependencies", {})
    return ", ".join(f"{package}@{version}" for package, version in wanted.items()) or "nothing"


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
