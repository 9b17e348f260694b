"""The command `lg-conformance snippets`: performs the snippets of the specification against a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from conformance.clients.environment import CLIENTS
from conformance.evidence.redaction import Redactor
from conformance.judging.outcomes import FAILED, INCONCLUSIVE, PASSED
from conformance.judging.verdict import BROKEN_MUST, OK, UNSURE
from conformance.launch.process import LaunchError
from conformance.report.words import NAMES
from conformance.settings import OPTIONS, Settings, UsageError, add_option, settings
from conformance.snippets.blocks import CodeBlock
from conformance.snippets.run import SnippetResult, chosen, results
from conformance.targets.target import Target
from conformance.targets.target_file import find_target
from conformance.targets.tls import refuse_insecure

SHARED = ("url", "target", "header", "header-file", "api-key", "assistant", "ca-file", "insecure")
"""The options that have the same meaning as for `lg-conformance run`."""


def main(arguments: Sequence[str]) -> int:
    """Perform the snippets that the options choose; return the exit status.  Raises UsageError."""
    options = vars(_parser().parse_args(arguments))
    given = settings({name: options[name.replace("-", "_")] for name in SHARED})
    wanted = chosen(options["client"], options["line"])
    if not wanted:
        raise UsageError("no snippet of these clients starts at these lines; without --line all are performed")
    try:
        _, found = measured(given, wanted)
    except LaunchError as problem:
        print(f"lg-conformance: {problem}", file=sys.stderr)
        return UNSURE
    print("\n".join(line for result in found for line in _lines(result)))
    passed = sum(result.outcome.word == PASSED for result in found)
    print(f"{passed} of {len(found)} snippets passed")
    return exit_status_of(found)


def measured(given: Settings, wanted: Sequence[CodeBlock]) -> tuple[Target, list[SnippetResult]]:
    """Return the server that the settings name, started if necessary, and the results of the blocks on it.

    Raises LaunchError.
    """
    target = find_target(given)
    if target.query:
        raise UsageError("the SDKs cannot send the query of a URL; give the URL without it, and a secret as a header")
    refuse_insecure(target.tls, "the SDKs and curl")
    redactor = Redactor([*given.secrets, *target.secrets])
    with ExitStack() as stack:
        if target.launch is not None:
            target = stack.enter_context(target.launch(_say))
        return target, results(target, wanted, redactor, _say)


def exit_status_of(found: Sequence[SnippetResult]) -> int:
    """Return 1 if a snippet failed, 2 if one is inconclusive, otherwise 0; code as printed does not count."""
    words = {result.outcome.word for result in found}
    return BROKEN_MUST if FAILED in words else UNSURE if INCONCLUSIVE in words else OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lg-conformance snippets",
        description="Perform the code snippets of the specification with the real langgraph_sdk, "
        "@langchain/langgraph-sdk and curl. Without --url or --target the suite starts the embedded official server. "
        "The threads that the snippets create are not deleted.",
        epilog="exit status: 0 all passed · 1 one failed · 2 one is inconclusive · 4 wrong usage",
    )
    for option in (option for option in OPTIONS if option.name in SHARED):
        add_option(parser, option)
    parser.add_argument(
        "--client", action="append", choices=CLIENTS, default=[], help="perform only the snippets of this client"
    )
    parser.add_argument(
        "--line",
        action="append",
        type=int,
        default=[],
        metavar="N",
        help="perform only the block that starts at line N",
    )
    return parser


def _lines(result: SnippetResult) -> Iterator[str]:
    block = result.block
    head = f"{block.lines:>9}  {block.language:<11}"
    if block.defect and result.as_printed:
        yield f"{head} as printed: {NAMES[result.as_printed.word]} ({block.defect.what})"
    corrected = "corrected: " if block.defect else ""
    message = f": {result.outcome.message}" if result.outcome.message else ""
    yield f"{head} {corrected}{NAMES[result.outcome.word]}{message}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
