"""Text that a server sent, made safe to print."""

SHOWN_BEFORE = 40
"""How many characters a cut text shows before the place where it differs from another one."""


def printable(text: str) -> str:
    """Return the text with every character escaped that could control a terminal or break a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shortened(text: str, limit: int) -> str:
    """Return the text made printable and cut to `limit` characters; a cut text says how long it was."""
    return printable(cut(text, limit))


def cut(text: str, limit: int, skipped: int = 0) -> str:
    """Return `limit` characters of a text after the skipped ones; if its end is cut off it says how long it was."""
    rest = text[skipped:]
    shown = "…" * bool(skipped) + rest[:limit]
    return shown if len(rest) <= limit else f"{shown}… ({len(text)} characters)"


def same_at_start(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    different = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(different, min(len(one), len(other)))


def cut_where_different(one: str, other: str, limit: int) -> tuple[str, str]:
    """Return two texts cut to `limit` characters, so that both show the first character in which they differ."""
    same = same_at_start(one, other)
    skipped = same - SHOWN_BEFORE if same >= limit - SHOWN_BEFORE and max(len(one), len(other)) > limit else 0
    return cut(one, limit, skipped), cut(other, limit, skipped)
