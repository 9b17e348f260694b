"""The page that leads from each statement of the specification to its requirements and on to the checks that verify them.

It knows the catalogue and how to write Markdown; which checks exist it is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from conformance import catalogue

Checks = Mapping[str, Sequence[str]]


def traceability(checks: Checks) -> str:
    """Render the Markdown page; `checks` maps requirement ids to names of checks; raise UnknownName on a foreign id."""
    for id in checks:
        catalogue.find(id)
    spec = catalogue.specification()
    parts = [
        "# Traceability: specification, requirements, checks",
        f"{spec.title}, {spec.date}. Lines are those of `{spec.file}` (SHA-256 `{spec.sha256}`), "
        f"after [{spec.original}]({spec.url}).",
        _table(("lines", "kind", "what it says", "covered by", "checks"), _statement_rows(checks)),
        "## Requirements that rest on clients or servers alone",
        _table(("requirement", "sources", "checks"), _other_rows(checks)),
    ]
    return "\n\n".join(parts) + "\n"


def _statement_rows(checks: Checks) -> Iterator[tuple[str, ...]]:
    """Yield one row for each statement and what covers it; a statement's own cells stand in its first row only."""
    for statement in catalogue.statements():
        head: tuple[str, ...] = (statement.lines, statement.kind, statement.gist)
        for covering in list(_covering(statement.lines, checks)) or [(f"excluded: {statement.excluded}", "")]:
            yield (*head, *covering)
            head = ("", "", "")


def _covering(lines: str, checks: Checks) -> Iterator[tuple[str, str]]:
    for requirement in catalogue.requirements().values():
        if lines in requirement.spec:
            yield f"`{requirement.id}` {requirement.level}", _names(checks, requirement.id)
    for word, unjudged in (
        ("disputed", catalogue.disputed()),
        ("implementation-defined", catalogue.implementation_defined()),
    ):
        for id, one in unjudged.items():
            if lines in one.spec:
                yield f"`{id}` {word}", "never judged"


def _other_rows(checks: Checks) -> Iterator[tuple[str, ...]]:
    for requirement in catalogue.requirements().values():
        if not requirement.spec:
            sources = "; ".join(requirement.sources)
            yield f"`{requirement.id}` {requirement.level}", sources, _names(checks, requirement.id)


def _names(checks: Checks, id: str) -> str:
    return ", ".join(f"`{name}`" for name in checks.get(id, ())) or "**none**"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
