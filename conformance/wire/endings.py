"""How an exchange ended.  These words are data: they stand in recordings."""

COMPLETE = "complete"
"""By the rules of HTTP."""
BROKEN = "broken"
"""By a transport fault: a reset, a truncated body, bytes that are not HTTP."""
LEFT = "left"
"""The suite's reader closed the connection on purpose."""
UNREACHABLE = "unreachable"
"""No connection could be opened."""
SILENCE = "deadline"
"""The suite closed it because nothing arrived any more."""
LENGTH = "length"
"""The suite closed it because it went on for too long."""
SIZE = "cap"
"""The suite closed it because it grew too large."""

LIMITS = (SILENCE, LENGTH, SIZE)
"""The suite's own limits: such an ending says nothing about the server's."""
ENDED_BY_SERVER = (COMPLETE, BROKEN)
