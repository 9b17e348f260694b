"""`python -m tests.battery [--recorded] [NAME …]`: judge incomplete servers, and compare with what was written down.

Each is judged live: the fault proxy stands between the suite and the embedded official server.  With `--recorded` the
golden recordings are rewritten instead, without a server; those that differ in time only are left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence

from conformance.judging.verdict import RequirementResult, summary

from . import live, recorded
from .expected import Expected, expected
from .outcomes import described, differences, failed, judged
from .servers import SERVERS

Judged = tuple[list[RequirementResult], list[str]]
"""The requirements with their outcomes, and the errors of the suite."""


def main(arguments: Sequence[str]) -> int:
    """Return 0 if every server breaks exactly what was expected, otherwise 1."""
    parser = argparse.ArgumentParser("python -m tests.battery", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"default: all; servers: {', '.join(SERVERS)}")
    parser.add_argument("--recorded", action="store_true", help="judge rewritten recordings, without a server")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(SERVERS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; servers: {', '.join(SERVERS)}")
    names = chosen.names or list(SERVERS)
    differing = []
    started = time.monotonic()
    for name, result in _from_recordings(names) if chosen.recorded else _live(names):
        if _print(name, expected()[name], *result, time.monotonic() - started):
            differing.append(name)
        started = time.monotonic()
    print(f"{len(differing)} differ: {', '.join(differing)}" if differing else "all as expected")
    return 1 if differing else 0


def _from_recordings(names: Sequence[str]) -> Iterator[tuple[str, Judged]]:
    for name in names:
        if not SERVERS[name].live:
            yield name, judged(recorded.session(SERVERS[name]))


def _live(names: Sequence[str]) -> Iterator[tuple[str, Judged]]:
    for name in names:
        with live.upstream() as url:
            yield name, live.judged(name, url)


def _print(
    name: str, wanted: Expected, requirements: list[RequirementResult], errors: list[str], seconds: float
) -> bool:
    """Print one server; return whether it differs from what was expected."""
    found = differences(wanted, requirements)
    print(f"{name} ({seconds:.0f} s): {'as expected' if not found else f'{len(found)} differences'}")
    print(f"  {wanted.server}")
    print(f"  expected MUST: {', '.join(wanted.failed) or 'none'}")
    print(f"  failed MUST:   {', '.join(failed(requirements, 'MUST')) or 'none'}")
    counts = summary(requirements)["MUST"]
    print("  outcomes MUST: " + ", ".join(f"{count} {word}" for word, count in counts.items() if count))
    for line in [*map(described, found), *(f"  suite error: {error}" for error in errors)]:
        print(line)
    sys.stdout.flush()
    return bool(found or errors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
