"""Measures how many products of fault and condition a session shows: `python -m tests.products` (`tox -e products`)."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.products.measure import sample

NEEDED = 0.95
"""The least share of meaningful products that a session must show."""


def main(arguments: list[str]) -> int:
    """Print how many products are meaningful and caught, and those that are not; return 1 if too few are caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.products")
    parser.add_argument("--sample", type=int, default=200, metavar="N", help="how many meaningful products")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which ones are drawn")
    parser.add_argument("--conditions", type=int, default=1, metavar="N", help="how many conditions each one has")
    chosen = parser.parse_args(arguments)
    outcomes = Counter[str]()
    for result in sample(chosen.sample, chosen.seed, chosen.conditions):
        outcomes[outcome := "caught" if result.item else "conforming" if result.conforming else "not caught"] += 1
        if result.item is None:
            changes = f"it changes {result.touched} recordings"
            print(f"{outcome}: {result.product}; {result.conforming or changes}", flush=True)
    meaningful = outcomes["caught"] + outcomes["not caught"]
    share = outcomes["caught"] / meaningful
    print(f"{meaningful} meaningful products, {outcomes['caught']} of them caught ({100 * share:.1f} %)")
    return 0 if share >= NEEDED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
