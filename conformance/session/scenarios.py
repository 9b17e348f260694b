"""Digests of scenarios, which tell whether a recording is still the one that a scenario would make."""

from __future__ import annotations

import ast
import hashlib
import inspect
import textwrap

from conformance import suite
from conformance.authoring.registry import Function


def scenario_digests() -> dict[str, str]:
    """Return a digest of each scenario's code, by name; comments, docstrings and layout do not matter."""
    return {name: _digest(one.function) for name, one in suite.load().scenarios.items()}


def _digest(function: Function) -> str:
    definition = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.AsyncFunctionDef)
    definition.decorator_list = []
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    return hashlib.sha256(ast.unparse(definition).encode()).hexdigest()[:16]
