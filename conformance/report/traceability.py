"""TRACEABILITY.md: each statement of the specification with its requirements and the checks that verify them.

It reads the catalogue; the caller passes the names of the checks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from conformance import catalogue
from conformance.report.markdown_text import table

Checks = Mapping[str, Sequence[str]]


def traceability(checks: Checks) -> str:
    """Return the page; `checks` maps ids of requirements to names of checks.  Raises UnknownName for an unknown id."""
    for id in checks:
        catalogue.find(id)
    spec = catalogue.specification()
    parts = [
        "# Traceability: specification, requirements, checks",
        f"{spec.title}, {spec.date}. Line numbers refer to `{spec.file}` (SHA-256 `{spec.sha256}`), "
        f"taken from [{spec.original}]({spec.url}).",
        table(("lines", "kind", "statement", "covered by", "checks"), _escaped(_statement_rows(checks))),
        "## Requirements based only on clients or servers",
        table(("requirement", "sources", "checks"), _escaped(_other_rows(checks))),
    ]
    return "\n\n".join(parts) + "\n"


def _statement_rows(checks: Checks) -> Iterator[tuple[str, ...]]:
    """Yield a row for each pair of a statement and what covers it; only the first row repeats the statement itself."""
    for statement in catalogue.statements():
        head: tuple[str, ...] = (statement.lines, statement.kind, statement.gist)
        for covering in list(_covering(statement.lines, checks)) or [(f"excluded: {statement.excluded}", "")]:
            yield (*head, *covering)
            head = ("", "", "")


def _covering(lines: str, checks: Checks) -> Iterator[tuple[str, str]]:
    for requirement in catalogue.requirements().values():
        if lines in requirement.spec:
            yield f"`{requirement.id}` {requirement.level}", _names(checks, requirement.id)
    for word, informational in (
        ("disputed", catalogue.disputed()),
        ("implementation-defined", catalogue.implementation_defined()),
    ):
        for id, one in informational.items():
            if lines in one.spec:
                yield f"`{id}` {word}", "not judged"


def _other_rows(checks: Checks) -> Iterator[tuple[str, ...]]:
    for requirement in catalogue.requirements().values():
        if not requirement.spec:
            sources = "; ".join(requirement.sources)
            yield f"`{requirement.id}` {requirement.level}", sources, _names(checks, requirement.id)


def _names(checks: Checks, id: str) -> str:
    return ", ".join(f"`{name}`" for name in checks.get(id, ())) or "**none**"


def _escaped(rows: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    return ([cell.replace("|", "\\|") for cell in row] for row in rows)
