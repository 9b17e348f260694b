"""Stages: cumulative parts of a profile that a server which is not finished can reach; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance import catalogue
from conformance.catalogue import Stage
from conformance.judging.items import Item
from conformance.judging.outcomes import PASSED
from conformance.judging.verdict import Result


def stage_of(item: Item, stages: Sequence[Stage]) -> int:
    """Return the number, from 1, of the first stage that has everything an item needs."""
    needed = (_stage_of_need(need, stages) for need in _needs(item, stages))
    return max([stage_of_requirement(item.check.requirement, stages), *needed])


def stage_of_requirement(id: str, stages: Sequence[Stage]) -> int:
    """Return the number, from 1, of the stage that lists a requirement, by its id or else by its area."""
    named = any(id in stage.requirements for stage in stages)
    return _stage_of_need(("requirements", id if named else id.partition(".")[0]), stages)


def _needs(item: Item, stages: Sequence[Stage]) -> Iterator[tuple[str, str]]:
    """Yield what an item needs of the stages beside its requirement: each key of a stage with a name."""
    for variant in item.variants:
        yield "graphs", variant.graph
        names = (variant.id, variant.scenario.name)
        yield from (("scenarios", name) for name in names if any(name in stage.scenarios for stage in stages))


def _stage_of_need(need: tuple[str, str], stages: Sequence[Stage]) -> int:
    """Return the first stage that names what is needed, the last one if none does."""
    key, name = need
    return next((number for number, stage in enumerate(stages, 1) if name in getattr(stage, key)), len(stages))


def stage_results(
    stages: Sequence[Stage], items: Mapping[str, Item], results: Iterable[Result]
) -> list[dict[str, Any]]:
    """Return what is left of each stage, as `stages` of report.json; only stages that were selected as a whole.

    A stage is reached if nothing is left of it and of those before it.
    """
    by_stage: dict[int, list[Result]] = {}
    for result in results:
        by_stage.setdefault(stage_of(items[result.id], stages), []).append(result)
    found: list[dict[str, Any]] = []
    for number, stage in enumerate(stages, 1):
        members = [one for one in by_stage.get(number, ()) if catalogue.find(one.requirement).level == "MUST"]
        if not all(one.selected for one in members):
            break
        must = list(dict.fromkeys(one.requirement for one in members))
        left = {one.requirement for one in members if one.outcome.word != PASSED}
        counts = {"passed": len(must) - len(left), "of": len(must), "left": [id for id in must if id in left]}
        found.append({"number": number, "name": stage.name, **counts, "graphs": list(stage.graphs)})
    return found
