"""Random damage to recordings of a good server, and how much of it the suite notices.

`python -m tests.damage [NUMBER [SEED]]` prints the share, and the damage that it missed (`tox -e damage`).
"""

from __future__ import annotations

import copy
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.authoring.projection import projection
from conformance.authoring.registry import Fault
from conformance.authoring.rewriting import FaultContext, SentEvent, sent
from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Exchange
from conformance.evidence.recording import Recording
from conformance.faults.apply import apply
from conformance.judging.judge import judge
from conformance.judging.outcomes import PASSED

from . import golden

KINDS = ("drop", "double", "swap", "rename", "retype", "truncate text", "truncate stream", "mix")
WIRE_NAMES = ("metadata", "values", "updates", "messages", "debug", "custom", "events")


@dataclass(frozen=True)
class Damage:
    """A change to one event of one stream."""

    kind: str
    variant: str
    exchange: str
    position: int
    event: str
    detail: str


def damaged(dice: random.Random) -> tuple[Damage, Recording] | None:
    """Return a recording with a random damage; None if the chosen event cannot be damaged in the chosen way."""
    recording = dice.choice(sorted(_with_streams(), key=lambda one: one.variant))
    exchange = dice.choice([one for one in recording.exchanges if _damageable(one)])
    position = dice.randrange(len(exchange.events))
    kind = dice.choice(KINDS)
    rewritten = _rewrite(kind, exchange, position, dice)
    if rewritten is None:
        return None
    events, detail = rewritten
    fault = Fault("", lambda _events, _context: iter(events), "events", lambda context: _is(context, exchange))
    faulty = apply(fault, recording)
    if faulty is None:
        return None
    name = exchange.events[position].name
    return Damage(kind, recording.variant, exchange.name, position + 1, name, detail), faulty


def _with_streams() -> list[Recording]:
    return [
        one for one in golden.table().recordings.values() if any(_damageable(exchange) for exchange in one.exchanges)
    ]


def _damageable(exchange: Exchange) -> bool:
    return exchange.valid and exchange.is_stream and exchange.ending == "complete" and len(exchange.events) > 1


def _is(context: FaultContext, exchange: Exchange) -> bool:
    return context.exchange is exchange


def _rewrite(kind: str, exchange: Exchange, position: int, dice: random.Random) -> tuple[list[SentEvent], str] | None:
    events = [sent(event) for event in exchange.events]
    event, rest = events[position], events[position + 1 :]
    before = events[:position]
    if kind == "drop":
        return before + rest, event.text[:80]
    if kind == "double":
        return [*before, event, event, *rest], event.text[:80]
    if kind == "swap":
        after = next((one for one in rest if one.name == event.name and one.text != event.text), None)
        return None if after is None else (_swapped(events, position, events.index(after, position)), after.text[:80])
    if kind == "rename":
        name = dice.choice([name for name in WIRE_NAMES if name != event.base])
        return [*before, event.named(name), *rest], name
    if kind == "retype":
        changed = _retyped(event.value, dice)
        return None if changed is None else ([*before, event.holding(changed[0]), *rest], changed[1])
    if kind == "truncate text":
        return [*before, event.saying(event.text[: dice.randrange(len(event.text))]), *rest], ""
    if kind == "truncate stream":
        return before, f"{len(rest) + 1} events lost"
    other = dice.choice([one for one in golden.table().streams() if one is not exchange and one.events])
    foreign = dice.choice(other.events)
    return [
        *before,
        sent(foreign),
        event,
        *rest,
    ], f"{foreign.name} {foreign.text[:60]}"


def _swapped(events: list[SentEvent], one: int, other: int) -> list[SentEvent]:
    changed = list(events)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


def _retyped(value: Any, dice: random.Random) -> tuple[Any, str] | None:
    """Return the value with one leaf of another type, and the path to it; None for an empty value."""
    paths = list(_leaves(value, ()))
    if not paths:
        return None
    path = dice.choice(paths)
    changed = copy.deepcopy(value)
    if not path:
        return {"wrapped": value}, "$"
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    leaf = holder[path[-1]]
    choices: list[Any] = [None, 7, "seven", True, [], {}]
    holder[path[-1]] = dice.choice([one for one in choices if type(one) is not type(leaf)])
    return changed, "$" + "".join(f".{step}" for step in path)


def _leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the path to each leaf."""
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    if not inner:
        yield path
    for step, one in inner:
        yield from _leaves(one, (*path, step))


def is_damage(faulty: Recording) -> bool:
    """Return whether the meaning of a stream changed; a change of what a server may add does not count."""
    for one, other in zip(golden.table().recordings[faulty.variant].exchanges, faulty.exchanges, strict=True):
        if one is not other and _meaning(one) != _meaning(other):
            return True
    return False


def _meaning(exchange: Exchange) -> Any:
    """Return the events of each name without ids, times and additions; the order between names may differ."""
    sequences: dict[str, Any] = {}
    for name in dict.fromkeys(event.name for event in exchange.events):
        mode = name.partition("|")[0]
        try:
            chosen = type(exchange.events)(event for event in exchange.events if event.name == name)
            sequences[name] = json.dumps(projection(mode, chosen), sort_keys=True)
        except ValueError:
            sequences[name] = "not JSON"
    return sequences


def noticed(faulty: Recording) -> bool:
    """Return whether any item no longer passes: it fails or is inconclusive.  All items passed before."""
    good = golden.table()
    session = SessionRecordings([faulty if name == faulty.variant else one for name, one in good.recordings.items()])
    looking = (
        item
        for item in golden.table_items().values()
        if item.check.scope or any(v.id == faulty.variant for v in item.variants)
    )
    return any(judge(item, session).word != PASSED for item in looking)


def main(number: int = 1000, seed: int = 0) -> None:
    """Damage recordings `number` times, and print how much was noticed."""
    tried, conforming, missed = Counter[str](), 0, list[tuple[int, Damage]]()
    while sum(tried.values()) < number:
        seed += 1
        done = damaged(random.Random(seed))
        if done is None:
            continue
        damage, faulty = done
        if not is_damage(faulty):
            conforming += 1
            continue
        tried[damage.kind] += 1
        if not noticed(faulty):
            missed.append((seed, damage))
    missed_of = Counter(damage.kind for _, damage in missed)
    for kind in KINDS:
        print(f"{kind:<16} {tried[kind] - missed_of[kind]} of {tried[kind]} noticed")
    for used, damage in missed:
        print(f"  missed, seed {used}: {damage}")
    total = sum(tried.values())
    share = 100 * (total - len(missed)) / total
    print(f"noticed {total - len(missed)} of {total} ({share:.1f} %); {conforming} conforming variations not counted")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
