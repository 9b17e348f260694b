"""Servers are started, recognised and stopped: the embedded official one, and tiny ones for special cases."""

import importlib.metadata
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import textwrap
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest.mock import MagicMock

import httpx
import pytest

from conformance.launch import process, server
from conformance.launch.process import LaunchError, child_environment, free_port, supervised
from conformance.launch.server import Recipe, Running, absolute_config, launched
from conformance.targets.launch_table import read_plan
from conformance.targets.target_file import EMBEDDED, SHIPPED

ROOT = Path(__file__).parents[1]
GRAPHS = ROOT / "fixtures_graphs" / "python"

TINY_SERVER = textwrap.dedent("""
    import http.server, json, os, signal, sys

    port, nonce, behaviour = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if "leaves a child that ignores SIGTERM" in behaviour and os.fork():
        sys.exit(signal.pause())
    if "ignores SIGTERM" in " ".join(behaviour):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"version": "1.2.3", "host": {"nonce": nonce}}).encode()
            self.send_response(200 if self.path == "/info" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
""")


def tiny(*behaviour: str) -> Recipe:
    return Recipe(
        name="tiny server",
        command=("{python}", "-c", TINY_SERVER.replace("{", "{{").replace("}", "}}"), "{port}", "{nonce}", *behaviour),
        ready="/info",
        environment={},
        nonce_at=("host", "nonce"),
    )


def official() -> Recipe:
    """Return the recipe of the official server that is shipped."""
    path = SHIPPED / f"{EMBEDDED}.toml"
    return read_plan(EMBEDDED, "", tomllib.loads(path.read_text("utf-8"))["launch"], path).recipe


def crashing(code: str) -> Recipe:
    return replace(tiny(), name="crashing server", command=("{python}", "-c", code))


@pytest.fixture
def graphs(tmp_path: Path) -> Path:
    (tmp_path / "langgraph.json").write_text('{"dependencies": ["."], "graphs": {"joke": "./joke.py:graph"}}')
    return tmp_path


@pytest.fixture
def other_program() -> Iterator[int]:
    """The port of another program, which answers /info with 200 and another nonce."""
    port = free_port()
    running = subprocess.Popen([sys.executable, "-c", TINY_SERVER, str(port), "another"], stderr=subprocess.DEVNULL)
    until(lambda: listening(port), "the other program listens")
    yield port
    running.kill()
    running.wait()


def until(condition: Callable[[], bool], what: str, limit_s: float = 60.0) -> None:
    """Wait for a condition; the generous limit only keeps a defect from hanging the tests."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, f"not within {limit_s} s: {what}"
        time.sleep(0.05)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_of(url: str) -> int:
    port = httpx.URL(url).port
    assert port
    return port


def group_exists(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def assert_stopped(running: Running) -> None:
    assert not listening(port_of(running.url))
    assert not group_exists(running.pid)
    assert not running.log.parent.exists()


def test_two_embedded_servers_run_at_once_and_leave_nothing_behind(tmp_path: Path) -> None:
    graphs = Path(shutil.copytree(GRAPHS, tmp_path / "graphs", ignore=shutil.ignore_patterns("__pycache__")))
    names = set(json.loads((graphs / "langgraph.json").read_text())["graphs"])
    before = sorted(graphs.rglob("*"))
    with launched(official(), graphs) as one, launched(official(), graphs) as two:
        for running in (one, two):
            with httpx.Client(base_url=running.url, trust_env=False) as client:
                assert client.get("/info").json()["version"] == running.version
                assistants = client.post("/assistants/search", json={"limit": 100}).json()
            assert {found["graph_id"] for found in assistants} == names
        assert one.version == importlib.metadata.version("langgraph-api")
        assert len({port_of(one.url), port_of(two.url), 2024}) == 3
    assert_stopped(one)
    assert_stopped(two)
    assert sorted(graphs.rglob("*")) == before


PARENT = """
import sys, time
from pathlib import Path
sys.path[:0] = {path!r}
{imports}
with {start} as running:
    print(running.url, flush=True)
    time.sleep(600)
"""


def url_from_killed_parent(imports: str, start: str, temporary: Path) -> str:
    """Return the URL of a server whose parent is killed after the server is ready; its folder stays in `temporary`."""
    code = PARENT.format(path=[str(ROOT), str(Path(__file__).parent)], imports=imports, start=start)
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        alive = listening(port_of(url))
        parent.kill()
    assert alive
    return url


def test_the_embedded_server_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    imports = "from conformance.launch.server import launched; from test_launch import official"
    url = url_from_killed_parent(imports, f"launched(official(), Path({str(GRAPHS)!r}))", tmp_path)
    until(lambda: not listening(port_of(url)), "the server of a killed parent has ended")


BEHAVIOURS = ["ends on SIGTERM", "ignores SIGTERM", "leaves a child that ignores SIGTERM"]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_server_ends_when_its_parent_is_killed(graphs: Path, behaviour: str) -> None:
    imports = "from conformance.launch.server import launched; from test_launch import tiny"
    url = url_from_killed_parent(imports, f"launched(tiny({behaviour!r}), Path({str(graphs)!r}))", graphs)
    until(lambda: not listening(port_of(url)), "the server of a killed parent has ended")


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_server_is_stopped_after_the_context(graphs: Path, behaviour: str) -> None:
    with launched(tiny(behaviour), graphs) as running:
        assert listening(port_of(running.url))
        assert running.version == "1.2.3"
    until(lambda: not listening(port_of(running.url)), "the server has stopped")
    assert not running.log.parent.exists()


def test_a_server_is_stopped_after_an_exception_in_the_context(graphs: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(KeyboardInterrupt))
        running = stack.enter_context(launched(tiny(), graphs))
        raise KeyboardInterrupt
    assert_stopped(running)


def test_the_error_for_a_server_that_crashes_names_it_and_ends_with_its_log(
    graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "START_LIMIT_S", 600.0)  # waiting for it would hang this test
    output = b"x" * 5000 + "last line \x1b[31m\x07\u202e".encode() + b"\xff\n"
    code = f"import sys; sys.stdout.buffer.write({output!r}); sys.exit(7)"
    with pytest.raises(LaunchError) as caught, launched(crashing(code), graphs):
        pass
    message, _, log = str(caught.value).partition("log:\n")
    assert message.startswith("crashing server ")
    for part in ("http://127.0.0.1:", "/info", "--url", shlex.quote(code)):
        assert part in message
    assert r"xlast line \x1b[31m\x07\u202e\xff" + "\n" in log
    assert "status 7" in log
    assert len(log) < 2100


def test_the_error_for_a_command_that_does_not_exist_names_it(graphs: Path) -> None:
    absent = replace(tiny(), command=("no-such-command-at-all",))
    with (
        pytest.raises(LaunchError, match="No such file or directory: 'no-such-command-at-all'"),
        launched(absent, graphs),
    ):
        pass


def test_the_error_for_a_server_that_never_answers_names_url_and_limit(
    graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "START_LIMIT_S", 1.0)
    port = free_port()
    give_ports(monkeypatch, port)
    with (
        pytest.raises(LaunchError, match=rf"^tiny server .* 1 s .*http://127.0.0.1:{port}/elsewhere"),
        launched(replace(tiny(), ready="/elsewhere"), graphs),
    ):
        pass
    assert not listening(port)


def give_ports(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    given = iter(ports)
    monkeypatch.setattr(server, "free_port", lambda: next(given))


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(official(), id="the official server, and the other program answers 200"),
        pytest.param(tiny(), id="the other program answers 200"),
        pytest.param(replace(tiny(), ready="/elsewhere"), id="the other answers 404, and the server cannot bind"),
    ],
)
def test_another_program_on_the_port_is_not_taken_for_the_server(
    recipe: Recipe, other_program: int, graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_ports(monkeypatch, other_program, other_program, other_program)
    with (
        pytest.raises(LaunchError, match=rf"port .* 3 times, .*http://127.0.0.1:{other_program}"),
        launched(recipe, graphs),
    ):
        pass
    assert listening(other_program), "the other program still runs"


def test_a_third_port_is_tried_if_two_are_taken(
    other_program: int, graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = free_port()
    give_ports(monkeypatch, other_program, other_program, third)
    monkeypatch.setattr("tempfile.tempdir", str(graphs))
    with launched(tiny(), graphs) as running:
        assert port_of(running.url) == third
        assert list(graphs.glob("lg-conformance-*")) == [running.log.parent], (
            "the folders of failed attempts are deleted"
        )


def test_the_port_of_a_developers_own_server_is_never_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = MagicMock()
    probe.return_value.__enter__.return_value.getsockname.side_effect = [("127.0.0.1", 2024), ("127.0.0.1", 40000)]
    monkeypatch.setattr("socket.socket", probe)
    assert process.free_port() == 40000


def test_no_proxy_is_used_for_loopback(graphs: Path, monkeypatch: pytest.MonkeyPatch, other_program: int) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{other_program}")
    with launched(tiny(), graphs) as running:
        assert running.version == "1.2.3"


def test_a_service_runs_as_long_as_the_server_that_needs_it(tmp_path: Path) -> None:
    """As after the suite is killed: only the server's launcher still holds the input of the service's launcher."""
    command = (sys.executable, "-c", "import time; time.sleep(600)")
    with ExitStack() as stack:
        service = stack.enter_context(supervised(command, tmp_path, dict(os.environ), tmp_path / "service.log"))
        assert service.stdin
        inputs = [service.stdin.fileno()]
        running = stack.enter_context(supervised(command, tmp_path, dict(os.environ), tmp_path / "log", inputs))
        assert running.stdin
        service.stdin.close()
        time.sleep(0.5)
        assert service.poll() is None, "the server's launcher still holds its input"
        running.stdin.close()
        until(lambda: running.poll() is not None, "the server has ended")
        until(lambda: service.poll() is not None, "the service ends after it")


def test_a_recipe_may_have_additional_placeholders_and_no_graphs() -> None:
    recipe = replace(tiny(), command=(*tiny().command, "{extra}"), environment={"EXTRA": "{extra}"})
    with launched(recipe, None, {"extra": "x", "python": sys.executable}) as running:
        assert running.version == "1.2.3"
        assert (running.log.parent / "langgraph.json").read_text() == "{}"


def test_the_error_for_a_folder_without_graphs_names_the_fix(tmp_path: Path) -> None:
    with (
        pytest.raises(LaunchError, match=r"langgraph\.json: .*lg-conformance graphs DIR"),
        launched(tiny(), tmp_path / "nowhere"),
    ):
        pass


def test_paths_become_absolute_at_any_depth(tmp_path: Path) -> None:
    source = {
        "dependencies": [".", "httpx"],
        "graphs": {"joke": "./joke.py:graph", "b": {"path": "../b.py:graph"}},
        "env": {"A": "1"},
    }
    (tmp_path / "langgraph.json").write_text(json.dumps(source))
    assert json.loads(absolute_config(tmp_path)) == {
        "dependencies": [f"{tmp_path}", "httpx"],
        "graphs": {"joke": f"{tmp_path}/joke.py:graph", "b": {"path": f"{tmp_path}/../b.py:graph"}},
        "env": {"A": "1"},
    }


def test_a_server_does_not_inherit_settings_of_the_caller() -> None:
    removed = (
        "LANGSMITH_API_KEY",
        "LANGCHAIN_API_KEY",
        "LANGGRAPH_CONFIG",
        "REDIS_URI",
        "DATABASE_URI",
        "OTEL_ENABLED",
    )
    inherited = dict.fromkeys(removed, "secret") | {
        "PATH": "/bin",
        "LANGSMITH_TRACING": "true",
        "MY_LANGSMITH_": "kept",
    }
    assert child_environment(inherited, {"LANGSMITH_TRACING": "false"}) == {
        "PATH": "/bin",
        "MY_LANGSMITH_": "kept",
        "NO_PROXY": "127.0.0.1,localhost",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANGSMITH_TRACING": "false",
    }
