"""What real clients made of the recorded streams, with clients of the same result together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.report.words import Document, client_title


@dataclass(frozen=True)
class SameResult:
    """Clients with the same result, by their titles."""

    titles: tuple[str, ...]
    result: Document

    @property
    def differences(self) -> dict[str, list[Document]]:
        """The evidence for what the clients read otherwise, by its message."""
        found: dict[str, list[Document]] = {}
        for one in self.result.get("evidence", ()):
            found.setdefault(one["message"], []).append(one)
        return found


def same_results(clients: Iterable[Document]) -> list[SameResult]:
    """Return clients by their results, in the order of the first client with each."""
    found: list[tuple[Document, list[str]]] = []
    for one in clients:
        result = {key: value for key, value in one.items() if key not in ("name", "version")}
        titles = next((titles for known, titles in found if known == result), None)
        if titles is None:
            found.append((result, [client_title(one)]))
        else:
            titles.append(client_title(one))
    return [SameResult(tuple(titles), result) for result, titles in found]
