"""What a target needs and this machine lacks is reported before anything starts, with how to install it."""

import os
import re
import socket
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conformance.launch import postgres, redis, startup
from conformance.launch.cache import CachedEnvironment
from conformance.launch.process import LaunchError
from conformance.launch.server import Recipe
from conformance.launch.startup import Plan, missing, own_urls, started

PLAN = Plan(Recipe("mine", ("{python}",), "/ok", {}), Path())


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has only the interpreter of the suite."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN_FOLDER", tmp_path)
    return tmp_path


NEEDS = {
    "a module": (
        replace(PLAN, kind="python", modules=("no_such_module",), install="pip install it"),
        rf"^mine .*no_such_module.*{sys.executable}.*: pip install it$",
    ),
    "Python": (
        replace(PLAN, kind="python", requires=(3, 90)),
        r"^mine .*Python 3\.90.*apt-get install python3\.90 python3\.90-venv",
    ),
    "Node": (
        replace(PLAN, kind="node", requires=(20,), recipe=replace(PLAN.recipe, command=("node",))),
        r"^mine .*Node 20.*npm.*apt-get install nodejs npm",
    ),
    "PostgreSQL": (replace(PLAN, needs=("postgresql",)), r"^mine .*PostgreSQL.*apt-get install postgresql"),
    "Redis": (replace(PLAN, needs=("redis",)), r"^mine .*Redis.*apt-get install redis-server"),
    "a program": (
        replace(PLAN, recipe=replace(PLAN.recipe, command=("server",)), install="brew install server"),
        r"^mine .*server.*: brew install server$",
    ),
}


@pytest.mark.parametrize(("plan", "message"), NEEDS.values(), ids=NEEDS)
@pytest.mark.usefixtures("bare")
def test_the_error_names_what_is_missing_and_how_to_install_it(plan: Plan, message: str) -> None:
    shown: list[str] = []
    with pytest.raises(LaunchError, match=message), started(plan, shown.append):
        pytest.fail("it was started")
    assert shown == []


@pytest.mark.usefixtures("bare")
def test_everything_that_is_missing_is_named_at_once() -> None:
    plan = replace(PLAN, kind="python", requires=(3, 90), needs=("postgresql",))
    found = missing(plan)
    assert "Python 3.90" in found
    assert "PostgreSQL" in found


@pytest.mark.usefixtures("bare")
def test_the_version_of_an_old_node_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "node_version", lambda: (18, 19, 0))
    assert "18.19.0" in missing(replace(PLAN, kind="node", requires=(20,)))
    assert missing(replace(PLAN, kind="node", requires=(18, 19))) == ""


def test_root_needs_the_user_that_runs_postgresql(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("initdb", "postgres"):
        (bare / name).touch()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres, "USER", "no-such-user")
    assert "no-such-user" in postgres.missing()
    assert "root" in postgres.missing()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert postgres.missing() == ""


def test_the_newest_postgresql_of_debian_is_used(bare: Path) -> None:
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
        self.wfile.write(json.dumps(dict(version=os.environ.get("VERSION", ""))).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.parametrize(("reported", "version"), [("2.0", "2.0"), ("", "1.0")])
def test_the_version_and_the_time_to_start_are_shown(tmp_path: Path, reported: str, version: str) -> None:
    (tmp_path / "server.py").write_text(SERVER)
    recipe = Recipe("mine", ("{python}", "{here}/server.py", "{port}"), "/ok", {"VERSION": reported})
    shown: list[str] = []
    with started(Plan(recipe, tmp_path, version="1.0"), shown.append) as running:
        assert running.version == version
    [line] = shown
    assert re.search(rf"\bmine {re.escape(version)}\b.*\bready in [\d.]+ s$", line)


def test_a_server_runs_in_the_environment_created_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    environment = CachedEnvironment(tmp_path, 0.0)
    monkeypatch.setattr(startup, "python_environment", lambda *_: environment)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    code = SERVER.replace("{", "{{").replace("}", "}}").replace('"VERSION"', '"PYTHONPATH"')
    recipe = Recipe("mine", ("{python}", "-c", code, "{port}"), "/ok", {})
    shown: list[str] = []
    plan = Plan(recipe, tmp_path, kind="python", version="1.0", requires=(3, 11), packages=("server==1.0",))
    with started(plan, shown.append) as running:
        assert running.version == "1.0", "the server inherited PYTHONPATH"
    assert str(environment) in shown[0]


def test_each_graph_may_have_its_own_url(tmp_path: Path) -> None:
    (tmp_path / "langgraph.json").write_text('{"graphs": {"joke": "./joke.py:graph", "echo": "./echo.py:graph"}}')
    plan = replace(PLAN, graphs=tmp_path, graph_path="/of/{graph}")
    assert own_urls(plan, "http://h:1") == {"joke": "http://h:1/of/joke", "echo": "http://h:1/of/echo"}
    assert own_urls(replace(plan, graph_path=""), "http://h:1") == {}


NEEDS_ITS_WORKER = """
import http.server, pathlib, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/info"
        self.send_response(200 if found else 404)
        self.end_headers()
        names = sorted(path.name for path in pathlib.Path().glob("*.made"))
        self.wfile.write(('{"version": "%s"}' % " ".join(names)).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def made(name: str, then: str) -> tuple[str, ...]:
    """Return a command that makes a file in the working directory of the server, and then does something."""
    return ("{python}", "-c", f"import pathlib, time; pathlib.Path('{name}.made').touch(); {then}")


def with_others(folder: Path, prepare: str = "pass", worker: str = "time.sleep(60)") -> Plan:
    """Return the plan of a server that is prepared and has a worker; its version names the files that they made."""
    (folder / "server.py").write_text(NEEDS_ITS_WORKER)
    recipe = Recipe(
        "mine", ("{python}", "{here}/server.py", "{port}"), "/ready", {}, ready_status=404, version_path="/info",
        prepare=made("first", prepare), workers=(made("worker", worker),),
    )  # fmt: skip
    return Plan(recipe, folder)


def test_a_server_is_prepared_and_has_its_workers_beside_it(tmp_path: Path) -> None:
    with started(with_others(tmp_path), print) as running:
        assert "first.made" in running.version
        group = running.pid
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [({"prepare": "raise SystemExit(3)"}, "could not be prepared"), ({"worker": "1 / 0"}, "lost a worker")],
    ids=["prepare", "worker"],
)
def test_a_server_whose_other_commands_fail_is_not_started(tmp_path: Path, given: dict[str, str], message: str) -> None:
    (tmp_path / "server.py").write_text("import time; time.sleep(60)")
    plan = with_others(tmp_path, **given)
    (tmp_path / "server.py").write_text("import time; time.sleep(60)")
    with pytest.raises(LaunchError, match=message) as problem, started(plan, print):
        pytest.fail("it was started")
    assert "exited with status" in str(problem.value)


@pytest.mark.skipif(redis.missing() != "" and "LG_REQUIRE_SERVERS" not in os.environ, reason="needs redis-server")
def test_redis_has_a_password_and_ends_with_its_server() -> None:
    with redis.redis() as service:
        address = urlsplit(service.values["redis_url"])
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"PING\r\n")
            assert connection.recv(100).startswith(b"-NOAUTH")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))
