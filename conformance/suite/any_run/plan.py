"""The rows of the family `any_run`: what is combined with what, as frozen data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.authoring import MODES

ROWS_FILE = Path(__file__).with_name("rows.json")

FACTORS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(MODES, (True, False)),
    "form": ("string", "list", "backward"),
    "flag": (True, False),
    "thread": ("new", "second run", "after a failure", "none"),
    "start": ("stream", "background"),
    "readers": ("creator", "from the start", "in the middle", "two", "one leaves", "after the end"),
    "program": (
        "linear", "parallel", "fan", "nested", "repeated", "tool or task", "two models", "fails", "fails inside",
    ),
    "text": ("plain", "escapes", "scripts", "falsy", "equal", "numbers", "long"),
}  # fmt: skip
"""The factors and their values.  Each mode is a factor of its own, because a run can ask for any set of modes."""


def is_possible(row: dict[str, Any]) -> bool:
    """Return whether a run can have this combination of values."""
    modes = sum(row[mode] for mode in MODES)
    if not modes or (row["form"] == "string" and modes > 1):
        return False
    if row["thread"] == "none":
        return bool(row["start"] == "stream" and row["readers"] == "creator")
    return not (row["start"] == "background" and row["readers"] == "creator")


def rows() -> dict[str, dict[str, Any]]:
    """Return the rows by their numbers, from `01`."""
    found: list[dict[str, Any]] = json.loads(ROWS_FILE.read_text("utf-8"))
    return {f"{number:02}": row for number, row in enumerate(found, 1)}


def modes_of(row: dict[str, Any]) -> list[str]:
    """Return the modes that a row asks for, in the order of its request."""
    modes = [mode for mode in MODES if row[mode]]
    return modes[::-1] if row["form"] == "backward" else modes
