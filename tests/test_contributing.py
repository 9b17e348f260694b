"""The example in CONTRIBUTING.md works: its blocks are performed in a copy of the package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .test_plugin import ROOT, environment

EXAMPLE = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## A first requirement, step by step")[2]
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```", EXAMPLE, re.MULTILINE | re.DOTALL)
ID = "state.next-is-empty"

JUDGES = f"""
import json
from conformance.faults.proof import row
from conformance.judging.judge import judge
from tests import golden

items = [item for item in golden.items().values() if item.check.requirement == "{ID}"]
faults = [one for one in golden.registry().faults if one.requirement == "{ID}"]
print(json.dumps({{
    "golden": [judge(item, golden.good()).word for item in items],
    "killed": {{one.name: row(one, golden.good(), items).killed for one in faults}},
}}))
"""
"""Prints the outcomes of the new requirement's checks on the official server and on their faults."""


def block(language: str, number: int = 0) -> str:
    """Return a code block of the example."""
    return [content for name, content in BLOCKS if name == language][number]


def append(file: Path, text: str) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write(text)


def perform(copy: Path, *command: str) -> str:
    """Run a command of the example in the copy; return what it prints."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = environment(PYTHONPATH=str(copy), PATH=path)
    done = subprocess.run(command, cwd=copy, env=variables, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package in which the first four steps of the example are done."""
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "conformance", copy / "conformance", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("schemas", "fixtures_graphs", "tests"):
        (copy / name).symlink_to(ROOT / name)
    append(copy / "conformance" / "requirements" / "state.toml", "\n" + block("toml"))
    explained = perform(copy, "bash", "-ec", block("sh"))
    assert f"# {ID} (SHOULD; streaming-api-next)" in explained
    append(copy / "conformance" / "suite" / "state.py", "\n\n" + block("python"))
    return copy


def test_the_check_passes_on_the_official_server_and_fails_on_its_faults(copy: Path) -> None:
    found = json.loads(perform(copy, sys.executable, "-c", JUDGES))
    assert found["golden"]
    assert set(found["golden"]) == {"passed"}
    assert found["killed"] == {"names_a_node_after_the_last": True, "leaves_next_out": True}


def test_the_requirement_is_explained_with_its_check_and_faults(copy: Path) -> None:
    explained = perform(copy, "lg-conformance", "explain", ID)
    assert "test_no_node_is_next_after_the_run" in explained
    assert "names_a_node_after_the_last" in explained


def test_the_scenario_of_the_example_can_take_the_place_of_the_present_one(copy: Path) -> None:
    module = copy / "conformance" / "suite" / "state.py"
    check = block("python").replace("on=state_after_the_stream", "on=state_of_a_finished_run")
    content = module.read_text("utf-8").replace(block("python"), f"{block('python', 1)}\n\n{check}")
    (copy / "other").mkdir()
    shutil.copytree(copy / "conformance", copy / "other" / "conformance")
    for name in ("schemas", "fixtures_graphs"):
        (copy / "other" / name).symlink_to(ROOT / name)
    (copy / "other" / "conformance" / "suite" / "state.py").write_text(content, "utf-8")
    listed = "from conformance import suite; print(*suite.load().scenarios)"
    assert "state_of_a_finished_run" in perform(copy / "other", sys.executable, "-c", listed)
