"""Folders in the user's cache that are created once: completely, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from conformance.settings import UsageError

Say = Callable[[str], None]
"""Shows a line to the user, for instance before something that takes long."""


@dataclass(frozen=True)
class CachedEnvironment:
    """An environment in the cache."""

    folder: Path
    seconds: float
    """How long it took to create; 0 if it was reused."""

    @property
    def python(self) -> Path:
        """The interpreter of a Python environment.

        The scripts beside it do not run: they contain the path of the folder in which they were created.
        """
        return self.folder / "bin" / "python"

    def __str__(self) -> str:
        if not self.seconds:
            return f"environment reused from {self.folder}"
        return f"environment created in {self.seconds:.1f} s"


def cache_root(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the cache: `lg-conformance` in XDG_CACHE_HOME, by default in ~/.cache."""
    given = Path(environment.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "lg-conformance"


def cached(name: str, key: Sequence[str], make: Callable[[Path], None], say: Say) -> CachedEnvironment:
    """Return the cached environment of this name and key; `make` creates its folder if there is none.

    The folder is renamed when it is complete, so that an incomplete one is never used; the remains of an interrupted
    `make` are deleted by the next call.  A process waits while another creates the same environment.
    """
    slug = re.sub(r"[^\w.=-]+", "-", name)
    folder = cache_root() / f"{slug}-{hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()[:12]}"
    half = folder.with_name(f"{folder.name}.half")
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if folder.is_dir():
            return CachedEnvironment(folder, 0.0)
        shutil.rmtree(half, ignore_errors=True)
        say(f"creating the environment of {name}, once, in {folder}")
        start = time.monotonic()
        try:
            make(half)
            half.rename(folder)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
        return CachedEnvironment(folder, time.monotonic() - start)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as problem:
        fix = "set XDG_CACHE_HOME to a writable folder"
        raise UsageError(f"the cache {path.parent} cannot be written: {problem.strerror}; {fix}") from None
    try:
        yield
    finally:
        lock.release()
