"""Which scenarios are judged, and digests of their code, which show whether a stored recording still fits."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Iterable

from conformance import suite
from conformance.authoring.registry import Function
from conformance.evidence.recording import Recording


def judged(recordings: Iterable[Recording]) -> list[Recording]:
    """Return the recordings without those of scenarios that a user may add, which are observed only."""
    optional = {one.name for one in suite.load().scenarios.values() if one.is_optional}
    return [one for one in recordings if one.scenario not in optional]


def scenario_digests() -> dict[str, str]:
    """Return a digest of each scenario's code, by name; comments, docstrings, types and layout do not matter."""
    return {name: _digest(one.function) for name, one in suite.load().scenarios.items()}


def _digest(function: Function) -> str:
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.AsyncFunctionDef)
    definition.decorator_list = []
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    return hashlib.sha256(ast.unparse(_WithoutTypes().visit(definition)).encode()).hexdigest()[:16]


class _WithoutTypes(ast.NodeTransformer):
    """Drops the annotations of functions, arguments and variables."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        assigned = ast.Assign([node.target], node.value)
        return self.generic_visit(ast.copy_location(assigned, node))
