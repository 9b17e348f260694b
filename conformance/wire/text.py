"""Text that a server sent, made safe to print."""


def printable(text: str) -> str:
    """Return the text with every character escaped that could control a terminal or break a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shortened(text: str, limit: int) -> str:
    """Return the text made printable and cut to `limit` characters; a cut text says how long it was."""
    return printable(text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)")
