"""The commands about the suite's own content: its requirements and its reference graphs."""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from conformance import catalogue, suite
from conformance.catalogue import Requirement, Stage
from conformance.files import folder
from conformance.judging.verdict import OK
from conformance.settings import DEFAULT_PROFILE, UsageError

GENERATED = ("__pycache__", "node_modules", ".langgraph_api")
"""Names in the folder of the reference graphs that only using them creates."""


def list_(arguments: Sequence[str]) -> int:
    """Print the requirements of a profile; return the exit status; raises UnknownName."""
    parser = argparse.ArgumentParser("lg-conformance list", description="List the requirements of a profile.")
    parser.add_argument(
        "--profile", default=DEFAULT_PROFILE, metavar="NAME", help=f"the profile (default: {DEFAULT_PROFILE})"
    )
    parser.add_argument("--stages", action="store_true", help="list the stages of the profile instead")
    _add_format(parser)
    chosen = parser.parse_args(arguments)
    if chosen.stages:
        stages = catalogue.profile(chosen.profile).stages
        print(_json([asdict(one) for one in stages]) if chosen.format == "json" else _stages(stages))
        return OK
    requirements = [catalogue.find(id) for id in catalogue.profile(chosen.profile).requirements]
    print(_json([_row(one) for one in requirements]) if chosen.format == "json" else _table(requirements))
    return OK


def _stages(stages: Sequence[Stage]) -> str:
    """Return a paragraph for each stage: what it brings and needs."""
    paragraphs = (
        f"{number} {one.name}: {one.brings}\n"
        f"  requirements: {', '.join(one.requirements)}\n  graphs: {', '.join(one.graphs)}"
        for number, one in enumerate(stages, 1)
    )
    return "\n".join(paragraphs) or "the profile has no stages"


def explain(arguments: Sequence[str]) -> int:
    """Print everything about a requirement, an area or a mode; return the exit status; raises UnknownName."""
    from conformance.report.area import area_markdown, area_of, described_area
    from conformance.report.requirement import described, markdown

    parser = argparse.ArgumentParser(
        "lg-conformance explain",
        description="Explain a requirement: why it is required, which clients break without it, how it looks on the "
        "wire, which checks verify it, and which faults turn it red. Or an area or a stream mode: its requirements.",
    )
    parser.add_argument("id", metavar="ID", help="a requirement as `lg-conformance list` shows it, an area, or a mode")
    _add_format(parser)
    chosen = parser.parse_args(arguments)
    if area_of(chosen.id) is not None:
        full, text = described_area(chosen.id), area_markdown
    else:
        requirement = catalogue.find(chosen.id)
        suite.load()
        full, text = described(requirement), markdown
    print(_json(full) if chosen.format == "json" else text(full))
    return OK


def graphs(arguments: Sequence[str]) -> int:
    """Copy the reference graphs to a folder; return the exit status; raises UsageError and OSError."""
    parser = argparse.ArgumentParser(
        "lg-conformance graphs",
        description="Copy the reference graphs and their contract to a folder, to deploy them on a server.",
    )
    parser.add_argument("dir", metavar="DIR", type=Path, help="a new folder, or one whose copies are replaced")
    target: Path = parser.parse_args(arguments).dir
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is not a folder; give a new folder, or one that the graphs may be added to")
    shutil.copytree(
        folder("fixtures_graphs"), target, copy_function=_replace, dirs_exist_ok=True,
        ignore=shutil.ignore_patterns(*GENERATED),
    )  # fmt: skip
    print(f"{target}{os.sep}README.md describes what each graph must do")
    print("The official Python server can serve them without a change:")
    print(f"cd {target / 'python'} && langgraph dev --no-browser --n-jobs-per-worker 20 --port 8123")
    return OK


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", default="md", choices=("md", "json"), help="Markdown or JSON (default: md)")


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _row(one: Requirement) -> dict[str, object]:
    return {"id": one.id, "level": one.level, "statement": one.statement, "sources": one.sources}


def _table(requirements: Sequence[Requirement]) -> str:
    statements = [(one, one.statement.replace("|", "\\|")) for one in requirements]
    rows = [f"| {one.id} | {one.level} | {statement} |" for one, statement in statements]
    return "\n".join(["| id | level | statement |", "|---|---|---|", *rows])


def _replace(source: str, target: str) -> None:
    copy = Path(target)
    if copy.is_file() and copy.read_bytes() != Path(source).read_bytes():
        print(f"{copy} had been changed; it is replaced")
    shutil.copy2(source, target)
