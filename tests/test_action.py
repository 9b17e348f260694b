"""The action, performed step by step: it installs the suite, judges, tells what came of it, and keeps the report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from . import nothing, runner
from .runner import Runner
from .test_plugin import FEW, ROOT
from .test_secrets import KEY, TENANT, tells_all

ACTION = runner.read(ROOT / "action.yml")
STEPS = ACTION["runs"]["steps"]
(INSTALL,) = (step for step in STEPS if "-m pip" in step.get("run", ""))
KEY_FORMS = (KEY, TENANT.split()[1])


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Runner:
    """A runner on which nothing is installed."""
    return Runner(tmp_path, tmp_path_factory.mktemp("temp"), runner.environment() | {"PIP_FIND_LINKS": str(wheels)})


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The temporary folder of a runner on which the action has installed the suite."""
    temp = tmp_path_factory.mktemp("temp")
    job = Runner(temp, temp, runner.environment())
    assert not perform(job)[0]
    assert "::error::give the input url or target" in job.said
    return temp


@pytest.fixture
def job(tmp_path: Path, temp: Path) -> Runner:
    """A runner that need not install the suite again."""
    return Runner(tmp_path, temp, runner.environment(), there=frozenset([INSTALL["name"]]))


def perform(job: Runner, **inputs: str) -> tuple[bool, dict[str, str]]:
    """The action with these inputs, on a few requirements."""
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    return job.action(ROOT, {"arguments": f"-q {FEW[0]} '{FEW[1]}'"} | given)


def test_a_good_server_passes_the_gate(job: Runner, official: str) -> None:
    good, outputs = perform(job, url=official)
    assert good, job.said
    assert outputs == {"verdict": "partial", "report": "conformance-report", "status": "0"}
    report = json.loads((job.workspace / "conformance-report" / "report.json").read_text("utf-8"))
    assert report["verdict"] == outputs["verdict"]
    assert report["target"]["url"] == official
    assert "partial" in job.summary.splitlines()[0]
    assert job.uploads == [{"name": "conformance-report", "path": "conformance-report", "if-no-files-found": "ignore"}]


def test_a_released_version_is_judged_with_that_version(fresh: Runner, official: str) -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version
    good, _ = perform(fresh, url=official, version=version[1], report_dir="out/a b", artifact="mine")
    assert good, fresh.said
    report = json.loads((fresh.workspace / "out" / "a b" / "report.json").read_text("utf-8"))
    assert report["suite"]["version"] == version[1]
    assert fresh.uploads == [{"name": "mine", "path": "out/a b", "if-no-files-found": "ignore"}]


def test_a_version_that_is_none_fails_and_nothing_is_judged(fresh: Runner) -> None:
    good, outputs = perform(fresh, url="http://127.0.0.1:1", version="0.0.0.dev0")
    assert (good, outputs) == (False, {"verdict": "", "report": "", "status": ""})
    assert "langgraph-stream-conformance==0.0.0.dev0" in fresh.said
    assert len(fresh.uploads) == 1


def test_a_bad_server_breaks_the_gate_and_its_report_is_kept(job: Runner) -> None:
    with nothing.serving(nothing.echoes_as_events) as url:
        good, outputs = perform(job, url=url, arguments="-q -k threads")
    assert not good
    assert outputs == {"verdict": "not conformant", "report": "conformance-report", "status": "1"}
    assert "not conformant" in job.summary.splitlines()[0]
    assert len(job.uploads) == 1


def test_no_verdict_of_an_older_report_is_told(job: Runner) -> None:
    (job.workspace / "conformance-report").mkdir()
    (job.workspace / "conformance-report" / "report.json").write_text('{"verdict": "conformant"}')
    good, outputs = perform(job, url="http://127.0.0.1:1", fail_on="sometimes")
    assert not good
    assert outputs == {"verdict": "", "report": "conformance-report", "status": "4"}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"url": "http://127.0.0.1:1\nreport=x"}, "::error::the input url has several lines"),
        ({"url": "http://127.0.0.1:1", "report_dir": " "}, "::error::the input report-dir is empty"),
        ({"url": "http://127.0.0.1:1", "arguments": "-k 'x"}, "::error::No closing quotation"),
        ({"url": "http://127.0.0.1:1", "target": "aegra"}, "--url and --target exclude each other"),
        ({"url": "http://127.0.0.1:1", "max_seconds": "soon"}, "--max-seconds 'soon'"),
        ({"url": "http://127.0.0.1:1", "baseline": "no.toml"}, "no.toml"),
        ({"url": "http://127.0.0.1:1", "profile": "none"}, "none"),
        ({"url": "http://127.0.0.1:1", "headers": "no colon"}, "--header wants 'Name: value'"),
        ({"target": "no-such-target"}, "no-such-target"),
    ],
)
def test_wrong_inputs_are_told(job: Runner, inputs: dict[str, str], message: str) -> None:
    good, outputs = perform(job, **inputs)
    assert not good
    assert message in job.said
    assert outputs["verdict"] == ""


def test_inputs_are_values_and_never_shell_text(job: Runner, official: str) -> None:
    evil = "a'b\"c$(touch evil)`touch evil`; touch evil #"
    good, outputs = perform(job, url=official, report_dir=evil, headers=f"X-One: {evil}\n\n  X-Two: two words \n")
    assert good, job.said
    assert outputs["report"] == evil
    assert (job.workspace / evil / "report.json").is_file()
    assert not (job.workspace / "evil").exists()


def test_secrets_and_what_a_server_says_stay_out(job: Runner) -> None:
    """What the suite quotes of a server stands where the runner takes no commands."""
    with nothing.serving(tells_all) as url:
        perform(job, url=url, api_key=KEY, headers=f"Authorization: {TENANT}", arguments="-k threads")
    assert job.said
    written = [path.read_text("utf-8", "replace") for path in job.workspace.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert [form for form in KEY_FORMS for text in (*written, job.said, job.summary) if form in text] == []
    stopped = re.search(r"^::stop-commands::(\w{32,})\n(.*)^::\1::$", job.said, re.MULTILINE | re.DOTALL)
    assert stopped
    assert "threads" in stopped[2]


def test_what_the_action_uses_is_pinned_and_every_input_is_used() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert set(used) <= runner.KNOWN
    steps = json.dumps(STEPS)
    assert all(f"${{{{ inputs.{name} }}}}" in steps for name in ACTION["inputs"])
    assert all(one["description"] and "default" in one for one in ACTION["inputs"].values())
    assert all(step.get("shell") == "bash" for step in STEPS if "run" in step)


@pytest.mark.parametrize("workflow", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.stem)
def test_a_workflow_uses_what_is_known_and_asks_for_little(workflow: Path) -> None:
    content = runner.read(workflow)
    assert content["permissions"] == {"contents": "read"}
    for one in content["jobs"].values():
        assert one["timeout-minutes"] <= 120
        assert {step["uses"] for step in one["steps"] if "uses" in step} <= runner.KNOWN
        assert not any("${{" in step.get("run", "") for step in one["steps"])


def test_what_a_commit_is_checked_for_is_what_lint_checks() -> None:
    (repository,) = runner.read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    lint = (ROOT / "tox.ini").read_text("utf-8").partition("[testenv:lint]")[2].partition("[testenv:")[0]
    commands = [line.strip().removesuffix(" --check") for line in lint.partition("commands =\n")[2].split("\n") if line]
    assert [hook["entry"].removesuffix(" --force-exclude") for hook in repository["hooks"]] == commands
