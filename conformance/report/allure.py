"""Says to Allure, where its results are asked for, which requirement an item verifies and why it did not pass."""

from __future__ import annotations

from typing import Any

from ..catalogue import Requirement
from ..judge import PASSED, Item, Outcome

_SEVERITY = {"MUST": "critical", "SHOULD": "normal"}


def annotate(config: Any, requirement: Requirement, item: Item, outcome: Outcome, text: str) -> None:
    """Label the running test; does nothing without --alluredir."""
    if not config.getoption("allure_report_dir", None):
        return
    import allure

    allure.dynamic.title(f"{requirement.id} · {item.id}")
    allure.dynamic.feature(requirement.area)
    allure.dynamic.story(requirement.id)
    allure.dynamic.severity(_SEVERITY[requirement.level])
    allure.dynamic.tag(requirement.level)
    allure.dynamic.description(f"{requirement.statement}\n\nscenario: {item.scenario}")
    if outcome.word != PASSED:
        allure.attach(text, name=outcome.word, attachment_type=allure.attachment_type.TEXT)
