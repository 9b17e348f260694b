"""Starts a server from a recipe, on loopback in a temporary folder, and recognises that it is the one that answers.

It knows neither the protocol nor any particular server.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from conformance.launch.process import (
    ATTEMPTS,
    START_LIMIT_S,
    LaunchError,
    child_environment,
    free_port,
    log_tail,
    supervised,
    temporary_folder,
)

POLL_S = 0.03
REQUEST_LIMIT_S = 5.0


@dataclass(frozen=True)
class Recipe:
    """How to start a server, in an empty working directory that is deleted afterwards.

    The command and the values of the environment may use {port}, {workdir}, {config} (the langgraph.json of the graphs,
    with absolute paths), {nonce} and {python} (the suite's interpreter, unless another is given).
    """

    name: str
    command: tuple[str, ...]
    ready: str
    """Path that is polled until it answers with `ready_status`."""
    environment: Mapping[str, str]
    ready_status: int = 200
    prepare: tuple[str, ...] = ()
    """A command that must succeed before the server starts, such as a migration of its database."""
    workers: tuple[tuple[str, ...], ...] = ()
    """Commands that run beside the server."""
    nonce_at: tuple[str, ...] = ()
    """Keys that lead to the nonce in the JSON of `ready`, which tells the server from another program on its port."""
    nonce_optional: bool = False
    """Whether an answer without a nonce is accepted, because an early release may not send it."""
    version_at: tuple[str, ...] = ("version",)
    """Keys that lead to the server's version in the JSON of `version_path`."""
    version_path: str = ""
    """Path that tells the server's version; empty if `ready` does."""


@dataclass(frozen=True)
class Running:
    """A server that answers.  `pid` is the launcher's, and also the id of the server's process group."""

    url: str
    pid: int
    version: str
    """The version that the server reports; empty if it reports none."""
    log: Path
    """Standard output and error; deleted when the server is stopped."""
    ready_s: float
    """Seconds from the start to the first good answer."""


@contextmanager
def launched(
    recipe: Recipe, graphs: Path | None, values: Mapping[str, object] | None = None, keep_open: Sequence[int] = ()
) -> Iterator[Running]:
    """Start the server of a recipe with the graphs of a folder and stop it at exit; raises LaunchError.

    `values` are additional placeholders for command and environment.  `keep_open` are the inputs of launchers that must
    not end before this server, even if this process is killed.
    """
    config = absolute_config(graphs) if graphs is not None else "{}"
    with ExitStack() as stack:
        for _ in range(ATTEMPTS):
            stack.close()  # ends the previous attempt
            attempt = stack.enter_context(_started(recipe, config, values or {}, keep_open))
            if running := _until_ready(attempt):
                break
        else:
            raise LaunchError(
                f"{recipe.name}: another program took the port chosen for it, {ATTEMPTS} times, "
                f"last at {attempt.url}{recipe.ready}. Find out what listens there, stop it, and start again."
            )
        yield running


def absolute_config(graphs: Path) -> str:
    """Return the langgraph.json of a folder with absolute paths: strings that begin with a dot are paths.

    Raises LaunchError if it cannot be read.
    """
    source = graphs.resolve() / "langgraph.json"
    try:
        return json.dumps(_absolute(json.loads(source.read_text("utf-8")), source.parent))
    except (OSError, ValueError) as error:
        raise LaunchError(
            f"cannot read {source}: {error}. Name a folder with graphs; `lg-conformance graphs DIR` creates one."
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
    """A process started from a recipe, on a port that another program may have taken."""

    recipe: Recipe
    command: tuple[str, ...]
    process: subprocess.Popen[bytes]
    port: int
    nonce: str
    log: Path
    workers: tuple[_Attempt, ...] = ()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def failure(self, what: str) -> LaunchError:
        return LaunchError(
            f"{self.recipe.name} {what} at {self.url}{self.recipe.ready}. Fix what its log says, "
            f"or judge a running server with --url. It was started as: {shlex.join(self.command)}\n"
            f"The end of its log:\n{log_tail(self.log)}"
        )


@contextmanager
def _started(recipe: Recipe, config: str, given: Mapping[str, object], keep_open: Sequence[int]) -> Iterator[_Attempt]:
    with temporary_folder() as workdir, ExitStack() as stack:
        file, log = workdir / "langgraph.json", workdir / "server.log"
        file.write_text(config, "utf-8")
        port, nonce = free_port(), secrets.token_hex(16)
        provided = {"port": port, "python": sys.executable, "config": file, "workdir": workdir, "nonce": nonce}
        values = provided | dict(given)
        additions = {key: value.format(**values) for key, value in recipe.environment.items()}
        environment = child_environment(os.environ, additions)

        def start(command: Sequence[str], log: Path) -> _Attempt:
            filled = tuple(part.format(**values) for part in command)
            process = stack.enter_context(supervised(filled, workdir, environment, log, keep_open))
            return _Attempt(recipe, filled, process, port, nonce, log)

        if recipe.prepare:
            _await_end(start(recipe.prepare, workdir / "prepare.log"))
        workers = [start(one, workdir / f"worker-{number}.log") for number, one in enumerate(recipe.workers, 1)]
        yield replace(start(recipe.command, log), workers=tuple(workers))


def _await_end(attempt: _Attempt) -> None:
    """Wait for a command that prepares the server; raises LaunchError if it fails."""
    with suppress(subprocess.TimeoutExpired):
        attempt.process.wait(START_LIMIT_S)
    if "exited with status 0" not in log_tail(attempt.log):
        raise attempt.failure("could not be prepared")


def _until_ready(attempt: _Attempt) -> Running | None:
    """Wait until the server answers; return None if another program has its port.

    Raises LaunchError if the server exits or takes too long.
    """
    start = time.monotonic()
    with httpx.Client(base_url=attempt.url, timeout=REQUEST_LIMIT_S, trust_env=False) as client:
        while (waited := time.monotonic() - start) < START_LIMIT_S:
            if attempt.process.poll() is not None:
                if _listening(attempt.port):
                    return None
                raise attempt.failure("exited before it answered")
            for worker in attempt.workers:
                if worker.process.poll() is not None:
                    raise worker.failure("lost a worker before it answered")
            if answer := _good_answer(client, attempt.recipe):
                return _recognised(attempt, answer, client, waited)
            time.sleep(POLL_S)
    raise attempt.failure(f"did not answer {attempt.recipe.ready_status} within {START_LIMIT_S:.0f} s")


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _good_answer(client: httpx.Client, recipe: Recipe) -> httpx.Response | None:
    with suppress(httpx.HTTPError):
        answer = client.get(recipe.ready)
        return answer if answer.status_code == recipe.ready_status else None
    return None


def _recognised(attempt: _Attempt, answer: httpx.Response, client: httpx.Client, ready_s: float) -> Running | None:
    """Return the server that answered, None if it is another program."""
    recipe = attempt.recipe
    accepted = (attempt.nonce, "") if recipe.nonce_optional else (attempt.nonce,)
    if recipe.nonce_at and _text_at(answer, recipe.nonce_at) not in accepted:
        return None
    if recipe.version_path:
        with suppress(httpx.HTTPError):
            answer = client.get(recipe.version_path)
    return Running(attempt.url, attempt.process.pid, _text_at(answer, recipe.version_at), attempt.log, ready_s)


def _text_at(answer: httpx.Response, keys: tuple[str, ...]) -> str:
    """Return the string to which the keys lead in a JSON body, empty if there is none."""
    try:
        value = answer.json()
    except ValueError:
        return ""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
