"""The anchors of the matrix: a name for each product, area and requirement that the next release keeps."""

from __future__ import annotations

import re
from itertools import chain, count

FILTERS = ("text", "server", "area", "level", "stage", "outcome", "reset")
PAGE_ANCHORS = (
    "main", "find", "found", "products", "clients", "areas", "requirements", "specification",
    *(f"find-{one}" for one in FILTERS),
)  # fmt: skip
"""The anchors that the template itself has."""
ANCHOR_CHARACTERS = 100


class Anchors:
    """Anchors, each of which is given once."""

    def __init__(self) -> None:
        self._taken = set(PAGE_ANCHORS)

    def new(self, *names: str) -> str:
        """Return an anchor for the first of these names that is free; if none is, for the last one with a number."""
        plain = [_plain(name) for name in names]
        numbered = (f"{plain[-1]}-{number}" for number in count(2))
        anchor = next(one for one in chain(plain, numbered) if one not in self._taken)
        self._taken.add(anchor)
        return anchor


def _plain(name: str) -> str:
    """Return a name with nothing but letters, digits, hyphens, dots and underscores."""
    return re.sub(r"[^\w.-]+", "-", name.lower(), flags=re.ASCII).strip("-")[:ANCHOR_CHARACTERS] or "unnamed"
