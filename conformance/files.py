"""Finds the data folders that travel with the suite, in a wheel or a checkout; knows nothing of what they hold."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder of the given name ("schemas", "fixtures_graphs"): a wheel's copy, else the checkout's.

    Raises FileNotFoundError if neither is there.
    """
    candidates = (_PACKAGE / "_data" / name, _PACKAGE.parent / name)
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    looked = " or ".join(str(candidate) for candidate in candidates)
    raise FileNotFoundError(f"the suite's folder {name!r} is missing, looked for {looked}; install the suite again")
