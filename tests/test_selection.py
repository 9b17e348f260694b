"""What -k selects, what a selection performs, and what is said about a name that matches nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import catalogue, suite
from conformance.authoring.views import SessionRecordings
from conformance.judging.items import Item, items_of
from conformance.judging.judge import judge
from conformance.judging.outcomes import PASSED
from conformance.runner.keywords import keywords, node_id, unmatched, with_marks
from conformance.session.plan import Plan, make_plan
from conformance.settings import DEFAULT_PROFILE, settings

from . import golden
from .fakes import answer, says, serving
from .test_plugin import ROOT, environment, run

REGISTRY = suite.load()
ITEMS = [
    item
    for check in REGISTRY.checks
    if check.requirement in catalogue.profile(DEFAULT_PROFILE).requirements
    for item in items_of(check)
]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(settings({"url": "http://127.0.0.1:1"}, {}))


def collected(folder: Path, *arguments: str, python: str = sys.executable, **more: str) -> list[str]:
    """Return the ids that -k selects, as pytest prints them."""
    command = [python, "-m", "conformance", "run", "--url", "http://127.0.0.1:1", "--collect-only", "-q", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment() | more, capture_output=True, text=True, timeout=120, check=False
    )
    return [line for line in done.stdout.splitlines() if line.startswith("conformance/suite/")]


def looking_at(name: str) -> set[str]:
    """Return the ids of the items that look at a scenario or a graph."""
    return {
        node_id(item)
        for item in ITEMS
        for variant in item.variants
        if name in (variant.scenario.name, variant.id, variant.graph)
    }


@pytest.mark.parametrize("name", ["quiet", "joke_in_mode[values]", "joined_beside_the_creator"])
def test_a_scenario_or_a_graph_selects_the_checks_that_look_at_it(tmp_path: Path, name: str) -> None:
    selected = set(collected(tmp_path, "-k", name))
    assert looking_at(name)
    assert looking_at(name) <= selected
    assert all(name in id for id in selected - looking_at(name))


def test_node_ids_and_parts_of_them_are_matched(tmp_path: Path) -> None:
    every = [node_id(item) for item in ITEMS]
    assert set(collected(tmp_path)) == set(every)
    id = next(id for id in every if "[" in id)
    assert collected(tmp_path, "-k", id) == [id]
    folder = id.rpartition("/")[0]
    assert set(collected(tmp_path, "-k", f"{folder}/ and not {id}")) == {
        one for one in every if one.startswith(f"{folder}/") and one != id
    }


def test_the_folders_above_the_suite_are_not_matched(tmp_path: Path, wheels: Path) -> None:
    """The installed suite lies below folders such as `lib` and `site-packages`, which once matched everything."""
    site = tmp_path / "update" / "site-packages"
    (wheel,) = wheels.glob("*.whl")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(command, check=True)
    installed = {"PYTHONPATH": str(site)}
    assert collected(tmp_path, "-k", "site-packages", **installed) == []
    for expression in ("update", "join and MUST", "quiet"):
        from_wheel = collected(tmp_path, "-k", expression, **installed)
        assert from_wheel == collected(ROOT, "-k", expression)
        assert 0 < len(from_wheel) < len(ITEMS)


def test_a_part_of_the_name_of_a_scenario_selects_nothing() -> None:
    names = {name for item in ITEMS for name in (item.id, *keywords(item))}
    assert not any("joke_in" in name and not name.startswith(":") for name in names)
    assert with_marks("joke_in", ITEMS) == "joke_in"
    assert with_marks("not (joke or JOIN)", ITEMS) == "not ((joke or :joke:) or JOIN)"


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("join and MUST", []),
        ("quiet or joke_in_mode[values]", []),
        ("join or upates", ["'upates' (did you mean 'updates'?)"]),
        ("not quite", ["'quite' (did you mean 'quiet'?)"]),
        ("x_y or z_w", ["'x_y'", "'z_w'"]),
    ],
)
def test_a_name_that_matches_nothing_is_named_with_the_nearest(expression: str, names: list[str]) -> None:
    assert list(unmatched(expression, ITEMS)) == names


def test_a_name_that_matches_nothing_is_said_before_anything_is_recorded(tmp_path: Path) -> None:
    with serving(says(answer('{"thread_id": "t", "run_id": "r"}'))) as fake:
        done = run(tmp_path, "--url", fake.url, "-q", "-k", "transport.content-location or upates")
        assert re.search(r"-k: 'upates' .*matches no check\n(.*\n)*recorded \d+ of", done.stdout), done.stdout
        requests = len(fake.received)
        none = run(tmp_path, "--url", fake.url, "-k", "upates")
    assert none.returncode == 5
    assert "-k: 'upates' (did you mean 'updates'?) matches no check" in none.stdout
    assert len(fake.received) == requests


def scoped() -> list[Item]:
    return [item for item in ITEMS if item.check.scope]


def test_a_check_over_all_streams_adds_nothing_to_what_others_record(plan: Plan) -> None:
    one = next(item for item in ITEMS if not item.check.scope)
    selected = [one.id, *(item.id for item in scoped())]
    assert {variant.id for variant in plan.variants(selected)} == {variant.id for variant in one.variants}


def test_a_check_over_all_streams_is_judged_on_joke_in_each_mode_if_it_is_alone(plan: Plan) -> None:
    usual = [item for item in scoped() if not item.check.alone]
    assert usual
    for item in usual:
        assert {variant.scenario.name for variant in plan.variants([item.id])} == {"joke_in_mode"}
    assert {variant.axes["mode"] for variant in plan.variants([usual[0].id])} == set(suite.example().axes["mode"])


@pytest.mark.parametrize("item", scoped(), ids=lambda item: item.id)
def test_a_check_over_all_streams_passes_on_a_good_server_if_it_is_alone(plan: Plan, item: Item) -> None:
    recorded = {variant.id for variant in plan.variants([item.id])}
    good = golden.good().recordings
    session = SessionRecordings([one for id, one in good.items() if id in recorded])
    assert judge(item, session).word == PASSED


def test_a_selection_records_only_what_it_needs(tmp_path: Path) -> None:
    with serving(says(answer('{"thread_id": "t", "run_id": "r"}'))) as fake:
        run(tmp_path, "--url", fake.url, "-k", "test_every_body_is_utf8")
    recorded = {file.name.partition("-")[0] for file in (tmp_path / "out" / "recordings").glob("*.jsonl")}
    assert recorded == {"joke_in_mode"}
