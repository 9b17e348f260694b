"""Who checks the checker: changes the code that judges, and counts how many changes the tests notice.

`python -m tests.mutants` (`tox -e mutants`) works in a copy of the checkout.  Each mutant is one change of one place by
an operator of cosmic-ray; it is killed if a test fails, and survives if all tests pass that reach the changed function.
"""

from __future__ import annotations

import argparse
import difflib
import os
import random
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray import mutating, plugins, testing
from cosmic_ray.ast import ast_nodes, get_ast

from .mutation.coverage import Reached, reached
from .mutation.places import JUDGING, is_mutated, judging_places

ROOT = Path(__file__).parents[1]
LEFT_OUT = (".git", ".venv", ".tox", "__pycache__", "node_modules", "dist", "build", ".*_cache")
"""What the copy of the checkout does not contain."""
LIMIT_S = 300
"""The time limit for the tests of one mutant, several times what they need; a mutant that hangs is killed."""


@dataclass(frozen=True)
class Mutant:
    """One change: the operator of cosmic-ray, and which of the places in the file it can change."""

    file: str
    line: int
    operator: str
    occurrence: int

    def source(self, original: str) -> str:
        """Return the changed source of the file."""
        changed: str | None = mutating.mutate_code(original, plugins.get_operator(self.operator)(), self.occurrence)
        assert changed, self
        return changed


def mutants(root: Path) -> list[list[Mutant]]:
    """Return for each place that can be changed every mutant of it."""
    found: dict[tuple[str, object], list[Mutant]] = {}
    for file, places in judging_places(root).items():
        nodes = list(ast_nodes(get_ast((root / file).read_text("utf-8"))))
        for name in filter(is_mutated, plugins.operator_names()):
            operator = plugins.get_operator(name)()
            positions = (position for node in nodes for position in operator.mutation_positions(node))
            for occurrence, (start, end) in enumerate(positions):
                if places.contain(start, end):
                    found.setdefault((file, (start, end)), []).append(Mutant(file, start[0], name, occurrence))
    return [found[key] for key in sorted(found, key=str)]


def sample(places: Sequence[Sequence[Mutant]], count: int, seed: int) -> list[Mutant]:
    """Return one random mutant of each of `count` random places; the same for the same seed and source."""
    chosen = random.Random(seed)
    return [chosen.choice(place) for place in chosen.sample(places, min(count, len(places)))]


def survives(mutant: Mutant, root: Path, tests: Sequence[str]) -> bool:
    """Return whether all tests pass with the mutant; without a test that reaches it, it survives."""
    if not tests:
        return True
    path = root / mutant.file
    original = path.read_text("utf-8")
    path.write_text(mutant.source(original), "utf-8")
    try:
        outcome, _ = testing.run_tests(shlex.join([*PYTEST, "-x", *tests]), LIMIT_S)
    finally:
        path.write_text(original, "utf-8")
    return bool(outcome == "survived")


PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header", "--tb=no")


def change(mutant: Mutant, root: Path) -> str:
    """Return the changed lines of a mutant."""
    original = (root / mutant.file).read_text("utf-8")
    lines = difflib.unified_diff(original.splitlines(), mutant.source(original).splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---")))


def performed(chosen: Sequence[Mutant], root: Path, tests: Reached, end: float) -> Iterator[tuple[Mutant, bool]]:
    """Yield each mutant with whether it survives, until the time is over."""
    for number, mutant in enumerate(chosen, 1):
        if time.monotonic() > end:
            return
        lives = survives(mutant, root, tests.of(mutant.file, mutant.line))
        word = "SURVIVED" if lives else "killed"
        print(f"{number}/{len(chosen)} {word:<8} {mutant.file}:{mutant.line} {mutant.operator}", flush=True)
        if lives:
            print(change(mutant, root), flush=True)
        yield mutant, lives


def main(arguments: Sequence[str]) -> int:
    """Test a sample of mutants; return 0 if enough are killed."""
    parser = argparse.ArgumentParser("python -m tests.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=150, help="number of mutants (default: 150)")
    parser.add_argument("--seed", type=int, default=1, help="selects the sample (default: 1)")
    parser.add_argument("--minutes", type=float, default=60, help="start no further mutant after this time")
    parser.add_argument("--least", type=float, default=90, help="per cent that must be killed (default: 90)")
    parser.add_argument("files", nargs="*", help=f"only files below these paths (default: {', '.join(JUDGING)})")
    given = parser.parse_args(arguments)
    end = time.monotonic() + given.minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "checkout"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        os.chdir(root)
        os.environ |= {"PYTHONPATH": str(root), "CI": "1"}  # CI: hypothesis draws the same examples each time
        places = [one for one in mutants(root) if one[0].file.startswith(tuple(given.files) or "")]
        chosen = sample(places, given.count, given.seed)
        print(f"{len(chosen)} mutants of {len(places)} places", flush=True)
        tests = reached(root, {mutant.file for mutant in chosen}, PYTEST)
        results = list(performed(chosen, root, tests, end))
    return summarised(results, len(chosen), given.least)


def summarised(results: Sequence[tuple[Mutant, bool]], chosen: int, least: float) -> int:
    """Print how many mutants of each file were killed; return 0 if it is at least `least` per cent of all."""
    every = Counter(mutant.file for mutant, _ in results)
    killed = Counter(mutant.file for mutant, lives in results if not lives)
    for file in sorted(every):
        print(f"{killed[file]:>4} of {every[file]:<4} {file}")
    late = f"; {chosen - len(results)} were not tried, because the time was over" if chosen > len(results) else ""
    print(f"{killed.total()} of {every.total()} mutants killed{late}")
    return 0 if results and 100 * killed.total() >= least * every.total() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
