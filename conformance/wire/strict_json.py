"""JSON as RFC 8259 defines it: what Python's reader accepts beyond that is refused."""

from __future__ import annotations

import json
from typing import Any

LONGEST_INTEGER_DIGITS = 4000
"""Python refuses to read integers of more digits than this (by default 4300); JSON has no such limit."""


class NotJson(ValueError):
    """Data that is not exactly one JSON value."""


def parse_json(text: str) -> Any:
    """Return the JSON value that `text` holds; raise NotJson if it is not exactly one, also for NaN and Infinity."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer)
    except (ValueError, RecursionError) as problem:
        raise NotJson(str(problem)) from None


def _refuse(token: str) -> Any:
    raise NotJson(f"{token} is not JSON")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < LONGEST_INTEGER_DIGITS else float(digits)
