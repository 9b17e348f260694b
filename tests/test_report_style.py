"""The colours of the pages have the contrast that WCAG 2.2 AA requires, in the light and in the dark scheme."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from conformance.report import page

TEXT_CONTRAST = 4.5
"""https://www.w3.org/TR/WCAG22/#contrast-minimum; the marks of a timeline, which need only 3, meet it too."""


def _schemes() -> Iterator[tuple[str, dict[str, str]]]:
    style = (page.TEMPLATES / "style.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    for name, block in (("light", light), ("dark", dark)):
        yield name, dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


SCHEMES = dict(_schemes())


@pytest.mark.parametrize("colours", SCHEMES.values(), ids=SCHEMES)
def test_every_text_has_enough_contrast(colours: dict[str, str]) -> None:
    pairs = [(ink, ground) for ink in ("ink", "soft", "link") for ground in ("ground", "raised")]
    pairs += [("ink", "inconclusive-ground"), ("should", "raised")]
    for word in ("passed", "failed", "should", "inconclusive", "quiet"):
        pairs += [(word, f"{word}-ground"), (word, "ground"), (word, "raised")]
    assert [pair for pair in pairs if _contrast(colours[pair[0]], colours[pair[1]]) < TEXT_CONTRAST] == []


@pytest.mark.parametrize("colours", SCHEMES.values(), ids=SCHEMES)
def test_every_mark_of_a_timeline_has_enough_contrast(colours: dict[str, str]) -> None:
    marks = [one for one in colours if one.startswith("k-")]
    assert len(marks) == 7
    pairs = [(mark, ground) for mark in (*marks, "failed", "inconclusive", "soft") for ground in ("ground", "raised")]
    assert [pair for pair in pairs if _contrast(colours[pair[0]], colours[pair[1]]) < TEXT_CONTRAST] == []


def _contrast(one: str, other: str) -> float:
    """Return the ratio of https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
