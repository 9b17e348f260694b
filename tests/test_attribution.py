"""Digests: equal outcomes give equal verdict digests, and every recording is identified by its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from conformance.evidence.archive import ARCHIVE, pack_folder
from conformance.evidence.source import recording_digests, source_of
from conformance.judging.outcomes import OUTCOMES
from conformance.report.attribution import platform_facts, verdict_digest

PAIRS = st.dictionaries(st.text(max_size=5), st.sampled_from(OUTCOMES), max_size=6)


@given(PAIRS, st.randoms())
def test_the_order_of_the_checks_does_not_matter(outcomes: dict[str, str], random: Random) -> None:
    pairs = list(outcomes.items())
    assert verdict_digest("p", random.sample(pairs, len(pairs))) == verdict_digest("p", pairs)


@given(PAIRS, PAIRS)
def test_different_outcomes_have_different_digests(one: dict[str, str], other: dict[str, str]) -> None:
    assume(one != other)
    assert verdict_digest("p", one.items()) != verdict_digest("p", other.items())


def test_different_profiles_have_different_digests() -> None:
    assert verdict_digest("p", []) != verdict_digest("q", [])


def test_the_digest_of_the_recordings_is_that_of_what_sha256sum_prints(tmp_path: Path) -> None:
    files = {"b.jsonl": b"two", "a.jsonl": b"one", "run.json": b"{}"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    lines = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in ("a.jsonl", "b.jsonl"))
    expected = {"files": 2, "sha256": hashlib.sha256(lines.encode()).hexdigest()}
    assert recording_digests(source_of(tmp_path)) == expected
    archive = tmp_path / "report" / ARCHIVE
    archive.parent.mkdir()
    archive.write_bytes(pack_folder(tmp_path))
    assert recording_digests(source_of(archive.parent)) == expected


def test_the_platform_has_versions_but_not_the_name_of_the_machine() -> None:
    facts = platform_facts()
    assert set(facts) == {"python", "system", "machine", "packages"}
    assert all(one["version"] for one in facts["packages"])
