"""What the contracts of `lint-imports` cannot check: imports by name, and the cost of loading the plugin."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance import authoring

PACKAGE = Path(conformance.__file__).parent

HEAVY = {
    "allure", "allure_commons", "asyncio", "filelock", "h11", "httpx", "httpx_sse", "hypothesis", "jinja2",
    "jsonschema", "referencing", "xdist",
}  # fmt: skip
"""Packages that would slow down every start of pytest."""


def test_only_the_suite_is_imported_by_name() -> None:
    """An import by name escapes the contracts; the suite imports its own modules that way."""
    by_name = re.compile(r"importlib\.import_module|__import__")
    ours = [path for path in PACKAGE.rglob("*.py") if not set(path.parts) & {"targets", "snippets", "predictors"}]
    found = [path.relative_to(PACKAGE).as_posix() for path in ours if by_name.search(path.read_text("utf-8"))]
    assert found == ["suite/__init__.py"]


def test_every_exported_name_exists() -> None:
    assert all(hasattr(authoring, name) for name in authoring.__all__)


def loaded(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter loads for this statement, beside those of pytest."""
    code = f"import sys, pytest; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import conformance", "import conformance.plugin"])
def test_the_plugin_imports_no_heavy_package(statement: str) -> None:
    modules = loaded(statement)
    assert PACKAGE.name in modules
    assert {name for name in modules if name.partition(".")[0] in HEAVY} == set()
