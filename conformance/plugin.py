"""The pytest plugin: collects the suite's checks, has the scenarios recorded once, and judges each item.

It is loaded into every pytest of its environment, so it imports nothing heavy and stays still unless the suite is run.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.settings import OPTIONS, UsageError, settings

if TYPE_CHECKING:
    from conformance.judging.items import Item
    from conformance.judging.outcomes import Outcome
    from conformance.session.judgement import Judgement

PACKAGE = Path(__file__).parent
SUITE = PACKAGE / "suite"
NODE = "conformance/suite"
"""Where the suite's modules stand in the ids of items, wherever it is installed."""

JUDGEMENT: pytest.StashKey[Judgement] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options, each prefixed `--lg-`."""
    group = parser.getgroup("lg-conformance", "conformance to the LangGraph streaming API")
    for option in OPTIONS:
        kind: dict[str, Any] = {"action": "store_true"} if option.flag else {"metavar": option.metavar}
        if option.many:
            kind["action"] = "append"
        group.addoption(f"--lg-{option.name}", dest=option.dest, help=option.help.replace("%", "%%"), **kind)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the options before anything starts, and give JUnit its place in the report folder."""
    if not _wanted(config):
        return
    from conformance.authoring.registry import DeclarationError
    from conformance.catalogue import CatalogueError, UnknownName
    from conformance.session.judgement import Judgement
    from conformance.session.plan import make_plan

    try:
        plan = make_plan(settings(_given(config)))
    except (UsageError, UnknownName) as problem:
        raise pytest.UsageError(str(problem)) from None
    except (CatalogueError, DeclarationError) as problem:
        pytest.exit(f"the suite itself is broken: {problem}", returncode=2)
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        config.stash[JUDGEMENT] = Judgement(plan.in_folder(Path(worker["lg_folder"])))
        return
    from conformance.controller import Controller
    from conformance.session.output import check_writable

    judgement = config.stash[JUDGEMENT] = Judgement(plan)
    keyword = config.getoption("keyword", "") or ""
    config.pluginmanager.register(Controller(config, judgement, keyword), "lg-controller")
    if not _only_looks(config):
        config.option.xmlpath = config.getoption("xmlpath", None) or str(plan.report_folder / "junit.xml")
        try:
            check_writable(plan, [Path(config.option.xmlpath)])
        except UsageError as problem:
            raise pytest.UsageError(str(problem)) from None


def _given(config: pytest.Config) -> dict[str, Any]:
    return {option.name: config.getoption(option.dest, None) for option in OPTIONS}


def _wanted(config: pytest.Config) -> bool:
    if any(config.getoption(option.dest, None) for option in OPTIONS):
        return True
    asked = [str(argument).partition("::")[0] for argument in config.args]
    return bool(config.getoption("pyargs", False)) and any(name.split(".")[0] == __package__ for name in asked)


def _only_looks(config: pytest.Config) -> bool:
    return bool(config.getoption("collectonly", False) or config.getoption("help", False))


# --- collection: the suite's modules are collected as they are declared, whatever patterns the user's pytest has


@pytest.hookimpl(tryfirst=True)
def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """No pattern of the user's keeps the suite out, and nothing else of the package is a test."""
    if collection_path == PACKAGE or SUITE in (collection_path, *collection_path.parents):
        return collection_path.name == "__pycache__"
    return True if PACKAGE in collection_path.parents else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect one module of the suite."""
    if SUITE in file_path.parents and file_path.suffix == ".py" and file_path.name != "__init__.py":
        place = file_path.relative_to(SUITE).as_posix()
        return SuiteModule.from_parent(parent, path=file_path, nodeid=f"{NODE}/{place}")
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Keep pytest from collecting the suite a second time as ordinary test modules."""
    if PACKAGE in module_path.parents:
        return Nothing.from_parent(parent, path=module_path, nodeid=f"{NODE}/{module_path.name}::nothing")
    return None


class Nothing(pytest.File):
    """A module in which there is nothing to collect."""

    def collect(self) -> Iterator[pytest.Item]:
        return iter(())


class SuiteModule(pytest.File):
    """The checks of one area."""

    def collect(self) -> Iterator[pytest.Item]:
        judgement = self.config.stash.get(JUDGEMENT, None)
        module = ".".join((__package__, *self.path.relative_to(PACKAGE).with_suffix("").parts))
        for item in judgement.plan.offered() if judgement is not None else ():
            if item.check.module == module:
                yield CheckItem.from_parent(self, name=item.id, item=item)


class CheckItem(pytest.Item):
    """One check with the recordings it looks at."""

    def __init__(self, *, item: Item, **options: Any) -> None:
        super().__init__(**options)
        from conformance import catalogue

        self.item = item
        self.outcome: Outcome | None = None
        self.requirement = catalogue.find(item.check.requirement)
        shown = {"requirement": self.requirement.id, "level": self.requirement.level, "scenario": item.scenario}
        self.user_properties += [*shown.items(), *(("source", source) for source in self.requirement.sources)]
        self.extra_keyword_matches |= {self.requirement.id, self.requirement.level, self.requirement.area}

    def runtest(self) -> None:
        from conformance.report import allure
        from conformance.report.explain import explained

        judgement = self.config.stash[JUDGEMENT]
        self.outcome = outcome = judgement.outcome(self.item)
        text = explained(self.requirement, self.item, outcome)
        if allure.folder(self.config):
            plan = judgement.plan
            annotator = allure.Annotator(plan.profile.name, judgement.session, plan.recordings, plan.redactor)
            annotator.annotate(self.requirement, self.item, outcome, text)
        if outcome.word == "inapplicable":
            pytest.skip(outcome.message)
        if outcome.word == "failed" and (why := judgement.expected(self.item, outcome)):
            pytest.xfail(f"{why}\n{text}")
        if outcome.word == "failed":
            raise NotHeld(text)
        if outcome.word != "passed":
            raise NotPassed(text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, NotPassed) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Show what cannot be told as that: among the failures it would hide them, as one cause has many such checks."""
    told = getattr(report, "lg_outcome", None) or {}
    shown = {"cantTell": ("cannot tell", "?"), "untested": ("untested", "□")}
    if report.failed and told.get("word") in shown:
        name, mark = shown[told["word"]]
        return name, mark, (name.upper(), {"yellow": True})
    return None


class NotPassed(Exception):
    """A check did not pass; the text explains it."""


class NotHeld(NotPassed, AssertionError):
    """A check failed; what reads results of pytest tells this from a test that is broken."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Let the outcome travel with pytest's own report, also from a worker of xdist."""
    report = yield
    if isinstance(item, CheckItem) and report.when == "call":
        from dataclasses import asdict

        raised = str(call.excinfo.value) if call.excinfo else ""
        report.lg_outcome = asdict(item.outcome) if item.outcome is not None else {"error": raised}
    return report
