"""What -k of pytest matches: areas, levels, ids and names and parts of them; scenarios and graphs by their whole name.

A part of the name of a scenario or graph selects nothing, because `values` or `join` would then select half the suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from conformance import catalogue
from conformance.catalogue import nearest
from conformance.judging.items import Item

NODE = "conformance/suite"
"""The beginning of every item's id, so that ids do not depend on where the suite is installed."""

_WORD = re.compile(r"[\w:+\-.\[\]\\/]+")
"""A name in an expression of -k, as pytest reads it."""
_OPERATORS = ("and", "or", "not")


def keywords(item: Item) -> set[str]:
    """Return what -k matches beside the name of an item."""
    one = catalogue.find(item.check.requirement)
    return {one.id, one.level, one.area, node_id(item), *map(_mark, _exact(item))}


def node_id(item: Item) -> str:
    """Return the id of an item in pytest."""
    path = item.check.module.removeprefix("conformance.suite.").replace(".", "/")
    return f"{NODE}/{path}.py::{item.id}"


def with_marks(expression: str, items: Sequence[Item]) -> str:
    """Return an expression of -k in which the name of a scenario or graph also selects the items that use it."""
    exact = {name.lower() for item in items for name in _exact(item)}

    def replaced(word: re.Match[str]) -> str:
        return f"({word[0]} or {_mark(word[0])})" if word[0].lower() in exact else word[0]

    return _WORD.sub(replaced, expression)


def unmatched(expression: str, items: Sequence[Item]) -> Iterator[str]:
    """Yield each name in an expression of -k that matches no item, with the nearest name that would."""
    names = {name for item in items for name in (item.id, *keywords(item))}
    lower = [name.lower() for name in names]
    exact = {name for item in items for name in _exact(item)}
    for word in dict.fromkeys(_WORD.findall(expression)):
        known = word in _OPERATORS or _mark(word).lower() in lower or any(word.lower() in name for name in lower)
        if not known:
            yield f"{word!r}{nearest(word, _suggested(items) | exact)}"


def _suggested(items: Iterable[Item]) -> set[str]:
    requirements = {item.check.requirement for item in items}
    return {*requirements, *(id.partition(".")[0] for id in requirements), *(item.check.name for item in items)}


def _exact(item: Item) -> set[str]:
    """Return the graphs and scenarios that an item looks at, the latter with and without their variant."""
    names = ((variant.graph, variant.id, variant.scenario.name) for variant in item.variants)
    return {name for three in names for name in three}


def _mark(name: str) -> str:
    """Return a name that is no part of another: -k matches parts, and `joke` is one of `joke_in_mode`."""
    return f":{name}:"
