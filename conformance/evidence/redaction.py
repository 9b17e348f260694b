"""Keeps secrets out of everything that is written: masks them in text and in streams of bytes.

A mask is as long as what it covers, so that offsets and lengths stay true.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""A value of fewer characters is no secret that could be kept: masking it would blot out half of every recording."""


class Redactor:
    """Masks the given secrets, and their base64 and URL-encoded forms, wherever they occur."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for part in _parts(secret) for form in _forms(part)}
        self._forms = sorted((form.encode() for form in forms), key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, self._forms))) if self._forms else None

    def text(self, text: str) -> str:
        """The text with every secret masked."""
        return (
            self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass") if self._pattern else text
        )

    def data(self, data: bytes) -> bytes:
        """The bytes with every secret masked."""
        return self._pattern.sub(lambda found: b"*" * len(found[0]), data) if self._pattern else data

    def settled(self, data: bytes) -> int:
        """How many bytes at the start can be masked for good; the others may be the beginning of a secret."""
        open_at = len(data) - self._unfinished(data)
        matches = self._pattern.finditer(data) if self._pattern else ()
        return next((found.end() for found in matches if found.start() < open_at < found.end()), open_at)

    def _unfinished(self, data: bytes) -> int:
        longest = max(map(len, self._forms), default=1) - 1
        for length in range(min(longest, len(data)), 0, -1):
            end = data[-length:]
            if any(len(form) > length and form.startswith(end) for form in self._forms):
                return length
        return 0


class StreamRedactor:
    """Masks secrets in bytes that come in portions, to the same result as if they had come at once."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """The bytes that are safe to write now; the beginning of what may be a secret is held back."""
        whole = self._rest + data
        settled = self._redactor.settled(whole)
        self._rest = whole[settled:]
        return self._redactor.data(whole[:settled])

    def close(self) -> bytes:
        """What was held back, now that nothing follows."""
        rest, self._rest = self._rest, b""
        return self._redactor.data(rest)


def _parts(secret: str) -> Iterable[str]:
    """A field value such as `Bearer KEY` is secret as a whole and word by word."""
    return (part for part in {secret, *secret.split()} if len(part) >= SHORTEST and part.lower() not in _PUBLIC)


_PUBLIC = """bearer digest langgraph_checkpoint_ns langgraph_step langgraph_triggers langgraph_path langgraph_node
messages-tuple metadata updates values custom events checkpoint task_result payload content run_id thread_id
assistant_id application/json text/event-stream"""
"""Words of the protocol: a value that occurs among them is no secret, and masking it would blot out every stream."""


def _forms(secret: str) -> Iterable[str]:
    data = secret.encode()
    plain = base64.b64encode(data).decode()
    safe = base64.urlsafe_b64encode(data).decode()
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    return {
        secret,
        escaped,
        plain,
        plain.rstrip("="),
        safe,
        safe.rstrip("="),
        quote(secret),
        quote(secret, ""),
        quote_plus(secret),
    }
