"""The command `lg-conformance`: a thin layer over `pytest --pyargs conformance`, and commands that need no pytest."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from conformance import catalogue
from conformance.authoring.registry import DeclarationError
from conformance.judging.verdict import OK, UNSURE, USAGE
from conformance.session import commands, serving
from conformance.settings import OPTIONS, UsageError

PACKAGE = Path(__file__).parent

UNUSED_PLUGINS = ("-p", "no:langsmith_plugin", "-p", "no:hypothesispytest")
"""Plugins of pytest that come with what is installed beside the suite and cost seconds at every start."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    name, rest = (given[0], given[1:]) if given else ("--help", [])
    if name in ("-h", "--help"):
        print(_usage())
        return OK
    if name in ("-V", "--version"):
        from conformance.report.attribution import suite_version

        print(f"lg-conformance {suite_version()}")
        return OK
    if name not in COMMANDS:
        return _wrong(f"there is no command {name!r}; there are {', '.join(COMMANDS)}")
    try:
        return COMMANDS[name](rest)
    except (catalogue.UnknownName, UsageError) as problem:
        return _wrong(str(problem))
    except (catalogue.CatalogueError, DeclarationError) as problem:
        print(f"lg-conformance: the suite itself is broken: {problem}", file=sys.stderr)
        return UNSURE
    except SystemExit as ended:
        # argparse ends with 0 after its help, and with 2 for wrong usage, which here says that nothing can be told.
        return USAGE if ended.code else OK
    except BrokenPipeError:
        # The reader of our output left, as `head` does; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as problem:
        return _wrong(f"{problem.filename or 'a file'} cannot be read or written: {problem.strerror or problem}")


def run(arguments: Sequence[str]) -> int:
    """judge a server: the embedded official one, --url URL, or --target NAME_OR_FILE"""
    if "-h" in arguments or "--help" in arguments:
        print(_run_usage())
        return OK
    bare = (one for before, one in pairwise(["", *arguments]) if not (before.startswith("-") or one.startswith("-")))
    if any("://" in one for one in bare):
        return _wrong("the URL of a server is given with --url, as in --url http://127.0.0.1:8123")
    status = _pytest([_prefixed(argument) for argument in arguments])
    if status == USAGE:
        names = [f"--{option.name}" for option in OPTIONS]
        for given in (argument.partition("=")[0] for argument in arguments if argument.startswith("--")):
            if given not in names and (near := difflib.get_close_matches(given, names, 1)):
                print(f"lg-conformance: {given}: did you mean {near[0]}?", file=sys.stderr)
    return status


def judge(arguments: Sequence[str]) -> int:
    """judge stored recordings again, without a server"""
    if not arguments or arguments[0].startswith("-"):
        return _wrong("judge wants a report folder or its recordings/: lg-conformance judge DIR [options as of run]")
    return _pytest(["--lg-judge", arguments[0], *(_prefixed(argument) for argument in arguments[1:])])


def snippets(arguments: Sequence[str]) -> int:
    """perform the document's own snippets with the real SDKs and curl"""
    from conformance.session.snippets_command import main

    return main(arguments)


def clients(arguments: Sequence[str]) -> int:
    """have real clients read stored streams, and say in the report what they saw"""
    from conformance.session.clients_command import main

    return main(arguments)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "list": commands.list_,
    "explain": commands.explain,
    "judge": judge,
    "graphs": commands.graphs,
    "fault": serving.fault,
    "matrix": commands.matrix,
    "replay": serving.replay,
    "clients": clients,
    "snippets": snippets,
    "diff": commands.diff,
}


def _prefixed(argument: str) -> str:
    """`--url` of the command is `--lg-url` of pytest; what is no option of the suite is left to pytest."""
    name, equals, value = argument.partition("=")
    ours = name.startswith("--") and any(name[2:] == option.name for option in OPTIONS)
    return f"--lg-{name[2:]}{equals}{value}" if ours else argument


def _pytest(arguments: Sequence[str]) -> int:
    import pytest

    # Our own configuration: a pytest.ini of the current folder speaks of other tests.
    fixed = ["-c", str(PACKAGE / "pytest.ini"), "--rootdir", os.getcwd(), *UNUSED_PLUGINS]
    return int(pytest.main([*fixed, "-p", "conformance.plugin", *arguments, "--pyargs", "conformance"]))


def _usage() -> str:
    lines = ["usage: lg-conformance COMMAND …", "", "Conformance to the LangGraph streaming API.", ""]
    lines += [f"  {name:<9} {_first_line(command.__doc__ or '')}" for name, command in COMMANDS.items()]
    statuses = "0 good · 1 a MUST failed, or a baseline is stale · 2 cannot tell · 4 wrong usage · 5 nothing selected"
    return "\n".join([*lines, "", f"exit status: {statuses}"])


def _run_usage() -> str:
    lines = ["usage: lg-conformance run [options] [options of pytest, such as -k EXPRESSION or -n 4]", ""]
    for option in OPTIONS:
        if option.name != "judge":
            name = f"--{option.name} {option.metavar or ''}"
            lines.append(f"  {name:<28} {option.help}")
    return "\n".join(lines)


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0]


def _wrong(message: str) -> int:
    print(f"lg-conformance: {message}", file=sys.stderr)
    return USAGE
