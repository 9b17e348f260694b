"""The library is run at the places that --library names, in processes that are asked again and again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.evidence.recording import Recording
from conformance.evidence.redaction import Redactor
from conformance.evidence.source import FolderSource
from conformance.oracle import Case, Library, NoPrediction
from conformance.oracle.computing import Predictor, graph_predictor, predicted_lines
from conformance.session.own_runs import chosen_runs
from conformance.session.predicting import computed_libraries, keep, predicting, prepare
from conformance.settings import OwnRuns, UsageError

GRAPHS = Path(__file__).parent / "own_graphs" / "python"
QUESTION = {"messages": [{"role": "user", "content": "Where?"}]}
ECHO = "import sys\nfor line in sys.stdin: print(line.strip()[::-1], flush=True)"


def test_a_predictor_answers_several_times_and_more_than_a_pipe_holds() -> None:
    cases = [Case("g", ("x" * 2000, number), ("values",)) for number in range(200)]
    with Predictor([sys.executable, "-c", ECHO]) as predictor:
        first = predictor.lines(cases)
        assert predictor.lines(cases[:3]) == {case.key: first[case.key] for case in cases[:3]}
    assert len(set(first.values())) == len(cases)


@pytest.mark.parametrize(
    "program", ["raise SystemExit('no such graph')", "print('one line'); raise ValueError('no such graph')"]
)
def test_a_predictor_that_ends_says_why(program: str) -> None:
    with pytest.raises(NoPrediction, match="no such graph"):
        predicted_lines([Case("g", (1,), ()), Case("g", (2,), ())], [sys.executable, "-c", program])


def test_a_predictor_that_cannot_be_started_says_so() -> None:
    with pytest.raises(NoPrediction, match="could not be run"):
        predicted_lines([Case("g", (1,), ())], ["no-such-program"])


def test_a_graph_is_predicted_by_its_module_and_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GRAPHS)
    cases = [Case(name, (QUESTION,), ("updates",), subgraphs=True) for name in ("helper", "desk")]
    lines = predicted_lines(cases, graph_predictor({"helper": "agent:graph", "desk": "desk:builder"}))
    assert "Let me see." in lines[cases[0].key]
    assert "ticket 1 is closed after 1 drafts" in lines[cases[1].key]


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (["agent"], "is neither"),
        (["other=agent:graph"], "assistants agent, desk"),
        (["agent:graph"], "is neither"),
        ([str(Path(__file__).parent)], "no langgraph.json"),
    ],
)
def test_a_place_without_a_graph_is_refused(places: list[str], said: str) -> None:
    runs = chosen_runs(OwnRuns(graphs={"agent": 1, "desk": 1}))
    assert runs is not None
    with pytest.raises(UsageError, match=said), predicting(runs, places, Redactor(), print):
        pass


def test_own_graphs_without_a_place_are_not_predicted() -> None:
    runs = chosen_runs(OwnRuns(graphs={"agent": 1}))
    assert runs is not None
    with predicting(runs, [], Redactor(), print) as predict:
        assert predict([]) == ()


def test_predictions_are_kept_beside_the_recordings(tmp_path: Path) -> None:
    library = Library("computed", {"langgraph": "1"}, {"key": '{"text": "\u2028"}'})
    keep([library], tmp_path)
    assert computed_libraries(FolderSource(tmp_path)) == (library,)
    assert computed_libraries(FolderSource(tmp_path / "elsewhere")) == ()


def test_a_graph_that_is_not_deterministic_is_compared_with_nothing() -> None:
    runs = chosen_runs(OwnRuns(graphs={"agent": 1, "desk": 1}, not_deterministic=("desk",)))
    assert runs is not None
    library = Library("computed", {}, {})
    recordings = [Recording("own_graph", name, {}, name) for name in ("agent", "desk")]
    prepare(recordings, runs, [library])
    assert [one.libraries for one in recordings] == [[library], ()]
    assert [one.deterministic for one in recordings] == [True, False]
