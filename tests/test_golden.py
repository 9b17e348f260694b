"""The golden recordings are those of the present scenarios, and every check passes on them."""

import pytest

from conformance import suite
from conformance.authoring.registry import REGISTRY
from conformance.evidence.source import session_description
from conformance.session.scenarios import scenario_digests

from . import golden

AGAIN = "make the recordings again: python -m tests.generate recordings"


def test_there_is_a_recording_of_every_variant_that_a_check_needs_and_no_other() -> None:
    suite.load()
    needed = {variant.file for item in golden.items().values() for variant in item.variants}
    kept = golden.recorded_files()
    assert needed <= kept, AGAIN
    every = {variant.file for scenario in REGISTRY.scenarios.values() for variant in scenario.variants()}
    assert kept <= every, AGAIN


def test_the_scenarios_have_not_changed_since_they_were_recorded() -> None:
    recorded = session_description(golden.SOURCE)["scenarios"]
    now = scenario_digests()
    assert [name for name in now if recorded.get(name) != now[name]] == [], AGAIN


@pytest.mark.parametrize("id", golden.items())
def test_the_official_server_passes(id: str) -> None:
    outcome = golden.outcomes()[id]
    assert outcome.word == "passed", outcome.message
