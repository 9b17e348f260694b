"""One TOML table of the catalogue, read with its place at hand, so that every complaint names file, table and way out.

It knows TOML and types; what the keys mean it does not.
"""

import difflib
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class CatalogueError(ValueError):
    """A file of the catalogue is broken; the message names the file, the table and the way out."""


@dataclass(frozen=True)
class Table:
    """A TOML table together with its place, so that whatever is wrong with it can be named."""

    path: Path
    name: str
    body: dict[str, object]

    def error(self, problem: str) -> CatalogueError:
        """Return the error to raise for this table; `problem` ends with the way out."""
        return CatalogueError(f"{self.path}: [{self.name}]: {problem}")

    def only(self, *keys: str) -> None:
        """Refuse any other key, so that a misspelt one is not ignored."""
        for key in sorted(self.body.keys() - set(keys)):
            raise self.error(f"unknown key {key!r}; remove it, or use one of {', '.join(keys)}")

    def number(self, key: str) -> int:
        """Return a whole number that must be there."""
        value = self.body.get(key)
        if type(value) is not int:
            raise self.error(f"{key} must be a whole number, not {value!r}; write {key} = 1")
        return value

    def text(self, key: str, default: str = "") -> str:
        """Return a text that is not empty, or the default where the key is missing."""
        value = self.body.get(key, default)
        if not isinstance(value, str) or (key in self.body and not value.strip()):
            raise self.error(f'{key} must be a text that is not empty, not {value!r}; write {key} = "..."')
        return value

    def required(self, key: str) -> str:
        """Return a text that must be there."""
        if key not in self.body:
            raise self.error(f'{key} is missing; add {key} = "..."')
        return self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts that must be there and may be empty."""
        value = self.body.get(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(f'{key} must be a list of texts, not {value!r}; write {key} = ["..."]')
        return tuple(value)

    def among(self, key: str, allowed: Sequence[T]) -> T:
        """Return the one of the allowed values that stands here."""
        for value in allowed:
            if value == self.body.get(key):
                return value
        raise self.error(f"{key} is {self.body.get(key)!r}; use one of {', '.join(map(str, allowed))}")

    def known(self, key: str, names: Collection[str], where: str) -> tuple[str, ...]:
        """Return a list of texts, each of them once and all of them among `names`, which are those of `where`."""
        values = self.texts(key)
        for value in values:
            if value not in names:
                raise self.error(f"{key} names {value!r}, which is not in {where}{nearest(value, names)}")
        for value in sorted({value for value in values if values.count(value) > 1}):
            raise self.error(f"{key} names {value!r} more than once; name it once")
        return values


def read(path: Path) -> dict[str, object]:
    """Return what a TOML file says; raise CatalogueError naming the file, and the line where it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"{path}: the file is missing; restore it") from None
    except ValueError as error:
        raise CatalogueError(f"{path}: not valid TOML: {error}; correct it there") from error


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a suggestion to append to a message, or nothing if no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
