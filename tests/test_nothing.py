"""No requirement passes on a server that does nothing, no run hangs, and what is kept is bounded."""

import pytest

from conformance.live import Limits

from . import nothing


@pytest.mark.parametrize("name", nothing.SERVERS)
def test_no_item_passes_on_a_server_that_does_nothing(name, tmp_path):
    with nothing.serving(name) as url:
        session = nothing.judged(url, tmp_path)
    assert [result.id for result in session.all_results if result.outcome.word == "passed"] == []
    assert not session.suite_errors
    kept = sum(path.stat().st_size for path in session.recordings.iterdir())
    assert kept < 2 * Limits().run_bytes
