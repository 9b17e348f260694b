"""The code blocks of the specification: read from `specification/*.toml`, corrected, and with placeholders filled in.

It performs nothing.
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
"""The API key in a snippet if the target has none; a server that does not check the key ignores it."""


@dataclass(frozen=True)
class Expected:
    """What a snippet prints on a good server.

    `events` are pairs of name and data in order, as patterns for `expected.mismatch`.  With `between` other events may
    occur between them; events whose name is in `may_precede` may occur before them.  `text` is what the printed pieces
    form together.  `thread` says that the snippet creates a thread and streams nothing.
    """

    events: tuple[tuple[str, Any], ...] = ()
    between: bool = False
    may_precede: tuple[str, ...] = ()
    text: str = ""
    thread: bool = False


@dataclass(frozen=True)
class Defect:
    """What is wrong with a block as the document prints it, and the replacement that corrects it."""

    what: str
    printed: str
    corrected: str


@dataclass(frozen=True)
class CodeBlock:
    """A code block of the specification; `excluded` is the reason why it is not performed, empty if it is performed."""

    lines: str
    language: str
    code: str
    after: int | None
    """The line of the block whose names or thread this block uses; it is performed first."""
    defect: Defect | None
    excluded: str
    section: str
    graph: str
    """The reference graph that replaces `agent`."""
    inputs: Mapping[str, Any] = field(repr=False)
    prints: Prints
    background: tuple[str, ...]
    """The modes of the background run that the block joins; the run is created first."""
    shown_by: str
    """A statement to append to a block that prints nothing; it prints the result of the block."""
    expected: Expected = field(repr=False)

    @property
    def line(self) -> int:
        """The line of its opening fence, which identifies the block."""
        return int(self.lines.partition("-")[0])

    @property
    def corrected(self) -> str:
        """The code without its defect, as its author meant it."""
        return self.code.replace(self.defect.printed, self.defect.corrected) if self.defect else self.code


@cache
def blocks(folder: Path = FOLDER) -> dict[int, CodeBlock]:
    """Return every code block of the specification by the line of its opening fence, in the order of the document."""
    found = [block for path in folder.glob("*.toml") for block in _read(path)]
    return {block.line: block for block in sorted(found, key=lambda block: block.line)}


def performed() -> list[CodeBlock]:
    """Return the blocks that are performed, in the order of the document."""
    return [block for block in blocks().values() if not block.excluded]


def _read(path: Path) -> list[CodeBlock]:
    table = tomllib.loads(path.read_text("utf-8"))
    shared = {
        "section": table["title"],
        "graph": table["graph"],
        "inputs": table["inputs"],
        "background": tuple(table.get("background", ())),
    }
    return [
        CodeBlock(
            **shared,
            lines=row["lines"],
            language=row["language"],
            code=row.get("code", ""),
            after=row.get("after"),
            defect=_defect(row["defect"]) if "defect" in row else None,
            excluded=row.get("excluded", ""),
            prints=table["prints"],
            shown_by=row.get("shown_by", ""),
            expected=_expected(row.get("expected", table["expected"])),
        )
        for row in table["block"]
    ]


def _defect(table: Mapping[str, str]) -> Defect:
    return Defect(table["what"], table["printed"], table["mended"])


def _expected(table: Mapping[str, Any]) -> Expected:
    events = tuple((name, data) for name, data in table.get("events", ()))
    return Expected(**{**table, "events": events, "may_precede": tuple(table.get("may_precede", ()))})


@dataclass(frozen=True)
class Given:
    """The values of the placeholders in one performance of a block."""

    target: Target
    thread_id: str = ""
    run_id: str = ""


def filled(block: CodeBlock, code: str, given: Given) -> str:
    """Return the code with its placeholders filled in, and the deployed name of its graph instead of `agent`."""
    assistant = given.target.assistant(block.graph)
    code = re.sub(r'"agent(\\?)"', lambda found: f'"{assistant}{found[1]}"', code)
    for placeholder, value in _values(block, given).items():
        code = code.replace(placeholder, value)
    return code


def source(block: CodeBlock, code: str, given: Given) -> str:
    """Return the filled-in code, preceded by the block whose names it uses and a form feed.

    Empty lines move each block to its lines in the document, so that the line numbers in error messages are those of
    the document.  A curl block needs a thread instead of names; `given` holds it.
    """
    before = blocks()[block.after] if block.after and block.language != "curl" else None
    parts = [(before.line, before.code)] if before else []
    return filled(block, "\f".join("\n" * line + text for line, text in [*parts, (block.line, code)]), given)


def api_key(target: Target) -> str:
    """Return the API key of every request to the target; NO_KEY if it has none."""
    return next((value for name, value in target.headers.items() if name.lower() == "x-api-key"), NO_KEY)


def other_headers(target: Target) -> dict[str, str]:
    """Return the header fields of every request to the target, without the API key."""
    return {name: value for name, value in target.headers.items() if name.lower() != "x-api-key"}


def _values(block: CodeBlock, given: Given) -> dict[str, str]:
    url, key = given.target.base(block.graph), api_key(given.target)
    if block.language == "curl":
        quoted = json.dumps(block.inputs).replace("\\", "\\\\").replace('"', '\\"')  # inside double quotes of the shell
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
