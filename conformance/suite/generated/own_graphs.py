"""The runs of a graph of the server itself: what is combined with what, as frozen data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.suite.generated.case import Case, Request

ROWS_FILE = Path(__file__).with_name("own_graphs.json")
"""A covering array of all pairs of modes, form, flag, thread, start and readers; the first row asks for everything."""


def cases_of(graph: str, value: Any) -> dict[str, Case]:
    """Return the cases of an assistant with its input, by their names."""
    rows: list[dict[str, Any]] = json.loads(ROWS_FILE.read_text("utf-8"))
    return {f"{graph}-{number:02}": _case(graph, value, row) for number, row in enumerate(rows, 1)}


def _case(graph: str, value: Any, row: dict[str, Any]) -> Case:
    run = Request(value, tuple(row["modes"]), row["form"], row["flag"])
    earlier = (Request(value, ("values",), "list", not row["flag"]),) if row["thread"] == "second run" else ()
    return Case(graph, run, earlier, row["thread"] != "none", row["start"], row["readers"])
