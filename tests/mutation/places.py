"""The places that are mutated: the code that judges, without texts, annotations and decorators."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray import plugins

Position = tuple[int, int]
"""A line, from 1, and a column, from 0."""

JUDGING = (
    "conformance/authoring/expectations.py", "conformance/authoring/views.py", "conformance/authoring/payloads.py",
    "conformance/authoring/projection.py", "conformance/authoring/features.py", "conformance/evidence",
    "conformance/judging", "conformance/wire/sse.py", "conformance/wire/strict_json.py", "conformance/suite",
)  # fmt: skip
"""The part of the package that judges; of the suite only its checks and what they call."""
SUITE = "conformance/suite/"

_OBSERVING = (f"{SUITE}implementation_defined/", f"{SUITE}variations/")
"""Folders of the suite in which nothing is judged."""
_NOT_CHECKS = {"fault", "scenario", "observation", "condition", "variation", "disputed"}
"""Decorators of what in the suite judges nothing."""

# Replacements that change nothing: `is` and `==` are the same for None and for words of a fixed list.
_EQUIVALENT = ("_Eq_Is", "_Is_Eq", "_NotEq_IsNot", "_IsNot_NotEq")
_NEVER = ("core/RemoveDecorator", "core/ExceptionReplacer")
"""Operators whose mutants every import notices, or that only rename the exception of a guard."""


def is_mutated(operator: str) -> bool:
    """Return whether an operator of cosmic-ray is used: it needs no arguments, and changes something."""
    needs_nothing = not plugins.get_operator(operator).arguments()
    return needs_nothing and operator not in _NEVER and not operator.endswith(_EQUIVALENT)


@dataclass(frozen=True)
class Places:
    """The parts of a file that are mutated: inside `included`, outside `excluded`."""

    included: tuple[tuple[Position, Position], ...]
    excluded: tuple[tuple[Position, Position], ...]

    def contain(self, start: Position, end: Position) -> bool:
        """Return whether a place is mutated."""
        inside = any(first <= start and end <= last for first, last in self.included)
        return inside and not any(first <= start and end <= last for first, last in self.excluded)


def judging_places(root: Path) -> dict[str, Places]:
    """Return for each file that judges which of its parts are mutated."""
    files = (path for one in JUDGING for path in ([root / one] if one.endswith(".py") else (root / one).rglob("*.py")))
    trees = {path.relative_to(root).as_posix(): ast.parse(path.read_text("utf-8")) for path in sorted(files)}
    trees = {file: tree for file, tree in trees.items() if not file.startswith(_OBSERVING)}
    used = _used_by_checks([tree for file, tree in trees.items() if file.startswith(SUITE)])
    found = {}
    for file, tree in trees.items():
        body = [one for one in _functions(tree) if one.name in used] if file.startswith(SUITE) else tree.body
        if body:
            found[file] = Places(tuple(map(_span, body)), tuple(map(_span, _texts(tree))))
    return found


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [one for one in tree.body if isinstance(one, ast.FunctionDef)]


def _used_by_checks(trees: Iterable[ast.Module]) -> set[str]:
    """Return the names of the suite's checks and of the functions that they call, directly or not."""
    functions = {one.name: one for tree in trees for one in _functions(tree) if not _decorators(one) & _NOT_CHECKS}
    used: set[str] = set()
    wanted = {name for name, one in functions.items() if "verifies" in _decorators(one)}
    while wanted:
        used |= wanted
        names = {node.id for name in wanted for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        wanted = names & functions.keys() - used
    return used


def _decorators(function: ast.FunctionDef) -> set[str]:
    return {node.id for one in function.decorator_list for node in ast.walk(one) if isinstance(node, ast.Name)}


def _texts(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield strings, annotations and decorators."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from node.decorator_list
            yield from filter(None, [getattr(node, "returns", None)])
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.annotation


def _span(node: ast.stmt | ast.expr) -> tuple[Position, Position]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
