"""Causes that show in the difference between an expected and a received JSON value."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from conformance.authoring.expectations import first_difference

from .case import Case, Description

LEAST_CUT = 100
"""How many characters a text must have to be called cut off; the beginning of a short one may be another text."""
SHOWN_LOST = 3
"""How many different characters a sentence names as lost."""
SURROGATES = r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
SPELLED = re.compile(SURROGATES + r"|\\u((?![dD][89a-fA-F])[0-9a-fA-F]{4})")
"""A character that is spelled as an escape: a surrogate pair, or any other four digits."""


def _same(one: Any, other: Any) -> bool:
    return first_difference(one, other) is None


def _is_json_in_text(expected: Any, received: Any) -> str | None:
    if not isinstance(received, str):
        return None
    try:
        same = _same(json.loads(received), expected)
    except (ValueError, RecursionError):
        return None
    what = "encoded as JSON twice" if isinstance(expected, (str, list, dict)) else f"sent as the text `{received}`"
    return f"the value is {what}" if same else None


def _is_parsed(expected: Any, received: Any) -> str | None:
    if not isinstance(expected, str) or isinstance(received, str):
        return None
    try:
        return "a text that is JSON is parsed" if _same(json.loads(expected), received) else None
    except (ValueError, RecursionError):
        return None


def _is_wrapped(expected: Any, received: Any) -> str | None:
    if isinstance(received, dict) and len(received) == 1:
        [(key, value)] = received.items()
        return f"the value is wrapped in an object with the key `{key}`" if _same(value, expected) else None
    return "the value is wrapped in a list" if isinstance(received, list) and _are(received, expected) else None


def _is_unwrapped(expected: Any, received: Any) -> str | None:
    if isinstance(expected, dict) and len(expected) == 1:
        [(key, value)] = expected.items()
        return f"the object around the value, with the key `{key}`, is left out" if _same(value, received) else None
    alone = isinstance(expected, list) and _are(expected, received)
    return "the list around the value is left out" if alone else None


def _are(values: list[Any], value: Any) -> bool:
    return len(values) == 1 and _same(values[0], value)


def _is_empty(expected: Any, received: Any) -> str | None:
    if expected is None and received in ("", [], {}):
        return f"`{json.dumps(received)}` is sent in place of null"
    if received is None and expected in ("", [], {}):
        return f"null is sent in place of `{json.dumps(expected)}`"
    return None


def _is_another_type(expected: Any, received: Any) -> str | None:
    if isinstance(expected, bool) and isinstance(received, (int, float)) and not isinstance(received, bool):
        return "true and false are sent as numbers" if expected == received else None
    if isinstance(expected, bool) or isinstance(received, bool):
        return None
    if isinstance(expected, (int, float)) and isinstance(received, (int, float)):
        close = abs(expected - received) <= abs(expected) * 1e-6
        return "a number loses digits" if close and expected != received else None
    return None


def _renames_a_key(expected: Any, received: Any) -> str | None:
    if not (isinstance(expected, dict) and isinstance(received, dict)) or len(expected) == 1:
        return None
    missing, added = [key for key in expected if key not in received], [key for key in received if key not in expected]
    if len(missing) == len(added) == 1 and _same(expected[missing[0]], received[added[0]]):
        return f"the key `{missing[0]}` is named `{added[0]}`"
    return None


def _drops_nulls(expected: Any, received: Any) -> str | None:
    if not (isinstance(expected, dict) and isinstance(received, dict)) or len(received) == len(expected):
        return None
    kept = {key: value for key, value in expected.items() if value is not None}
    return "keys whose value is null are left out" if _same(kept, received) else None


def _reorders(expected: Any, received: Any) -> str | None:
    if not (isinstance(expected, list) and isinstance(received, list)) or len(expected) != len(received):
        return None
    return "the items are the same in another order" if _sorted(expected) == _sorted(received) else None


def _sorted(values: list[Any]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True) for value in values)


def _despelled(text: str) -> str:
    """Return the text with the characters themselves in place of their `\\u` escapes."""
    return SPELLED.sub(lambda found: json.loads(f'"{found[0]}"'), text)


def _twice_encoded(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


REWRITTEN: Mapping[str, Callable[[str], str]] = {
    "`\\u` escapes that are part of the text are replaced by the characters": _despelled,
    "every backslash is doubled": lambda text: text.replace("\\", "\\\\"),
    "a spelled `\\n` becomes a line feed": lambda text: text.replace("\\n", "\n"),
    "a line feed becomes a spelled `\\n`": lambda text: text.replace("\n", "\\n"),
    "line feeds become spaces": lambda text: text.replace("\n", " "),
    "carriage returns become line feeds": lambda text: text.replace("\r\n", "\n").replace("\r", "\n"),
    "space at the ends of the text is lost": str.strip,
    "characters of HTML are escaped": html.escape,
    "characters outside ASCII become question marks": lambda text: text.encode("ascii", "replace").decode(),
    "UTF-8 is read as Latin-1 and encoded again": _twice_encoded,
    "the text is normalised to Unicode form NFC": lambda text: unicodedata.normalize("NFC", text),
    "the text is normalised to Unicode form NFD": lambda text: unicodedata.normalize("NFD", text),
    "the text is normalised to Unicode form NFKC": lambda text: unicodedata.normalize("NFKC", text),
    "letters are in lower case": str.lower,
}
"""What a server may do to a text, each with a function that does it."""


def _rewrites_text(expected: Any, received: Any) -> str | None:
    if not (isinstance(expected, str) and isinstance(received, str)):
        return None
    found = [what for what, rewrite in REWRITTEN.items() if rewrite(expected) == received]
    return found[0] if len(found) == 1 else None


def _loses_characters(expected: Any, received: Any) -> str | None:
    if not (isinstance(expected, str) and isinstance(received, str)):
        return None
    lost = sorted(set(expected) - set(received))
    letters = any(char.isalnum() for char in lost)
    if (
        not lost
        or letters
        or len(lost) > SHOWN_LOST
        or "".join(char for char in expected if char not in lost) != received
    ):
        return None
    names = [f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip() for char in lost]
    return f"these characters are lost: {', '.join(names)}"


def _cuts_text(expected: Any, received: Any) -> str | None:
    if not (isinstance(expected, str) and isinstance(received, str)) or len(received) < LEAST_CUT:
        return None
    cut = len(received) < len(expected) and expected.startswith(received)
    return f"the text is cut off after {len(received):,} of {len(expected):,} characters" if cut else None


RELATIONS = (
    _is_json_in_text, _is_parsed, _is_wrapped, _is_unwrapped, _is_empty, _is_another_type, _renames_a_key,
    _drops_nulls, _reorders, _rewrites_text, _loses_characters,
    _cuts_text,
)  # fmt: skip
"""What the received value can be to the expected one."""


def relations(expected: Any, received: Any) -> set[str] | None:
    """Return what a server did to a value, in each place where it differs; None if something fits nowhere.

    The values are compared as a whole first, then their parts.  It is also None if several things fit one place.
    """
    if _same(expected, received):
        return set()
    found = {text for one in RELATIONS if (text := one(expected, received)) is not None}
    if found:
        return found if len(found) == 1 else None
    together: set[str] = set()
    for pair in _parts(expected, received):
        inner = relations(*pair)
        if inner is None:
            return None
        together |= inner
    return together or None


def _parts(expected: Any, received: Any) -> Iterable[tuple[Any, Any]]:
    """Return the parts of two values of the same shape; nothing if their shapes differ."""
    if isinstance(expected, dict) and isinstance(received, dict) and expected.keys() == received.keys():
        return [(expected[key], received[key]) for key in expected]
    if isinstance(expected, list) and isinstance(received, list) and len(expected) == len(received):
        return zip(expected, received, strict=True)
    return ()


def changes_a_value(case: Case) -> str | None:
    """What the received value is to the expected one, if it is the same wherever they differ."""
    difference = case.difference
    if difference is None or (difference.sequences and _reorders(difference.expected, difference.received)):
        return None
    if difference.sequences:
        pairs = _parts(difference.expected, difference.received)
        each = [relations(*pair) for pair in pairs]
        found = set().union(*(one for one in each if one)) if each and None not in each else None
    else:
        found = relations(difference.expected, difference.received)
    return f"What the server did to the value: {found.pop()}." if found and len(found) == 1 else None


VALUES = (Description("value-changed", changes_a_value),)
