"""The page of all requirements: level, statement, why, who breaks, sources, and by how many faults each is proved.

It knows the catalogue and how to write Markdown; which faults exist it is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.catalogue import AREAS, Requirement, requirements, specification


def catalogue_page(faults: Mapping[str, int]) -> str:
    """Render the Markdown page; `faults` maps requirement ids to numbers of faults."""
    by_area = {area: [one for one in requirements().values() if one.area == area] for area in AREAS}
    counts = [sum(one.level == level for one in requirements().values()) for level in ("MUST", "SHOULD")]
    index = " · ".join(f"[{area}](#{area}) {len(held)}" for area, held in by_area.items())
    parts = [
        "# Requirements",
        f"{counts[0]} MUST and {counts[1]} SHOULD. Lines of the specification are those of {specification().title}, {specification().date}; "
        "[TRACEABILITY.md](TRACEABILITY.md) leads from them to the checks, [FAULTS.md](FAULTS.md) shows the faults. "
        "`lg-conformance explain ID` adds an example on the wire.",
        index,
        *(part for area, held in by_area.items() for part in (f"## {area}", *map("\n".join, _entries(held, faults)))),
    ]
    return "\n\n".join(parts) + "\n"


def _entries(held: list[Requirement], faults: Mapping[str, int]) -> Iterator[list[str]]:
    for one in held:
        yield [
            f"### {one.id} ({one.level})",
            "",
            _plain(one.statement),
            "",
            f"- Why {one.level}: {_plain(one.why)}",
            f"- Who breaks: {_plain(one.breaks)}",
            f"- Sources: {_plain('; '.join(one.sources))}",
            f"- Faults: {faults.get(one.id, 0)}",
        ]


def _plain(text: str) -> str:
    # `<node>` would be taken for a tag of HTML.
    return text.replace("<", "\\<")
