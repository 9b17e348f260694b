"""Starts a server from a recipe, on loopback in a temporary folder, and stops it whatever happens (POSIX).

It knows processes and ports; it knows neither the protocol nor any server.
"""

import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_LIMIT_S = 60.0
"""Ready takes 3 to 4 s on two cores; a cold disk without compiled bytecode on a loaded machine takes ten times that."""
STOP_LIMIT_S = 10.0
"""Far beyond the launcher's grace of 2 s, so that its own SIGKILL comes first even on a loaded machine."""
ATTEMPTS = 3
"""A free port can be lost to a stranger before the server binds it; losing three in a row is no accident."""
POLL_S = 0.03
REQUEST_LIMIT_S = 5.0
LOG_TAIL_BYTES = 2000
DEFAULT_PORT = 2024
"""Where a developer's own `langgraph dev` listens: never taken."""

LAUNCHER = Path(__file__).with_name("_launcher.py")

LEAKS = (
    "LANGSMITH_", "LANGCHAIN_", "LANGGRAPH_", "LANGSERVE_", "LSD_", "FF_",
    "AEGRA_", "SKEINO_", "DATABASE_UR", "REDIS_", "POSTGRES_", "MONGODB_", "DD_", "OTEL_", "CORS_ALLOW_",
    "MOUNT_PREFIX", "MAX_STREAM_CHUNK_SIZE", "N_JOBS_PER_WORKER", "BG_JOB_",
)  # fmt: skip
"""Prefixes of variables that change how a server behaves or whom it calls; the caller's never reach it."""


class LaunchError(Exception):
    """A server could not be started; the message names it, the place, the way out, and ends with its log."""


@dataclass(frozen=True)
class Recipe:
    """How a server is started, in an empty working directory that is gone with it.

    The command and the values of the environment may use {port}, {workdir}, {config} (the langgraph.json of the graphs,
    with absolute paths), {nonce} and {python} (the suite's own, unless another is given).
    """

    name: str
    command: tuple[str, ...]
    ready: str
    """Path polled until it answers 200."""
    environment: Mapping[str, str]
    nonce_at: tuple[str, ...] = ()
    """Keys that lead to the nonce in the JSON of `ready`; none: the server cannot be told from a stranger there."""
    nonce_may_lack: bool = False
    """Whether a server without anything there is taken for ours: an early release may not have it."""
    version_at: tuple[str, ...] = ("version",)
    """Keys that lead to the server's version in the JSON of `ready`."""


@dataclass(frozen=True)
class Running:
    """A server that answers. `pid` is the launcher's and also names the process group of the server."""

    url: str
    pid: int
    version: str
    """What the server says of itself when it is ready; empty if it does not."""
    log: Path
    """Standard output and error; gone with the server."""
    ready_s: float
    """Seconds from the start to the first good answer."""


@contextmanager
def launched(
    recipe: Recipe, graphs: Path | None, values: Mapping[str, object] | None = None, outlived_by: Sequence[int] = ()
) -> Iterator[Running]:
    """The server of `recipe` with the graphs of the folder `graphs`, stopped at exit; LaunchError if it fails.

    `values` are further names for command and environment. `outlived_by` are the inputs of launchers that must not end
    before this server has, even if this process is killed.
    """
    config = absolute_config(graphs) if graphs is not None else "{}"
    with ExitStack() as stack:
        for _ in range(ATTEMPTS):
            stack.close()  # ends the attempt before this one
            attempt = stack.enter_context(_started(recipe, config, values or {}, outlived_by))
            if running := _until_ready(attempt):
                break
        else:
            raise LaunchError(
                f"{recipe.name}: something else took the port chosen for it, {ATTEMPTS} times, "
                f"last at {attempt.url}{recipe.ready}. See what listens there, stop it, and start again."
            )
        yield running


def absolute_config(graphs: Path) -> str:
    """The langgraph.json of the folder `graphs`; strings that begin with a dot are paths and become absolute.

    LaunchError if it cannot be read.
    """
    source = graphs.resolve() / "langgraph.json"
    try:
        return json.dumps(_absolute(json.loads(source.read_text("utf-8")), source.parent))
    except (OSError, ValueError) as error:
        raise LaunchError(
            f"cannot read {source}: {error}. Name a folder with graphs; `lg-conformance graphs DIR` makes them."
        ) from error


def _absolute(value: Any, folder: Path) -> Any:
    match value:
        case dict():
            return {key: _absolute(item, folder) for key, item in value.items()}
        case list():
            return [_absolute(item, folder) for item in value]
        case str() if value.startswith("."):
            return str(folder / value)
    return value


@dataclass(frozen=True)
class _Attempt:
    """One process of a recipe, on a port that may yet turn out to be a stranger's."""

    recipe: Recipe
    command: tuple[str, ...]
    process: subprocess.Popen[bytes]
    port: int
    nonce: str
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def failure(self, what: str) -> LaunchError:
        return LaunchError(
            f"{self.recipe.name} {what} at {self.url}{self.recipe.ready}. Mend what its log says, "
            f"or judge a server that runs already with --url. It was started as: {shlex.join(self.command)}\n"
            f"The end of its log:\n{log_tail(self.log)}"
        )


@contextmanager
def _started(
    recipe: Recipe, config: str, given: Mapping[str, object], outlived_by: Sequence[int]
) -> Iterator[_Attempt]:
    with temporary_folder() as workdir:
        file, log = workdir / "langgraph.json", workdir / "server.log"
        file.write_text(config, "utf-8")
        port, nonce = free_port(), secrets.token_hex(16)
        own = {"port": port, "python": sys.executable, "config": file, "workdir": workdir, "nonce": nonce}
        values = own | dict(given)
        command = tuple(part.format(**values) for part in recipe.command)
        additions = {key: value.format(**values) for key, value in recipe.environment.items()}
        with supervised(command, workdir, child_environment(os.environ, additions), log, outlived_by) as process:
            yield _Attempt(recipe, command, process, port, nonce, log)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder, gone at exit."""
    # Errors at clean-up are ignored: a file left in the temporary folder must not replace the result of a run.
    with tempfile.TemporaryDirectory(prefix="lg-conformance-", ignore_cleanup_errors=True) as name:
        yield Path(name).resolve()


def free_port() -> int:
    """A loopback port that nothing listens on now; a stranger may take it before the server does."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port != DEFAULT_PORT:
            return port


def child_environment(inherited: Mapping[str, str], additions: Mapping[str, str]) -> dict[str, str]:
    """What a server finds in its environment: `inherited` without LEAKS, what every server gets, then `additions`."""
    kept = {key: value for key, value in inherited.items() if not key.startswith(LEAKS)}
    every = {"NO_PROXY": "127.0.0.1,localhost", "PYTHONDONTWRITEBYTECODE": "1"}  # no __pycache__ beside the graphs
    return kept | every | dict(additions)


@contextmanager
def supervised(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str], log: Path, outlived_by: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """The launcher that runs the command, in a process group of its own; all of it ends at exit or with this process.

    It holds the descriptors `outlived_by` open for as long as it lives.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", str(LAUNCHER), *command],  # -I: the modules beside the launcher shadow nothing
            cwd=cwd,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=outlived_by,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the process group: the launcher does it when its input closes; SIGKILL if it cannot."""
    assert process.stdin
    process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT_S)
    with suppress(ProcessLookupError, PermissionError):  # none left; macOS says so with EPERM
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _until_ready(attempt: _Attempt) -> Running | None:
    """The server once it answers, None if the port was lost to a stranger; LaunchError if it ends or takes too long."""
    began = time.monotonic()
    with httpx.Client(base_url=attempt.url, timeout=REQUEST_LIMIT_S, trust_env=False) as client:
        while (waited := time.monotonic() - began) < START_LIMIT_S:
            if attempt.process.poll() is not None:
                if _listening(attempt.port):
                    return None
                raise attempt.failure("ended before it answered")
            if reply := _good_answer(client, attempt.recipe.ready):
                return _recognised(attempt, reply, waited)
            time.sleep(POLL_S)
    raise attempt.failure(f"did not answer 200 within {START_LIMIT_S:.0f} s")


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _good_answer(client: httpx.Client, path: str) -> httpx.Response | None:
    with suppress(httpx.HTTPError):
        reply = client.get(path)
        return reply if reply.status_code == 200 else None
    return None


def _recognised(attempt: _Attempt, reply: httpx.Response, ready_s: float) -> Running | None:
    recipe = attempt.recipe
    accepted = (attempt.nonce, "") if recipe.nonce_may_lack else (attempt.nonce,)
    if recipe.nonce_at and _text_at(reply, recipe.nonce_at) not in accepted:
        return None
    return Running(attempt.url, attempt.process.pid, _text_at(reply, recipe.version_at), attempt.log, ready_s)


def _text_at(reply: httpx.Response, keys: tuple[str, ...]) -> str:
    try:
        value = reply.json()
    except ValueError:
        return ""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def log_tail(log: Path) -> str:
    """The last LOG_TAIL_BYTES of a log, with everything escaped that could move a terminal's cursor."""
    tail = log.read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "backslashreplace")
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in tail)
