"""Runs the command in its arguments for as long as its own standard input stays open.

It is started in a process group of its own, which the command shares. Nothing is ever written to the input: it ends
when whoever holds the other end closes it or dies, SIGKILL included. It knows nothing of servers.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE_S = 2.0
"""Seconds between SIGTERM and SIGKILL; the official server needs 0.2 s, and nothing of it is kept."""


def _end_with_parent() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


def main(command: list[str]) -> None:
    # A handler, because an ignored signal would stay ignored in the command: this process outlives the group's SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(f"{command[0]} ended with status {child.wait()}", file=sys.stderr, flush=True)
    os.killpg(0, signal.SIGKILL)  # what the command started ends with it


if __name__ == "__main__":
    main(sys.argv[1:])
