"""Header values and values in the query of a URL: they are secret, so no message shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote_plus

from conformance.settings.values import UsageError

NOT_SHOWN = "not shown, because it may be secret"

_VARIABLE = re.compile(r"(?<!\S)\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})(?!\S)", re.ASCII)
"""A word of a header value that names a variable; within a word a dollar sign has no meaning."""


def headers_of(texts: Sequence[str], files: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of --header-file and --header by name; raises UsageError."""
    given = [*(one for file in files for one in _lines(file)), *((text, "--header") for text in texts)]
    found: dict[str, tuple[str, str]] = {}
    for text, place in given:
        name, value = _header(text, place, environment)
        found[name.lower()] = name, value
    return dict(found.values())


def _lines(file: str) -> Iterator[tuple[str, str]]:
    """Yield the headers in a file, each with its place."""
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except OSError as problem:
        raise UsageError(f"--header-file {file}: the file cannot be read ({problem.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"--header-file {file}: the file is not UTF-8") from None
    for number, line in enumerate(map(str.strip, lines), 1):
        if line and not line.startswith("#"):
            yield line, f"--header-file {file}, line {number}:"


def _header(text: str, place: str, environment: Mapping[str, str]) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise UsageError(f"{place} must be 'Name: value' (the given text is {NOT_SHOWN})")
    return name, field_value(_with_variables(value.strip(), place, name, environment), f"the value of {place} {name}")


def _with_variables(value: str, place: str, name: str, environment: Mapping[str, str]) -> str:
    def variable(found: re.Match[str]) -> str:
        content = environment.get(found[1] or found[2])
        if not content:
            # The name is not shown either: the value may be a secret that begins with a dollar sign.
            raise UsageError(f"{place} {name}: a variable in the value is empty or not set (the value is {NOT_SHOWN})")
        return content

    return _VARIABLE.sub(variable, value)


def field_value(value: str, what: str) -> str:
    """Return a header value; raises UsageError if it cannot be sent."""
    if not value.isascii() or not value.isprintable():
        why = "must consist of printable ASCII characters, as every header value"
        raise UsageError(f"{what} {why} (it is {NOT_SHOWN})")
    return value


def split_query(url: str, place: str) -> tuple[str, str]:
    """Return a URL without its query, and the query; raises UsageError for a query that cannot be sent."""
    base, _, query = url.partition("?")
    if not query.isascii() or not query.isprintable() or " " in query or "#" in query:
        rule = "must be percent-encoded, without a fragment"
        raise UsageError(f"{place}: the query of the URL {rule} (it is {NOT_SHOWN})")
    return base, query


def query_secrets(query: str) -> list[str]:
    """Return the parts of a query that are secret: each value as sent and decoded, and each name with its value."""
    found: list[str] = []
    for pair in filter(None, query.split("&")):
        value = pair.partition("=")[2] or pair
        found += dict.fromkeys((value, unquote_plus(value), pair))
    return found


def masked_query(query: str, mask: str) -> str:
    """Return the query with the mask in place of every value."""
    pairs = (one.partition("=") for one in query.split("&") if one)
    return "&".join(f"{name}={mask}" if equals else mask for name, equals, _ in pairs)
