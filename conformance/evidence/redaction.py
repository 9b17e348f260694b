"""Masks secrets in text and in streams of bytes, so that nothing that is written contains them.

A mask has the length of the secret, so that offsets and lengths stay true.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST_SECRET = 6
"""Shorter values, in characters, are not masked: they occur by chance in every recording."""


class Redactor:
    """Masks the given secrets wherever they occur, also in base64, URL-encoded or escaped as in JSON."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for part in _parts(secret) for form in _forms(part)}
        self._forms = sorted((form.encode() for form in forms), key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, self._forms))) if self._forms else None

    def text(self, text: str) -> str:
        """Return the text with every secret masked."""
        if self._pattern is None:
            return text
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def data(self, data: bytes) -> bytes:
        """Return the bytes with every secret masked."""
        return self._pattern.sub(lambda found: b"*" * len(found[0]), data) if self._pattern else data

    def maskable(self, data: bytes) -> int:
        """Return how many bytes can be masked whatever follows; the others may be the beginning of a secret."""
        complete = len(data) - self._incomplete(data)
        matches = self._pattern.finditer(data) if self._pattern else ()
        return next((found.end() for found in matches if found.start() < complete < found.end()), complete)

    def _incomplete(self, data: bytes) -> int:
        """Return the length of the longest ending of the data that is the beginning of a secret."""
        longest = max(map(len, self._forms), default=1) - 1
        for length in range(min(longest, len(data)), 0, -1):
            end = data[-length:]
            if any(len(form) > length and form.startswith(end) for form in self._forms):
                return length
        return 0


class StreamRedactor:
    """Masks secrets in bytes that arrive in portions, with the same result as if they had arrived together."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Return the bytes that can be written now; what may be the beginning of a secret is held back."""
        whole = self._rest + data
        length = self._redactor.maskable(whole)
        self._rest = whole[length:]
        return self._redactor.data(whole[:length])

    def close(self) -> bytes:
        """Return the bytes held back; none follow."""
        rest, self._rest = self._rest, b""
        return self._redactor.data(rest)


def _parts(secret: str) -> Iterable[str]:
    """Yield a header value such as `Bearer KEY` as a whole and word by word."""
    words = {secret, *secret.split()}
    return (word for word in words if len(word) >= SHORTEST_SECRET and word.lower() not in _PUBLIC)


_PUBLIC = """bearer digest langgraph_checkpoint_ns langgraph_step langgraph_triggers langgraph_path langgraph_node
messages-tuple metadata updates values custom events checkpoint task_result payload content run_id thread_id
assistant_id application/json text/event-stream"""
"""Words of the protocol are not secret: masking them would make every stream unreadable."""


def _forms(secret: str) -> Iterable[str]:
    """Return the secret in every encoding in which a server may repeat it."""
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
