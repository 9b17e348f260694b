"""What the options -x, --maxfail and --sw of pytest mean for the suite."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judging.outcomes import INCONCLUSIVE, UNTESTED
from conformance.settings import UsageError


def refuse_stepwise(config: pytest.Config) -> None:
    """Raise UsageError for --sw, because it would stop at an inconclusive check and save no time."""
    if any(config.getoption(name, False) for name in ("stepwise", "stepwise_skip", "stepwise_reset")):
        raise UsageError(
            "--sw cannot be used: everything is recorded before the first check is judged, so nothing is gained by "
            "continuing at a failed check; use -x to stop at the first failure, and --lf to select what did not pass"
        )


def take_limit(config: pytest.Config) -> int:
    """Return the limit of -x and --maxfail, 0 for none, and take it from pytest, also in a worker of xdist."""
    limit: int = config.option.maxfail or 0
    config.option.maxfail = 0
    return limit


class FailureLimit:
    """Counts failures in place of pytest, which would also count inconclusive checks."""

    def __init__(self, config: pytest.Config, limit: int) -> None:
        self._config = config
        self._limit = limit
        self._failures = 0

    @property
    def reached(self) -> bool:
        """Whether the session stops because of too many failures."""
        return 0 < self._limit <= self._failures

    def count(self, report: Any, session: pytest.Session) -> None:
        """Count a report of pytest if it is a failure, and stop the session at the limit."""
        word = (getattr(report, "lg_outcome", None) or {}).get("word")
        if self.reached or not report.failed or word in (INCONCLUSIVE, UNTESTED):
            return
        self._failures += 1
        if self.reached:
            message = f"stopping after {self._failures} failures; checks that were not judged are untested"
            distributing = self._config.pluginmanager.get_plugin("dsession")
            if distributing is None:
                session.shouldfail = message
            else:
                distributing.shouldstop = message
