"""The options that choose which runs a session performs instead of the suite's scenarios, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.settings.values import UsageError, number, path


@dataclass(frozen=True)
class OwnRuns:
    """Generated programs, a stored case, or graphs of the server; at most one of them is given."""

    programs: int | None = None
    seed: int = 0
    replay_case: Path | None = None
    graphs: Mapping[str, Any] = field(default_factory=dict)
    """The input of each assistant."""
    not_deterministic: tuple[str, ...] = ()
    """The assistants whose runs differ from time to time."""
    library: tuple[str, ...] = ()
    """Where the graphs are for the library that predicts their streams; empty for the reference graphs."""
    dry_run: bool = False

    @property
    def given(self) -> bool:
        """Whether the session performs such runs."""
        return self.programs is not None or self.replay_case is not None or bool(self.graphs)


def own_runs(given: Mapping[str, Any]) -> OwnRuns:
    """Return the chosen runs; raises UsageError for an option that cannot be used."""
    graphs = dict(_graph(text) for text in given.get("graph") or ())
    found = OwnRuns(
        programs=number(given, "programs", int, "a whole number"),
        seed=_seed(given.get("seed")),
        replay_case=path(given.get("replay-case")),
        graphs=graphs,
        not_deterministic=tuple(given.get("not-deterministic") or ()),
        library=tuple(given.get("library") or ()),
        dry_run=bool(given.get("dry-run")),
    )
    _check(found, given)
    return found


def _check(found: OwnRuns, given: Mapping[str, Any]) -> None:
    kinds = [f"--{name}" for name in ("programs", "replay-case", "graph") if given.get(name)]
    if len(kinds) > 1:
        raise UsageError(f"{' and '.join(kinds)} exclude each other: a session performs one kind of runs")
    for name in ("seed", "not-deterministic", "library", "dry-run"):
        if given.get(name) and not kinds:
            raise UsageError(f"--{name} needs --programs, --replay-case or --graph")
    for name in ("judge", "stage"):
        if given.get(name) and kinds:
            raise UsageError(f"{kinds[0]} chooses the runs of a session, so it cannot be combined with {name}")
    if given.get("seed") and found.programs is None:
        raise UsageError("--seed needs --programs")
    for assistant in found.not_deterministic:
        if assistant not in found.graphs:
            raise UsageError(f"--not-deterministic {assistant}: give this assistant with --graph {assistant}=INPUT too")
    if found.replay_case is not None and not found.replay_case.is_file():
        raise UsageError(f"--replay-case {found.replay_case}: there is no such file")


def _seed(text: str | None) -> int:
    try:
        return int(text or 0)
    except ValueError:
        raise UsageError(f"--seed must be a whole number, not {text!r}") from None


def _graph(text: str) -> tuple[str, Any]:
    """Return an assistant and its input, which is JSON or the name of a file with JSON."""
    assistant, equals, given = text.partition("=")
    rule = "--graph must be ASSISTANT=INPUT, where INPUT is JSON or the name of a file that holds JSON"
    if not (assistant and equals and given):
        raise UsageError(f"{rule}; the given text has no {'input' if assistant else 'assistant'}")
    try:
        return assistant, json.loads(given)
    except ValueError:
        pass
    try:
        return assistant, json.loads(Path(given).read_text("utf-8"))
    except OSError as problem:
        raise UsageError(f"{rule}; the input of {assistant} is neither ({problem.strerror})") from None
    except ValueError as problem:
        raise UsageError(f"--graph {assistant}={given}: the file does not hold JSON ({problem})") from None
