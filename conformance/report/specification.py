"""What a requirement covers of the specification: lines, our English paraphrase, and the section of the original."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance import catalogue
from conformance.catalogue import Statement


def spec_rows(spec: Sequence[str]) -> list[dict[str, str]]:
    """Return statements of the specification, which are named by their lines, with their sections and addresses."""
    statements = {one.lines: one for one in catalogue.statements()}
    return [_row(statements[lines]) for lines in spec]


def _row(statement: Statement) -> dict[str, str]:
    section = catalogue.section_of(statement)
    return {"lines": statement.lines, "gist": statement.gist, "section": section.title, "url": section.url}


def spec_lines(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the rows of `spec_rows` as text: a part for each section, with its address."""
    sections = dict.fromkeys((one["section"], one["url"]) for one in rows)
    return [
        "\n".join([f"{title}: {url}", *(f"  - {one['lines']}: {one['gist']}" for one in rows if one["url"] == url)])
        for title, url in sections
    ]
