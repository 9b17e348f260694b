"""Sessions with runs of their own: the options, what is performed, how it is judged, and the listing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.authoring import MODES
from conformance.evidence.recording import Recording
from conformance.judging.outcomes import FAILED, PASSED, Outcome
from conformance.session.bench import Bench
from conformance.session.listing import listed
from conformance.session.own_runs import chosen_runs, described_runs
from conformance.session.plan import make_plan
from conformance.session.reducing import KeptCase
from conformance.settings import OwnRuns, UsageError, settings
from conformance.settings.own_runs import own_runs
from conformance.suite.generated.case import AFTER_THE_END, CREATOR, READERS, Case, case_from
from conformance.suite.generated.drawing import drawn
from conformance.suite.generated.own_graphs import cases_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_the_input_of_a_graph_is_the_json_that_is_given(value: Any) -> None:
    assert own_runs({"graph": [f"agent={json.dumps(value)}"]}).graphs == {"agent": value}


def test_the_input_of_a_graph_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "input.json").write_text('{"n": 1}', "utf-8")
    assert own_runs({"graph": [f"agent={tmp_path / 'input.json'}", "other=[]"]}).graphs == {
        "agent": {"n": 1},
        "other": [],
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"graph": ["agent"]}, "ASSISTANT=INPUT"),
        ({"graph": ["agent=no-such-file.json"]}, "the input of agent is neither"),
        ({"graph": [f"agent={__file__}"]}, "does not hold JSON"),
        ({"programs": "0"}, "--programs must be a whole number"),
        ({"programs": "some"}, "--programs must be a whole number"),
        ({"programs": "2", "seed": "x"}, "--seed must be a whole number"),
        ({"programs": "2", "graph": ["a=1"]}, "--programs and --graph exclude each other"),
        ({"seed": "2"}, "--seed needs"),
        ({"graph": ["a=1"], "seed": "2"}, "--seed needs --programs"),
        ({"dry-run": True}, "--dry-run needs"),
        ({"programs": "2", "judge": "reports/one"}, "cannot be combined with judge"),
        ({"programs": "2", "stage": "1"}, "cannot be combined with stage"),
        ({"graph": ["a=1"], "not-deterministic": ["b"]}, "--graph b=INPUT"),
        ({"replay-case": "no-such-file.json"}, "there is no such file"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        settings(given, {})


@pytest.mark.parametrize("text", ["", "[]", '{"case": {}}', '{"case": {"graph": "program", "run": {}, "earlier": []}}'])
def test_a_file_that_holds_no_case_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "case.json").write_text(text, "utf-8")
    with pytest.raises(UsageError, match="does not hold a case"):
        chosen_runs(OwnRuns(replay_case=tmp_path / "case.json"))


def test_a_stored_case_is_performed_again(tmp_path: Path) -> None:
    case = drawn(20, seed=1)["07"]
    (tmp_path / "case.json").write_text(json.dumps({"case": case.data}), "utf-8")
    runs = chosen_runs(OwnRuns(replay_case=tmp_path / "case.json"))
    assert runs is not None
    assert list(runs.cases.values()) == [case]


def plan_of(**given: Any) -> Any:
    return make_plan(settings({"url": "http://127.0.0.1:9", **given}, {}))


def test_a_session_of_programs_performs_them_and_nothing_else() -> None:
    plan = plan_of(programs="30", seed="4")
    assert [one.axes["row"] for one in plan.variants(plan.items)] == list(drawn(30, seed=4))
    assert {one.graph for one in plan.variants(plan.items)} == {"program"}


def test_a_part_of_the_checks_looks_at_all_runs() -> None:
    plan = plan_of(programs="3")
    assert len(plan.variants(list(plan.items)[:1])) == 3


def test_own_graphs_are_not_judged_by_what_only_reference_graphs_do() -> None:
    programs, graphs = plan_of(programs="3"), plan_of(graph=["agent={}"])
    named = {item.check.name for item in graphs.items.values()}
    assert "test_a_run_that_does_not_fail_has_no_error_event" not in named
    assert {"test_two_runs_are_alike", "test_the_chunks_are_the_message"} <= named
    assert "test_two_runs_are_alike" not in {item.check.name for item in programs.items.values()}


@pytest.mark.parametrize("reproduced", [True, False, None])
def test_only_a_failure_about_time_that_was_not_seen_again_is_a_suspicion(reproduced: bool | None) -> None:
    case, recording = drawn(1, seed=1)["1"], Recording("generated", "generated[1]", {"row": "1"}, "program")
    for item in plan_of(programs="3").items.values():
        about_time = item.check.module.rpartition(".")[2] in ("pace", "readers", "started")
        kept = KeptCase(case, recording, item, reproduced)
        assert kept.is_suspected == (about_time and item.check.scope is None and reproduced is False), item.id


class FlakyBench(Bench):
    """A bench on which the first case fails every time, the second one once, and the third one never."""

    def performed(self, cases: Mapping[str, Case]) -> dict[str, Recording]:
        return {row: Recording("generated", f"generated[{row}]", {"row": row}, "program") for row in cases}

    def outcome(self, item: Any, recording: Recording) -> Outcome:
        return Outcome(FAILED if recording.axes["row"] in ("0.0", "0.1", "1.0") else PASSED)


def test_a_case_fails_only_if_it_fails_every_time() -> None:
    runs = chosen_runs(OwnRuns(programs=3))
    assert runs is not None
    bench = FlakyBench(runs, lambda variants, folder: None, lambda recordings: (), (), frozenset())
    found = bench.failing(next(iter(plan_of(programs="3").items.values())), list(runs.cases.values()))
    assert [one is not None for one in found] == [True, False, False]


def test_the_description_of_a_session_gives_the_same_runs_again() -> None:
    for chosen in (OwnRuns(programs=40, seed=2), OwnRuns(graphs={"a": [1], "b": {}}, not_deterministic=("b",))):
        runs = chosen_runs(chosen)
        assert runs is not None
        assert described_runs({"own_runs": json.loads(json.dumps(runs.data))}) == runs


def test_the_listing_names_every_case_and_counts_every_run() -> None:
    runs = chosen_runs(OwnRuns(graphs={"agent": {"messages": []}}))
    assert runs is not None
    first, *lines = listed(runs)
    assert first == f"{sum(1 + len(case.earlier) for case in runs.cases.values())} runs of the graph agent in 20 cases"
    assert len(lines) == len(runs.cases)
    assert all(line.startswith(name) for line, name in zip(lines, runs.cases, strict=True))


def test_only_the_recordings_of_own_graphs_hold_the_data_of_users() -> None:
    for chosen, expected in ((OwnRuns(programs=3), False), (OwnRuns(graphs={"agent": 1}), True)):
        runs = chosen_runs(chosen)
        assert runs is not None
        assert runs.holds_user_data == expected


def test_the_runs_of_an_own_graph_cover_every_pair_of_modes_and_readers() -> None:
    cases = list(cases_of("agent", {}).values())
    assert set(cases[0].run.modes) == set(MODES)
    for mode in MODES:
        for readers in READERS:
            shown = {mode in one.run.modes for one in cases if one.readers == readers}
            assert shown == {True, False}
    assert {(one.start, one.readers) for one in cases} >= {("background", one) for one in READERS if one != CREATOR}
    assert all(case_from(one.data) == one for one in cases)
    assert any(not one.thread for one in cases)
    assert any(one.earlier and one.readers == AFTER_THE_END for one in cases)
