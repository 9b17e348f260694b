"""Causes that show in the names and the data of the events of a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.wire.strict_json import NotJson
from conformance.wire.text import shortened

from .case import Case, Description, counted, listed, modes_of

SHOWN_MESSAGE = 80
"""How many characters of an error's message a sentence shows."""
HALF_A_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
"""The escape of a high surrogate that no low surrogate follows."""


def lacks_a_mode(case: Case) -> str | None:
    """A stream has no event of a mode that its run was started with."""
    missing = sorted(mode for mode in case.requested - set(case.names) if _is_about(case, mode))
    if not (case.exchange.asks_for_stream and case.exchange.is_stream) or len(missing) != 1:
        return None
    names = listed(case.strange or case.names) if case.names else ""
    instead = f"its events are named {names}" if names else "it has no events at all"
    return f"The stream has no `{missing[0]}` event; {instead}. {_in_the_session(case, missing[0])}"


def _is_about(case: Case, mode: str) -> bool:
    """Return whether a failure is about the events of a mode: the stream has no other mode, or the check names it."""
    if case.event is not None:
        return False
    named = f"`{mode}`" in case.message or (mode == "messages" and "tokens" in case.message)
    return named or case.area == mode or case.requested == {mode}


def _in_the_session(case: Case, mode: str) -> str:
    """Return in how many streams that asked for a mode it was missing."""
    kind = case.exchange.kind
    asked = [one for recording, one in _streams(case) if one.kind == kind and mode in modes_of(recording, one)]
    lacking = sum(all(event.base != mode for event in one.events) for one in asked)
    what = "joins of runs that stream" if case.is_join else "streams of runs that asked for"
    return f"In this session {lacking} of {len(asked)} {what} `{mode}` have none."


def lacks_a_mode_alone(case: Case) -> str | None:
    """The stream that this one is compared with, of the same run in one mode only, has no event of that mode."""
    difference = case.difference
    if case.event is None or difference is None or not difference.sequences or difference.expected:
        return None
    mode, body = case.event.base, _without_mode(case.exchange)
    alone = [
        one for recording, one in _streams(case)
        if modes_of(recording, one) == {mode} and body is not None and _without_mode(one) == body
    ]  # fmt: skip
    if not alone or any(_has(one, mode) for one in alone):
        return None
    names = listed(list(dict.fromkeys(event.base for event in alone[0].events)))
    return f"A stream of `{mode}` alone, with the same input, has no `{mode}` event; its events are named {names}."


def _without_mode(exchange: Exchange) -> dict[str, Any] | None:
    body = exchange.request
    return {key: value for key, value in body.items() if key != "stream_mode"} if isinstance(body, dict) else None


def sends_what_was_not_requested(case: Case) -> str | None:
    """A stream has events that belong to no requested mode."""
    if case.event is None or not case.requested or case.event.base not in case.strange:
        return None
    name = case.event.base
    with_it = sum(name not in modes_of(recording, one) and _has(one, name) for recording, one in _streams(case))
    what = f"In this session {counted(with_it, 'stream')} {'has' if with_it == 1 else 'have'} `{name}` events"
    return f"{what} that no mode of the run asks for."


def _has(exchange: Exchange, name: str) -> bool:
    return any(event.base == name for event in exchange.events)


def wraps_events(case: Case) -> str | None:
    """All events have one name that no mode has, and their data is an object with name and data of the event."""
    if len(case.names) != 1 or not case.strange:
        return None
    values = [_value(event.text) for event in case.exchange.events]
    if not all(isinstance(value, dict) and {"event", "data"} <= value.keys() for value in values):
        return None
    return f"Every event is named `{case.names[0]}`; its own name and data are inside the data, as `event` and `data`."


def names_no_subgraph(case: Case) -> str | None:
    """No event of a stream with stream_subgraphs has a namespace in its name."""
    body = case.exchange.request
    flagged = isinstance(body, dict) and body.get("stream_subgraphs") is True
    if case.requirement == "subgraphs.only-requested":
        return None
    if case.area != "subgraphs" or not flagged or not case.exchange.is_stream or case.requested ^ set(case.modes):
        return None
    if not case.exchange.events or any(event.namespace for event in case.exchange.events):
        return None
    pairs = sum(_is_pair(_value(event.text)) for event in case.exchange.events)
    if pairs:
        return (
            f"The data of {counted(pairs, 'event')} is a pair of namespace and chunk, under the bare name of the mode."
        )
    return (
        "No event name in the stream has a namespace, although the run asked for stream_subgraphs: events from inside "
        "are missing, or have the bare name of their mode."
    )


def _is_pair(value: object) -> bool:
    path = value[0] if isinstance(value, list) and len(value) == 2 else None
    return isinstance(path, list) and all(isinstance(step, str) for step in path)


def prints_the_namespace(case: Case) -> str | None:
    """Event names are namespaces as Python prints them, without a mode."""
    tuples = [name for name in case.strange if name.startswith("(") and name.endswith(")")]
    if not tuples or case.requested & set(case.names):
        return None
    return f"The event names are printed namespaces without the name of a mode: {listed(tuples)}."


def has_other_error_keys(case: Case) -> str | None:
    """An error event lacks a key."""
    if case.requirement != "errors.error-shape" or case.event is None or case.event.base != "error":
        return None
    value = _value(case.event.text)
    if not isinstance(value, dict):
        return "The data of the error event is not an object."
    if value.keys() >= {"error", "message"}:
        return None
    return f"The keys of the error event are {listed(sorted(value))}." if value else "The error event is empty."


def has_other_metadata_keys(case: Case) -> str | None:
    """The metadata event lacks a key in every stream of the session."""
    found = re.search(r"must have the key (\w+); it is missing", case.message)
    if not found or case.event is None or case.event.base != "metadata":
        return None
    told = [_value(event.text) for _, one in _streams(case) for event in one.events if event.base == "metadata"]
    lacking = sum(isinstance(value, dict) and found[1] not in value for value in told)
    return f"`{found[1]}` is missing from {lacking} of {len(told)} metadata events in this session."


def counts_attempts_otherwise(case: Case) -> str | None:
    """Every metadata event of the session has the same attempt, and it is not 1."""
    if case.requirement != "metadata.fields" or not case.message.startswith("attempt:"):
        return None
    told = [_value(event.text) for _, one in _streams(case) for event in one.events if event.base == "metadata"]
    attempts = {str(value.get("attempt")) for value in told if isinstance(value, dict)}
    if len(attempts) != 1 or attempts == {"1"}:
        return None
    return f"The attempt is {attempts.pop()} in every metadata event of this session ({len(told)})."


def streams_no_messages(case: Case) -> str | None:
    """The first item of no pair in the mode messages-tuple has the type and the content of a message."""
    pairs = [_value(event.text) for event in case.exchange.events if event.base == "messages"]
    pieces = [pair[0] for pair in pairs if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], dict)]
    if (
        case.area == "metadata"
        or case.requested != {"messages"}
        or not pieces
        or any({"type", "content"} <= piece.keys() for piece in pieces)
    ):
        return None
    return f"No pair in the stream holds a message: the keys of the first piece are {listed(sorted(pieces[0]))}."


def hides_the_message(case: Case) -> str | None:
    """The error event has a message, and it is another one."""
    if case.requirement != "errors.message-text" or case.event is None:
        return None
    value = _value(case.event.text)
    said = value.get("message") if isinstance(value, dict) else None
    return (
        f"The message is a text of the server's own: “{shortened(said, 80)}”."
        if isinstance(said, str) and said
        else None
    )


def passes_half_a_pair_on(case: Case) -> str | None:
    """Half a surrogate pair in the input reaches the client."""
    if case.requirement != "clients.strict-json" or case.event is None or not case.exchange.body:
        return None
    if not (HALF_A_PAIR.search(case.event.text) and HALF_A_PAIR.search(case.exchange.body)):
        return None
    return "The half is in the input of the run, and the server sent it on to the client."


def _streams(case: Case) -> Iterator[tuple[Recording, Exchange]]:
    """Yield every event stream of the session that a valid request received, with its recording."""
    for recording in case.session.recordings.values():
        yield from ((recording, one) for one in recording.streams() if one.is_stream)


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError, NotJson):
        return None


NAMES = (
    Description("namespace-printed", prints_the_namespace),
    Description("events-wrapped", wraps_events),
)
PIECES = (Description("pieces-not-messages", streams_no_messages),)
MISSING = (Description("mode-missing", lacks_a_mode),)
STREAMED = (
    Description("mode-missing-alone", lacks_a_mode_alone),
    Description("mode-not-requested", sends_what_was_not_requested),
    Description("namespace-missing", names_no_subgraph),
    Description("error-keys", has_other_error_keys),
    Description("metadata-keys", has_other_metadata_keys),
    Description("attempts-counted", counts_attempts_otherwise),
    Description("message-replaced", hides_the_message),
    Description("half-a-pair", passes_half_a_pair_on),
)
