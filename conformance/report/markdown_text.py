"""Text, code and tables in GitHub's Markdown.

Text that a server sent stays text: it cannot end a cell or a code block, nor become HTML, a link or a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from conformance.wire.text import printable

_ENTITIES = {ord(char): f"&#{ord(char)};" for char in "\\|`<>&$@"}
"""Characters for which a backslash does not suffice in a cell or a formula."""
_ESCAPES = {ord(char): f"\\{char}" for char in "*_[]#~!"}


def md(value: object) -> str:
    """Return a value as one line of plain text, which may also stand in a cell of a table."""
    shown = printable(str(value)).translate(_ENTITIES | _ESCAPES)
    return shown.replace("://", "&#58;//").replace("www.", "www&#46;")


def code(text: str) -> str:
    """Return a code span; no run of backticks in the text can close it."""
    content = printable(text)
    fence = "`" * (_longest_run(content) + 1)
    space = " " * (content != content.strip("` "))
    return f"{fence}{space}{content}{space}{fence}"


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """Return a code block; no line can close its fence."""
    content = "\n".join(printable(line) for line in lines)
    fence = "`" * max(3, _longest_run(content) + 1)
    return f"{fence}{language}\n{content}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells are Markdown."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows])


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
