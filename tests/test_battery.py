"""The battery of incomplete servers: what was written down is well formed, and recordings are rewritten faithfully."""

import pytest

from conformance import catalogue
from conformance.settings import DEFAULT_PROFILE

from . import golden
from .battery import recorded
from .battery.expected import Expected, expected
from .battery.outcomes import described, differences, judged
from .battery.servers import SERVERS, IncompleteServer

IN_CI = ("replays_to_joiners", "runs_stay_running", "metadata_without_attempt", "closes_after_silence")
"""The servers that are judged here; `python -m tests.battery` judges all of them."""
EXPECTED = [pytest.param(entry, id=name) for name, entry in expected().items()]


def test_every_server_has_an_expectation() -> None:
    assert list(expected()) == list(SERVERS)
    assert len(SERVERS) >= 28


@pytest.mark.parametrize("entry", EXPECTED)
def test_an_expectation_names_requirements_of_the_profile(entry: Expected) -> None:
    required = {id: catalogue.find(id).level for id in catalogue.profile(DEFAULT_PROFILE).requirements}
    assert [required[id] for id in entry.failed] == ["MUST"] * len(entry.failed)
    assert [required[id] for id in entry.should] == ["SHOULD"] * len(entry.should)
    assert {*entry.roots} <= {*entry.failed, *entry.should}
    assert bool(entry.roots) == bool(entry.failed or entry.should)
    assert entry.reasons.keys() <= required.keys()


def test_scenarios_performed_on_recordings_of_a_complete_server_give_the_same_recordings() -> None:
    session = recorded.session(IncompleteServer())
    assert session.recordings.keys() == golden.table().recordings.keys()
    for name, recording in golden.table().recordings.items():
        assert session.recordings[name].exchanges == recording.exchanges, name
        assert session.recordings[name].stopped == recording.stopped, name


@pytest.mark.parametrize("name", [name for name, server in SERVERS.items() if not server.live])
def test_a_rewritten_server_differs_from_the_official_one(name: str) -> None:
    if name == "no_info":
        pytest.skip("no scenario asks for it")
    session = recorded.session(SERVERS[name])
    good = golden.table().recordings
    assert any(recording.exchanges != good[id].exchanges for id, recording in session.recordings.items())


@pytest.mark.parametrize("name", IN_CI)
def test_a_server_breaks_exactly_what_was_written_down(name: str) -> None:
    requirements, errors = judged(recorded.session(SERVERS[name]))
    assert "\n".join(map(described, differences(expected()[name], requirements))) == ""
    assert not errors
