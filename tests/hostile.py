"""Reports and recordings in which a server put text that would do harm if a page interpreted it."""

from __future__ import annotations

import copy
from typing import Any

from conformance.evidence.recording import Recording
from conformance.report.judged import check_name

from .reports import FAULTS, all_evidence, client_result, report
from .streams import event, stream

HOSTILE_TEXT = '"><img src=x onerror=alert(1)>`|</code></script><script>alert(2)</script>\x1b[2J\n\u202e@all'


def hostile_report(text: str = HOSTILE_TEXT) -> dict[str, Any]:
    """Return a report in which everything that a server or the author of a target file can choose is this text."""
    content = copy.deepcopy(report("aegra", "1", FAULTS, ("events",)))
    content["target"] = {"name": text, "version": text, "url": text, "lacks": [text]}
    content |= {"stopped": text, "profile": text, "suite": content["suite"] | {"version": text}}
    content |= {"suite_errors": [text], "missing_graphs": {"joke": [text]}, "command": text, "nonce": text}
    content["observations"] = {text: text, "a": [text], "b": {text: [text, {text: text}]}}
    packages = [{"name": text, "version": text}]
    content["platform"] = {"python": text, "system": text, "machine": text, "packages": packages}
    content["clients"] = [client_result(text)]
    content["disputed"] = [{"id": text, "statement": text, "as_stated": None, "message": text}]
    content["baseline"] = {"known": [{"checks": [text], "reason": text}], "stale": [text], "expired": [text]}
    assert all_evidence(content)
    for row in content["requirements"]:
        row["details"] = {name: {"acceptable": text, "cause": text} for name in row.get("details", {})}
        row["checks"] = [_filled_check(check, text) for check in row.get("checks", ())]
        row["passed"] = {name: [text] for name in row["passed"]}
    return content


def _filled_check(check: dict[str, Any], text: str) -> dict[str, Any]:
    """Return a check with this text everywhere but in its name and outcome, which are the suite's own words."""
    filled: dict[str, Any] = _filled(check, text)
    return filled | {"id": f"{check_name(check['id'])}[{text}]", "outcome": check["outcome"]}


def _filled(value: Any, text: str) -> Any:
    """Return a value with every string in it replaced, except for the keys of objects."""
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [_filled(one, text) for one in value]
    return {key: _filled(one, text) for key, one in value.items()} if isinstance(value, dict) else value


def hostile_recording(text: str = HOSTILE_TEXT) -> Recording:
    """Return a recording with this text wherever a server can choose one, invalid UTF-8, and endless lines."""
    line = text.replace("\n", " ")
    names = [line, f"updates|{line}:{line}", f"{line}|{line}|{line}", "values", "\x1b[2J"]
    names += [f"n{number}" for number in range(99)]
    endless = event("x" * 1_000_000, "<" * 1_000_000)
    invalid = [b"event: \xff\xfe<b>\ndata: \xff\n\n", b": \xff\n\n"]
    sent = [*invalid, endless, *(event(name, line) for name in names), endless]
    arrivals = [(number / 10, data) for number, data in enumerate(sent)]
    given = {"ending": "broken", "detail": text, "method": text, "url": f"http://h/{text}/runs/{text}/stream"}
    exchanges = [stream("first", arrivals, **given), stream(text, arrivals, **given | {"kind": "join", "sent_t": 3.0})]
    return Recording(text, text, {}, text, exchanges, stopped=text, file=text)
