"""What observations read from the recordings of a session, and how they put it into words for a report."""

from collections.abc import Iterable, Iterator

from conformance.authoring import Event, Exchange, SessionRecordings

LISTED_VALUES = 8
"""How many different values an observation lists."""

LISTED_CHARACTERS = 80
"""How many characters of a value an observation lists."""


def streams(session: SessionRecordings) -> list[Exchange]:
    """Return every exchange that was answered with an event stream."""
    return [exchange for exchange in session.streams() if exchange.is_stream]


def events(session: SessionRecordings, mode: str) -> Iterator[Event]:
    """Yield the events of a mode, named by its wire name, of all streams."""
    for exchange in streams(session):
        yield from (event for event in exchange.events if event.base == mode)


def payloads(session: SessionRecordings, mode: str) -> Iterator[dict[str, object]]:
    """Yield the data of a mode's events that are objects."""
    yield from (event.value for event in events(session, mode) if isinstance(event.value, dict))


def message_chunks(session: SessionRecordings) -> Iterator[tuple[dict[str, object], dict[str, object], Event]]:
    """Yield message chunk and metadata of each well-formed `messages` event, with the event."""
    for event in events(session, "messages"):
        value = event.value
        if isinstance(value, list) and len(value) == 2 and all(isinstance(part, dict) for part in value):
            yield value[0], value[1], event


def exchanges_of(session: SessionRecordings, scenario: str, name: str) -> list[Exchange]:
    """Return every exchange of this name in the recordings of a scenario."""
    recordings = [one for one in session.recordings.values() if one.scenario == scenario]
    return [exchange for recording in recordings for exchange in recording.all(name)]


def different(values: Iterable[str]) -> list[str]:
    """Return each value once, in order of appearance, shortened; at most LISTED_VALUES of them."""
    short = (one if len(one) <= LISTED_CHARACTERS else f"{one[: LISTED_CHARACTERS - 1]}…" for one in values)
    return list(dict.fromkeys(short))[:LISTED_VALUES]


def kind_of(value: object) -> str:
    """Return the kind of a JSON value in words."""
    names = {dict: "an object", list: "a list", str: "text", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")


def share(count: int, of: int, what: str) -> str:
    """Return `3 of 14 streams`."""
    return f"{count} of {of} {what}"
