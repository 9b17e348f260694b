"""Servers are started, told from strangers and ended: the embedded official one, tiny ones for awkward cases."""

import importlib.metadata
import json
import os
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

from conformance.launch import process as launch
from conformance.launch.process import LaunchError, Recipe, Running, child_environment, launched
from conformance.targets.launch_table import read_plan
from conformance.targets.target_file import EMBEDDED, SHIPPED

ROOT = Path(__file__).parents[1]
GRAPHS = ROOT / "fixtures_graphs" / "python"

TINY_SERVER = textwrap.dedent("""
    import http.server, json, os, signal, sys

    port, nonce, how = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    if "leaves a stubborn child" in how and os.fork():
        sys.exit(signal.pause())
    if "stubborn" in " ".join(how):
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


def tiny(*how: str) -> Recipe:
    return Recipe(
        name="tiny server",
        command=("{python}", "-c", TINY_SERVER.replace("{", "{{").replace("}", "}}"), "{port}", "{nonce}", *how),
        ready="/info",
        environment={},
        nonce_at=("host", "nonce"),
    )


def official() -> Recipe:
    """The recipe of the official server, as it is shipped."""
    path = SHIPPED / f"{EMBEDDED}.toml"
    return read_plan(EMBEDDED, "", tomllib.loads(path.read_text("utf-8"))["launch"], path).recipe


def dying(code: str) -> Recipe:
    return replace(tiny(), name="dying server", command=("{python}", "-c", code))


@pytest.fixture
def graphs(tmp_path: Path) -> Path:
    (tmp_path / "langgraph.json").write_text('{"dependencies": ["."], "graphs": {"joke": "./joke.py:graph"}}')
    return tmp_path


@pytest.fixture
def stranger() -> Iterator[int]:
    """The port of a server that answers /info with 200 and another nonce."""
    port = launch.free_port()
    process = subprocess.Popen([sys.executable, "-c", TINY_SERVER, str(port), "another"], stderr=subprocess.DEVNULL)
    until(lambda: listening(port), "the stranger listens")
    yield port
    process.kill()
    process.wait()


def until(condition: Callable[[], bool], what: str, limit_s: float = 60.0) -> None:
    """Waits for a condition; the limit is generous, it only keeps a defect from hanging the tests."""
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


def assert_gone(running: Running) -> None:
    assert not listening(port_of(running.url))
    assert not group_exists(running.pid)
    assert not running.log.parent.exists()


def test_the_embedded_server_starts_beside_another_and_leaves_nothing(tmp_path: Path) -> None:
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
    assert_gone(one)
    assert_gone(two)
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
    """The URL of a server whose parent was SIGKILLed after the server was ready; its folder is left in `temporary`."""
    code = PARENT.format(path=[str(ROOT), str(Path(__file__).parent)], imports=imports, start=start)
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        alive = listening(port_of(url))
        parent.kill()
    assert alive
    return url


def test_the_embedded_server_ends_with_a_killed_parent(tmp_path: Path) -> None:
    imports = "from conformance.launch.process import launched; from test_launch import official"
    url = url_from_killed_parent(imports, f"launched(official(), Path({str(GRAPHS)!r}))", tmp_path)
    until(lambda: not listening(port_of(url)), "the server of a killed parent is gone")


@pytest.mark.parametrize("how", ["obedient", "stubborn", "leaves a stubborn child"])
def test_a_server_ends_with_a_killed_parent(graphs: Path, how: str) -> None:
    imports = "from conformance.launch.process import launched; from test_launch import tiny"
    url = url_from_killed_parent(imports, f"launched(tiny({how!r}), Path({str(graphs)!r}))", graphs)
    until(lambda: not listening(port_of(url)), "the server of a killed parent is gone")


@pytest.mark.parametrize("how", ["obedient", "stubborn", "leaves a stubborn child"])
def test_a_server_is_gone_after_the_context(graphs: Path, how: str) -> None:
    with launched(tiny(how), graphs) as running:
        assert listening(port_of(running.url))
        assert running.version == "1.2.3"
    until(lambda: not listening(port_of(running.url)), "the server is gone")
    assert not running.log.parent.exists()


def test_a_server_is_gone_after_an_exception_in_the_context(graphs: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(pytest.raises(KeyboardInterrupt))
        running = stack.enter_context(launched(tiny(), graphs))
        raise KeyboardInterrupt
    assert_gone(running)


def test_a_command_that_dies_is_an_error_with_its_log(graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "START_LIMIT_S", 600.0)  # waiting for it would hang this test
    words = b"x" * 5000 + "last words \x1b[31m\x07\u202e".encode() + b"\xff\n"
    code = f"import sys; sys.stdout.buffer.write({words!r}); sys.exit(7)"
    with pytest.raises(LaunchError) as caught, launched(dying(code), graphs):
        pass
    message, _, log = str(caught.value).partition("The end of its log:\n")
    assert "dying server ended before it answered at http://127.0.0.1:" in message
    assert r"xlast words \x1b[31m\x07\u202e\xff" + "\n" in log
    assert "ended with status 7" in log
    assert len(log) < 2100


def test_a_command_that_does_not_exist_is_an_error(graphs: Path) -> None:
    absent = replace(tiny(), command=("no-such-command-at-all",))
    with (
        pytest.raises(LaunchError, match="No such file or directory: 'no-such-command-at-all'"),
        launched(absent, graphs),
    ):
        pass


def test_a_server_that_never_answers_is_an_error(graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "START_LIMIT_S", 1.0)
    port = launch.free_port()
    give_ports(monkeypatch, port)
    with (
        pytest.raises(LaunchError, match=rf"did not answer 200 within 1 s at http://127.0.0.1:{port}/elsewhere"),
        launched(replace(tiny(), ready="/elsewhere"), graphs),
    ):
        pass
    assert not listening(port)


def give_ports(monkeypatch: pytest.MonkeyPatch, *ports: int) -> None:
    given = iter(ports)
    monkeypatch.setattr(launch, "free_port", lambda: next(given))


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(official(), id="the official server, and the stranger answers 200"),
        pytest.param(tiny(), id="the stranger answers 200"),
        pytest.param(replace(tiny(), ready="/elsewhere"), id="the stranger answers 404 and the server cannot bind"),
    ],
)
def test_a_stranger_on_the_port_is_refused(
    recipe: Recipe, stranger: int, graphs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_ports(monkeypatch, stranger, stranger, stranger)
    with (
        pytest.raises(LaunchError, match=rf"took the port .* 3 times, last at http://127.0.0.1:{stranger}"),
        launched(recipe, graphs),
    ):
        pass
    assert listening(stranger), "the stranger is not ours to end"


def test_a_port_lost_twice_is_no_failure(stranger: int, graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    third = launch.free_port()
    give_ports(monkeypatch, stranger, stranger, third)
    monkeypatch.setattr("tempfile.tempdir", str(graphs))
    with launched(tiny(), graphs) as running:
        assert port_of(running.url) == third
        assert list(graphs.glob("lg-conformance-*")) == [running.log.parent], "the lost attempts are cleared away"


def test_the_port_of_a_developers_own_server_is_never_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = MagicMock()
    probe.return_value.__enter__.return_value.getsockname.side_effect = [("127.0.0.1", 2024), ("127.0.0.1", 40000)]
    monkeypatch.setattr("socket.socket", probe)
    assert launch.free_port() == 40000


def test_a_proxy_is_not_asked_for_loopback(graphs: Path, monkeypatch: pytest.MonkeyPatch, stranger: int) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{stranger}")
    with launched(tiny(), graphs) as running:
        assert running.version == "1.2.3"


def test_a_launcher_lives_as_long_as_the_server_that_needs_it(graphs: Path, tmp_path: Path) -> None:
    """As when the suite is killed: nobody else holds the input of the first, and the second ends only later."""
    needed = ("{python}", "-c", "import time; time.sleep(600)")
    command = tuple(part.format(python=sys.executable) for part in needed)
    with (
        launch.supervised(command, tmp_path, dict(os.environ), tmp_path / "needed.log") as first,
        launch.supervised(command, tmp_path, dict(os.environ), tmp_path / "log", [first.stdin.fileno()]) as second,
    ):
        first.stdin.close()
        time.sleep(0.5)
        assert first.poll() is None, "the second still holds its input"
        second.stdin.close()
        until(lambda: second.poll() is not None, "the second has ended")
        until(lambda: first.poll() is not None, "the first ends after it")


def test_a_recipe_may_use_further_values_and_no_graphs(tmp_path: Path) -> None:
    recipe = replace(tiny(), command=(*tiny().command, "{how}"), environment={"HOW": "{how}"})
    with launched(recipe, None, {"how": "obedient", "python": sys.executable}) as running:
        assert running.version == "1.2.3"
        assert (running.log.parent / "langgraph.json").read_text() == "{}"


def test_graphs_without_a_configuration_are_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(LaunchError, match=r"cannot read .*langgraph\.json: .*lg-conformance graphs DIR"),
        launched(tiny(), tmp_path / "nowhere"),
    ):
        pass


def test_paths_become_absolute_wherever_they_stand(tmp_path: Path) -> None:
    source = {
        "dependencies": [".", "httpx"],
        "graphs": {"joke": "./joke.py:graph", "b": {"path": "../b.py:graph"}},
        "env": {"A": "1"},
    }
    (tmp_path / "langgraph.json").write_text(json.dumps(source))
    assert json.loads(launch.absolute_config(tmp_path)) == {
        "dependencies": [f"{tmp_path}", "httpx"],
        "graphs": {"joke": f"{tmp_path}/joke.py:graph", "b": {"path": f"{tmp_path}/../b.py:graph"}},
        "env": {"A": "1"},
    }


def test_the_callers_settings_do_not_reach_the_server() -> None:
    leaks = ("LANGSMITH_API_KEY", "LANGCHAIN_API_KEY", "LANGGRAPH_CONFIG", "REDIS_URI", "DATABASE_URI", "OTEL_ENABLED")
    inherited = dict.fromkeys(leaks, "secret") | {"PATH": "/bin", "LANGSMITH_TRACING": "true", "MY_LANGSMITH_": "kept"}
    assert child_environment(inherited, {"LANGSMITH_TRACING": "false"}) == {
        "PATH": "/bin",
        "MY_LANGSMITH_": "kept",
        "NO_PROXY": "127.0.0.1,localhost",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANGSMITH_TRACING": "false",
    }
