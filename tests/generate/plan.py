"""rows.json: the rows of the family `any_run`, a covering array of what a run can be.

Every pair of values of two factors stands in a row, and every triple of a mode, the way of reading and the flag, and of
a mode, the thread and the flag.  The rows are frozen, so that two sessions perform the same.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

from conformance.protocol import MODES
from conformance.suite.any_run.plan import FACTORS, ROWS_FILE, is_possible

SEED = 20261128
CANDIDATES = 300
"""How many random rows are tried for each row that is taken; the one that covers most is taken."""

Row = dict[str, Any]
Combination = tuple[tuple[str, Any], ...]


def write() -> None:
    """Write the rows."""
    rows = list(covering_rows(random.Random(SEED)))
    lines = ",\n".join(json.dumps(row) for row in rows)
    ROWS_FILE.write_text(f"[\n{lines}\n]\n", "utf-8")


def covering_rows(source: random.Random) -> Iterator[Row]:
    """Yield rows until every possible combination is covered."""
    missing = possible_combinations(source)
    while missing:
        row = max((_row(source, missing) for _ in range(CANDIDATES)), key=lambda row: len(covered(row) & missing))
        missing -= covered(row)
        yield row


def _row(source: random.Random, missing: set[Combination]) -> Row:
    """Return a possible row that covers one of the missing combinations, and is random otherwise."""
    fixed = dict(source.choice(sorted(missing, key=str)))
    while True:
        row = {name: fixed.get(name, source.choice(values)) for name, values in FACTORS.items()}
        if is_possible(row):
            return row


def covered(row: Row) -> set[Combination]:
    """Return the combinations of a row that count."""
    items = list(row.items())
    found: set[Combination] = set(itertools.combinations(items, 2))
    wanted = dict(items)
    for mode in MODES:
        for other in ("readers", "thread"):
            if wanted[mode]:
                found.add(((mode, True), ("flag", wanted["flag"]), (other, wanted[other])))
    return found


def possible_combinations(source: random.Random) -> set[Combination]:
    """Return the combinations that stand in any of many random possible rows."""
    found: set[Combination] = set()
    for _ in range(20_000):
        row = {name: source.choice(values) for name, values in FACTORS.items()}
        if is_possible(row):
            found |= covered(row)
    return found
