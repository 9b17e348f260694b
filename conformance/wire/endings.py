"""How an exchange ended.  These words are data: recordings contain them."""

COMPLETE = "complete"
"""The response ended by the rules of HTTP."""
BROKEN = "broken"
"""The response ended in a transport error: a reset, a truncated body, bytes that are not HTTP."""
LEFT = "left"
"""The suite's reader closed the connection on purpose."""
UNREACHABLE = "unreachable"
"""No connection could be opened."""
SILENCE = "deadline"
"""The suite closed the connection because no event arrived for too long."""
LENGTH = "length"
"""The suite closed the connection because the response took too long."""
SIZE = "cap"
"""The suite closed the connection because the response was too large."""
STOPPED = "stopped"
"""The suite closed the connection because the session or the scenario was stopped."""

LIMITS = (SILENCE, LENGTH, SIZE, STOPPED)
"""The suite's own limits: such an ending says nothing about the server's."""
OWN_LIMITS = (SILENCE, LENGTH, SIZE)
"""Limits of the exchange itself: before such an ending the server had the time to end the response."""
ENDED_BY_SERVER = (COMPLETE, BROKEN)
