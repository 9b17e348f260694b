"""Measures how many products of fault and condition a session shows: `python -m tests.products` (`tox -e products`)."""

from __future__ import annotations

import argparse
import sys

from tests.products.measure import Result, sample

NEEDED = 0.95
"""The least share of meaningful products that a session must show."""


def main(arguments: list[str]) -> int:
    """Print how many products are meaningful and caught, and those that are not; return 1 if too few are caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.products")
    parser.add_argument("--sample", type=int, default=200, metavar="N", help="how many meaningful products")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which ones are drawn")
    parser.add_argument("--conditions", type=int, default=1, metavar="N", help="how many conditions each one has")
    chosen = parser.parse_args(arguments)
    results = list(sample(chosen.sample, chosen.seed, chosen.conditions))
    return print_results(results)


def print_results(results: list[Result]) -> int:
    missed = [result for result in results if result.item is None]
    for result in missed:
        print(f"not caught: {result.product}; it changes {result.touched} recordings")
    caught = len(results) - len(missed)
    print(f"{len(results)} products are meaningful, {caught} of them are caught ({100 * caught / len(results):.1f} %)")
    return 0 if caught >= NEEDED * len(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
