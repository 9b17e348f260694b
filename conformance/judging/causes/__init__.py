"""Names the likely cause of a failure: a description of what the recording shows, or nothing.

Every description is computed from the failed check's own recording and difference, so it contradicts neither.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.authoring.views import SessionRecordings
from conformance.judging.outcomes import Outcome
from conformance.wire.strict_json import NotJson
from conformance.wire.text import shortened

from .answers import ABSENT_RESOURCE, ANSWERS, REFUSED
from .case import Case, Description
from .codings import CODINGS
from .contents import CONTENTS
from .readers import ENDED, READERS
from .sequences import SEQUENCES
from .streams import MISSING, NAMES, PIECES, STREAMED
from .values import VALUES

STAGES = (
    CODINGS,
    REFUSED,
    ABSENT_RESOURCE,
    ANSWERS,
    CONTENTS,
    READERS,
    NAMES,
    ENDED,
    PIECES,
    MISSING,
    STREAMED,
    VALUES,
    SEQUENCES,
)
"""The descriptions, the most specific first.  Those of one stage exclude each other."""

LONGEST = 600
"""How many characters a cause has at most; names and reasons in it come from the server."""


def likely_cause(requirement: str, outcome: Outcome, session: SessionRecordings) -> tuple[Description, str] | None:
    """Return the description that fits a failure, with its text; None if no description or more than one fits."""
    if outcome.failure is None:
        return None
    failure = outcome.failure
    case = Case(
        requirement, outcome.message, failure.recording, failure.exchange, failure.event, failure.difference, session
    )
    for stage in STAGES:
        fitting = [(one, text) for one in stage if (text := _described(one, case)) is not None]
        if fitting:
            return fitting[0] if len(fitting) == 1 else None
    return None


def _described(description: Description, case: Case) -> str | None:
    """Return the text of a description, safe to print; None if it does not apply."""
    try:
        text = description.describe(case)
    except (NotJson, LookupError, TypeError, AttributeError, ValueError, RecursionError):
        return None  # What a server sends can have any shape; then nothing is named.
    return shortened(text, LONGEST) if text is not None else None


def with_cause(requirement: str, outcome: Outcome, session: SessionRecordings) -> Outcome:
    """Return an outcome with the text of its likely cause, and without the failure that the cause was found in."""
    found = likely_cause(requirement, outcome, session)
    return replace(outcome, cause=found[1] if found is not None else "", failure=None)
