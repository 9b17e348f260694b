"""Records what the selected items look at, and describes the session in a file beside the recordings."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance import catalogue
from conformance.evidence.source import SESSION_FILE, SUFFIX, RecordingSource, read_recordings, source_of
from conformance.evidence.writer import write_json
from conformance.record.limits import Limits
from conformance.report.attribution import platform_facts
from conformance.report.words import command
from conformance.session.plan import Plan
from conformance.session.predicting import FILE as PREDICTIONS_FILE
from conformance.session.scenarios import scenario_digests
from conformance.targets.target import Target

if TYPE_CHECKING:
    from conformance.record.recorder import Progress, RecordingSummary

Say = Callable[[str], None]
JudgeLive = Callable[[Target, Limits, Say], None]
"""Judges what was recorded on the running target, within limits."""

BROKE_OFF = "the session broke off: it was killed or interrupted while it recorded"
"""The description says this from the start, and no longer when the session has ended in order."""

CLIENTS_FILE = "clients.json"
"""Holds the runs that real clients performed on the server, each with what they saw differently from the suite."""
OWN_RUNS_AT_ONCE = 30
"""How many runs of its own a session performs at once: more are not faster, and each would take too long."""
OWN_GRAPHS_AT_ONCE = 8
"""The same for graphs of the server, which people may be using."""
BESIDE = (CLIENTS_FILE, PREDICTIONS_FILE)
"""Files beside the recordings that an earlier session may have left."""


def record_session(
    plan: Plan, selected: Sequence[str], keyword: str, progress: Progress, say: Say, judge: JudgeLive | None = None
) -> RecordingSummary:
    """Perform the scenarios that the selected items look at; raises LaunchError if the target cannot be started.

    `keyword` is pytest's -k, for the command that the report shows.  `judge` is called while the server is still there,
    if the session performs runs of its own.
    """
    from conformance.record.recorder import record

    clock = time.monotonic()
    plan.recordings.mkdir(parents=True, exist_ok=True)
    for old in [*plan.recordings.glob(f"*{SUFFIX}"), *(plan.recordings / name for name in BESIDE)]:
        old.unlink(missing_ok=True)
    if plan.own_runs is not None:
        say(f"{plan.own_runs.summary}; --dry-run lists them")
    with ExitStack() as stack:
        target, ends_with_session = plan.target, plan.target.launch is not None
        if target.launch is not None:
            target = stack.enter_context(target.launch(say))
        if plan.own_runs is not None:
            most = OWN_GRAPHS_AT_ONCE if plan.own_runs.holds_user_data else OWN_RUNS_AT_ONCE
            target = replace(target, concurrency=min(target.concurrency, most))
        description = _description(replace(plan, target=target), selected, keyword)
        _write(plan, description | _end(clock, None))
        done = record(
            target, plan.variants(selected), plan.recordings, plan.redactor, nonce=plan.nonce,
            limits=_limits(plan, clock), keep_threads=plan.settings.keep_threads or ends_with_session,
            progress=progress,
        )  # fmt: skip
        _write(plan, description | _end(clock, done))  # an interruption from here on does not lose it
        if judge is not None and plan.own_runs is not None and done.answered_at_end and not done.interrupted:
            judge(target, _limits(plan, clock), say)
        if plan.readers and (target.query or target.tls.insecure):
            why = "verify certificates; give --ca-file" if target.tls.insecure else "cannot send the query of the URL"
            say(f"real clients perform no runs: they {why}; they read the recorded streams")
        elif plan.readers and done.answered_at_end and not done.interrupted:
            from conformance.clients.performed import perform

            seen = perform(target, read_recordings(source_of(plan.recordings)), plan.readers, plan.redactor, say)
            write_json(plan.recordings / CLIENTS_FILE, seen, plan.redactor)
    _write(plan, description | _end(clock, done))
    return done


def performed_by_clients(source: RecordingSource) -> dict[str, list[tuple[str, str, str]]]:
    """Return, by client, the runs that it performed, each with what it saw differently from the suite."""
    content = json.loads(source.read(CLIENTS_FILE)) if CLIENTS_FILE in source.names() else {}
    return {client: [tuple(one) for one in runs] for client, runs in content.items()}


def _limits(plan: Plan, clock: float) -> Limits:
    given, usual = plan.settings, Limits()
    long = given.long_s or 0.0
    left = (given.max_seconds or usual.session_s + long) - (time.monotonic() - clock)
    silence, length = given.silence_s or usual.silence_s, given.length_s or usual.length_s
    poll = silence * usual.poll_s / usual.silence_s
    exchange = usual.exchange_s + long
    return replace(usual, silence_s=silence, poll_s=poll, length_s=length, exchange_s=exchange, session_s=left)


def _write(plan: Plan, description: dict[str, Any]) -> None:
    write_json(plan.recordings / SESSION_FILE, description, plan.redactor)


def _description(plan: Plan, selected: Sequence[str], keyword: str) -> dict[str, Any]:
    settings = plan.settings
    return {
        "target": plan.target.described(),
        "profile": plan.profile.name,
        "catalogue_sha256": catalogue.digest(),
        "started": plan.started.isoformat(timespec="seconds"),
        "selected": sorted(selected) if len(set(selected)) < len(plan.items) else None,
        "options": list(settings.words),
        "command": command(settings.words, keyword),
        "nonce": plan.nonce,
        "platform": platform_facts(),
        "scenarios": scenario_digests(),
        **({} if plan.own_runs is None else {"own_runs": plan.own_runs.data}),
        "limits": {name: getattr(settings, name) for name in ("silence_s", "length_s", "max_seconds")},
    }


def _end(clock: float, done: RecordingSummary | None) -> dict[str, Any]:
    """Return the part of the description that is known at the end; `done` is None while the session is under way."""
    return {
        "duration_s": round(time.monotonic() - clock, 3),
        "stopped": done.stopped if done else BROKE_OFF,
        "answered_at_end": done.answered_at_end if done else True,
        "suite_errors": list(done.errors) if done else [],
        "limits_reached": list(done.reached) if done else [],
        "concurrency": done.concurrency if done else None,
    }
