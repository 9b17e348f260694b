"""The command `lg-conformance`: a thin layer over `pytest --pyargs conformance`, and commands that need no pytest."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from . import catalogue, suites
from ._files import folder
from .declare import REGISTRY
from .settings import DEFAULT_PROFILE, OPTIONS, UsageProblem
from .target import checked_url
from .verdict import BROKEN_MUST, USAGE

if TYPE_CHECKING:
    from asyncio import Server

OK = 0
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
        from .attribution import suite_version

        print(f"lg-conformance {suite_version()}")
        return OK
    if name not in COMMANDS:
        return _wrong(f"there is no command {name!r}; there are {', '.join(COMMANDS)}")
    try:
        return COMMANDS[name](rest)
    except (catalogue.UnknownName, UsageProblem) as problem:
        return _wrong(str(problem))
    except SystemExit as ended:
        # argparse ends with 0 after its help, and with 2 for wrong usage, which here says that nothing can be told.
        return USAGE if ended.code else OK
    except BrokenPipeError:
        # The reader of our output left, as `head` does; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def run(arguments: Sequence[str]) -> int:
    """judge a server: the embedded official one, --url URL, or --target NAME_OR_FILE"""
    if "-h" in arguments or "--help" in arguments:
        print(_run_usage())
        return OK
    if any("://" in one and not before.startswith("-") for before, one in pairwise(["", *arguments])):
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


def list_(arguments: Sequence[str]) -> int:
    """list the requirements of a profile"""
    parser = argparse.ArgumentParser("lg-conformance list", description="List the requirements of a profile.")
    parser.add_argument("--profile", default=DEFAULT_PROFILE, metavar="NAME")
    parser.add_argument("--format", default="md", choices=("md", "json"))
    chosen = parser.parse_args(arguments)
    wanted = [catalogue.find(id) for id in catalogue.profile(chosen.profile).requirements]
    if chosen.format == "json":
        rows = [
            {"id": one.id, "level": one.level, "statement": one.statement, "sources": one.sources} for one in wanted
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return OK
    print("| id | level | statement |\n|---|---|---|")
    for one in wanted:
        statement = one.statement.replace("|", "\\|")
        print(f"| {one.id} | {one.level} | {statement} |")
    return OK


def explain(arguments: Sequence[str]) -> int:
    """one requirement in full: why, who breaks without it, an example on the wire, checks, faults"""
    from .report.requirement import described, markdown

    parser = argparse.ArgumentParser("lg-conformance explain", description="Explain one requirement.")
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--format", default="md", choices=("md", "json"))
    chosen = parser.parse_args(arguments)
    requirement = catalogue.find(chosen.id)
    suites.load()
    full = described(requirement)
    print(json.dumps(full, indent=1, ensure_ascii=False) if chosen.format == "json" else markdown(full))
    return OK


def graphs(arguments: Sequence[str]) -> int:
    """copy the reference graphs and their contract into a folder, to deploy them"""
    parser = argparse.ArgumentParser("lg-conformance graphs", description="Copy the reference graphs out.")
    parser.add_argument("dir", metavar="DIR", type=Path)
    target: Path = parser.parse_args(arguments).dir
    if target.exists() and not target.is_dir():
        return _wrong(f"{target} is no folder; name one that is new or may be added to")
    shutil.copytree(
        folder("fixtures_graphs"), target, copy_function=_replace, dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__", "node_modules", ".langgraph_api"),
    )  # fmt: skip
    print(f"{target}{os.sep}README.md says what each graph must do")
    print("The official Python server takes them as they are:")
    print(f"cd {target / 'python'} && langgraph dev --no-browser --n-jobs-per-worker 20 --port 8123")
    return OK


def _replace(source: str, target: str) -> None:
    there = Path(target)
    if there.is_file() and there.read_bytes() != Path(source).read_bytes():
        print(f"{there} was changed, and is replaced")
    shutil.copy2(source, target)


def matrix(arguments: Sequence[str]) -> int:
    """compare servers: one page, requirement × server, from their reports"""
    from .report.write import write_matrix

    parser = argparse.ArgumentParser("lg-conformance matrix", description="Compare servers by their reports.")
    parser.add_argument("reports", nargs="+", type=Path, metavar="FOLDER_OR_REPORT_JSON")
    parser.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="default: the current folder")
    chosen = parser.parse_args(arguments)
    for page in write_matrix(chosen.reports, chosen.output):
        print(page)
    return OK


def diff(arguments: Sequence[str]) -> int:
    """compare two reports: what is fixed, broken, changed, new; exit status 1 where something broke"""
    from .report import compare
    from .report.write import read_report, report_file

    parser = argparse.ArgumentParser("lg-conformance diff", description="Say what changed between two reports.")
    parser.add_argument("old", type=Path, metavar="OLD", help="a report folder, or its report.json")
    parser.add_argument("new", type=Path, metavar="NEW", help="the same, of a later run")
    parser.add_argument("--format", default="text", choices=("text", "md", "json"))
    chosen = parser.parse_args(arguments)
    old, new = (read_report(report_file(path)) for path in (chosen.old, chosen.new))
    found = compare.changes(old, new)
    if chosen.format == "text":
        print("\n".join(compare.lines(old, new, found)))
    else:
        print((compare.markdown if chosen.format == "md" else compare.as_json)(old, new, found).rstrip())
    return BROKEN_MUST if any(one.kind == compare.BROKEN for one in found) else OK


def fault(arguments: Sequence[str]) -> int:
    """serve a faulty view of a running server, to see a check fail: fault NAME --upstream URL [--port N]"""
    from .proxy import Proxy

    parser = argparse.ArgumentParser("lg-conformance fault", description="Serve a faulty view of a running server.")
    parser.add_argument("name", metavar="NAME", help="a fault, as `explain ID` names them")
    parser.add_argument("--upstream", required=True, metavar="URL")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="a loopback port (default: a free one)")
    chosen = parser.parse_args(arguments)
    suites.load()
    known = {one.name: one for one in (*REGISTRY.faults, *REGISTRY.oddities)}
    if chosen.name not in known:
        near = difflib.get_close_matches(chosen.name, known, 3)
        way = f"did you mean {', '.join(near)}?" if near else "`lg-conformance explain ID` names those of a requirement"
        return _wrong(f"there is no fault {chosen.name!r}; {way}")
    upstream = checked_url(chosen.upstream, "--upstream")

    what = f"is {upstream} with the fault {chosen.name}"
    return _serve(Proxy(upstream, known[chosen.name]).serve, chosen.port, what)


def replay(arguments: Sequence[str]) -> int:
    """play recordings back as a server, byte for byte: replay RECORDING [--port N]"""
    from .replay import Replay, asked_of, recordings_at

    parser = argparse.ArgumentParser("lg-conformance replay", description="Play recordings back as a server.")
    what = "a .jsonl file, a report folder, or its recordings/"
    parser.add_argument("recording", metavar="RECORDING", type=Path, help=what)
    parser.add_argument("--port", type=int, default=0, metavar="N", help="a loopback port (default: a free one)")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="how many times as fast (default: 1)")
    chosen = parser.parse_args(arguments)
    if not 0 < chosen.speed < 1e9:
        return _wrong(f"--speed {chosen.speed} must be a number above 0")
    recordings = recordings_at(chosen.recording)
    return _serve(Replay(recordings, chosen.speed).serve, chosen.port, asked_of(recordings))


def _serve(listen: Callable[[int], Awaitable[Server]], port: int, what: str) -> int:
    """Serve on a loopback port until Ctrl-C; say where, and what it is."""
    import asyncio

    from .http1 import address

    async def serve() -> None:
        server = await listen(port)
        print(f"{address(server)} {what}\nstop with Ctrl-C", flush=True)
        await server.serve_forever()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return OK
    except (OSError, OverflowError) as problem:
        why = getattr(problem, "strerror", None) or problem
        return _wrong(f"port {port} cannot be listened on ({why}); choose another with --port")
    return OK


def snippets(arguments: Sequence[str]) -> int:
    """perform the document's own snippets with the real SDKs and curl"""
    from .snippets.command import main

    return main(arguments)


def clients(arguments: Sequence[str]) -> int:
    """have real clients read stored streams, and say in the report what they saw"""
    from .clients.command import main

    return main(arguments)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "list": list_,
    "explain": explain,
    "judge": judge,
    "graphs": graphs,
    "fault": fault,
    "matrix": matrix,
    "replay": replay,
    "clients": clients,
    "snippets": snippets,
    "diff": diff,
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
