"""`report.html`: one report as a static page, with the evidence of everything that did not pass.

Whatever a server sent stands in it as text; what is not known to lie beside the page is not linked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..judge import OUTCOMES
from . import words
from .page import (
    EYEBROW,
    FOOTER,
    NOTHING_SHOWN,
    absent,
    code,
    digest,
    facts,
    filters,
    group_tokens,
    legend,
    level,
    outcome,
    page,
    table,
    text,
    tokens,
    verdict,
)
from .words import LEVELS, NAMES, NOT_PASSED, Document


def report_html(document: Document, recordings: Collection[str] = ()) -> str:
    """The page of one report; `recordings` are the files in `recordings/` beside it, which may be linked."""
    title = f"{words.name(document)} {words.version(document)}: {document['verdict']}"
    sections = [
        _summary(document),
        _overview(document),
        _requirements(document, recordings),
        _observations(document["observations"]),
        _disputed(document["disputed"]),
    ]
    return page(f"{title} · {words.TITLE}", _header(document), "\n".join(sections), FOOTER, nav=_nav(document))


def recording_link(name: str, recordings: Collection[str]) -> str:
    """A link to a recording, or its bare name if it is not there."""
    path = f"recordings/{name}"
    return f'<a href="recordings/{quote(name, safe="")}">{text(path)}</a>' if name in recordings else code(path)


def _header(document: Document) -> str:
    target, suite = document["target"], document["suite"]
    stopped = document.get("stopped")
    pairs = [
        *((one, f"<strong>{words.ratio(document, one)}</strong> passed") for one in LEVELS),
        ("Declared absent", absent(words.lacks(document))),
        *([("Ended early", text(stopped))] if stopped else []),
        ("Judged", f'<time datetime="{text(document["started"])}">{text(words.moment(document))}</time>'),
        ("Profile", code(document["profile"])),
        ("Suite", text(suite["version"])),
        ("Server", code(target["url"] or "started by the suite")),
        ("Catalogue", digest(suite["catalogue_sha256"])),
    ]
    return (
        f'{EYEBROW}\n<h1>{text(target["name"])} <span class="version">{text(words.version(document))}</span></h1>\n'
        f"<p>{verdict(document)}</p>\n{facts(pairs)}"
    )


def _nav(document: Document) -> str:
    links = {
        "summary": "Summary",
        "not-passed": f"Not passed ({len(words.not_passed(document))})",
        "requirements": "Requirements",
        "observations": "Observations",
        "disputed": "Disputed",
    }
    items = "".join(f'<li><a href="#{id}">{label}</a></li>' for id, label in links.items())
    return f'<nav aria-label="Sections of this page"><ul>{items}</ul></nav>'


def _section(id: str, heading: str, content: str) -> str:
    return f'<section aria-labelledby="{id}">\n<h2 id="{id}">{heading}</h2>\n{content}\n</section>'


def _summary(document: Document) -> str:
    counts = document["summary"]
    rows = [(level(one), *(str(counts[one][word]) for word in OUTCOMES)) for one in LEVELS]
    head = ["level", *(outcome(word) for word in OUTCOMES)]
    return _section("summary", "Summary", table("Requirements by level and outcome", head, rows) + legend())


def _overview(document: Document) -> str:
    found = words.not_passed(document)
    items = "".join(
        f'<li><span class="outcome {one["outcome"]} {one["level"].lower()}">{outcome(one["outcome"])}</span> '
        f'{level(one["level"])} <a href="#{text(one["id"])}">{text(one["id"])}</a></li>\n'
        for one in found
    )
    return _section("not-passed", "Not passed", f'<ul class="overview">{items}</ul>' if found else "<p>Nothing.</p>")


def _requirements(document: Document, recordings: Collection[str]) -> str:
    known = words.known(document)
    areas, rows = [], []
    for area, members in words.areas(document["requirements"]).items():
        classes = [tokens(one, [one["outcome"]]) for one in members]
        rows += classes
        content = "\n".join(_requirement(one, recordings, known) for one in members)
        heading = f'<h3 id="area-{text(area)}">{text(area)} <span class="count">{words.passed_of(members)}</span></h3>'
        areas.append(f'<section class="{group_tokens(classes)}">\n{heading}\n{content}\n</section>')
    whole = f'<div class="{group_tokens(rows)}">{"".join(areas)}</div>{NOTHING_SHOWN}'
    return _section("requirements", "Requirements", f'{filters()}<div class="whole">{whole}</div>')


def _requirement(one: Document, recordings: Collection[str], known: Mapping[str, str]) -> str:
    sources = "".join(f"<li>{text(source)}</li>" for source in one["sources"])
    bad = [check for check in one["checks"] if check["outcome"] in NOT_PASSED]
    others = [check for check in one["checks"] if check["outcome"] not in NOT_PASSED]
    shown = "\n".join(_check(check, recordings, known.get(check["id"])) for check in bad)
    folded = "".join(
        f'<li class="{check["outcome"]}">{outcome(check["outcome"])}: {code(check["id"])}, {text(check["scenario"])}'
        + (f" ({text(check['message'])})" if check["message"] else "")
        + "</li>"
        for check in others
    )
    source = f'<p class="label">Source</p><ul class="sources">{sources}</ul>'
    checks = f'<p class="label">Checks</p><ul class="checks">{folded}</ul>' if folded else ""
    inside = f"{source}{shown}" if bad else ""
    more = checks if bad else source + checks
    summary = f"{len(others)} other check{'s' * (len(others) != 1)}" if bad else "source and checks"
    details = f"<details><summary>{summary}</summary>{more}</details>" if more else ""
    return (
        f'<article class="{tokens(one, [one["outcome"]])}" id="{text(one["id"])}">\n'
        f'<h4><span class="outcome {one["outcome"]} {one["level"].lower()}">{outcome(one["outcome"])}</span> '
        f'{level(one["level"])} <a class="self" href="#{text(one["id"])}">{text(one["id"])}</a></h4>\n'
        f"<p>{text(one['statement'])}</p>\n{inside}{details}\n</article>"
    )


def _check(check: Document, recordings: Collection[str], reason: str | None) -> str:
    known = f'<p class="known">Listed in the baseline: {text(reason)}</p>' if reason is not None else ""
    evidence = "\n".join(_evidence(one, recordings) for one in check["evidence"])
    return (
        f'<div class="check {check["outcome"]}">\n'
        f'<p class="message"><strong>{NAMES[check["outcome"]]}:</strong> {text(check["message"])}</p>\n{known}'
        f'<p class="small">check {code(check["id"])}, scenario {text(check["scenario"])}</p>\n{evidence}\n</div>'
    )


def _evidence(one: Document, recordings: Collection[str]) -> str:
    rows = "".join(f"<li>{code(row)}</li>" for row in one["rows"])
    return (
        f'<p class="label">Sent</p><pre class="curl"><code>{text(one["curl"])}</code></pre>\n'
        f'<p class="label">On the wire, up to where it shows: number, time, what came</p>'
        f'<ol class="wire">{rows}</ol>\n'
        f'<p class="label">Recording</p><p>{recording_link(one["recording"], recordings)}, '
        f"exchange {code(one['exchange'])}</p>"
    )


def _observations(observations: Mapping[str, Any]) -> str:
    lead = "<p>What was seen where a server is free. Never judged.</p>"
    rows = [(code(name), "".join(_value(value))) for name, value in observations.items()]
    return _section("observations", "Observations", lead + table("Observations", ("freedom", "seen"), rows))


def _value(value: Any) -> Iterator[str]:
    """A value in words, one level deep; what lies deeper as JSON."""
    if isinstance(value, dict) and value:
        yield "<ul>"
        for key, inner in value.items():
            yield f"<li>{text(key)}: {_flat(inner)}</li>"
        yield "</ul>"
    else:
        yield _flat(value)


def _flat(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(code(one) if isinstance(one, str) else _flat(one) for one in value) or "none"
    return text(value) if isinstance(value, str) else text(json.dumps(value, ensure_ascii=False))


def _disputed(disputed: list[Document]) -> str:
    lead = (
        "<p>Where the norm says one thing and every official server does another. Outside requirements, summary "
        "and verdict.</p>"
    )
    rows = [
        (code(one["id"]), text(one.get("statement", "")), words.as_stated(one), text(one.get("message", "")))
        for one in disputed
    ]
    head = ("statement", "says", "the server does", "seen")
    return _section(
        "disputed", "Disputed", lead + (table("Disputed statements", head, rows) if rows else "<p>None.</p>")
    )
