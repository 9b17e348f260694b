"""Causes that show in the header fields and the body of an accepted answer."""

from __future__ import annotations

import re
from typing import Any

from conformance.evidence.exchange import Exchange
from conformance.protocol import is_terminal, thread_in

from .case import Case, Description, counted, json_of, listed, template


def sends_no_such_header(case: Case) -> str | None:
    """A header field is missing; how many similar answers have it."""
    found = re.search(r"^(?:the )?([A-Z][A-Za-z-]+) must .*the header is missing", case.message)
    if not found:
        return None
    name = found[1]
    alike = [one for one in case.exchanges if one.accepted and one.valid and template(one) == template(case.exchange)]
    with_it = sum(one.header(name) is not None for one in alike)
    return f"{with_it} of {len(alike)} answers to `{template(case.exchange)}` in this session have the header {name}."


def waits_for_the_run(case: Case) -> str | None:
    """The creation of a background run was answered with a terminal status."""
    exchange = case.exchange
    if case.requirement != "join.background-run" or not (exchange.starts_run and exchange.accepted):
        return None
    status = _member(exchange, "status")
    if not is_terminal(status):
        return None
    return f"The server answered `{template(exchange)}` only when the run had ended: its status is `{status}`."


def has_another_form_of_id(case: Case) -> str | None:
    """An id is not a UUID; what it is instead."""
    found = re.search(r'must be a UUID; it is "(.*)"$', case.message)
    if case.requirement != "threads.uuid-ids" or not found or not _shows(case.exchange, found[1]):
        return None
    if re.fullmatch(r"[0-9a-f]+", found[1]) and not found[1].isdigit():
        return f"The id is {len(found[1])} hexadecimal digits without hyphens."
    return f"The id is {counted(len(found[1]), 'character')} of another form than a UUID."


def _shows(exchange: Exchange, id: str) -> bool:
    return id in exchange.url or id.encode() in exchange.content


def lists_runs_of_other_threads(case: Case) -> str | None:
    """The list of a thread's runs has runs of other threads."""
    if template(case.exchange) != "GET /threads/{thread_id}/runs" or not case.exchange.accepted:
        return None
    body, own = json_of(case.exchange), thread_in(case.exchange.path)
    owners = [one.get("thread_id") for one in body if isinstance(one, dict)] if isinstance(body, list) else []
    strange = sum(owner != own for owner in owners)
    return f"{strange} of the {len(owners)} runs in the list belong to other threads." if strange else None


def lists_fewer_states(case: Case) -> str | None:
    """The history has fewer states than the run streamed, or states with keys that the graph does not have."""
    if case.requirement != "state.history" or not case.exchange.accepted:
        return None
    streamed = [event.value for one in case.recording.streams() for event in one.events if event.name == "values"]
    states = [one.get("values") for one in json_of(case.exchange) or () if isinstance(one, dict)]
    if len(states) < len(streamed):
        return f"The history has {counted(len(states), 'state')}; the run streamed {len(streamed)}."
    known = {key for state in streamed if isinstance(state, dict) for key in state}
    keys = {key for state in states if isinstance(state, dict) for key in state} - known - {"__start__"}
    return f"States of the history have keys that no streamed state has: {listed(sorted(keys))}." if keys else None


def _member(exchange: Exchange, key: str) -> Any:
    body = json_of(exchange)
    return body.get(key) if isinstance(body, dict) else None


CONTENTS = (
    Description("header-missing", sends_no_such_header),
    Description("creation-waits", waits_for_the_run),
    Description("id-form", has_another_form_of_id),
    Description("runs-of-other-threads", lists_runs_of_other_threads),
    Description("history-differs", lists_fewer_states),
)
