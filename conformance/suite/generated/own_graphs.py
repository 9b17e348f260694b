"""The runs of a graph of the server itself, and the checks that only such runs need."""

from __future__ import annotations

from typing import Any

from conformance.suite.generated.case import Case

LAWS: tuple[Any, ...] = ()
UNFIT: tuple[str, ...] = ()


def rows_of(graph: str, value: Any) -> dict[str, Case]:
    return {}
