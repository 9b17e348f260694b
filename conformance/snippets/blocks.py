"""The code blocks of the specification as data: read from `specification/*.toml`, their placeholders filled, their defects mended.

It knows the files and the text of a snippet; it performs nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from conformance.targets.target import Target

FOLDER = Path(__file__).with_name("specification")

Prints = Literal["data", "chunk", "text", "nothing"]

NO_KEY = "no-key"
"""Stands for the placeholder of the API key where none is given: a server that wants none ignores it."""


@dataclass(frozen=True)
class Expected:
    """What a good server makes a snippet print.

    `events` are (name, data) in order, by the patterns of `expected.mismatch`; with `between` others may stand between
    them, and events whose name is in `may_precede` may come before. `text` is what the printed pieces join to.
    `thread`: the snippet creates a thread and streams nothing.
    """

    events: tuple[tuple[str, Any], ...] = ()
    between: bool = False
    may_precede: tuple[str, ...] = ()
    text: str = ""
    thread: bool = False


@dataclass(frozen=True)
class Defect:
    """What is wrong with a block as the document prints it, and the one replacement that mends it."""

    what: str
    printed: str
    mended: str


@dataclass(frozen=True)
class Block:
    """One code block of the specification; `excluded` says why it is not performed, if it is not."""

    lines: str
    language: str
    code: str
    after: int | None
    """The line of the block that must have been performed before, whose names or thread this one uses."""
    defect: Defect | None
    excluded: str
    section: str
    graph: str
    """The reference graph that stands for `agent`."""
    inputs: Mapping[str, Any] = field(repr=False)
    prints: Prints
    background: tuple[str, ...]
    """The modes of a run that is created before, which the block joins."""
    shown_by: str
    """A statement that comes after a block that prints nothing, and prints what it made."""
    expected: Expected = field(repr=False)

    @property
    def line(self) -> int:
        """The line of its opening fence, which names it."""
        return int(self.lines.partition("-")[0])

    @property
    def mended(self) -> str:
        """The code without its defect, which is what its author meant."""
        return self.code.replace(self.defect.printed, self.defect.mended) if self.defect else self.code


@cache
def blocks(folder: Path = FOLDER) -> dict[int, Block]:
    """Every code block of the specification by the line of its opening fence, in the order of the document."""
    found = [block for path in folder.glob("*.toml") for block in _read(path)]
    return {block.line: block for block in sorted(found, key=lambda block: block.line)}


def performed() -> list[Block]:
    """The blocks that are performed, in the order of the document."""
    return [block for block in blocks().values() if not block.excluded]


def _read(path: Path) -> list[Block]:
    table = tomllib.loads(path.read_text("utf-8"))
    shared = {
        "section": table["title"],
        "graph": table["graph"],
        "inputs": table["inputs"],
        "background": tuple(table.get("background", ())),
    }
    return [
        Block(
            **shared,
            lines=row["lines"],
            language=row["language"],
            code=row.get("code", ""),
            after=row.get("after"),
            defect=Defect(**row["defect"]) if "defect" in row else None,
            excluded=row.get("excluded", ""),
            prints=table["prints"],
            shown_by=row.get("shown_by", ""),
            expected=_expected(row.get("expected", table["expected"])),
        )
        for row in table["block"]
    ]


def _expected(table: Mapping[str, Any]) -> Expected:
    events = tuple((name, data) for name, data in table.get("events", ()))
    return Expected(**{**table, "events": events, "may_precede": tuple(table.get("may_precede", ()))})


# --- placeholders


@dataclass(frozen=True)
class Given:
    """What the placeholders of one performance stand for."""

    target: Target
    thread_id: str = ""
    run_id: str = ""


def filled(block: Block, code: str, given: Given) -> str:
    """The code with its placeholders filled, and the deployed name of its graph in place of `agent`."""
    assistant = given.target.assistant(block.graph)
    code = re.sub(r'"agent(\\?)"', lambda found: f'"{assistant}{found[1]}"', code)
    for placeholder, value in _values(block, given).items():
        code = code.replace(placeholder, value)
    return code


def source(block: Block, code: str, given: Given) -> str:
    """The filled code, after that of the block whose names it uses, which a form feed ends.

    Each is moved down to its own lines, so that the place that an interpreter names in a complaint is that in the
    document. What curl needs from another block is no name but a thread, which is given.
    """
    before = blocks()[block.after] if block.after and block.language != "curl" else None
    parts = [(before.line, before.code)] if before else []
    return filled(block, "\f".join("\n" * line + text for line, text in [*parts, (block.line, code)]), given)


def api_key(target: Target) -> str:
    """The API key that goes with every request to the target; NO_KEY if it has none."""
    return next((value for name, value in target.headers.items() if name.lower() == "x-api-key"), NO_KEY)


def other_headers(target: Target) -> dict[str, str]:
    """The header fields that go with every request beside the API key."""
    return {name: value for name, value in target.headers.items() if name.lower() != "x-api-key"}


def _values(block: Block, given: Given) -> dict[str, str]:
    url, key = given.target.base(block.graph), api_key(given.target)
    if block.language == "curl":
        quoted = json.dumps(block.inputs).replace("\\", "\\\\").replace('"', '\\"')  # within double quotes of the shell
        return {
            "<DEPLOYMENT_URL>": url,
            "<API_KEY>": key,
            "<THREAD_ID>": given.thread_id,
            "<RUN_ID>": given.run_id,
            "<inputs>": quoted,
        }
    option = {"python": ", headers={}", "javascript": ", defaultHeaders: {}"}[block.language]
    headers = other_headers(given.target)
    extra = option.replace("{}", json.dumps(headers)) if headers else ""
    return {"<DEPLOYMENT_URL>": json.dumps(url) + extra, "<API_KEY>": json.dumps(key)}
