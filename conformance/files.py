"""Finds the data folders of the suite, in a wheel or in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder "schemas" or "fixtures_graphs": the copy in the wheel, otherwise that of the checkout.

    Raises FileNotFoundError if there is neither.
    """
    candidates = (_PACKAGE / "_data" / name, _PACKAGE.parent / name)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    searched = " or ".join(map(str, candidates))
    raise FileNotFoundError(f"the suite's folder {name!r} is missing, expected at {searched}; install the suite again")
