"""The client libraries that read streams for comparison with the suite: name, version, driver and known bugs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.clients.environment import (
    HERE,
    PYTHON,
    Client,
    client_environment,
    missing_for_client,
    pinned_packages,
)
from conformance.launch.cache import Say
from conformance.launch.environments import find_python, python_environment
from conformance.settings import UsageError


@dataclass(frozen=True)
class Reader:
    """One version of a client library.

    `driver` is a file in `drivers/`, `environment` the folder with its requirements.  `known` are its bugs, as
    `compare.KNOWN` names them; `text` says that it does not decode JSON.
    """

    name: str
    version: str
    driver: str
    environment: str
    known: tuple[str, ...] = ()
    text: bool = False

    @property
    def id(self) -> str:
        """Its name on the command line: NAME==VERSION."""
        return f"{self.name}=={self.version}"

    @property
    def language(self) -> Client:
        """The language of its driver."""
        return "javascript" if self.driver.endswith(".mjs") else "python"


_SDK = ("phantom", "null-name", "empty")

READERS = (
    Reader("langgraph_sdk", "0.4.14", "sdk.py", "python", (*_SDK, "tail")),
    Reader(
        "langgraph_sdk",
        "0.1.70",
        "sdk.py",
        "python-2025-06",
        ("phantom", "bom", "held", "null-name", "empty"),
    ),
    Reader("@langchain/langgraph-sdk", "1.15.0", "sdk.mjs", "javascript", (*_SDK, "tail", "numbers")),
    Reader("httpx-sse", "0.4.3", "plain.py", "python-2025-06", ("phantom", "bom", "tail", "held"), text=True),
)


def named(names: Sequence[str]) -> list[Reader]:
    """Return the readers with these names, NAME or NAME==VERSION; all if no name is given.  Raises UsageError."""
    unknown = [name for name in names if not any(name in (one.id, one.name) for one in READERS)]
    if unknown:
        raise UsageError(f"unknown client {unknown[0]!r}; known clients are {', '.join(one.id for one in READERS)}")
    return [one for one in READERS if not names or one.id in names or one.name in names]


def lacking(reader: Reader) -> str:
    """Return what this machine lacks to run a reader, and how to install it; empty if nothing is missing."""
    return missing_for_client(reader.language)


def driver_command(reader: Reader, say: Say) -> tuple[list[str], str | None]:
    """Return the command that runs a driver, and its working folder; makes the environment if necessary.

    Raises LaunchError.
    """
    driver = str(HERE / "drivers" / reader.driver)
    if reader.language == "javascript":
        return ["node", driver], str(client_environment("javascript", say).folder)
    interpreter = find_python(PYTHON)
    assert interpreter, "lacking() checks this"
    packages = pinned_packages(reader.environment)
    environment = python_environment(f"client-{reader.environment}", packages, interpreter, None, say)
    return [str(environment.python), "-I", driver], None
