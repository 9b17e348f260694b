"""Recordings of other servers that were once judged wrongly: each keeps its right outcome.

`tests/evidence/` holds single recordings of whole sessions.  A check that also looks at other recordings gets those of
the golden session for them.
"""

from pathlib import Path

import pytest

from conformance.authoring.views import SessionRecordings
from conformance.evidence.json_lines import read_recording
from conformance.judging.judge import judge

from . import golden

FOLDER = Path(__file__).parent / "evidence"

OUTCOMES = [
    # The recording, the check, its outcome, what the message says, and why.
    (
        "graphharbor.three_readers", "test_every_stream_ends_by_itself", "cantTell", "no stream",
        "events were still arriving, one about every ten seconds, when the suite closed the streams",
    ),
    (
        "langrove.joined_beside_the_creator", "test_every_stream_ends_by_itself", "failed",
        "`creator`, another stream of the run, had ended 23 s before",
        "the stream of the run's creator had ended; two joins were accepted, and stayed silent and open",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "check", "word", "said", "why"), OUTCOMES, ids=[f"{one[0]}-{one[1]}" for one in OUTCOMES]
)
def test_the_outcome_is_right(file: str, check: str, word: str, said: str, why: str) -> None:
    recording = read_recording(FOLDER / f"{file}.jsonl")
    item = golden.items()[check]
    alone = {} if item.check.scope else golden.good().recordings
    outcome = judge(item, SessionRecordings((alone | {recording.variant: recording}).values()))
    assert outcome.word == word, (outcome, why)
    assert said in outcome.message


def test_every_recording_is_judged() -> None:
    assert {path.stem for path in FOLDER.glob("*.jsonl")} == {one[0] for one in OUTCOMES}
