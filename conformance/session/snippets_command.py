"""The command `lg-conformance snippets`: performs the specification's snippets against a server and says what came of each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from conformance.clients.environment import CLIENTS
from conformance.evidence.redaction import Redactor
from conformance.judging.outcomes import PASSED
from conformance.judging.verdict import UNSURE
from conformance.launch.process import LaunchError
from conformance.settings import OPTIONS, Settings, UsageError, settings
from conformance.snippets.blocks import Block
from conformance.snippets.run import Result, chosen, exit_status, results
from conformance.targets.target import Target
from conformance.targets.target_file import find_target

SHARED = ("url", "target", "header", "api-key", "assistant")
"""Options that mean here what they mean to a run."""


def main(arguments: Sequence[str]) -> int:
    """Perform the snippets that the options choose; return the exit status; raises UsageError."""
    options = vars(_parser().parse_args(arguments))
    given = settings({name: options[name.replace("-", "_")] for name in SHARED})
    wanted = chosen(options["client"], options["line"])
    if not wanted:
        raise UsageError("no snippet of these clients opens at these lines; without --line all are performed")
    try:
        _, found = measured(given, wanted)
    except LaunchError as problem:
        print(f"lg-conformance: {problem}", file=sys.stderr)
        return UNSURE
    print("\n".join(line for result in found for line in _lines(result)))
    passed = sum(result.outcome.word == PASSED for result in found)
    print(f"{passed} of {len(found)} snippets passed")
    return exit_status(found)


def measured(given: Settings, wanted: Sequence[Block]) -> tuple[Target, list[Result]]:
    """The server that the settings name, started if need be, and what came of the blocks on it; raises LaunchError."""
    target = find_target(given)
    redactor = Redactor([*given.secrets, *target.headers.values()])
    with ExitStack() as stack:
        if target.launch is not None:
            target = stack.enter_context(target.launch(_say))
        return target, results(target, wanted, redactor, _say)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lg-conformance snippets",
        description="Perform the document's own snippets with the real langgraph_sdk, @langchain/langgraph-sdk and "
        "curl. Without --url or --target: against the embedded official server. The threads that they create are left.",
        epilog="exit status: 0 all passed · 1 one failed on this server · 2 cannot tell · 4 wrong usage",
    )
    for option in (option for option in OPTIONS if option.name in SHARED):
        action = "append" if option.many else "store"
        parser.add_argument(f"--{option.name}", action=action, metavar=option.metavar, help=option.help)
    parser.add_argument("--client", action="append", choices=CLIENTS, default=[], help="these alone (default: all)")
    parser.add_argument(
        "--line", action="append", type=int, default=[], metavar="N", help="the block that opens at this line alone"
    )
    return parser


def _lines(result: Result) -> Iterator[str]:
    block = result.block
    head = f"{block.lines:>9}  {block.language:<11}"
    if block.defect and result.as_printed:
        yield f"{head} as printed: {result.as_printed.word} ({block.defect.what})"
    mended = "mended: " if block.defect else ""
    message = f": {result.outcome.message}" if result.outcome.message else ""
    yield f"{head} {mended}{result.outcome.word}{message}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
