"""The action, performed step by step: it installs the suite, judges a server, sets its outputs, keeps the report."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from . import nothing, runner
from .runner import Runner
from .test_plugin import FEW, ROOT
from .test_secrets import KEY, TENANT, echoes_everything

ACTION = runner.read(ROOT / "action.yml")
STEPS = ACTION["runs"]["steps"]
(INSTALL,) = (step for step in STEPS if "-m pip" in step.get("run", ""))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PUBLISHING = {
    ("release", "publish"): (
        {"id-token": "write"},
        {"actions/download-artifact@v4", "pypa/gh-action-pypi-publish@release/v1"},
    ),
    ("pages", "publish"): (
        {"contents": "read", "pages": "write", "id-token": "write"},
        {"actions/configure-pages@v5", "actions/upload-pages-artifact@v3", "actions/deploy-pages@v4"},
    ),
}
"""Jobs that publish, by workflow and name, each with its permissions and the actions that only it may use."""
KEY_FORMS = (KEY, TENANT.split()[1])


@pytest.fixture
def fresh(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Runner:
    """A runner without the suite."""
    return Runner(tmp_path, tmp_path_factory.mktemp("temp"), runner.environment() | {"PIP_FIND_LINKS": str(wheels)})


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The temporary folder of a runner on which the action installed the suite."""
    temp = tmp_path_factory.mktemp("temp")
    job = Runner(temp, temp, runner.environment())
    assert not perform(job)[0]
    assert "::error::give the input url or target" in job.output
    return temp


@pytest.fixture
def job(tmp_path: Path, temp: Path) -> Runner:
    """A runner that skips installing the suite."""
    return Runner(tmp_path, temp, runner.environment(), skipped=frozenset([INSTALL["name"]]))


def perform(job: Runner, **inputs: str) -> tuple[bool, dict[str, str]]:
    """Perform the action with these inputs, for one requirement by default."""
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    return job.action(ROOT, {"arguments": f"-q {FEW[0]} '{FEW[1]}'"} | given)


def test_a_good_server_passes_the_gate(job: Runner, official: str) -> None:
    good, outputs = perform(job, url=official)
    assert good, job.output
    assert outputs == {"verdict": "partial", "report": "conformance-report", "status": "0"}
    report = json.loads((job.workspace / "conformance-report" / "report.json").read_text("utf-8"))
    assert report["verdict"] == outputs["verdict"]
    assert report["target"]["url"] == official
    assert "partial" in job.summary.splitlines()[0]
    assert job.uploads == [{"name": "conformance-report", "path": "conformance-report", "if-no-files-found": "ignore"}]


def test_the_input_version_selects_a_released_version(fresh: Runner, official: str) -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version
    good, _ = perform(fresh, url=official, version=version[1], report_dir="out/a b", artifact="mine")
    assert good, fresh.output
    report = json.loads((fresh.workspace / "out" / "a b" / "report.json").read_text("utf-8"))
    assert report["suite"]["version"] == version[1]
    assert fresh.uploads == [{"name": "mine", "path": "out/a b", "if-no-files-found": "ignore"}]


def test_an_unknown_version_fails_before_anything_is_judged(fresh: Runner) -> None:
    good, outputs = perform(fresh, url="http://127.0.0.1:1", version="0.0.0.dev0")
    assert (good, outputs) == (False, {"verdict": "", "report": "", "status": ""})
    assert "langgraph-stream-conformance==0.0.0.dev0" in fresh.output
    assert len(fresh.uploads) == 1


def test_a_bad_server_fails_the_gate_and_its_report_is_kept(job: Runner) -> None:
    with nothing.serving(nothing.echoes_as_events) as url:
        good, outputs = perform(job, url=url, arguments="-q -k threads")
    assert not good
    assert outputs == {"verdict": "not conformant", "report": "conformance-report", "status": "1"}
    assert "not conformant" in job.summary.splitlines()[0]
    assert len(job.uploads) == 1


def test_the_verdict_of_an_older_report_is_not_an_output(job: Runner) -> None:
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
        ({"url": "http://127.0.0.1:1", "max_seconds": "soon"}, "--max-seconds"),
        ({"url": "http://127.0.0.1:1", "baseline": "no.toml"}, "no.toml"),
        ({"url": "http://127.0.0.1:1", "profile": "none"}, "none"),
        ({"url": "http://127.0.0.1:1", "headers": "no colon"}, "--header must be 'Name: value'"),
        ({"target": "no-such-target"}, "no-such-target"),
    ],
)
def test_a_wrong_input_is_named(job: Runner, inputs: dict[str, str], message: str) -> None:
    good, outputs = perform(job, **inputs)
    assert not good
    assert message in job.output
    assert outputs["verdict"] == ""


def test_inputs_are_never_executed_by_the_shell(job: Runner, official: str) -> None:
    evil = "a'b\"c$(touch evil)`touch evil`; touch evil #"
    good, outputs = perform(job, url=official, report_dir=evil, headers=f"X-One: {evil}\n\n  X-Two: two words \n")
    assert good, job.output
    assert outputs["report"] == evil
    assert (job.workspace / evil / "report.json").is_file()
    assert not (job.workspace / "evil").exists()


def test_secrets_are_masked_and_output_of_a_server_cannot_contain_commands(job: Runner) -> None:
    with nothing.serving(echoes_everything) as url:
        perform(job, url=url, api_key=KEY, headers=f"Authorization: {TENANT}", arguments="-k threads")
    assert job.output
    written = [path.read_text("utf-8", "replace") for path in job.workspace.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert [form for form in KEY_FORMS for text in (*written, job.output, job.summary) if form in text] == []
    stopped = re.search(r"^::stop-commands::(\w{32,})\n(.*)^::\1::$", job.output, re.MULTILINE | re.DOTALL)
    assert stopped
    assert "threads" in stopped[2]  # what the suite prints, while the runner accepts no commands


def test_the_action_pins_other_actions_and_uses_every_input() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert set(used) <= runner.KNOWN
    steps = json.dumps(STEPS)
    assert all(f"${{{{ inputs.{name} }}}}" in steps for name in ACTION["inputs"])
    assert all(one["description"] and "default" in one for one in ACTION["inputs"].values())
    assert all(step.get("shell") == "bash" for step in STEPS if "run" in step)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_few_permissions_timeouts_and_known_actions(workflow: Path) -> None:
    content = runner.read(workflow)
    assert content["permissions"] == {"contents": "read"}
    for name, one in content["jobs"].items():
        assert one["timeout-minutes"] <= 120
        permissions, actions = PUBLISHING.get((workflow.stem, name), (None, set()))
        assert {step["uses"] for step in one["steps"] if "uses" in step} <= runner.KNOWN | actions
        assert one.get("permissions") == permissions
        assert not any("${{" in step.get("run", "") for step in one["steps"])


def test_every_environment_of_tox_that_a_workflow_runs_exists() -> None:
    runs = [
        step.get("run", "") for path in WORKFLOWS for one in runner.read(path)["jobs"].values() for step in one["steps"]
    ]
    used = {name for run in runs for name in re.findall(r"tox run -e (\S+)", run)}
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", "utf-8")
    assert used
    assert [name for name in used if f"testenv:{name}" not in tox] == []


def test_every_supported_python_is_tested() -> None:
    (first,) = re.findall(r'^requires-python = ">=3.(\d+)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    tested = runner.read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    assert tested == [f"3.{minor}" for minor in range(int(first), int(first) + len(tested))]
    assert f"3.{sys.version_info.minor}" in tested


def check_schema(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """Check files against a schema of GitHub's."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_workflows_and_action_are_valid_by_the_schemas_of_github(tmp_path: Path) -> None:
    workflows = check_schema("github-workflows", *WORKFLOWS)
    assert workflows.returncode == 0, workflows.stdout
    action = check_schema("github-actions", ROOT / "action.yml")
    assert action.returncode == 0, action.stdout
    (tmp_path / "wrong.yml").write_text(WORKFLOWS[0].read_text("utf-8").replace("runs-on:", "runs_on:"), "utf-8")
    assert check_schema("github-workflows", tmp_path / "wrong.yml").returncode == 1


def test_pre_commit_checks_the_same_as_tox_lint() -> None:
    (repository,) = runner.read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    lint = (ROOT / "tox.ini").read_text("utf-8").partition("[testenv:lint]")[2].partition("[testenv:")[0]
    commands = [line.strip().removesuffix(" --check") for line in lint.partition("commands =\n")[2].split("\n") if line]
    assert [hook["entry"].removesuffix(" --force-exclude") for hook in repository["hooks"]] == commands
