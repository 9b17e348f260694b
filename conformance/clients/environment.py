"""The environments of the real clients, each made once and kept in the user's cache.

It knows which packages are pinned and what the machine needs for them; it does not run a client.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conformance.launch.cache import Say
from conformance.launch.environments import find_python, node_environment, node_version, python_environment
from conformance.launch.process import missing_posix

Client = Literal["python", "javascript", "curl"]
CLIENTS: tuple[Client, ...] = ("python", "javascript", "curl")

HERE = Path(__file__).parent
PYTHON = (3, 10)
"""The oldest version that langgraph_sdk supports."""
NODE = (20,)
"""The oldest version in which fetch and its streams are stable."""
PYTHON_PACKAGE = "langgraph-sdk"
NODE_PACKAGE = "@langchain/langgraph-sdk"


@dataclass(frozen=True)
class ClientEnvironment:
    """Where a client is installed: a virtual environment or a Node project; None for a program of the system."""

    folder: Path | None

    @property
    def python(self) -> Path:
        """The interpreter of a virtual environment."""
        assert self.folder
        return self.folder / "bin" / "python"


def client_environment(client: Client, say: Say) -> ClientEnvironment:
    """Return the environment of a client, made if necessary; raises LaunchError.

    `missing_for_client` must have returned an empty text.
    """
    if client == "python":
        interpreter = find_python(PYTHON)
        assert interpreter, "missing_for_client() checks this"
        return ClientEnvironment(python_environment("client-python", pinned_packages(), interpreter, None, say).folder)
    if client == "javascript":
        return ClientEnvironment(node_environment("client-javascript", HERE / "javascript", say).folder)
    return ClientEnvironment(None)


def missing_for_client(client: Client) -> str:
    """Return what this machine lacks for a client, and how to install it; empty if nothing is missing."""
    if lacking := missing_posix():
        return f"real clients need {lacking}"
    if client == "python" and find_python(PYTHON) is None:
        return "langgraph_sdk needs Python 3.10 or newer with venv, not found on PATH: `apt-get install python3-venv`"
    if client == "javascript" and node_version() < NODE:
        found = ".".join(map(str, node_version()))
        state = f"found {found}" if found else "not found on PATH"
        return f"{NODE_PACKAGE} needs Node 20 or newer and npm, {state}: `apt-get install nodejs npm` or nodejs.org"
    absent = [program for program in ("bash", "curl") if client == "curl" and shutil.which(program) is None]
    return f"curl needs {' and '.join(absent)}, not found on PATH: `apt-get install bash curl`" if absent else ""


def pinned(client: Client) -> str:
    """Return name and version of a client: `langgraph-sdk 0.4.14`; for curl the version on this machine."""
    if client == "python":
        return next(line for line in pinned_packages() if line.startswith(PYTHON_PACKAGE)).replace("==", " ")
    if client == "javascript":
        package = json.loads((HERE / "javascript" / "package.json").read_text("utf-8"))
        return f"{NODE_PACKAGE} {package['dependencies'][NODE_PACKAGE]}"
    output = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    return " ".join(output.split()[:2])


def pinned_packages(folder: str = "python") -> list[str]:
    """Return the packages of a Python client with their dependencies, each as NAME==VERSION."""
    lines = (HERE / folder / "requirements.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
