"""A headless Chromium, controlled over the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).

It records every request for a resource, and every error of scripts, security policy and console.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
MISSING = "Chromium is missing, so no page was opened: `apt-get install chromium`"

LIMIT_S = 120
"""The limit for an answer of the browser."""

# Chromium expects the pipe at descriptors 3 and 4, which this process may use for something else.
_EXEC = (
    "import os, sys; r, w = map(int, sys.argv[1:3]); os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
)


# The browser lays out parts of a page only when they come near the screen, which moves everything below them.  So an
# element is where a click belongs when two frames have not moved it.
_RESTING_PLACE = """async element => {
    const frame = () => new Promise(requestAnimationFrame);
    const place = () => {
        element.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
        const box = element.getClientRects()[0];
        return [box.x + box.width / 2, box.y + box.height / 2];
    };
    for (let before = place(); ;) {
        await frame();
        await frame();
        const now = place();
        if (now.join() === before.join()) return now;
        before = now;
    }
}"""

KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "ArrowRight": (39, ""), "ArrowDown": (40, "")}
"""The code of each key (https://www.w3.org/TR/uievents/#legacy-key-models), and the text that it enters."""

EMPTY = "about:blank"
"""An empty page, which needs no request."""

NAVIGATED = "Inspected target navigated or closed"
"""The error for a command during which the page changed."""


class PageChanged(Exception):
    """The page changed while a command was running."""


class Browser:
    """One page of a browser, controlled with DevTools commands."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers, self._rest = commands, answers, b""
        self._count = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.errors: list[str] = []
        target = self.ask("Target.createTarget", url=EMPTY)["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> Any:
        """Send a command and return its result; events that arrive meanwhile are recorded."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        session = {"sessionId": self._session} if self._session else {}
        os.write(self._commands, json.dumps(message | session).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            self._record(answer)
        if answer.get("error", {}).get("message") == NAVIGATED:
            raise PageChanged
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + LIMIT_S
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(0, deadline - time.monotonic()))
            data = os.read(self._answers, 1 << 16) if ready else b""
            assert data, "the browser stopped responding"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _record(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent" and params["request"]["url"] != EMPTY:
            self.requests.append(params["request"]["url"])
        elif method in ("Runtime.exceptionThrown", "Log.entryAdded") or (
            method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert", "warning")
        ):
            self.errors.append(json.dumps(params))

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """Emulate a screen of this size in CSS pixels, with the light or the dark colour scheme."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def show(self, page: Path, anchor: str = "") -> None:
        """Open a file, and scroll to an anchor of it."""
        # The command returns before the page changes.  An empty page between two others shows when the second is there.
        self.ask("Page.navigate", url=EMPTY)
        self.until(f"location.href === '{EMPTY}'")
        self.ask("Page.navigate", url=page.absolute().as_uri() + (f"#{anchor}" if anchor else ""))
        self.settled()

    def settled(self) -> None:
        """Wait until the page is loaded."""
        self.until(f"document.readyState === 'complete' && location.href !== '{EMPTY}'")

    def scripts(self, *, enabled: bool) -> None:
        """Say whether the pages that are opened from now on may run scripts."""
        self.ask("Emulation.setScriptExecutionDisabled", value=not enabled)

    def until(self, condition: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + LIMIT_S
        while not self._holds(condition):
            assert time.monotonic() < deadline, f"still false: {condition}"
            time.sleep(0.02)

    def _holds(self, condition: str) -> bool:
        try:
            return bool(self.value(condition))
        except PageChanged:  # asked on the previous page
            return False

    def value(self, expression: str) -> Any:
        """Return the value of a JavaScript expression on the page; of a promise, the value that it is resolved with."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def click(self, selector: str) -> None:
        """Scroll to an element and click the middle of its first box with the mouse."""
        box = self.value(f"({_RESTING_PLACE})(document.querySelector({json.dumps(selector)}))")
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Press one of the KEYS."""
        code, text = KEYS[key]
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text)

    def press_until(self, key: str, condition: str, most: int = 500) -> None:
        """Press a key, `most` times at most, until an expression is true."""
        for _ in range(most):
            if self.value(condition):
                return
            self.press(key)
        raise AssertionError(f"pressed {key} {most} times, and still false: {condition}")

    def write(self, text: str) -> None:
        """Type a text into the element that has the focus."""
        for char in text:
            self.ask("Input.dispatchKeyEvent", type="keyDown", key=char, text=char)
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=char)

    def picture(self, file: Path) -> None:
        """Write a screenshot as PNG."""
        file.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Run a browser with its own profile until the block ends."""
    assert CHROMIUM, MISSING
    ours, theirs = os.pipe(), os.pipe()
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (ours[0], theirs[1])]
    command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe", EMPTY]
    process = subprocess.Popen(
        [sys.executable, "-c", _EXEC, *map(str, high), *command],
        pass_fds=high, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for fd in (ours[0], theirs[1], *high):
        os.close(fd)
    try:
        yield Browser(ours[1], theirs[0])
    finally:
        os.close(ours[1])
        os.close(theirs[0])
        process.terminate()
        process.wait(LIMIT_S)
