"""What imports what: the suite sees one list of names, judging needs no network, the plugin loads nothing heavy."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import conformance

PACKAGE = Path(conformance.__file__).parent
SUITE = sorted(path for path in (PACKAGE / "suite").glob("*.py") if path.name != "__init__.py")
OFFLINE = ("sse", "transcript", "jsonl", "catalogue", "judge", "verdict", "baseline", "schema", "cause")
"""Modules from which no network may be reached, whatever they import in their turn."""

NETWORK = {
    "asyncio",
    "httpx",
    "httpcore",
    "anyio",
    "socket",
    "ssl",
    "http",
    "urllib.request",
    "requests",
    "socketserver",
}
HEAVY = {
    "httpx",
    "httpx_sse",
    "jsonschema",
    "referencing",
    "hypothesis",
    "allure",
    "allure_commons",
    "asyncio",
    "xdist",
    "jinja2",
}


def imported(path: Path) -> set[str]:
    """The modules that are imported when this one is; those within functions or for types alone are not."""
    return set(_imports(ast.parse(path.read_text("utf-8")), _package(path)))


def _package(path: Path) -> list[str]:
    return [PACKAGE.name, *path.relative_to(PACKAGE).parent.parts]


def _imports(node: ast.AST, package: list[str]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = package[: len(package) + 1 - child.level] if child.level else []
            module = ".".join([*base, *([child.module] if child.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in child.names)
        elif not _is_lazy(child):
            yield from _imports(child, package)


def _is_lazy(node: ast.AST) -> bool:
    for_types = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return for_types or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


@cache
def reached(module: str) -> frozenset[str]:
    """All modules that come with one of ours, through others of ours."""
    path = _file(module)
    found: set[str] = set()
    for name in imported(path) if path else ():
        if name not in found:
            found |= {name}
    inner = [name for name in found if name != module and name.startswith(f"{PACKAGE.name}.") and _file(name)]
    return frozenset(found.union(*(reached(name) for name in inner)))


def _file(module: str) -> Path | None:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return next((one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()), None)


def names(modules: frozenset[str] | set[str], wanted: set[str]) -> set[str]:
    return {name for name in modules if any(name == one or name.startswith(f"{one}.") for one in wanted)}


@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.stem)
def test_the_suite_imports_nothing_of_ours_but_the_listed_names(path: Path) -> None:
    ours = {name for name in imported(path) if name.partition(".")[0] == PACKAGE.name}
    siblings = {f"{PACKAGE.name}.suite.{one.stem}" for one in SUITE}
    allowed = {PACKAGE.name, *(f"{PACKAGE.name}.{name}" for name in conformance.__all__)}
    assert {name for name in ours - allowed if not any(name.startswith(one) for one in siblings)} == set()


@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.stem)
def test_the_suite_reaches_no_network_but_through_its_server(path: Path) -> None:
    assert names(imported(path), NETWORK - {"asyncio"}) == set()


def test_the_listed_names_are_there_and_sorted() -> None:
    assert all(hasattr(conformance, name) for name in conformance.__all__)
    assert len(set(conformance.__all__)) == len(conformance.__all__)


@pytest.mark.parametrize("module", OFFLINE)
def test_judging_needs_no_network(module: str) -> None:
    modules = reached(f"{PACKAGE.name}.{module}")
    assert modules
    assert names(modules, NETWORK) == set()


def test_the_recorder_does_need_it() -> None:
    assert names(reached(f"{PACKAGE.name}.recorder"), NETWORK) >= {"asyncio", "httpx"}


@pytest.mark.parametrize("module", ["sse", "transcript", "declare", "expect", "verdict", "redaction"])
def test_the_core_needs_the_standard_library_alone(module: str) -> None:
    modules = {name.partition(".")[0] for name in reached(f"{PACKAGE.name}.{module}")}
    assert modules <= set(sys.stdlib_module_names) | {PACKAGE.name}


@pytest.mark.parametrize("module", ["plugin", "cli"])
def test_nothing_below_imports_what_sits_on_top(module: str) -> None:
    on_top = {f"{PACKAGE.name}.{name}" for name in ("plugin", "controller", "cli", "__main__")}
    below = [path for path in PACKAGE.rglob("*.py") if f"{PACKAGE.name}.{path.stem}" not in on_top]
    assert [path.name for path in below if names(imported(path), {f"{PACKAGE.name}.{module}"})] == []


def loaded(statement: str) -> set[str]:
    """The modules of which a fresh interpreter has loaded more than before when it has run the statement."""
    code = f"import sys, pytest; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import conformance", "import conformance.plugin"])
def test_loading_the_plugin_into_every_pytest_costs_nothing(statement: str) -> None:
    modules = loaded(statement)
    assert PACKAGE.name in modules
    assert names(modules, HEAVY) == set()


def test_a_lazy_import_is_told_from_one_that_is_not() -> None:
    lazy = "if TYPE_CHECKING:\n    import httpx\ndef f():\n    import socket\n"
    source = lazy + "from ..b import c\nif 1:\n    import json\n"
    assert set(_imports(ast.parse(source), ["p", "q", "r"])) == {"p.q.b", "p.q.b.c", "json"}
