"""On a server that does nothing no requirement passes, the session ends, and its recordings stay small."""

from pathlib import Path

import pytest

from conformance import catalogue
from conformance.record.limits import Limits

from . import nothing


@pytest.mark.sampled(3)
@pytest.mark.parametrize("profile", catalogue.profiles())
@pytest.mark.parametrize("name", nothing.SERVERS)
def test_no_requirement_passes_on_a_server_that_does_nothing(name: str, profile: str, tmp_path: Path) -> None:
    with nothing.serving(nothing.SERVERS[name]) as url:
        judgement = nothing.judged(url, tmp_path, profile)
    assert [one.requirement.id for one in judgement.requirements if one.outcome == "passed"] == []
    assert not judgement.suite_errors
    size = sum(path.stat().st_size for path in judgement.plan.recordings.iterdir())
    assert size < 2 * Limits().session_bytes
