"""A conformance test suite for servers that speak the LangGraph streaming API.

These names are the vocabulary of the suite's modules.  Nothing heavy is imported here: the pytest plugin brings this
module into every pytest of its environment.
"""

from .declare import EVERY_STREAM, WHOLE_RUN, disputes, fault, lawful, observes, scenario, verifies
from .expect import cannot_tell, equal, expect, fail, first_difference, same_sequence, schema_errors, shown
from .faults import CUT, HANG
from .projection import projection
from .transcript import Event, Events, Exchange
from .views import Heard, Run, View, requested, wire

MODES = ("values", "updates", "messages-tuple", "debug", "custom", "events")
"""The modes of the norm's table, lines 218-223."""

__all__ = [
    "CUT", "EVERY_STREAM", "HANG", "MODES", "WHOLE_RUN", "Event", "Events", "Exchange", "Heard", "Run", "View",
    "cannot_tell", "disputes", "equal", "expect", "fail", "fault", "first_difference", "lawful", "observes",
    "projection", "requested", "same_sequence", "scenario", "schema_errors", "shown", "verifies", "wire",
]  # fmt: skip
