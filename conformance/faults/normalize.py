"""Text without what differs from run to run: ids and moments."""

import re

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b(?=\d*[a-f])[0-9a-f]{16}\b")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?")


def normalize(text: str, ids: dict[str, str] | None = None) -> str:
    """The text with `<time>` for moments and `<id N>` for ids, numbered as they occur.

    `ids` are the names that were given so far; new ones are added to it.
    """
    known = {} if ids is None else ids
    named = _ID.sub(lambda found: known.setdefault(found[0], f"<id {len(known) + 1}>"), text)
    return _MOMENT.sub("<time>", named)
