"""A verdict digest is equal for equal outcomes and for no others; what was recorded can be told from its digest."""

import hashlib
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

from conformance.evidence.source import recording_digests
from conformance.judging.outcomes import OUTCOMES
from conformance.report.attribution import platform_facts, verdict_digest

PAIRS = st.dictionaries(st.text(max_size=5), st.sampled_from(OUTCOMES), max_size=6)


@given(PAIRS, st.randoms())
def test_the_order_of_the_checks_does_not_matter(outcomes: dict[str, str], random) -> None:
    pairs = list(outcomes.items())
    shuffled = random.sample(pairs, len(pairs))
    assert verdict_digest("p", shuffled) == verdict_digest("p", pairs)


@given(PAIRS, PAIRS)
def test_other_outcomes_have_another_digest(one: dict[str, str], other: dict[str, str]) -> None:
    assume(one != other)
    assert verdict_digest("p", one.items()) != verdict_digest("p", other.items())


def test_another_profile_has_another_digest() -> None:
    assert verdict_digest("p", []) != verdict_digest("q", [])


def test_recordings_are_told_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b"two")
    (tmp_path / "a.jsonl").write_bytes(b"one")
    (tmp_path / "run.json").write_bytes(b"{}")
    assert recording_digests(source_of(tmp_path)) == [
        {"file": "a.jsonl", "sha256": hashlib.sha256(b"one").hexdigest()},
        {"file": "b.jsonl", "sha256": hashlib.sha256(b"two").hexdigest()},
    ]


def test_a_platform_tells_versions_and_no_name_of_the_machine() -> None:
    facts = platform_facts()
    assert set(facts) == {"python", "system", "machine", "packages"}
    assert all(one["version"] for one in facts["packages"])
