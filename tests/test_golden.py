"""The golden recordings fit the scenarios, and every check passes on them."""

import json

import pytest

from conformance import suite
from conformance.authoring.registry import REGISTRY
from conformance.session.scenarios import scenario_digests

from . import golden

AGAIN = "make the recordings again: tox run -e recordings (or python -m tests.golden)"


def test_the_recordings_are_those_of_the_scenarios():
    """Each variant that a check looks at has its recording, and none is left over."""
    suite.load()
    looked_at = {variant.file for item in golden.items().values() for variant in item.variants}
    kept = {path.name for path in golden.FOLDER.glob("*.jsonl")}
    assert looked_at <= kept, AGAIN
    every = {variant.file for scenario in REGISTRY.scenarios.values() for variant in scenario.variants()}
    assert kept <= every, AGAIN


def test_the_scenarios_are_as_they_were_when_recorded():
    recorded = json.loads((golden.FOLDER / "run.json").read_text("utf-8"))["scenarios"]
    now = scenario_digests()
    assert [name for name in now if recorded.get(name) != now[name]] == [], AGAIN


@pytest.mark.parametrize("id", golden.items())
def test_the_official_server_passes(id):
    outcome = golden.outcomes()[id]
    assert outcome.word == "passed", outcome.message
