"""The command `lg-conformance check`: what a server is and which reference graphs it has, without judging it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

from conformance import suite
from conformance.evidence.redaction import Redactor
from conformance.judging.verdict import BROKEN_MUST, OK, UNSURE
from conformance.launch.process import LaunchError
from conformance.record.looking import Look, look
from conformance.report.words import command
from conformance.settings import OPTIONS, UsageError, add_option, settings
from conformance.targets.names import CONTRACT_VERSION, check_names, reference_graphs
from conformance.targets.target import Target
from conformance.targets.target_file import find_target
from conformance.wire.text import printable, shortened

SHARED = ("url", "target", "header", "header-file", "api-key", "assistant", "ca-file", "insecure")
"""The options that have the same meaning as for `lg-conformance run`."""
VALUE_CHARACTERS = 100
"""How many characters of one value of /info are shown."""


def main(arguments: Sequence[str]) -> int:
    """Look at the server that the options name; return the exit status.  Raises UsageError."""
    options = vars(_parser().parse_args(arguments))
    given = settings({name: options[name.replace("-", "_")] for name in SHARED})
    if not (given.url or given.target):
        raise UsageError("give the server to look at: --url URL, or --target NAME_OR_FILE")
    target = find_target(given)
    check_names(target, suite.load())
    graphs = reference_graphs()
    try:
        with ExitStack() as stack:
            if target.launch is not None:
                target = stack.enter_context(target.launch(lambda text: print(text, file=sys.stderr, flush=True)))
            found = asyncio.run(look(target, graphs))
    except LaunchError as problem:
        print(f"lg-conformance: {problem}", file=sys.stderr)
        return UNSURE
    redactor = Redactor([*given.secrets, *target.secrets])
    for line in lines(target, found, graphs, given.words):
        print(printable(redactor.text(line)))
    return UNSURE if found.problem else OK if found.graphs else BROKEN_MUST


def lines(target: Target, found: Look, graphs: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    """Yield what was found, and the command to run next; `words` are the options that name the server."""
    if found.problem:
        yield found.problem
        return
    yield f"reachable  {target.url}" + ("; its certificate is not verified (--insecure)" * target.tls.insecure)
    yield f"server     {_server(found.info)}"
    missing = [graph for graph in graphs if graph not in found.graphs]
    yield f"graphs     {len(found.graphs)} of {len(graphs)}: {', '.join(found.graphs) or 'none'}"
    if missing:
        yield f"missing    {', '.join(missing)}"
        yield f"           {found.refusal}"
    if found.contract is not None:
        old = "" if found.contract == CONTRACT_VERSION else f"; this suite has version {CONTRACT_VERSION}, deploy that"
        yield f"contract   version {found.contract} of the reference graphs{old}"
    yield f"next       {_next(found, missing, words)}"


def _server(info: dict[str, Any] | None) -> str:
    """Return what the server says of itself at /info: its short texts and numbers."""
    if info is None:
        return "GET /info is not answered with a JSON object, so name and version are unknown"
    shown = {key: value for key, value in info.items() if isinstance(value, (str, int, float)) and value != ""}
    texts = (f"{key} {shortened(str(value), VALUE_CHARACTERS)}" for key, value in shown.items())
    return ", ".join(texts) or "GET /info says nothing of name and version"


def _next(found: Look, missing: Sequence[str], words: Sequence[str]) -> str:
    if not found.graphs:
        return "lg-conformance graphs DIR (deploy at least the graph joke, or give its name: --assistant joke=NAME)"
    return command([*words, "--stage", "1"]) if missing else command(words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "lg-conformance check",
        description="Look at a server, in a second or two: whether it can be reached, what it says at /info, which "
        "reference graphs are deployed, and the version of their contract. Nothing is judged. For each graph that the "
        "server does not list, a run is started and left at once.",
        epilog="exit status: 0 reachable, with at least one graph · 1 reachable, without any graph · 2 not reachable, "
        "or not this API · 4 wrong usage",
    )
    for option in (option for option in OPTIONS if option.name in SHARED):
        add_option(parser, option)
    return parser
