"""An incomplete server judged live: the suite's session, the proxy, and the embedded official server behind it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.judging.verdict import RequirementResult
from conformance.session.judgement import Judgement
from conformance.session.plan import make_plan
from conformance.session.recording import record_session
from conformance.settings import settings
from conformance.targets.target_file import EMBEDDED, named_target

MAX_SECONDS = 1500
"""Ends a session that does not end within its own limits, 20 minutes and the time to judge."""
PATIENCE_S = 10
"""How long the proxy may take to end."""


@contextmanager
def upstream() -> Iterator[str]:
    """Run the embedded official server; yield its URL."""
    target = named_target(EMBEDDED)
    assert target.launch is not None
    with target.launch(lambda text: None) as running:
        yield running.url


@contextmanager
def proxy(name: str, url: str) -> Iterator[str]:
    """Run the proxy of an incomplete server before `url`; yield its URL."""
    command = [sys.executable, "-m", "tests.battery.proxy", name, url]
    serving = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert serving.stdout is not None
    try:
        yield serving.stdout.readline().strip()
    finally:
        serving.terminate()
        serving.wait(PATIENCE_S)
        serving.stdout.close()


def judged(name: str, url: str) -> tuple[list[RequirementResult], list[str]]:
    """Return the requirements of the default profile with their outcomes, and the errors of the suite."""
    with proxy(name, url) as address, tempfile.TemporaryDirectory() as folder:
        given = {"url": address, "report-dir": str(Path(folder) / name), "max-seconds": str(MAX_SECONDS)}
        plan = make_plan(settings(given, {}))
        judgement = Judgement(plan, selected=set(plan.items))
        done = record_session(plan, list(plan.items), "", lambda state: None, lambda text: None)
        judgement.suite_errors += done.errors
        judgement.judge_selected()
        return judgement.requirements, judgement.suite_errors
