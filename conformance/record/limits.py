"""When the suite stops waiting for a server."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of time and size.  A server that hangs costs `silence_s` once for the whole session."""

    silence_s: float = 30.0  # official servers send a first event within 1 s, and no scenario is silent for over 6 s
    length_s: float = 60.0  # of one exchange, from its first event; the slowest scenario needs a tenth of it
    exchange_bytes: int = 16 << 20  # the largest stream of the suite has 4 MiB
    exchange_blocks: int = 20_000  # events and comments; the longest stream of the suite has 3,000
    session_bytes: int = 192 << 20  # all streams of the suite together have a tenth of it
    session_s: float = math.inf  # of the whole recording; --max-seconds sets it
