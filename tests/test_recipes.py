"""The recipes of GATE.md are performed unchanged: a good server passes each gate, a bad server does not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.judging.baseline import UNEXPLAINED
from conformance.launch.environments import node_version
from conformance.targets.target_file import named_target

from . import allure_page, nothing, runner
from .conftest import left_out
from .runner import Runner
from .test_action import INSTALL
from .test_plugin import FEW, ROOT

GATE = (ROOT / "conformance" / "GATE.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8123"
"""The server in the recipes."""
SECRETS = {"SERVER_API_KEY": "sk-0123456789"}

Recipe = Callable[[str, Runner], bool]


def blocks() -> dict[tuple[str, str], str]:
    """Return the blocks of code by the heading above and the language."""
    found: dict[tuple[str, str], str] = {}
    for section in re.split(r"^## ", GATE, flags=re.MULTILINE)[1:]:
        for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL):
            key = (section.partition("\n")[0], language)
            assert key not in found
            found[key] = code
    return found


def workflow(text: str, job: Runner) -> bool:
    """Perform a GitHub workflow that has one job; return whether it succeeded."""
    content = runner.parse(text)
    assert content["on"]
    assert content["permissions"] == {"contents": "read"}
    ((_, one),) = content["jobs"].items()
    good, _ = job.steps(one["steps"], {}, {})
    assert [upload["path"] for upload in job.uploads] == ["conformance-report"]
    assert "# " in job.summary
    return good


def gitlab(text: str, job: Runner) -> bool:
    """Perform a GitLab job, whose lines run in one shell; return whether it succeeded."""
    ((_, one),) = runner.parse(text).items()
    good = shell("\n".join(one["script"]), job)
    assert one["artifacts"]["when"] == "always"
    for path in (*one["artifacts"]["paths"], *one["artifacts"]["reports"].values()):
        assert (job.workspace / path).exists()
    return good


def shell(text: str, job: Runner) -> bool:
    """Run lines in a shell, with the key in the variable that the recipes name; return whether they succeeded."""
    variables = {**job.variables, "LG_CONFORMANCE_API_KEY": SECRETS["SERVER_API_KEY"]}
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail"], input=text, cwd=job.workspace, env=variables,
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    job.output += done.stdout + done.stderr
    return done.returncode == 0


RECIPES: dict[tuple[str, str], Recipe] = {
    ("GitHub, with the action", "yaml"): workflow,
    ("GitHub, without the action", "yaml"): workflow,
    ("GitLab", "yaml"): gitlab,
    ("Any other system: the shell", "sh"): shell,
}
BASELINE = ("A server that is not finished", "sh")
DIFF = ("Only what became worse", "sh")
ALLURE = ("A page of Allure", "sh")
REPOSITORY = "langgraph-stream-conformance"


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the repository of the suite as its owner publishes it: the files of this checkout on `main`."""
    folder = tmp_path_factory.mktemp("owner")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        left_out("this is not a checkout of git, so it cannot be installed from one")
    for name in filter(None, listed.stdout.split("\0")):
        if not name.startswith("reports/") and (ROOT / name).is_file():
            copy = folder / REPOSITORY / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy)
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for words in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"], [*author, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=folder / REPOSITORY, check=True)
    return folder


@pytest.fixture(scope="module")
def good() -> Iterator[str]:
    """The URL of the official server."""
    target = named_target("langgraph-dev")
    assert target.launch is not None
    with target.launch(lambda text: None) as running:
        yield running.url


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, owner: Path) -> dict[str, Any]:
    """A separate Python, first on PATH, and git with the repository of the owner; all tests share what is installed."""
    temp = tmp_path_factory.mktemp("machine")
    subprocess.run([sys.executable, "-m", "venv", str(temp / "python")], check=True)
    few = " ".join([FEW[0], f"'{FEW[1]}'"])
    variables = {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTEST_ADDOPTS": few, "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{owner.as_uri()}/.insteadOf", "GIT_CONFIG_VALUE_0": "https://github.com/OWNER/",
    }  # fmt: skip
    return {"temp": temp, "variables": runner.environment(temp / "python" / "bin") | variables, "secrets": SECRETS}


@pytest.fixture
def job(machine: dict[str, Any], tmp_path: Path) -> Runner:
    """A job whose ./start-server does nothing, because the server runs already."""
    (tmp_path / "start-server").write_text("#!/bin/sh\necho started\n")
    (tmp_path / "start-server").chmod(0o755)
    return Runner(tmp_path, **machine)


def test_every_block_is_tested() -> None:
    assert blocks().keys() == {*RECIPES, BASELINE, DIFF, ALLURE}
    assert all(ADDRESS in blocks()[key] for key in (*RECIPES, BASELINE, DIFF))


@pytest.mark.parametrize("key", RECIPES, ids=lambda key: key[0])
def test_a_good_server_passes_the_gate_and_a_bad_server_does_not(key: tuple[str, str], job: Runner, good: str) -> None:
    assert RECIPES[key](blocks()[key].replace(ADDRESS, good), job), job.output
    first = ElementTree.parse(job.workspace / "conformance-report" / "junit.xml").getroot()
    assert len(first.findall(".//testcase")) > 0
    assert first.findall(".//failure") == []
    job.uploads.clear()
    job.skipped = frozenset([INSTALL["name"]])
    with nothing.serving(nothing.echoes_as_events) as bad:
        assert not RECIPES[key](blocks()[key].replace(ADDRESS, bad), job)
    second = ElementTree.parse(job.workspace / "conformance-report" / "junit.xml").getroot()
    assert second.findall(".//failure") or second.findall(".//error")
    assert SECRETS["SERVER_API_KEY"] not in job.output


@pytest.fixture
def installed(job: Runner, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A job with `lg-conformance` of this checkout on its PATH, which judges two requirements."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "lg-conformance").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m conformance "$@"\n')
    (folder / "lg-conformance").chmod(0o755)
    selected = {
        "PYTHONPATH": str(ROOT),
        "PYTEST_ADDOPTS": "-k '(updates.node-sequence and not any_run) or threads.uuid-ids'",
    }
    job.variables = {**job.variables, **selected, "PATH": f"{folder}{os.pathsep}{job.variables['PATH']}"}
    return job


def test_a_baseline_makes_the_gate_of_an_unfinished_server_green(installed: Runner) -> None:
    with nothing.serving(nothing.echoes_as_events) as bad:
        recipe = blocks()[BASELINE].replace(ADDRESS, bad)
        assert shell(recipe, installed), installed.output
        known = installed.workspace / "known.toml"
        assert not shell(recipe.replace("--write-baseline known.toml || true", "--baseline known.toml"), installed)
        known.write_text(known.read_text("utf-8").replace(UNEXPLAINED, "not implemented yet"), "utf-8")
        assert shell(recipe.replace("--write-baseline known.toml || true", "--baseline known.toml"), installed)


def test_the_comparison_with_the_main_branch_passes_only_if_nothing_became_worse(installed: Runner, good: str) -> None:
    first = blocks()[DIFF].replace(ADDRESS, good).replace("conformance-report -q", "conformance-main -q")
    assert shell(first.splitlines()[0], installed), installed.output
    assert shell(blocks()[DIFF].replace(ADDRESS, good), installed), installed.output
    with nothing.serving(nothing.echoes_as_events) as bad:
        assert not shell(blocks()[DIFF].replace(ADDRESS, bad), installed)
    assert "broken   MUST" in installed.output


@pytest.mark.parametrize("status", ["0", "1", "2", "4", "5"])
def test_the_shell_explains_the_exit_status_and_exits_with_it(status: str, tmp_path: Path) -> None:
    recipe = blocks()["Any other system: the shell", "sh"]
    rest = recipe[recipe.index("status=0") :]
    command = tmp_path / ".lg-conformance" / "bin" / "lg-conformance"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\nexit {status}\n")
    command.chmod(0o755)
    done = subprocess.run(["sh", "-e"], input=rest, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == int(status)
    explanations = {"0": "passed", "1": "failed: ", "2": "inconclusive: "}
    assert done.stdout.startswith(explanations.get(status, "the gate itself is not set up"))


def test_the_allure_page_is_created_as_described(job: Runner) -> None:
    if node_version() < allure_page.OLDEST_NODE:
        left_out("Node 20 is missing: apt-get install nodejs npm")
    results = job.workspace / "allure-results"
    results.mkdir()
    (results / "1-result.json").write_text('{"uuid": "1", "name": "one", "status": "passed"}')
    assert shell(blocks()[ALLURE], job), job.output
    page = (job.workspace / "allure-report" / "index.html").read_text("utf-8")
    assert "googletagmanager" not in page
    pinned = runner.read(allure_page.SOURCES / "package.json")["dependencies"]["allure"]
    assert f"allure@{pinned}" in blocks()[ALLURE]
