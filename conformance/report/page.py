"""What every HTML page is made of: the frame, the style, escaped text, marks of outcomes and the filter.

A page needs no script and no network, and its Content-Security-Policy forbids both.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from ..judge import printable
from .words import LEVELS, MEANINGS, NAMES, NOT_PASSED, SYMBOLS, TITLE, VERDICTS, Document

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@cache
def style() -> str:
    """The style sheet of all pages."""
    return (Path(__file__).parent / "style.css").read_text("utf-8")


def text(value: object) -> str:
    """The value as text that is only text, in an element or a quoted attribute; control characters are escapes."""
    return html.escape(printable(str(value)))


def code(value: object) -> str:
    """The same, set as code."""
    return f"<code>{text(value)}</code>"


def page(title: str, header: str, main: str, footer: str, *, nav: str = "") -> str:
    """A whole page; all but the title is HTML."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{text(title)}</title>
<style>
{style()}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header class="top">
{header}
</header>
{nav}
<main id="main" tabindex="-1">
{main}
</main>
<footer>
{footer}
</footer>
</body>
</html>
"""


def outcome(word: str, *, quiet: bool = False) -> str:
    """Symbol and name of an outcome; a quiet one shows the name to screen readers alone."""
    hidden = ' class="unseen"' if quiet else ""
    return f'<span aria-hidden="true">{SYMBOLS[word]}</span><span{hidden}> {NAMES[word]}</span>'


def verdict(document: Document) -> str:
    """The verdict as a badge."""
    word = VERDICTS[document["verdict"]]
    symbol = f'<span aria-hidden="true">{SYMBOLS[word]}</span>'
    return f'<span class="verdict {word}">{symbol} {text(document["verdict"])}</span>'


def level(word: str) -> str:
    """The level of a requirement as a label."""
    return f'<span class="level {word.lower()}">{word}</span>'


def tokens(requirement: Document, outcomes: Iterable[str]) -> str:
    """The classes by which the filter shows or hides the row of a requirement."""
    bad = any(one in NOT_PASSED for one in outcomes)
    return f"row {requirement['level'].lower()}" + (" bad" if bad else "")


def group_tokens(rows: Iterable[str]) -> str:
    """The classes by which the filter shows or hides what holds rows with these classes."""
    found: dict[str, None] = {}
    for row in rows:
        words = row.split()[1:]
        found |= dict.fromkeys([*(f"has-{word}" for word in words), f"has-{'-'.join(reversed(words))}"])
    return " ".join(["group", *found])


def filters() -> str:
    """The controls of the filter; style alone acts on them."""
    choices = [("all", "All levels", " checked"), *((one.lower(), one, "") for one in LEVELS)]
    radios = "".join(
        f'<label><input type="radio" name="level" id="level-{id}" autocomplete="off"{on}>{label}</label>'
        for id, label, on in choices
    )
    only = '<label><input type="checkbox" id="only-failures" autocomplete="off">Only failures and cannot tell</label>'
    return f'<fieldset class="filter"><legend>Show</legend>{radios}{only}</fieldset>'


NOTHING_SHOWN = '<p class="empty">No requirement fits what is shown.</p>'


def legend() -> str:
    """What the outcomes mean."""
    rows = "".join(
        f'<div><dt class="{word}">{outcome(word)}</dt><dd>{meaning}</dd></div>' for word, meaning in MEANINGS.items()
    )
    return f'<dl class="legend">{rows}</dl>'


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in a box that scrolls by itself; caption is text, cells are HTML, the first of each row its header."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
        for first, *cells in rows
    )
    return (
        f'<div class="box" role="region" aria-label="{text(caption)}" tabindex="0"><table><caption class="unseen">'
        f"{text(caption)}</caption><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def digest(sha256: str) -> str:
    """A digest, shortened for the eye; the whole of it can be selected and is searched."""
    return f'<code class="digest">{text(sha256)}</code>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of names and values; names are text, values HTML."""
    rows = "".join(f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>\n" for name, value in pairs)
    return f'<dl class="facts">{rows}</dl>'


def absent(names: Sequence[str]) -> str:
    """What was declared absent."""
    return ", ".join(code(name) for name in names) or "nothing"


EYEBROW = f'<p class="eyebrow">{TITLE} · conformance</p>'
FOOTER = (
    "<p>Written by <code>lg-conformance</code> from report.json. The recordings beside a report hold every byte "
    "with its time; <code>lg-conformance judge FOLDER</code> judges them again.</p>"
)
