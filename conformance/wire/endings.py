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
"""The suite closed the connection because no data arrived for too long."""
LENGTH = "length"
"""The suite closed the connection because the response took too long."""
SIZE = "cap"
"""The suite closed the connection because the response was too large."""

LIMITS = (SILENCE, LENGTH, SIZE)
"""The suite's own limits: such an ending says nothing about the server's."""
ENDED_BY_SERVER = (COMPLETE, BROKEN)
