"""HTML pages as a browser parses them, to check structure, text and links."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from conformance import catalogue
from conformance.report.page import TEMPLATES

VOID_ELEMENTS = {"meta", "input", "img", "br", "hr", "link"}
ELEMENTS = (
    "html head meta title style body a header nav main footer section article div span p h1 h2 h3 h4 ul ol li dl dt dd "
    "table caption thead tbody tr th td code pre strong b i time details summary fieldset legend label input "
    "figure figcaption svg defs g path circle rect line text use select option button script mark br"
)
"""The elements that the templates use."""
ATTRIBUTES = (
    "lang charset http-equiv content name class href id tabindex role scope type checked autocomplete datetime "
    "aria-label aria-labelledby aria-hidden focusable width height x y dx dy x1 x2 y2 d r transform "
    "colspan hidden value placeholder data-area data-server data-stage"
)
"""The attributes that the templates use."""


class Page(HTMLParser):
    """The elements of a page, which must be nested correctly, its text, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID_ELEMENTS:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["script"]:
            self.scripts.append(data)
        elif self._open[-1:] != ["style"]:
            self.text += data

    def files(self) -> list[str]:
        """Return the links to other files; the page also links the sections of the specification."""
        sections = {catalogue.section_of(one).url for one in catalogue.statements()}
        return [href for href in self.all("href") if not href.startswith("#") and href not in sections]

    def anchors(self) -> list[str]:
        """Return the links within the page."""
        return [href for href in self.all("href") if href.startswith("#")]

    def all(self, attribute: str) -> list[str]:
        """Return every value of an attribute, in the order of the page."""
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def inert_page(text: str) -> Page:
    """Return the parsed page; fail on an unknown element, attribute or script, a foreign link, or a control character.

    A script must be that of the page's template, and is the only one.
    """
    page = Page(text)
    assert page.scripts in ([], [(TEMPLATES / "matrix.js").read_text("utf-8")])
    assert {tag for tag, _ in page.elements} <= set(ELEMENTS.split())
    assert {name for _, attributes in page.elements for name in attributes} <= set(ATTRIBUTES.split())
    documentation = {catalogue.section_of(statement).url for statement in catalogue.statements()}
    assert all(href in documentation or re.match(r"#|\w[^:]*$", href) for href in page.all("href"))
    assert all(char == "\n" or char.isprintable() for char in text)
    return page
