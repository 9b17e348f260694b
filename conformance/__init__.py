"""A conformance test suite for servers that speak the LangGraph streaming API.

These names are the vocabulary of the suite's modules.  Nothing heavy is imported here: the pytest plugin brings this
module into every pytest of its environment.
"""

from .declare import EVERY_STREAM, WHOLE_RUN, disputes, fault, lawful, observes, scenario, verifies
from .expect import cannot_tell, equal, expect, fail, first_difference, same_sequence, same_values, schema_errors, shown
from .faults import CUT, HANG, rewritten, without
from .payloads import carried, member, run_id_of, text_of
from .projection import projected, same_output
from .transcript import Event, Events, Exchange
from .views import Heard, Run, View, requested, wire

MODES = ("values", "updates", "messages-tuple", "debug", "custom", "events")
"""The modes of the norm's table, lines 218-223."""

__all__ = [
    "CUT", "EVERY_STREAM", "HANG", "MODES", "WHOLE_RUN", "Event", "Events", "Exchange", "Heard", "Run", "View",
    "cannot_tell", "carried", "disputes", "equal", "expect", "fail", "fault", "first_difference", "lawful", "member",
    "observes", "projected", "requested", "rewritten", "run_id_of", "same_output", "same_sequence", "same_values",
    "scenario", "schema_errors", "shown", "text_of", "verifies", "wire", "without",
]  # fmt: skip
