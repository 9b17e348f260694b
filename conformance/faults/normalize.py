"""Replaces ids and timestamps with placeholders, so that texts of two sessions can be compared."""

import re

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b(?=\d*[a-f])[0-9a-f]{16}\b")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?")


def normalize(text: str, ids: dict[str, str] | None = None) -> str:
    """Return the text with `<time>` for timestamps and `<id N>` for ids, numbered in their order.

    `ids` holds the placeholders given so far; new ones are added to it.
    """
    known = {} if ids is None else ids
    replaced = _ID.sub(lambda found: known.setdefault(found[0], f"<id {len(known) + 1}>"), text)
    return _TIMESTAMP.sub("<time>", replaced)
