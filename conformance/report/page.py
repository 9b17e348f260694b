"""How every HTML page is made: templates that escape whatever is put into them, and text that is only text.

A page needs no script and no network, and its Content-Security-Policy forbids both.  What a page says is handed to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.judging.outcomes import OUTCOMES
from conformance.report import words
from conformance.report.words import NOT_PASSED, Document
from conformance.wire.text import printable

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
TEMPLATES = Path(__file__).parent / "templates"

MOST_SEEN = 30
"""Values of one observation that a page shows."""

LONG_TEXT = 1000
"""Characters of text to copy from which on it stands in a box that scrolls."""

MOST_TEXT = 20_000
"""Characters of one text that a page shows, whatever a server sent; a longer one says how long it was."""


def rendered(template: str, **content: Any) -> str:
    """A whole page, from the template of this name and what it speaks of."""
    return _environment().get_template(template).render(content)


def text(value: object) -> str:
    """What a template shows of a value: not too much, and control characters as escapes; what is HTML already stays."""
    return value if isinstance(value, Markup) else printable(words.cut(str(value), MOST_TEXT))


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"words": words, "OUTCOMES": OUTCOMES, "POLICY": POLICY}
    made.globals |= {"MOST_SEEN": MOST_SEEN, "LONG_TEXT": LONG_TEXT, "MOST_TEXT": MOST_TEXT}
    made.globals |= {"tokens": tokens, "group_tokens": group_tokens}
    made.filters |= {"cut": words.cut, "url": lambda name: quote(name, safe="")}
    return made


def tokens(requirement: Document, outcomes: Iterable[str]) -> str:
    """The classes by which the filter shows or hides the row of a requirement."""
    bad = any(one in NOT_PASSED for one in outcomes)
    return f"row {requirement['level'].lower()}" + (" bad" if bad else "")


def group_tokens(rows: Iterable[str]) -> str:
    """The classes by which the filter shows or hides what holds rows with these classes."""
    found: dict[str, None] = {}
    for row in rows:
        names = row.split()[1:]
        found |= dict.fromkeys([*(f"has-{name}" for name in names), f"has-{'-'.join(reversed(names))}"])
    return " ".join(["group", *found])
