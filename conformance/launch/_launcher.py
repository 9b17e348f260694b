"""Runs the command in its arguments until its own standard input is closed.

It is started in a new process group, which the command shares.  Nothing is ever written to the input; it is closed when
the process that holds the other end closes it or dies, also by SIGKILL.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE_S = 2.0
"""Seconds between SIGTERM and SIGKILL; the official server needs 0.2 s to stop."""


def _end_with_parent() -> None:
    os.read(0, 1)
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


def main(command: list[str]) -> None:
    # This process must survive SIGTERM to the group.  A handler, because the command would inherit an ignored signal.
    signal.signal(signal.SIGTERM, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    print(f"{command[0]} exited with status {child.wait()}", file=sys.stderr, flush=True)
    os.killpg(0, signal.SIGKILL)  # also ends what the command started


if __name__ == "__main__":
    main(sys.argv[1:])
