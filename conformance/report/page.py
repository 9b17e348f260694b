"""Renders the HTML pages: templates that escape every value they are given.

A page needs no script and no network.  Its Content-Security-Policy forbids both, except for the script of its own
template, which the policy names by its digest.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from conformance.judging.outcomes import OUTCOMES
from conformance.report import differing, judged, words
from conformance.report.words import NOT_PASSED, Document
from conformance.wire.text import cut, printable

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
TEMPLATES = Path(__file__).parent / "templates"

OBSERVED_VALUES = 30
"""How many values of one observation a page shows."""

SCROLLED_CHARACTERS = 1000
"""A longer text to copy is shown in a box that scrolls."""

TEXT_CHARACTERS = 20_000
"""How many characters of one text a page shows, however long a text the server sent."""


def rendered(template: str, **content: Any) -> str:
    """Return a whole page, made from a template and its content; a script of the same name is put into the page."""
    file = TEMPLATES / Path(template).with_suffix(".js")
    script = file.read_text("utf-8") if file.exists() else ""
    policy = f"{POLICY}; script-src '{_digest(script)}'" if script else POLICY
    return _environment().get_template(template).render(content, policy=policy, script=Markup(script))


def _digest(script: str) -> str:
    """Return the digest of a script as a policy names it (https://www.w3.org/TR/CSP3/#grammardef-hash-source)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def text(value: object) -> str:
    """Return a value as a template shows it: shortened, control characters escaped; rendered HTML stays as it is."""
    return value if isinstance(value, Markup) else printable(cut(str(value), TEXT_CHARACTERS))


def inner(value: str) -> Markup:
    """Return a text as the content of an element, where quotes need no escaping; never use it in an attribute."""
    return Markup(escape(text(value), quote=False))


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
    made.globals |= {"words": words, "judged": judged, "OUTCOMES": OUTCOMES}
    made.globals |= {"OBSERVED_VALUES": OBSERVED_VALUES, "SCROLLED_CHARACTERS": SCROLLED_CHARACTERS}
    made.globals |= {"TEXT_CHARACTERS": TEXT_CHARACTERS}
    made.globals |= {"row_classes": row_classes, "group_classes": group_classes}
    made.filters |= {"cut": cut, "url": lambda name: quote(name, safe=""), "inner": inner}
    made.filters |= {"quoted": shlex.quote, "differing": differing.parts}
    return made


def row_classes(requirement: Document, outcomes: Iterable[str]) -> str:
    """Return the CSS classes by which the filter shows or hides the row of a requirement."""
    bad = any(one in NOT_PASSED for one in outcomes)
    return f"row {requirement['level'].lower()}" + (" bad" if bad else "")


def group_classes(rows: Iterable[str]) -> str:
    """Return the CSS classes by which the filter shows or hides a group, given the classes of its rows."""
    found: dict[str, None] = {}
    for row in rows:
        names = row.split()[1:]
        found |= dict.fromkeys([*(f"has-{name}" for name in names), f"has-{'-'.join(reversed(names))}"])
    return " ".join(["group", *found])
