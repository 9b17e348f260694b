"""The client libraries whose reading of streams is compared with the suite's: name, version, driver, known bugs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.clients.environment import HERE, PYTHON, Client, client_environment, missing, requirements
from conformance.launch.environments import Say, find_python, python_environment
from conformance.settings import UsageError


@dataclass(frozen=True)
class Reader:
    """A client library in one version.

    `known` names its bugs as `compare.KNOWN` does; `text` says that it leaves JSON to its user.
    """

    name: str
    version: str
    driver: str
    environment: str
    known: tuple[str, ...] = ()
    text: bool = False

    @property
    def id(self) -> str:
        """How it is named on the command line."""
        return f"{self.name}=={self.version}"

    @property
    def language(self) -> Client:
        """What it runs on."""
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
    """The readers of these names, NAME or NAME==VERSION, all for none; raises UsageError."""
    unknown = [name for name in names if not any(name in (one.id, one.name) for one in READERS)]
    if unknown:
        there = ", ".join(one.id for one in READERS)
        raise UsageError(f"there is no client {unknown[0]!r}; there are {there}")
    return [one for one in READERS if not names or one.id in names or one.name in names]


def lacking(reader: Reader) -> str:
    """What this machine lacks to run it, with the way out; empty if nothing."""
    return missing(reader.language)


def command(reader: Reader, say: Say) -> tuple[list[str], str | None]:
    """The command that runs its driver, and in which folder; its environment is made if need be: LaunchError."""
    driver = str(HERE / "drivers" / reader.driver)
    if reader.language == "javascript":
        return ["node", driver], str(client_environment("javascript", say).folder)
    interpreter = find_python(PYTHON)
    assert interpreter, "lacking() has seen to it"
    name = f"client-{reader.environment}"
    return [
        str(python_environment(name, requirements(reader.environment), interpreter, None, say).python),
        "-I",
        driver,
    ], None
