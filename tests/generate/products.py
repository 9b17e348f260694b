"""The products: what is generated, from which files, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests import golden
from tests.generate import observed, pages, predictions, published, readmes, snippets

ROOT = Path(__file__).parents[2]
MADE_FROM = Path(__file__).with_name("made_from.json")
"""Holds, for each product, a digest of the files that it was made from."""

JUDGING = (
    "conformance/authoring/**/*.py", "conformance/catalogue/**/*.py", "conformance/evidence/**/*.py",
    "conformance/faults/**/*.py", "conformance/judging/**/*.py", "conformance/suite/**/*.py",
    "conformance/wire/**/*.py", "conformance/requirements/*.toml", "conformance/profiles/*.toml", "schemas/*.json",
)  # fmt: skip
RECORDINGS = ("tests/recordings.tar.xz",)
CLIENTS = ("conformance/clients/**/*",)


@dataclass(frozen=True)
class Product:
    """Generated files; `inputs` are globs of the files that they are made from, `cost` the time that it takes."""

    name: str
    inputs: tuple[str, ...]
    make: Callable[[], bool]
    cost: str = "seconds"
    is_current: Callable[[], bool] | None = None
    """Returns whether it is up to date, for a product that is checked without a digest of its inputs."""

    def stale(self) -> bool:
        """Return whether it is out of date."""
        return not self.is_current() if self.is_current else remembered().get(self.name) != self.digest()

    def digest(self) -> str:
        """Return a digest of the files that it is made from."""
        found = hashlib.sha256()
        for path in sorted({path for pattern in self.inputs for path in ROOT.glob(pattern) if path.is_file()}):
            if "__pycache__" not in path.parts:
                found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
        return found.hexdigest()


def remembered() -> dict[str, str]:
    """Return the digests of the files that each product was made from."""
    return dict(json.loads(MADE_FROM.read_text("utf-8"))) if MADE_FROM.exists() else {}


def remember(product: Product) -> None:
    """Store the digest of the files that a product was made from."""
    if product.is_current is None:
        digests = remembered() | {product.name: product.digest()}
        MADE_FROM.write_text(json.dumps(dict(sorted(digests.items())), indent=1) + "\n", "utf-8")


def _written(files: Callable[[], Iterator[tuple[Path, str]]]) -> Callable[[], bool]:
    """Return a function that writes files with their texts."""

    def write() -> bool:
        for path, text in files():
            path.write_text(text, "utf-8", newline="\n")
            print(f"             {path.relative_to(ROOT)}")
        return True

    return write


def _current(files: Callable[[], Iterator[tuple[Path, str]]]) -> Callable[[], bool]:
    """Return a function that checks whether files have their texts."""
    return lambda: all(path.exists() and path.read_text("utf-8") == text for path, text in files())


def _cheap(name: str, files: Callable[[], Iterator[tuple[Path, str]]]) -> Product:
    return Product(name, (), _written(files), is_current=_current(files))


def _expensive(name: str, files: Callable[[], Iterator[tuple[Path, str]]], *inputs: str, cost: str) -> Product:
    return Product(name, inputs, _written(files), cost)


PRODUCTS = (
    Product("recordings", (), lambda: golden.make([]) == 0, "a minute; starts the official server", golden.is_current),
    Product(
        "predictions",
        ("conformance/oracle/predictors/*", "fixtures_graphs/*/*", *RECORDINGS),
        predictions.write,
        "a minute; needs Node, and once the packages of the library",
    ),
    _expensive("faults", pages.fault_files, *JUDGING, *RECORDINGS, cost="three minutes"),
    _expensive("examples", pages.example_files, *JUDGING, *RECORDINGS, "tests/generate/examples.py", cost="a minute"),
    _cheap("catalogue", pages.catalogue_files),
    _expensive("nothing", pages.nothing_files, *JUDGING, "tests/nothing.py", cost="three minutes"),
    _expensive(
        "observed", observed.files, *CLIENTS, *RECORDINGS, cost="minutes; needs Node and the packages of the clients"
    ),
    _expensive(
        "snippets", snippets.files, "conformance/snippets/**/*", *CLIENTS, cost="minutes; needs Node and two servers"
    ),
    _cheap("readmes", readmes.readmes),
    Product("reports", (), lambda: published.write() == 0, "seconds", published.is_current),
)
"""All products, in the order in which they are made: each may depend on earlier ones."""
