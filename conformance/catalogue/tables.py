"""Reads TOML tables of the catalogue; every error names the file, the table and the fix.

It checks types and does not know what the keys mean.
"""

import difflib
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class CatalogueError(ValueError):
    """A file of the catalogue is invalid; the message names the file, the table and the fix."""


@dataclass(frozen=True)
class Table:
    """A TOML table and where it was read, which error messages name."""

    path: Path
    name: str
    body: dict[str, object]

    def error(self, problem: str) -> CatalogueError:
        """Return the error to raise for this table; `problem` ends with the fix."""
        return CatalogueError(f"{self.path}: [{self.name}]: {problem}")

    def only(self, *keys: str) -> None:
        """Raise CatalogueError for any other key, because a misspelt key would be ignored."""
        for key in sorted(self.body.keys() - set(keys)):
            raise self.error(f"unknown key {key!r}; valid keys: {', '.join(keys)}; correct or remove it")

    def number(self, key: str) -> int:
        """Return the integer under a required key."""
        value = self.body.get(key)
        if type(value) is not int:
            raise self.error(f"{key} must be an integer, not {value!r}; write {key} = 1")
        return value

    def text(self, key: str, default: str = "") -> str:
        """Return the string under a key, which must not be empty, or the default if the key is missing."""
        value = self.body.get(key, default)
        if not isinstance(value, str) or (key in self.body and not value.strip()):
            raise self.error(f'{key} must be a string that is not empty, not {value!r}; write {key} = "..."')
        return value

    def required(self, key: str) -> str:
        """Return the string under a required key."""
        if key not in self.body:
            raise self.error(f'{key} is missing; add {key} = "..."')
        return self.text(key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of strings under a required key; it may be empty."""
        value = self.body.get(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(f'{key} must be a list of strings, not {value!r}; write {key} = ["..."]')
        return tuple(value)

    def among(self, key: str, allowed: Sequence[T]) -> T:
        """Return the value under a key, which must be one of the allowed values."""
        for value in allowed:
            if value == self.body.get(key):
                return value
        raise self.error(f"{key} is {self.body.get(key)!r}; use one of {', '.join(map(str, allowed))}")

    def known(self, key: str, names: Collection[str], where: str) -> tuple[str, ...]:
        """Return a list of different strings, which must all be in `names`; `where` says where those are defined."""
        values = self.texts(key)
        for value in values:
            if value not in names:
                raise self.error(f"{key} names {value!r}, which is not in {where}{nearest(value, names)}")
        for value in sorted({value for value in values if values.count(value) > 1}):
            raise self.error(f"{key} names {value!r} more than once; name it once")
        return values


def read(path: Path) -> dict[str, object]:
    """Return the content of a TOML file; raise CatalogueError naming the file, and the line where it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"{path}: the file is missing; restore it") from None
    except ValueError as error:
        raise CatalogueError(f"{path}: not valid TOML: {error}; correct that line") from error


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a suggestion to append to a message, empty if no known name is similar."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
