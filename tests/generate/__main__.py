"""`python -m tests.generate [NAME …]` makes the generated files that are out of date.

A product is out of date if a file that it is made from has changed since then.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.generate.products import PRODUCTS, remember


def main(arguments: Sequence[str]) -> int:
    """Make products; return the exit status: 1 if one cannot be made."""
    parser = argparse.ArgumentParser("python -m tests.generate", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"make only these: {', '.join(one.name for one in PRODUCTS)}"
    )
    parser.add_argument("--all", action="store_true", help="make everything, even if it is up to date")
    parser.add_argument("--list", action="store_true", help="list what is out of date, but make nothing")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - {one.name for one in PRODUCTS}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(one.name for one in PRODUCTS)}")
    for product in PRODUCTS:
        if chosen.names and product.name not in chosen.names:
            continue
        if not (chosen.all or chosen.names or product.stale()):
            print(f"up to date   {product.name}")
        elif chosen.list:
            print(f"out of date  {product.name} ({product.cost})")
        else:
            print(f"making       {product.name} ({product.cost})", flush=True)
            if not product.make():
                return 1
            remember(product)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
