"""The commands that neither ask a server nor need pytest: the catalogue, the graphs, and reports side by side."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from conformance import catalogue, suite
from conformance.files import folder
from conformance.judging.verdict import BROKEN_MUST, OK
from conformance.settings import DEFAULT_PROFILE, UsageError


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
    from conformance.report.requirement import described, markdown

    parser = argparse.ArgumentParser("lg-conformance explain", description="Explain one requirement.")
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--format", default="md", choices=("md", "json"))
    chosen = parser.parse_args(arguments)
    requirement = catalogue.find(chosen.id)
    suite.load()
    full = described(requirement)
    print(json.dumps(full, indent=1, ensure_ascii=False) if chosen.format == "json" else markdown(full))
    return OK


def graphs(arguments: Sequence[str]) -> int:
    """copy the reference graphs and their contract into a folder, to deploy them"""
    parser = argparse.ArgumentParser("lg-conformance graphs", description="Copy the reference graphs out.")
    parser.add_argument("dir", metavar="DIR", type=Path)
    target: Path = parser.parse_args(arguments).dir
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is no folder; name one that is new or may be added to")
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
    from conformance.report.write import write_matrix

    parser = argparse.ArgumentParser("lg-conformance matrix", description="Compare servers by their reports.")
    parser.add_argument("reports", nargs="+", type=Path, metavar="FOLDER_OR_REPORT_JSON")
    parser.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="default: the current folder")
    chosen = parser.parse_args(arguments)
    for page in write_matrix(chosen.reports, chosen.output):
        print(page)
    return OK


def diff(arguments: Sequence[str]) -> int:
    """compare two reports: what is fixed, broken, changed, new; exit status 1 where something broke"""
    from conformance.report import compare
    from conformance.report.write import read_report, report_file

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
