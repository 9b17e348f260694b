"""What a report tells of a check that did not pass beside its outcome: what it wants, its proof, how to run it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ..declare import REGISTRY, Check


def story(check: Check, options: Sequence[str]) -> dict[str, str]:
    """The story of one check; `options` are those of the run that the command repeats."""
    proofs = [fault.name for fault in REGISTRY.faults if fault.requirement == check.requirement]
    return {
        "acceptable": " ".join(check.doc.split()),
        "cause": "",
        "fault": proofs[0] if proofs else "",
        "command": command(options, check.name),
    }


def command(options: Sequence[str], selection: str = "") -> str:
    """A run as one line of shell; the options hold no secret."""
    return shlex.join(["lg-conformance", "run", *options, *(["-k", selection] if selection else [])])
