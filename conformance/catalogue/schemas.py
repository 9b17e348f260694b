"""Validates a JSON value by one of the suite's JSON Schemas and describes each error in one readable line.

The schemas are read from files, never fetched.
"""

import json
import re
import reprlib
from collections.abc import Callable
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from conformance.files import folder

SHOWN_ERRORS = 5
"""More errors do not help a reader."""
_SHOWN_CHARACTERS = 80
"""How many characters of a value or a path a line shows."""
_COLLECTED_ERRORS = 200
"""Bounds time and memory for a long list of invalid items."""
_SUFFIX = ".schema.json"
_EVENTS = frozenset({"metadata", "values", "updates", "messages", "debug", "custom", "events", "error", "end"})
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII)

FORMATS = FormatChecker(formats=())
"""The formats that the schemas may use; jsonschema's own date-time accepts anything unless an extra is installed."""


@FORMATS.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or _UUID.fullmatch(value) is not None


@FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return _DATE_TIME.fullmatch(value) is not None and bool(datetime.fromisoformat(value.upper()))


def names() -> tuple[str, ...]:
    """Return the names of all schemas, sorted: "debug", "debug-checkpoint", …"""
    return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in folder("schemas").glob("*" + _SUFFIX)))


def for_event(name: str) -> str | None:
    """Return the name of the schema for the data of an event of this name, None if there is none.

    The namespace in an event name does not matter.
    """
    base = name.partition("|")[0]
    return base if base in _EVENTS else None


def errors(name: str, value: object) -> list[str]:
    """Return what is wrong with a JSON value by the schema of this name; an empty list if it is valid.

    Each line says where, what was expected and what the value is, the outermost place first; there are at most
    SHOWN_ERRORS lines.  Raises LookupError if there is no such schema.
    """
    validator = _validator(name)
    try:
        found = list(islice(validator.iter_errors(value), _COLLECTED_ERRORS))
        found.sort(key=lambda error: len(error.absolute_path))
        lines = dict.fromkeys(map(_line, found))  # two schemas may demand the same
    except RecursionError:  # the validator's own message quotes the whole value, however deep it is
        return ["$: nested too deeply"]
    return list(lines)[:SHOWN_ERRORS]


@cache
def _schemas() -> dict[str, dict[str, Any]]:
    return {name: json.loads((folder("schemas") / (name + _SUFFIX)).read_text("utf-8")) for name in names()}


@cache
def _registry() -> Registry[Any]:
    resources = [Resource[Any].from_contents(schema) for schema in _schemas().values()]
    return Registry[Any]().with_resources((str(resource.id()), resource) for resource in resources)


@cache
def _validator(name: str) -> Draft202012Validator:
    try:
        schema = _schemas()[name]
    except KeyError:
        raise LookupError(f"there is no schema {name!r}; schemas: {', '.join(_schemas())}") from None
    return Draft202012Validator(schema, registry=_registry(), format_checker=FORMATS)


class _Json(reprlib.Repr):
    """Writes a value as JSON, limited in depth and length."""

    def repr_str(self, x: str, level: int) -> str:
        return json.dumps(_clipped(x), ensure_ascii=False)

    def repr_bool(self, x: bool, level: int) -> str:
        return json.dumps(x)

    def repr_NoneType(self, x: None, level: int) -> str:
        return "null"


_JSON = _Json()
_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_EXPECTED: dict[str, Callable[[Any, Any], str]] = {
    "type": lambda types, _: " or ".join(_TYPES[name] for name in ([types] if isinstance(types, str) else types)),
    "required": lambda keys, value: "the key " + " and ".join(json.dumps(key) for key in keys if key not in value),
    "minLength": lambda least, _: f"a string of {least} or more characters",
    "minItems": lambda least, _: f"a list of {least} or more items",
    "maxItems": lambda most, _: f"a list of {most} or fewer items",
    "minProperties": lambda least, _: f"an object of {least} or more keys",
    "minimum": lambda least, _: f"{least} or more",
    "enum": lambda words, _: "one of " + ", ".join(json.dumps(word) for word in words),
    "const": lambda word, _: json.dumps(word),
    "pattern": lambda pattern, _: f"a string that matches {pattern}",
    "format": lambda name, _: f"a string of the format {name}",
}
"""By JSON Schema keyword, a function of the keyword's value and the invalid value that says what was expected."""


def _line(error: ValidationError) -> str:
    expected = _EXPECTED[str(error.validator)](error.validator_value, error.instance)
    return f"{_shown(error.json_path)}: expected {expected}, received {_shown(_JSON.repr(error.instance))}"


def _shown(text: str) -> str:
    return _clipped("".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text))


def _clipped(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
