"""Environments are created once, completely or not at all, and distinguished by name and content.

Nothing is installed.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conformance.launch import environments
from conformance.launch.cache import cache_root, cached
from conformance.launch.environments import find_python, node_environment, python_environment, version_of
from conformance.launch.process import LaunchError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "lg-conformance"


def silent(_: str) -> None:
    """Ignore what is shown to the user."""


def writes(text: str) -> Callable[[Path], None]:
    """Return a `make` that creates a folder with one file."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / "content").write_text(text)

    return make


def never(_: Path) -> None:
    raise AssertionError("it was created again")


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
def test_the_cache_is_in_the_users_cache_folder(given: dict[str, str], root: str) -> None:
    assert cache_root(given) == Path(root).expanduser() / "lg-conformance"


def test_an_environment_is_created_once_and_the_user_is_told() -> None:
    shown: list[str] = []
    first = cached("a b/c", ["x"], writes("one"), shown.append)
    second = cached("a b/c", ["x"], never, shown.append)
    assert (second.folder, second.seconds) == (first.folder, 0)
    assert first.seconds > 0
    assert (first.folder / "content").read_text() == "one"
    [line] = shown
    assert "a b/c" in line
    assert str(first.folder) in line
    assert f"{first.seconds:.1f} s" in str(first)
    assert str(first.folder) in str(second)


def test_environments_differ_by_name_and_by_each_part_of_the_key(cache: Path) -> None:
    keys = [["a", "b"], ["ab"], ["a", "c"], ["b", "a"], ["a", "b", ""]]
    created = {cached(name, key, writes("x"), silent).folder for name in ("one", "two") for key in keys}
    assert len(created) == 10
    assert sorted(created) == folders(cache)


@pytest.mark.parametrize(
    "problem", [LaunchError("no network"), KeyboardInterrupt()], ids=lambda one: type(one).__name__
)
def test_an_environment_that_cannot_be_created_leaves_nothing_behind(cache: Path, problem: BaseException) -> None:
    def breaks(folder: Path) -> None:
        writes("half")(folder)
        raise problem

    with pytest.raises(type(problem)):
        cached("a", ["x"], breaks, silent)
    assert folders(cache) == []
    assert (cached("a", ["x"], writes("whole"), silent).folder / "content").read_text() == "whole"


def test_what_a_killed_process_left_incomplete_is_deleted(cache: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from conformance.launch.cache import cached
def make(folder):
    folder.mkdir()
    (folder / "left over").touch()
    os.kill(os.getpid(), 9)
cached("a", ["x"], make, lambda text: None)
"""
    variables = {**os.environ, "PYTHONPATH": str(Path(environments.__file__).parents[2])}
    assert subprocess.run([sys.executable, "-c", code], env=variables).returncode == -9
    assert [folder.suffix for folder in folders(cache)] == [".half"]
    environment = cached("a", ["x"], writes("whole"), silent)
    assert folders(cache) == [environment.folder]
    assert [path.name for path in environment.folder.iterdir()] == ["content"]


def test_a_second_request_waits_for_the_first() -> None:
    started, finish = threading.Event(), threading.Event()
    found: list[Path] = []

    def slow(folder: Path) -> None:
        writes("one")(folder)
        started.set()
        assert finish.wait(60)

    first = threading.Thread(target=lambda: found.append(cached("a", ["x"], slow, silent).folder))
    second = threading.Thread(target=lambda: found.append(cached("a", ["x"], never, silent).folder))
    first.start()
    assert started.wait(60)
    second.start()
    assert found == []
    finish.set()
    first.join()
    second.join()
    assert len(found) == 2
    assert found[0] == found[1]


# --- Python


class Installer:
    """Stands in for `run`, and installs nothing."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.variables: list[dict[str, str]] = []

    def __call__(self, command: Sequence[str], name: str, variables: Any = None, cwd: Path | None = None) -> str:
        self.commands.append(list(command))
        self.variables.append(dict(variables or {}))
        if "venv" in command:
            Path(command[-1]).mkdir()
        return ""

    def installed(self) -> list[str]:
        """Return the arguments of the last `pip install`."""
        command = [command for command in self.commands if "install" in command][-1]
        return command[command.index("install") + 1 :]


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    installer = Installer()
    monkeypatch.setattr(environments, "run", installer)
    return installer


HERE = Path(sys.executable)


def test_the_packages_are_installed_once_for_each_list_of_them(installer: Installer) -> None:
    environment = python_environment("s", ["server==1.2", "uvicorn"], HERE, None, silent)
    assert installer.installed() == ["server==1.2", "uvicorn"]
    assert installer.variables[-1] == {}
    assert environment.python == environment.folder / "bin" / "python"
    many = len(installer.commands)
    assert python_environment("s", ["server==1.2", "uvicorn"], HERE, None, silent).folder == environment.folder
    assert len(installer.commands) == many
    assert python_environment("s", ["server==1.3", "uvicorn"], HERE, None, silent).folder != environment.folder


def test_a_release_is_installed_with_packages_of_its_day_from_the_main_index_alone(installer: Installer) -> None:
    plain = python_environment("s", ["server==1.2"], HERE, None, silent)
    dated = python_environment("s", ["server==1.2"], HERE, date(2025, 12, 31), silent)
    assert dated.folder != plain.folder
    assert installer.installed() == ["--uploaded-prior-to", "2026-01-01T00:00:00Z", "server==1.2"]
    assert sorted(installer.variables[-1]) == ["PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"]
    assert python_environment("s", ["server==1.2"], HERE, date(2025, 12, 30), silent).folder != dated.folder


def test_an_interpreter_must_run_and_be_new_enough(tmp_path: Path) -> None:
    shim = executable(tmp_path / "shim" / "python3.12", "import sys; sys.exit(127)")
    other = executable(tmp_path / "other" / "python3.12", "print('no version')\nimport sys; sys.exit(1)")
    old = executable(tmp_path / "old" / "python3.12", "print(3, 9)")
    new = executable(tmp_path / "new" / "python3.12", "print(3, 12)")
    nowhere = tmp_path / "nowhere"
    assert version_of(new) == ["3", "12"]
    assert version_of(shim) == version_of(nowhere) == []
    assert find_python((3, 12), [nowhere, shim, other, old, new]) == new
    assert find_python((3, 13), [nowhere, shim, old, new]) is None


def test_interpreters_are_searched_on_the_whole_path_and_in_pyenv(
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
    environment = node_environment("s", graphs, silent)
    assert sorted(path.name for path in environment.folder.iterdir()) == ["joke.ts", "package.json"]
    assert [command[:2] for command in installer.commands] == [["npm", "install"]]
    assert node_environment("s", graphs, silent).folder == environment.folder
    (graphs / "joke.ts").write_text("2")
    assert node_environment("s", graphs, silent).folder != environment.folder


@pytest.mark.parametrize(("output", "version"), [("v20.20.2", (20, 20, 2)), ("v18.0.0", (18, 0, 0))])
def test_the_version_of_node_is_read_from_its_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, version: tuple[int, ...]
) -> None:
    executable(tmp_path / "node", f"print({output!r})")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environments.node_version() == (), "without npm nothing can be installed"
    executable(tmp_path / "npm", "")
    assert environments.node_version() == version


# --- commands


def test_the_error_for_a_command_that_fails_names_it_and_ends_with_its_output() -> None:
    code = "import sys; print(*range(99), sep='\\n'); print('last line', file=sys.stderr); sys.exit(3)"
    with pytest.raises(LaunchError) as raised:
        environments.run([sys.executable, "-c", code], "s")
    first, *rest = str(raised.value).splitlines()
    assert first.startswith(f"s: `{sys.executable} -c")
    assert "3" in first
    assert (rest[-1], len(rest) < 20) == ("last line", True)


def test_the_error_for_a_command_that_does_not_exist_names_it() -> None:
    with pytest.raises(LaunchError, match=r"^s: no-such-command .*No such file"):
        environments.run(["no-such-command"], "s")
