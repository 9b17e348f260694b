"""Environments are made once, whole or not at all, and told apart by what they were made of. Nothing is installed."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.launch import environments
from conformance.launch.environments import (
    cache_root,
    cached,
    find_python,
    node_environment,
    python_environment,
    version_of,
)
from conformance.launch.process import LaunchError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "lg-conformance"


def silent(_: str) -> None:
    """What is said is not looked at."""


def writes(text: str) -> Callable[[Path], None]:
    """A `make` that makes a folder with one file."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "content").write_text(text)

    return make


def never(_: Path) -> None:
    raise AssertionError("it was made again")


def folders(cache: Path) -> list[Path]:
    return sorted(path for path in cache.iterdir() if path.is_dir())


def executable(path: Path, code: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(0o755)
    return path


# --- the cache


@pytest.mark.parametrize(
    ("given", "root"),
    [({"XDG_CACHE_HOME": "/x"}, "/x"), ({}, "~/.cache"), ({"XDG_CACHE_HOME": "relative"}, "~/.cache"),
     ({"XDG_CACHE_HOME": ""}, "~/.cache")],
)  # fmt: skip
def test_the_cache_is_where_the_user_keeps_caches(given: dict[str, str], root: str) -> None:
    assert cache_root(given) == Path(root).expanduser() / "lg-conformance"


def test_an_environment_is_made_once_and_that_is_said() -> None:
    said: list[str] = []
    made = cached("a b/c", ["x"], writes("one"), said.append)
    again = cached("a b/c", ["x"], never, said.append)
    assert (again.folder, again.seconds) == (made.folder, 0)
    assert made.seconds > 0
    assert (made.folder / "content").read_text() == "one"
    assert said == [f"making the environment of a b/c, once, in {made.folder}"]
    assert str(made).startswith("environment made in ")
    assert str(again) == f"environment reused from {made.folder}"


def test_environments_are_told_apart_by_name_and_by_each_part_of_the_key(cache: Path) -> None:
    keys = [["a", "b"], ["ab"], ["a", "c"], ["b", "a"], ["a", "b", ""]]
    made = {cached(name, key, writes("x"), silent).folder for name in ("one", "two") for key in keys}
    assert len(made) == 10
    assert sorted(made) == folders(cache)


@pytest.mark.parametrize(
    "problem", [LaunchError("no network"), KeyboardInterrupt()], ids=lambda one: type(one).__name__
)
def test_one_that_cannot_be_made_leaves_nothing(cache: Path, problem: BaseException) -> None:
    def breaks(folder: Path) -> None:
        writes("half")(folder)
        raise problem

    with pytest.raises(type(problem)):
        cached("a", ["x"], breaks, silent)
    assert folders(cache) == []
    assert (cached("a", ["x"], writes("whole"), silent).folder / "content").read_text() == "whole"


def test_what_a_killed_process_left_half_made_is_thrown_away(cache: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from conformance.launch.environments import cached
def make(folder):
    folder.mkdir()
    (folder / "left over").touch()
    os.kill(os.getpid(), 9)
cached("a", ["x"], make, lambda text: None)
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(environments.__file__).parents[2])}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == -9
    assert [folder.suffix for folder in folders(cache)] == [".half"]
    made = cached("a", ["x"], writes("whole"), silent)
    assert folders(cache) == [made.folder]
    assert [path.name for path in made.folder.iterdir()] == ["content"]


def test_two_that_want_the_same_wait_for_each_other() -> None:
    begun, go_on = threading.Event(), threading.Event()
    found: list[Path] = []

    def slow(folder: Path) -> None:
        writes("one")(folder)
        begun.set()
        assert go_on.wait(60)

    first = threading.Thread(target=lambda: found.append(cached("a", ["x"], slow, silent).folder))
    second = threading.Thread(target=lambda: found.append(cached("a", ["x"], never, silent).folder))
    first.start()
    assert begun.wait(60)
    second.start()
    assert found == []
    go_on.set()
    first.join()
    second.join()
    assert len(found) == 2
    assert found[0] == found[1]


# --- Python


class Installer:
    """Stands in for `run`: pip with an index that got `release` on the given day."""

    def __init__(self, uploaded: str = "2025-06-20T21:48:38Z", *, dated: bool = True) -> None:
        self.uploaded = uploaded
        self.dated = dated
        self.commands: list[list[str]] = []
        self.variables: list[dict[str, str]] = []

    def __call__(self, command: Sequence[str], name: str, variables: Any = None, cwd: Path | None = None) -> str:
        self.commands.append(list(command))
        self.variables.append(dict(variables or {}))
        if "venv" in command:
            Path(command[-1]).mkdir()
        if "index" in command:
            if self.dated and command[command.index("--uploaded-prior-to") + 1] <= self.uploaded:
                raise LaunchError("ERROR: No matching distribution found for server")
            return json.dumps({"name": "server", "versions": ["1.2"]})
        return ""

    def installed(self) -> list[str]:
        """The arguments of the last `pip install`."""
        command = [command for command in self.commands if "install" in command][-1]
        return command[command.index("install") + 1 :]


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    installer = Installer()
    monkeypatch.setattr(environments, "run", installer)
    return installer


HERE = Path(sys.executable)


def test_the_packages_are_installed_once_for_each_list_of_them(installer: Installer) -> None:
    made = python_environment("s", ["server==1.2", "uvicorn"], HERE, None, silent)
    assert installer.installed() == ["server==1.2", "uvicorn"]
    assert installer.variables[-1] == {}
    assert made.python == made.folder / "bin" / "python"
    many = len(installer.commands)
    assert python_environment("s", ["server==1.2", "uvicorn"], HERE, None, silent).folder == made.folder
    assert len(installer.commands) == many
    assert python_environment("s", ["server==1.3", "uvicorn"], HERE, None, silent).folder != made.folder


def test_a_release_comes_with_the_packages_of_its_day_from_the_main_index_alone(installer: Installer) -> None:
    plain = python_environment("s", ["server==1.2"], HERE, None, silent)
    dated = python_environment("s", ["server==1.2"], HERE, "server==1.2", silent)
    assert dated.folder != plain.folder
    assert installer.installed() == ["--uploaded-prior-to", "2025-06-21T00:00:00Z", "server==1.2"]
    assert sorted(installer.variables[-1]) == ["PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"]


@pytest.mark.parametrize(
    ("uploaded", "cut"),
    [("2025-06-20T00:00:00Z", "2025-06-21"), ("2025-06-20T23:59:59Z", "2025-06-21"), ("2023-01-01T09", "2023-01-02")],
)
def test_the_cut_is_the_first_midnight_after_the_upload(installer: Installer, uploaded: str, cut: str) -> None:
    installer.uploaded = uploaded
    python_environment("s", ["server==1.2"], HERE, "server==1.2", silent)
    assert installer.installed()[1] == f"{cut}T00:00:00Z"


def test_a_release_that_the_index_does_not_have_is_told(installer: Installer, cache: Path) -> None:
    with pytest.raises(LaunchError, match=r"finds no server==9 for this Python; `pip index versions server` lists"):
        python_environment("s", ["server==9"], HERE, "server==9", silent)
    assert folders(cache) == []


def test_an_index_that_tells_no_days_is_told(installer: Installer) -> None:
    installer.dated = False
    with pytest.raises(LaunchError, match=r"does not tell when server==1\.2 was uploaded; use one that does"):
        python_environment("s", ["server==1.2"], HERE, "server==1.2", silent)


def test_another_failure_of_the_index_is_not_taken_for_an_absent_release(
    installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(command: Sequence[str], *rest: Any) -> str:
        if "index" in command:
            raise LaunchError("the index cannot be reached")
        return installer(command, *rest)

    monkeypatch.setattr(environments, "run", unreachable)
    with pytest.raises(LaunchError, match="the index cannot be reached"):
        python_environment("s", ["server==1.2"], HERE, "server==1.2", silent)


def test_an_interpreter_is_one_that_runs_and_is_new_enough(tmp_path: Path) -> None:
    shim = executable(tmp_path / "shim" / "python3.12", "import sys; sys.exit(127)")
    other = executable(tmp_path / "other" / "python3.12", "print('no version')\nimport sys; sys.exit(1)")
    old = executable(tmp_path / "old" / "python3.12", "print(3, 9)")
    new = executable(tmp_path / "new" / "python3.12", "print(3, 12)")
    nowhere = tmp_path / "nowhere"
    assert version_of(new) == ["3", "12"]
    assert version_of(shim) == version_of(nowhere) == []
    assert find_python((3, 12), [nowhere, shim, other, old, new]) == new
    assert find_python((3, 13), [nowhere, shim, old, new]) is None


def test_interpreters_are_looked_for_on_the_whole_path_and_in_pyenv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = executable(tmp_path / "shims" / "python3.90", "import sys; sys.exit(127)")
    real = executable(tmp_path / "pyenv" / "versions" / "3.90.1" / "bin" / "python3.90", "print(3, 90)")
    monkeypatch.setattr(environments, "NEWEST_PYTHON", 91)
    monkeypatch.setenv("PATH", str(shim.parent))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert find_python((3, 90)) == real
    assert find_python((3, 11)) == HERE.resolve()


# --- Node


def test_the_graphs_are_copied_and_installed_in_the_copy(
    installer: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "node_version", lambda: (20, 1, 0))
    graphs = tmp_path / "js"
    graphs.mkdir()
    (graphs / "package.json").write_text("{}")
    (graphs / "joke.ts").write_text("1")
    (graphs / "node_modules").mkdir()
    made = node_environment("s", graphs, silent)
    assert sorted(path.name for path in made.folder.iterdir()) == ["joke.ts", "package.json"]
    assert [command[:2] for command in installer.commands] == [["npm", "install"]]
    assert node_environment("s", graphs, silent).folder == made.folder
    (graphs / "joke.ts").write_text("2")
    assert node_environment("s", graphs, silent).folder != made.folder


@pytest.mark.parametrize(("said", "version"), [("v20.20.2", (20, 20, 2)), ("v18.0.0", (18, 0, 0))])
def test_the_version_of_node_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, version: tuple[int, ...]
) -> None:
    executable(tmp_path / "node", f"print({said!r})")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environments.node_version() == (), "without npm nothing can be installed"
    executable(tmp_path / "npm", "")
    assert environments.node_version() == version


# --- commands


def test_a_command_that_fails_is_told_with_the_end_of_its_words() -> None:
    code = "import sys; print(*range(99), sep='\\n'); print('last words', file=sys.stderr); sys.exit(3)"
    with pytest.raises(LaunchError) as raised:
        environments.run([sys.executable, "-c", code], "s")
    first, *rest = str(raised.value).splitlines()
    assert first.startswith(f"s: `{sys.executable} -c")
    assert (rest[-1], len(rest) < 20) == ("last words", True)


def test_a_command_that_does_not_exist_is_told() -> None:
    with pytest.raises(LaunchError, match=r"s: no-such-command cannot be run \(No such file"):
        environments.run(["no-such-command"], "s")
