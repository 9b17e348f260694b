"""What a target declares to lack makes inapplicable what needs it, and nothing else."""

from collections import Counter

import pytest

from conformance import catalogue
from conformance.authoring.views import SessionRecordings
from conformance.judging.applicability import missing_for_item
from conformance.judging.found import found
from conformance.judging.judge import judge
from conformance.session.plan import make_plan
from conformance.settings import DEFAULT_PROFILE, settings

from . import golden
from .battery import recorded
from .battery.servers import SERVERS

REQUIRED = set(catalogue.profile(DEFAULT_PROFILE).requirements)
ITEMS = [item for item in golden.table_items().values() if item.check.requirement in REQUIRED]

LACKING = {
    "no_events": "events",
    "no_values": "values",
    "no_messages_tuple": "mode.messages-tuple",
    "no_stateless": "stateless.stream",
    "no_join": "join.stream",
    "no_background_runs": "join.run",
    "refuses_strings": "form.string",
    "refuses_several": "form.several",
    "refuses_subgraphs": "flag.subgraphs",
    "no_state": "resource.state",
    "no_run_resources": "resource.run",
}
"""Servers of the battery, each with what it should declare."""


def outcomes(session: SessionRecordings) -> dict[str, str]:
    """Return the outcome of every item of the default profile."""
    return {
        item.id: "inapplicable" if missing_for_item(item, session.lacks) else judge(item, session).word
        for item in ITEMS
    }


@pytest.mark.parametrize(("name", "lacks"), LACKING.items())
def test_exactly_what_needs_it_is_inapplicable(name: str, lacks: str) -> None:
    server = recorded.session(SERVERS[name])
    before = outcomes(SessionRecordings(server.recordings.values()))
    after = outcomes(SessionRecordings(server.recordings.values(), lacks=[lacks]))
    assert Counter(after.values()).keys() == {"passed", "inapplicable"}
    assert [id for id in before if before[id] == "passed" and after[id] != "passed"] == []


def test_nothing_is_inapplicable_if_nothing_is_declared() -> None:
    assert "inapplicable" not in outcomes(SessionRecordings(golden.table().recordings.values())).values()


def test_a_capability_that_the_server_has_is_inapplicable_if_it_is_declared_absent() -> None:
    good = golden.table().recordings.values()
    changed = outcomes(SessionRecordings(good, lacks=["stateless.stream"]))
    assert changed["test_a_graph_runs_without_a_thread"] == "inapplicable"
    assert changed["test_each_node_yields_what_it_returned"] == "passed"


@pytest.mark.parametrize(("name", "lacks"), LACKING.items())
def test_the_report_says_what_to_declare(name: str, lacks: str) -> None:
    session = recorded.session(SERVERS[name])
    what = found(session, ())
    assert lacks.removeprefix("mode.") in what["declare"]
    id = lacks if "." in lacks else f"mode.{lacks}"
    assert what["refused"][id].startswith("with 4")
    assert found(session, what["declare"])["declare"] == []


def test_a_complete_server_has_nothing_to_declare() -> None:
    what = found(golden.table(), ())
    assert (what["declare"], what["refused"], what["wrong_address"]) == ([], {}, "")
    assert [what[key]["missing"] for key in ("graphs", "modes", "forms", "paths")] == [[], [], [], []]
    assert len(what["modes"]["served"]) == 6


def test_the_option_adds_to_the_target_file(tmp_path: object) -> None:
    given = settings({"url": "http://127.0.0.1:1", "lacks": ["events", "join.stream"]})
    plan = make_plan(given)
    assert plan.target.lacks == ("events", "join.stream")
    assert given.words[-4:] == ("--lacks", "events", "--lacks", "join.stream")
    assert not any("events" in variant.axes.values() for variant in plan.variants(plan.items))
