"""The modules and checks of the suite as pytest collects and runs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest

from conformance import catalogue
from conformance.judging.items import Item
from conformance.judging.judge import SuiteError
from conformance.judging.outcomes import FAILED, INAPPLICABLE, PASSED, Outcome
from conformance.report import allure
from conformance.report.explain import explained
from conformance.runner.keywords import keywords
from conformance.session.judgement import Judgement

PACKAGE = Path(__file__).parents[1]
SUITE = PACKAGE / "suite"
JUDGEMENT: pytest.StashKey[Judgement] = pytest.StashKey()


class SuiteModule(pytest.File):
    """The checks of one module of the suite."""

    def collect(self) -> Iterator[pytest.Item]:
        judgement = self.config.stash.get(JUDGEMENT, None)
        module = ".".join((PACKAGE.name, *self.path.relative_to(PACKAGE).with_suffix("").parts))
        for item in judgement.plan.offered if judgement is not None else ():
            if item.check.module == module:
                # With its id, because pytest does not find the variant in a name: --lf would select nothing.
                yield CheckItem.from_parent(self, name=item.id, nodeid=f"{self.nodeid}::{item.id}", item=item)


class EmptyModule(pytest.File):
    """A module without tests."""

    def collect(self) -> Iterator[pytest.Item]:
        return iter(())


class CheckItem(pytest.Item):
    """One check with the recordings it looks at."""

    def __init__(self, *, item: Item, **options: Any) -> None:
        super().__init__(**options)
        self.item = item
        self.outcome: Outcome | None = None
        self._text = ""
        self.requirement = catalogue.find(item.check.requirement)
        shown = {"requirement": self.requirement.id, "level": self.requirement.level, "scenario": item.scenario}
        self.user_properties += [*shown.items(), *(("source", source) for source in self.requirement.sources)]
        self.extra_keyword_matches |= keywords(item)

    def setup(self) -> None:
        """Judge the item.  An inconclusive one ends here, because JUnit calls that an error and not a failure."""
        judgement = self.config.stash[JUDGEMENT]
        self.outcome = outcome = judgement.outcome(self.item)
        self._text = text = explained(self.requirement, self.item, outcome)
        if outcome.word == INAPPLICABLE:
            pytest.skip(outcome.message)
        if outcome.word in (PASSED, FAILED):
            return
        if why := judgement.expected(self.item, outcome):
            pytest.skip(f"{why}\n{text}")
        raise NotPassed(text)

    def annotate(self) -> None:
        """Describe the outcome for Allure, if there is one and Allure is used."""
        if self.outcome is not None and allure.results_folder(self.config):
            judgement = self.config.stash[JUDGEMENT]
            plan = judgement.plan
            annotator = allure.Annotator(plan.profile.name, judgement.session, plan.source, plan.redactor)
            annotator.annotate(self.requirement, self.item, self.outcome, self._text)

    def runtest(self) -> None:
        """Fail if the check failed."""
        assert self.outcome
        if self.outcome.word == FAILED:
            if why := self.config.stash[JUDGEMENT].expected(self.item, self.outcome):
                pytest.xfail(f"{why}\n{self._text}")
            raise CheckFailed(self._text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        problem = excinfo.value
        if isinstance(problem, SuiteError):
            return "".join(format_exception(problem.__cause__ or problem))
        return str(problem) if isinstance(problem, NotPassed) else super().repr_failure(excinfo, style)

    def _repr_failure_py(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the text of what ends in the setup, for which pytest would parse the sources for a traceback.

        That takes a fifth of a second for each inconclusive check.
        """
        known = isinstance(excinfo.value, NotPassed)
        return str(excinfo.value) if known else super()._repr_failure_py(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class NotPassed(Exception):
    """A check did not pass; the text says why."""


class CheckFailed(NotPassed, AssertionError):
    """A check failed.  As an AssertionError, so that tools do not treat it as a broken test."""
