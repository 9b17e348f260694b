"""Whether judging stored recordings again reproduces the report beside them; a report that it cannot reproduce is kept.

A report is written in place only if all its recordings are there, unchanged, and all its checks were judged again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from conformance.evidence.source import RecordingSource, recording_digests
from conformance.judging.outcomes import UNTESTED
from conformance.report.attribution import verdict_digest
from conformance.report.compare import suite_differences
from conformance.report.judged import checks
from conformance.report.words import NAMES, Document
from conformance.report.write import read_report
from conformance.session.plan import Plan
from conformance.settings import UsageError
from conformance.wire.text import printable

SHOWN = 3
"""How many names a message shows of a list that can be long."""

SHOWN_DIFFERENCES = 20
"""How many checks with another outcome are listed."""

ELSEWHERE = "write to another folder with --report-dir DIR"


def earlier_report(plan: Plan) -> dict[str, Any] | None:
    """Return the report beside stored recordings, None if there is none; raises UsageError if it cannot be read."""
    file = plan.folder / "report.json"
    return read_report(file) if plan.judges_again and file.exists() else None


def check_recordings(plan: Plan) -> None:
    """Raise UsageError if the session would overwrite a report whose recordings are not complete and unchanged."""
    try:
        old = earlier_report(plan) if in_place(plan) else None
    except UsageError:
        return  # its recordings are not known; `comparison` says that it cannot be read
    if old is not None:
        require_recordings(plan.folder, old, plan.source, ELSEWHERE)


def in_place(plan: Plan) -> bool:
    """Return whether stored recordings are judged and the report is written beside them."""
    return plan.judges_again and plan.report_folder.resolve() == plan.folder.resolve()


def require_recordings(folder: Path, report: Document, source: RecordingSource, way_out: str) -> None:
    """Raise UsageError if recordings of a report are missing, or are not the ones that it was made from."""
    listed, found = report["recordings"], recording_digests(source)
    if listed == found:
        return
    missing = listed["files"] - found["files"]
    problem = f"{missing} are missing" if missing > 0 else "some have changed"
    raise UsageError(
        f"the report in {folder} cannot be reproduced and is left as it is: of its {listed['files']} recordings "
        f"{problem} in {source.path}; put them back, or {way_out}"
    )


def not_judged_again(old: Document, new: Document, known: set[str]) -> list[str]:
    """Return the checks that an old report judged and a new one did not; `known` are the checks of the suite."""
    was, now = _outcomes(old), _outcomes(new)
    return [id for id, word in was.items() if word != UNTESTED and id in known and now.get(id, UNTESTED) == UNTESTED]


def kept_note(folder: Path, checks: Sequence[str]) -> str:
    """Return the line that says why a report was not overwritten."""
    return printable(
        f"the report in {folder} is left as it is: {len(checks)} of its checks were not judged now ({_some(checks)}); "
        f"judge them all, or {ELSEWHERE}"
    )


def comparison(old: Document, new: Document, selected: set[str]) -> Iterator[str]:
    """Yield lines that say whether a new report of the same recordings reproduces the old one, and what differs.

    `selected` are the checks of the session; what others were before is not compared.
    """
    was, now = _outcomes(old), _outcomes(new)
    both = [id for id in now if id in was and (id in selected or was[id] == now[id])]
    differing = [id for id in both if was[id] != now[id]]
    what = "all checks" if len(both) == len(was) == len(now) else f"the {len(both)} checks that both judged"
    digests = [
        verdict_digest(report["profile"], ((id, outcomes[id]) for id in both))[:12]
        for report, outcomes in ((old, was), (new, now))
    ]
    if digests[0] == digests[1]:
        yield f"reproduced: verdict digest {digests[0]} of {what}, as in the earlier report of these recordings"
    else:
        yield f"not reproduced: verdict digest {digests[1]} of {what}, in the earlier report {digests[0]}"
    if different := suite_differences(old, new):
        yield f"suite or profile changed, which may change outcomes: {', '.join(map(printable, different))}"
    yield from (f"  {printable(id)}: {NAMES[was[id]]} → {NAMES[now[id]]}" for id in differing[:SHOWN_DIFFERENCES])
    if len(differing) > SHOWN_DIFFERENCES:
        yield f"  and {len(differing) - SHOWN_DIFFERENCES} more"
    yield from _only_in_one(was, now)


def _only_in_one(was: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    new = [id for id in now if id not in was]
    untested = [id for id in new if now[id] == UNTESTED]
    gone = [id for id in was if id not in now]
    if new:
        yield f"{len(new)} checks are not in the earlier report ({_some(new)})"
    if untested:
        yield f"{len(untested)} of them are untested: the recordings do not contain what they look at"
    if gone:
        yield f"{len(gone)} checks of the earlier report are not in this one ({_some(gone)})"


def _outcomes(report: Document) -> dict[str, str]:
    return {check["id"]: check["outcome"] for one in report["requirements"] for check in checks(one)}


def _some(names: Sequence[str]) -> str:
    """Return the first names of a list."""
    return printable(", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else ""))
