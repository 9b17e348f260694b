"""The command `lg-conformance`: a thin layer over `pytest --pyargs conformance`, and commands that need no pytest."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from conformance import catalogue
from conformance.authoring.registry import DeclarationError
from conformance.judging.verdict import OK, UNSURE, USAGE
from conformance.session import catalogue_commands, report_commands, server_commands
from conformance.settings import (
    CLIENTS,
    JUDGING,
    OPTIONS,
    OWN_RUNS,
    RECORDING,
    REPORT,
    SERVER,
    UsageError,
    add_option,
)

PACKAGE = Path(__file__).parent

UNUSED_PLUGINS = ("-p", "no:langsmith_plugin", "-p", "no:hypothesispytest", "-p", "no:unraisableexception")
"""Pytest plugins of packages that are installed with the suite; loading them takes seconds."""

PYTEST_OPTIONS = """\
options of pytest, among others:
  -k EXPRESSION         Select checks by area (join), level (MUST), requirement id or name of a check.
  -n N                  Judge in N processes.
  -x, --maxfail N       Stop judging after the first or Nth failure; inconclusive checks do not count.
  --lf                  Select the checks that did not pass in the last session in this folder.
  -q                    Print less.
  --alluredir DIR       Write results for Allure to DIR.
"""

EXIT_STATUSES = """\
exit status, the first that applies:
  4  wrong usage: an option or a file that cannot be used
  5  nothing was selected
  2  the suite failed, the session was interrupted, or the server stopped responding
  1  a MUST failed that the baseline does not list, or an entry of the baseline is stale
  2  a selected MUST is inconclusive or untested
  0  otherwise"""


@dataclass(frozen=True)
class Command:
    """A command: what the help says about it, and the function that gets its arguments and returns an exit status.

    `examples` are arguments that the help shows.
    """

    summary: str
    run: Callable[[Sequence[str]], int]
    examples: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    _print_every_character()
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
        near = catalogue.nearest(name, COMMANDS)
        return _wrong(f"there is no command {name!r}{near}; the commands are {', '.join(COMMANDS)}")
    status = _performed(COMMANDS[name], rest)
    if _asks_for_help(rest):
        print("\nexamples:", *(f"  lg-conformance {name} {one}".rstrip() for one in COMMANDS[name].examples), sep="\n")
    return status


def _print_every_character() -> None:
    """Escape what an output cannot encode: Windows encodes what is piped in a code page with 256 characters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _performed(command: Command, arguments: Sequence[str]) -> int:
    """Run a command; return its exit status, also for every error that is not a defect of the suite."""
    try:
        return command.run(arguments)
    except (catalogue.UnknownName, UsageError) as problem:
        return _wrong(str(problem))
    except (catalogue.CatalogueError, DeclarationError) as problem:
        print(f"lg-conformance: the suite itself is broken: {problem}", file=sys.stderr)
        return UNSURE
    except SystemExit as ended:
        # argparse exits with 0 after its help and with 2 for wrong usage, but 2 has another meaning here.
        return USAGE if ended.code else OK
    except KeyboardInterrupt:
        print("lg-conformance: interrupted", file=sys.stderr)
        return UNSURE
    except BrokenPipeError:
        # The reader of the output closed it, as `head` does; that is not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as problem:
        return _wrong(f"cannot read or write {problem.filename or 'a file'}: {problem.strerror or problem}")


def run(arguments: Sequence[str]) -> int:
    """Judge a server; return the exit status of the session."""
    if _asks_for_help(arguments):
        print(_help("run [options]", COMMANDS["run"], (SERVER, JUDGING, RECORDING, REPORT, CLIENTS, OWN_RUNS)))
        return OK
    values = (one for before, one in pairwise(["", *arguments]) if not (before.startswith("-") or one.startswith("-")))
    if (url := next((one for one in values if "://" in one), None)) is not None:
        shown = url.partition("?")[0]  # the query may be secret
        return _wrong(f"{shown!r} is not an option; give the URL of a server as --url {shown}")
    status = _pytest([_prefixed(argument) for argument in arguments])
    if status == USAGE:
        _suggest_options(arguments)
    return status


def judge(arguments: Sequence[str]) -> int:
    """Judge stored recordings; return the exit status of the session."""
    usage = "judge DIR [options]"
    if _asks_for_help(arguments):
        print(_help(usage, COMMANDS["judge"], (JUDGING, REPORT, CLIENTS)))
        return OK
    if not arguments or arguments[0].startswith("-"):
        what = "a report folder, its recordings/ or recordings.tar.xz"
        return _wrong(f"the first argument of judge must be {what}: lg-conformance {usage}")
    return _pytest(["--lg-judge", arguments[0], *(_prefixed(argument) for argument in arguments[1:])])


def snippets(arguments: Sequence[str]) -> int:
    """Perform the specification's snippets; return the exit status."""
    from conformance.session.snippets_command import main

    return main(arguments)


def verify(arguments: Sequence[str]) -> int:
    """Judge the recordings of reports again; return the exit status."""
    from conformance.session.verify_command import main

    return main(arguments)


def clients(arguments: Sequence[str]) -> int:
    """Play stored streams to real clients; return the exit status."""
    from conformance.session.clients_command import main

    return main(arguments)


def check(arguments: Sequence[str]) -> int:
    """Look at a server without judging it; return the exit status."""
    from conformance.session.check_command import main

    return main(arguments)


COMMANDS = {
    "check": Command(
        "Look at a server in a second: is it reachable, and which reference graphs does it have?",
        check,
        ("--url http://127.0.0.1:8123", "--target my-server.toml"),
    ),
    "run": Command(
        "Judge a server: the embedded official server, --url URL, or --target NAME_OR_FILE.",
        run,
        (
            "--url http://127.0.0.1:8123",
            "--url http://127.0.0.1:8123 -k 'join and MUST'",
            "--target my-server.toml",
            "--url http://127.0.0.1:8123 --programs 200 --seed 1",
            """--url http://127.0.0.1:8123 --graph 'my-agent={"messages": [{"role": "user", "content": "Hi"}]}'""",
        ),
    ),
    "judge": Command(
        "Judge stored recordings, without a server.", judge, ("reports/FOLDER", "reports/FOLDER --report-dir again")
    ),
    "verify": Command(
        "Judge the recordings of reports again, and compare the verdicts; nothing is written.",
        verify,
        ("reports/ONE reports/OTHER",),
    ),
    "list": Command("List the requirements of a profile.", catalogue_commands.list_, ("", "--profile client-safety")),
    "explain": Command(
        "Explain a requirement (reason, affected clients, example on the wire, checks, faults), an area or a mode.",
        catalogue_commands.explain,
        ("updates.node-sequence", "join", "messages-tuple"),
    ),
    "graphs": Command(
        "Copy the reference graphs and their contract to a folder.", catalogue_commands.graphs, ("graphs",)
    ),
    "diff": Command(
        "Compare two reports of one server; exit status 1 if something broke.",
        report_commands.diff,
        ("reports/OLD reports/NEW", "reports/OLD reports/NEW --format md"),
    ),
    "matrix": Command(
        "Compare servers: write one page of requirements × servers.",
        report_commands.matrix,
        ("reports/ONE reports/OTHER --output pages",),
    ),
    "replay": Command(
        "Serve stored recordings on loopback, byte for byte.", server_commands.replay, ("reports/FOLDER --port 8300",)
    ),
    "fault": Command(
        "Serve a running server with one fault, to see a check fail.",
        server_commands.fault,
        ("replays_from_the_start --upstream http://127.0.0.1:8123 --port 8200",),
    ),
    "clients": Command("Play stored streams to real clients, and report what they see.", clients, ("reports/FOLDER",)),
    "snippets": Command(
        "Perform the specification's snippets with the real SDKs and curl.",
        snippets,
        ("--url http://127.0.0.1:8123", "--url http://127.0.0.1:8123 --client python"),
    ),
}


def _asks_for_help(arguments: Sequence[str]) -> bool:
    return "-h" in arguments or "--help" in arguments


def _prefixed(argument: str) -> str:
    """Return `--lg-url` for `--url`, and any option that is not the suite's unchanged, for pytest."""
    name, equals, value = argument.partition("=")
    ours = name.startswith("--") and any(name[2:] == option.name for option in OPTIONS)
    return f"--lg-{name[2:]}{equals}{value}" if ours else argument


def _pytest(arguments: Sequence[str]) -> int:
    import pytest

    # The suite's own configuration, because a pytest.ini in the current folder is about other tests.
    fixed = ["-c", str(PACKAGE / "pytest.ini"), "--rootdir", os.getcwd(), *UNUSED_PLUGINS]
    return int(pytest.main([*fixed, "-p", "conformance.plugin", *arguments, "--pyargs", "conformance"]))


def _suggest_options(arguments: Sequence[str]) -> None:
    """Print the nearest option of the suite for each option that it does not have."""
    names = [f"--{option.name}" for option in OPTIONS]
    for given in (argument.partition("=")[0] for argument in arguments if argument.startswith("--")):
        if given not in names and (near := catalogue.nearest(given, names)):
            print(f"lg-conformance: there is no option {given}{near}", file=sys.stderr)


def _usage() -> str:
    """Return the help of `lg-conformance`."""
    commands = [f"  {name:<9} {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: lg-conformance COMMAND …\n",
            "Test whether a server conforms to the LangGraph streaming API.\n",
            "commands:",
            *commands,
            "\n`lg-conformance COMMAND --help` shows the options of a command.\n",
            EXIT_STATUSES,
        ]
    )


def _help(usage: str, command: Command, groups: Sequence[str]) -> str:
    """Return the help of a command that pytest performs, with the options of these groups."""
    usage = f"lg-conformance {usage} [options of pytest]"
    parser = argparse.ArgumentParser(usage=usage, description=command.summary, add_help=False)
    for name in groups:
        group = parser.add_argument_group(name)
        for option in (one for one in OPTIONS if one.group == name and one.name != "judge"):
            add_option(group, option)
    return "\n".join([parser.format_help(), PYTEST_OPTIONS, EXIT_STATUSES])


def _wrong(message: str) -> int:
    print(f"lg-conformance: {message}", file=sys.stderr)
    return USAGE
