"""What a target needs and does not find is said before anything starts, with the command that provides it."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch import environments, postgres, startup
from conformance.launch.process import LaunchError, Recipe
from conformance.launch.startup import Plan, missing, own_urls, started

PLAN = Plan(Recipe("mine", ("{python}",), "/ok", {}), Path())


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has nothing but the interpreter of the suite."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(postgres, "SERVER", tmp_path)
    return tmp_path


NEEDS = {
    "a module": (
        replace(PLAN, kind="python", modules=("no_such_module",), install="pip install it"),
        rf"mine needs no_such_module, not found by {sys.executable}: pip install it",
    ),
    "Python": (
        replace(PLAN, kind="python", requires=(3, 90)),
        r"mine needs Python 3\.90 or newer with venv, not found .*: `apt-get install python3\.90 python3\.90-venv`",
    ),
    "Node": (
        replace(PLAN, kind="node", requires=(20,), recipe=replace(PLAN.recipe, command=("node",))),
        r"mine needs Node 20 or newer and npm, not found on PATH: `apt-get install nodejs npm`",
    ),
    "PostgreSQL": (replace(PLAN, needs=("postgresql",)), r"mine needs PostgreSQL .*: apt-get install postgresql"),
    "a program": (
        replace(PLAN, recipe=replace(PLAN.recipe, command=("server",)), install="brew install server"),
        r"mine needs server, not found on PATH: brew install server",
    ),
}


@pytest.mark.parametrize(("plan", "message"), NEEDS.values(), ids=NEEDS)
@pytest.mark.usefixtures("bare")
def test_what_is_missing_is_said_before_anything_starts(plan: Plan, message: str) -> None:
    said: list[str] = []
    with pytest.raises(LaunchError, match=message), started(plan, said.append):
        pytest.fail("it was started")
    assert said == []


@pytest.mark.usefixtures("bare")
def test_all_that_is_missing_is_said_at_once() -> None:
    plan = replace(PLAN, kind="python", requires=(3, 90), needs=("postgresql",))
    assert missing(plan).count("mine needs ") == 2


def test_an_old_node_is_told_with_its_version(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "node_version", lambda: (18, 19, 0))
    assert "found 18.19.0" in missing(replace(PLAN, kind="node", requires=(20,)))
    assert missing(replace(PLAN, kind="node", requires=(18, 19))) == ""


def test_root_needs_the_user_that_runs_postgresql(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("initdb", "postgres"):
        (bare / name).touch()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres, "USER", "no-such-user")
    assert "does not run as root" in postgres.missing()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert postgres.missing() == ""


def test_the_newest_postgresql_of_debian_is_taken(bare: Path) -> None:
    for version in ("9", "15", "17"):
        (bare / version / "bin").mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (bare / version / "bin" / name).touch()
    assert postgres._programs() == bare / "17" / "bin"


SERVER = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(dict(version=os.environ.get("SAYS", ""))).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.parametrize(("says", "version"), [("2.0", "2.0"), ("", "1.0")])
def test_a_server_starts_and_what_that_cost_is_said(tmp_path: Path, says: str, version: str) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    recipe = Recipe("mine", ("{python}", "{here}/server.py", "{port}"), "/ok", {"SAYS": says})
    said: list[str] = []
    with started(Plan(recipe, tmp_path, version="1.0"), said.append) as running:
        assert running.version == version
    assert len(said) == 1
    assert said[0].startswith(f"set-up of mine {version}: ready in ")


def test_a_server_runs_in_the_environment_that_is_made_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    made = environments.CachedEnvironment(tmp_path, 0.0)
    monkeypatch.setattr(startup, "python_environment", lambda *_: made)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    code = SERVER.replace("{", "{{").replace("}", "}}").replace('"SAYS"', '"PYTHONPATH"')
    recipe = Recipe("mine", ("{python}", "-c", code, "{port}"), "/ok", {})
    said: list[str] = []
    plan = Plan(recipe, tmp_path, kind="python", version="1.0", requires=(3, 11), packages=("server==1.0",))
    with started(plan, said.append) as running:
        assert running.version == "1.0", "the caller's PYTHONPATH does not reach it"
    assert said[0].startswith(f"set-up of mine 1.0: environment reused from {tmp_path}, ready in ")


def test_each_graph_may_have_a_url_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "langgraph.json").write_text('{"graphs": {"joke": "./joke.py:graph", "echo": "./echo.py:graph"}}')
    plan = replace(PLAN, graphs=tmp_path, graph_path="/of/{graph}")
    assert own_urls(plan, "http://h:1") == {"joke": "http://h:1/of/joke", "echo": "http://h:1/of/echo"}
    assert own_urls(replace(plan, graph_path=""), "http://h:1") == {}
