"""Stages: what a half-built server can reach; each check belongs to the first stage that has everything it needs."""

import copy
import json
from pathlib import Path

import pytest

from conformance import catalogue, suite
from conformance.authoring.capabilities import asked_for
from conformance.catalogue import CatalogueError
from conformance.judging.items import Item
from conformance.judging.stages import stage_of
from conformance.report import words
from conformance.report.badge import badge
from conformance.report.html import report_html
from conformance.report.markdown import report_md
from conformance.report.recordings import NO_RECORDINGS
from conformance.session.plan import make_plan
from conformance.settings import DEFAULT_PROFILE, UsageError, settings

from . import golden
from .reports import report

STAGES = catalogue.profile(DEFAULT_PROFILE).stages


def items() -> dict[str, Item]:
    ids = catalogue.profile(DEFAULT_PROFILE).requirements
    return {id: one for id, one in golden.items().items() if one.check.requirement in ids}


def test_the_names_of_the_stages_exist() -> None:
    registry = suite.load()
    variants = {variant.id for one in registry.scenarios.values() for variant in one.variants()}
    used = {variant.graph for item in items().values() for variant in item.variants}
    assert {graph for stage in STAGES for graph in stage.graphs} == used
    assert {name for stage in STAGES for name in stage.scenarios} <= {*registry.scenarios, *variants}


def test_a_check_of_an_early_stage_asks_for_nothing_of_a_later_one() -> None:
    recordings = golden.table().recordings
    early: list[tuple[str, str]] = []
    for id, item in items().items():
        for recording in (recordings[variant.id] for variant in item.variants if variant.id in recordings):
            asked = {one.id for exchange in recording.exchanges for one in asked_for(recording, exchange)}
            early += [(id, capability) for capability in asked if _stage(capability) > stage_of(item, STAGES)]
    assert early == []


def _stage(capability: str) -> int:
    """Return the first stage in which a capability may be asked for."""
    group = capability.partition(".")[0]
    if group in ("stateless", "resource"):
        return 4
    if group == "join":
        return 5
    return 3 if capability == "flag.subgraphs" else 2 if group == "mode" and capability != "mode.values" else 1


def test_the_first_stage_needs_one_graph_and_one_mode() -> None:
    first = [item for item in items().values() if stage_of(item, STAGES) == 1]
    assert {variant.graph for item in first for variant in item.variants} == {"joke"}
    assert {"values.full-state", "transport.ends"} <= {item.check.requirement for item in first}
    assert len({stage_of(item, STAGES) for item in items().values()}) == len(STAGES) == 5


def test_a_complete_server_reaches_every_stage() -> None:
    assert words.stage(report()) == "stage 5 (join and delivery) reached"
    assert words.next_stage(report()) is None
    assert json.loads(badge(report()))["message"].endswith(" · stage 5")


def test_what_is_left_is_named_everywhere() -> None:
    content = copy.deepcopy(report())
    content["stages"][2] |= {"passed": 6, "left": ["subgraphs.included", "subgraphs.namespace"]}
    text = words.stage(content)
    assert text.startswith("stage 2 (all modes) reached; stage 3 (subgraphs): 6 of ")
    assert text.endswith("left: subgraphs.included, subgraphs.namespace")
    assert json.loads(badge(content))["message"].endswith(" · stage 2, 2 left to stage 3")
    assert "subgraphs.namespace" in report_md(content).partition("## Summary")[0]
    assert text in report_html(content, NO_RECORDINGS)


def test_a_stage_that_was_not_selected_as_a_whole_is_not_reached() -> None:
    plan = make_plan(settings({"url": "http://127.0.0.1:1", "stage": "2"}))
    assert {stage_of(item, STAGES) for item in plan.offered} == {1, 2}
    graphs = {variant.graph for variant in plan.variants([item.id for item in plan.offered])}
    assert graphs == {*STAGES[0].graphs, *STAGES[1].graphs}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"stage": "6"}, "5 join and delivery"),
        ({"stage": "0"}, "greater than 0"),
        ({"stage": "1", "profile": "client-safety"}, "has no stages"),
    ],
)
def test_a_wrong_stage_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as problem:
        make_plan(settings({"url": "http://127.0.0.1:1", **given}))
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('graphs = ["fails", "fails_inside"]', 'graphs = ["fails", "joke"]', "graphs of two stages name 'joke'"),
        ('["join", "delivery", "auth"]', '["join", "delivery"]', "no stage names 'auth.api-key-accepted'"),
        ('["join", "delivery", "auth"]', '["joins", "delivery", "auth"]', "'joins', which is not in this profile"),
        ('name = "subgraphs"\n', "", "name is missing"),
    ],
)
def test_a_mistake_in_a_stage_is_an_error(tmp_path: Path, old: str, new: str, said: str) -> None:
    root = Path(catalogue.ROOT)
    for name in ("requirements", "profiles"):
        (tmp_path / name).symlink_to(root / name) if name == "requirements" else (tmp_path / name).mkdir()
    text = (root / "profiles" / f"{DEFAULT_PROFILE}.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "profiles" / f"{DEFAULT_PROFILE}.toml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(CatalogueError) as problem:
        catalogue.load(tmp_path)
    assert said in str(problem.value)
