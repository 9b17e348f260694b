"""Which tests reach a function: by coverage for the engine, by declaration for the suite."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import coverage

from conformance import suite
from conformance.authoring.registry import REGISTRY

from .contexts import FAILED
from .places import SUITE

GOLDEN = "tests/test_golden.py"
"""Judges the golden recordings; every mutant must leave their outcomes as they are."""
UNIT_TESTS = tuple(
    f"tests/test_{name}.py"
    for name in (
        "baseline", "cause", "declarations", "endings", "exchange", "expectations", "heartbeats",
        "recordings", "redaction", "schema", "sse", "verdict",
    )
)  # fmt: skip
"""Tests of the engine that start no server."""
FAULT = "tests/test_faults.py::test_the_requirement_of_a_fault_fails_on_it[{}]"
_FAULTS = FAULT.partition("[")[0]
MANY = 40
"""How many faults are tried on a mutant of the engine, of those that reach the function, evenly chosen."""


@dataclass(frozen=True)
class Reached:
    """The tests that reach each function, as arguments of pytest, those that take the least time first."""

    functions: dict[str, list[tuple[range, list[str]]]]
    """For each file of the engine its functions, outer before inner ones: their lines and their tests."""
    faults: dict[str, list[str]]
    """For each file of the suite the tests of its faults."""
    failed: frozenset[str]
    """Tests that fail without a mutant, for instance because something generated is out of date; they are left out."""

    def of(self, file: str, line: int) -> list[str]:
        """Return the tests of the innermost function at a line; outside of functions those of the whole file."""
        if file.startswith(SUITE):
            found = self.faults[file]
        else:
            inside = [tests for lines, tests in self.functions[file] if line in lines]
            every = dict.fromkeys(test for _, tests in self.functions[file] for test in tests)
            found = _few(inside[-1] if inside else list(every))
        return [test for test in dict.fromkeys([*found, GOLDEN]) if test not in self.failed]


def _few(tests: Sequence[str]) -> list[str]:
    """Return all unit tests, and at most MANY of the faults."""
    faults = [test for test in tests if test.startswith(_FAULTS)]
    units = [test for test in tests if not test.startswith((_FAULTS, GOLDEN))]
    return [*units, *faults[:: len(faults) // MANY + 1]]


def reached(root: Path, files: Collection[str], pytest: Sequence[str]) -> Reached:
    """Return the tests that reach the functions of the files, for which they are performed once without a mutant.

    Of the faults only the first of each requirement is tried on the engine.  Raises RuntimeError.
    """
    suite.load()
    engine = [file for file in files if not file.startswith(SUITE)]
    faults = {file: _faults(file) for file in files if file.startswith(SUITE)}
    first = {fault.requirement: FAULT.format(fault.name) for fault in reversed(REGISTRY.faults)}
    tests = [GOLDEN, *dict.fromkeys(test for found in faults.values() for test in found)]
    tests += [*UNIT_TESTS, *first.values()] if engine else []
    command = [*pytest, "-p", "tests.mutation.contexts", *tests]
    done = subprocess.run(command, cwd=root, check=False, stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the tests cannot be performed without a mutant: exit status {done.returncode}")
    failed = frozenset((root / FAILED).read_text("utf-8").splitlines())
    if any(test.startswith(GOLDEN) for test in failed):
        raise RuntimeError("the golden recordings are not judged as they must be, also without a mutant")
    print(f"left out, because they fail without a mutant: {', '.join(sorted(failed)) or 'no test'}", flush=True)
    data = coverage.CoverageData(str(root / ".coverage"))
    data.read()
    return Reached({file: list(_functions(root / file, data)) for file in engine}, faults, failed)


def _functions(path: Path, data: coverage.CoverageData) -> Iterator[tuple[range, list[str]]]:
    contexts = data.contexts_by_lineno(str(path))
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno
            # The line of `def` is reached when the module is loaded, not when the function is called.
            body = range(node.body[0].lineno, node.end_lineno + 1)
            tests = {test for line in body for test in contexts.get(line, ()) if test}
            yield range(node.lineno, node.end_lineno + 1), sorted(tests)


def _faults(file: str) -> list[str]:
    """Return the tests of the faults of the requirements that a file's checks verify.

    A file without checks is used by those of its folder.
    """
    module = file.removesuffix(".py").replace("/", ".")
    verified = {check.requirement for check in REGISTRY.checks if check.module == module}
    if not verified:
        package = module.rpartition(".")[0] + "."
        verified = {check.requirement for check in REGISTRY.checks if check.module.startswith(package)}
    return [FAULT.format(fault.name) for fault in REGISTRY.faults if fault.requirement in verified]
