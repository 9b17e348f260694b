"""The pytest plugin: the suite's options, and its checks as items of pytest.

Pytest loads it in every environment in which the suite is installed, so it imports nothing heavy, and does nothing in
a session that does not run the suite.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from conformance.settings import OPTIONS, UsageError, settings

PACKAGE = Path(__file__).parent
SUITE = PACKAGE / "suite"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, each with the prefix `--lg-`."""
    group = parser.getgroup("lg-conformance", "conformance to the LangGraph streaming API")
    for option in OPTIONS:
        kind: dict[str, Any] = {"action": "store_true"} if option.flag else {"metavar": option.metavar}
        if option.many:
            kind["action"] = "append"
        group.addoption(f"--lg-{option.name}", dest=option.dest, help=option.help.replace("%", "%%"), **kind)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the options before anything starts, and place the JUnit file in the report folder."""
    if not _runs_the_suite(config):
        return
    from conformance.authoring.registry import DeclarationError
    from conformance.catalogue import CatalogueError, UnknownName

    try:
        _prepare(config)
    except (UsageError, UnknownName) as problem:
        raise pytest.UsageError(str(problem)) from None
    except (CatalogueError, DeclarationError) as problem:
        pytest.exit(f"the suite itself is broken: {problem}", returncode=2)


def _prepare(config: pytest.Config) -> None:
    """Make the plan of the session and, except in a worker of xdist, register the controller."""
    from conformance.report import allure
    from conformance.runner.collection import JUDGEMENT
    from conformance.runner.controller import Controller
    from conformance.runner.keywords import with_marks
    from conformance.runner.stopping import refuse_stepwise, take_limit
    from conformance.session.judgement import Judgement
    from conformance.session.output import check_writable
    from conformance.session.plan import make_plan

    refuse_stepwise(config)
    limit = take_limit(config)
    plan = make_plan(settings(_given(config)))
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[JUDGEMENT] = Judgement(plan.in_folder(Path(worker["lg_folder"])))
        return
    judgement = config.stash[JUDGEMENT] = Judgement(plan)
    keyword = config.getoption("keyword", "") or ""
    config.option.keyword = with_marks(keyword, plan.offered)
    config.pluginmanager.register(Controller(config, judgement, keyword, limit), "lg-controller")
    if not _records_nothing(config):
        config.option.xmlpath = config.getoption("xmlpath", None) or str(plan.report_folder / "junit.xml")
        check_writable(plan, Path(config.option.xmlpath), allure.results_folder(config))


def _given(config: pytest.Config) -> dict[str, Any]:
    return {option.name: config.getoption(option.dest, None) for option in OPTIONS}


def _runs_the_suite(config: pytest.Config) -> bool:
    if any(config.getoption(option.dest, None) for option in OPTIONS):
        return True
    asked = [str(argument).partition("::")[0] for argument in config.args]
    return bool(config.getoption("pyargs", False)) and any(name.split(".")[0] == __package__ for name in asked)


def _records_nothing(config: pytest.Config) -> bool:
    return any(config.getoption(name, False) for name in ("collectonly", "help", "lg_dry_run"))


# The suite's checks are collected from its registry, whatever patterns the user's pytest configuration has.


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Collect the suite whatever the user's pytest ignores, and nothing else of the package."""
    if collection_path == PACKAGE or SUITE in (collection_path, *collection_path.parents):
        return collection_path.name == "__pycache__"
    return True if PACKAGE in collection_path.parents else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect one module of the suite."""
    if SUITE in file_path.parents and file_path.suffix == ".py" and file_path.name != "__init__.py":
        from conformance.runner.collection import SuiteModule
        from conformance.runner.keywords import NODE

        # Beside no package or folder, because -k would also match the names of all folders above the suite.
        place = file_path.relative_to(SUITE).as_posix()
        return SuiteModule.from_parent(parent.session, name=place, path=file_path, nodeid=f"{NODE}/{place}")
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Prevent pytest from collecting the suite a second time as ordinary test modules."""
    if PACKAGE in module_path.parents:
        from conformance.runner.collection import EmptyModule
        from conformance.runner.keywords import NODE

        return EmptyModule.from_parent(parent, path=module_path, nodeid=f"{NODE}/{module_path.name}::nothing")
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Show inconclusive and untested checks apart from failures: one cause can produce many and hide failures."""
    outcome = getattr(report, "lg_outcome", None) or {}
    shown = {"cantTell": ("inconclusive", "?"), "untested": ("untested", "□")}
    if report.failed and outcome.get("word") in shown:
        name, mark = shown[outcome["word"]]
        return name, mark, (name.upper(), {"yellow": True})
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Describe an item for Allure after all others, because Allure's plugin replaces what was said in the setup."""
    try:
        return (yield)
    finally:
        if SUITE in item.path.parents and hasattr(item, "annotate"):
            item.annotate()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Attach the outcome to pytest's own report, which also comes from a worker of xdist."""
    report = yield
    ended = report.when == "call" or (report.when == "setup" and call.excinfo)
    if ended and hasattr(item, "outcome") and SUITE in item.path.parents:
        from dataclasses import asdict

        raised = str(call.excinfo.value) if call.excinfo else ""
        report.lg_outcome = asdict(item.outcome) if item.outcome is not None else {"error": raised}
    return report
