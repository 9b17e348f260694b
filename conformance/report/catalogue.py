"""CATALOGUE.md: every requirement with the reason for its level, who breaks without it, sources and number of faults.

It reads the catalogue; the caller passes the numbers of faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.catalogue import AREAS, Requirement, requirements, specification


def catalogue_page(faults: Mapping[str, int]) -> str:
    """Return the page; `faults` maps ids of requirements to numbers of faults."""
    by_area = {area: [one for one in requirements().values() if one.area == area] for area in AREAS}
    spec = specification()
    counts = [sum(one.level == level for one in requirements().values()) for level in ("MUST", "SHOULD")]
    index = " · ".join(f"[{area}](#{area}) {len(members)}" for area, members in by_area.items())
    parts = [
        "# Requirements",
        f"{counts[0]} MUST and {counts[1]} SHOULD. Line numbers refer to the specification, {spec.title}, {spec.date}. "
        "[TRACEABILITY.md](TRACEABILITY.md) maps them to the checks, [FAULTS.md](FAULTS.md) lists the faults. "
        "`lg-conformance explain ID` also shows an example on the wire.",
        index,
        *(part for area, members in by_area.items() for part in _section(area, members, faults)),
    ]
    return "\n\n".join(parts) + "\n"


def _section(area: str, members: list[Requirement], faults: Mapping[str, int]) -> Iterator[str]:
    yield f"## {area}"
    for one in members:
        yield f"### {one.id} ({one.level})"
        yield _plain(one.statement)
        yield "\n".join(
            [
                f"- Why {one.level}: {_plain(one.why)}",
                f"- Who breaks without it: {_plain(one.breaks)}",
                f"- Sources: {_plain('; '.join(one.sources))}",
                f"- Faults: {faults.get(one.id, 0)}",
            ]
        )


def _plain(text: str) -> str:
    # Markdown would treat `<node>` as an HTML tag.
    return text.replace("<", "\\<")
