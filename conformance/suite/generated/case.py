"""A case: a run of any graph, as JSON can hold it, with the earlier runs of its thread and its readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.authoring import MODES

FORMS = ("string", "list", "backward")
"""How a request names its modes: one as a text, or all in a list, in the order of the specification or the other."""
BY_STREAM, IN_BACKGROUND = "stream", "background"
CREATOR, AT_START, IN_THE_MIDDLE, TWO, ONE_LEAVES, AFTER_THE_END = READERS = (
    "creator", "from the start", "in the middle", "two", "one leaves", "after the end",
)  # fmt: skip
"""Who reads the run, beside the client that started it by a stream."""


@dataclass(frozen=True)
class Request:
    """What a run is asked for."""

    input: Any
    modes: tuple[str, ...]
    form: str = "list"
    subgraphs: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the body of the request, beside the assistant."""
        ordered = [mode for mode in MODES if mode in self.modes][:: -1 if self.form == "backward" else 1]
        modes = ordered[0] if self.form == "string" else ordered
        return {"input": self.input, "stream_mode": modes, "stream_subgraphs": self.subgraphs}


@dataclass(frozen=True)
class Case:
    """A run, on a thread with earlier runs, on a new one, or on none.

    `start` says whether the run is started by a stream or in the background.
    """

    graph: str
    run: Request
    earlier: tuple[Request, ...] = ()
    thread: bool = True
    start: str = BY_STREAM
    readers: str = CREATOR

    @property
    def is_possible(self) -> bool:
        """Whether a run can have this combination."""
        requests = (*self.earlier, self.run)
        if not all(one.modes and (one.form != "string" or len(one.modes) == 1) for one in requests):
            return False
        if not self.thread:
            return self.start == BY_STREAM and self.readers == CREATOR and not self.earlier
        return self.start == BY_STREAM or self.readers != CREATOR

    @property
    def data(self) -> dict[str, Any]:
        """The case as JSON."""
        return asdict(self)


def case_from(data: Mapping[str, Any]) -> Case:
    """Return the case that JSON holds; raises KeyError, TypeError or ValueError if it holds none."""
    run, *earlier = (_request(one) for one in (data["run"], *data["earlier"]))
    case = Case(str(data["graph"]), run, tuple(earlier), bool(data["thread"]), data["start"], data["readers"])
    known = case.start in (BY_STREAM, IN_BACKGROUND) and case.readers in READERS
    if not (known and case.is_possible):
        raise ValueError("no run can have this combination of modes, form, thread, start and readers")
    return case


def _request(data: Mapping[str, Any]) -> Request:
    modes, form = tuple(data["modes"]), data["form"]
    if not set(modes) <= set(MODES) or form not in FORMS:
        raise ValueError(f"modes and form must be among {', '.join((*MODES, *FORMS))}")
    return Request(data["input"], modes, form, bool(data["subgraphs"]))
