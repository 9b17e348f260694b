"""`python -m tests.battery [--recorded] [NAME …]`: judge incomplete servers, and compare with what was written down.

Servers that only differ in pace are judged live, between the suite and the embedded official server.  With `--recorded`
all others are judged from the golden recordings, without a server.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

from conformance.judging.verdict import RequirementResult

from . import recorded
from .expected import Expected, expected
from .outcomes import described, differences, failed, judged
from .servers import SERVERS


def main(arguments: Sequence[str]) -> int:
    """Return 0 if every server breaks exactly what was expected, otherwise 1."""
    parser = argparse.ArgumentParser("python -m tests.battery", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", choices=[*SERVERS, []], help="a server; default: all")
    parser.add_argument("--recorded", action="store_true", help="judge the golden recordings, without a server")
    chosen = parser.parse_args(arguments)
    names = chosen.names or list(SERVERS)
    differ = 0
    for name, requirements, errors, seconds in _recorded(names):
        differ += _print(name, expected()[name], requirements, errors, seconds)
    return min(differ, 1)


def _recorded(names: Sequence[str]) -> Iterator[tuple[str, list[RequirementResult], list[str], float]]:
    for name in names:
        if SERVERS[name].pace is None:
            started = time.monotonic()
            yield name, *judged(recorded.session(SERVERS[name])), time.monotonic() - started


def _print(
    name: str, wanted: Expected, requirements: list[RequirementResult], errors: list[str], seconds: float
) -> bool:
    """Print one server; return whether it differs from what was expected."""
    found = differences(wanted, requirements)
    print(f"{name} ({seconds:.0f} s): {'as expected' if not found else f'{len(found)} differences'}")
    print(f"  {wanted.server}")
    print(f"  expected MUST: {', '.join(wanted.failed) or 'none'}")
    print(f"  failed MUST:   {', '.join(failed(requirements, 'MUST')) or 'none'}")
    for line in [*map(described, found), *(f"  suite error: {error}" for error in errors)]:
        print(line)
    sys.stdout.flush()
    return bool(found or errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
