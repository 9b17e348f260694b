"""Finds the modules of the suite: one for each area, in the catalogue's order."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "suite"
PACKAGE = f"{__package__}.suite"


@cache
def load() -> None:
    """Import every module of the suite, so that the registry holds all that they declare."""
    for module in pkgutil.iter_modules([str(FOLDER)]):
        importlib.import_module(f"{PACKAGE}.{module.name}")
