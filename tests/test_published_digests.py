"""The recordings of each published report still give the outcomes that were published."""

from __future__ import annotations

import pytest

from conformance.report.releases import releases
from conformance.session.verify_command import SAME, verified

from .generate.published import REPORTS, documents

DIGESTS = {
    "aegra-0.11.0": "ec4492ab907af37dd5cbb77457229bf7a36d1099befb30b807341ed74a47b650",
    "aegra-0.11.0-client-safety": "41b13a20656dcf3bc24376f29fa866eacdf9cd0de9141dc95ac84652b770591f",
    "fastapi-langgraph-server-0.1.0": "8e678148542687179987f821c81a1cd930618fb57451acd00134ea8f823cf639",
    "fastapi-langgraph-server-0.1.0-client-safety": "ed15ddb95548d33b822077da22eacc9a2197960b24dcf19fc2c13b3917318e1d",
    "langgraph-dev-0.2.60": "c6a901e7265e282eaf80b65c4e62be3d437be9d95ec3000c2c2ef7cf31765b90",
    "langgraph-dev-0.15.9": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
    "langgraph-dev-0.16.7": "1aa8e8f1308ad26f4f9c6045aaf6cf8429ae4c8618fe099b52072a5323095cb1",
    "langgraph-dev-0.16.7-client-safety": "c261744c6de7d1032281ffb5afce5540d994962ca7d2061684454ad08d6b3279",
    "langgraphjs-1.5.1": "8c47a745bc643d3bc7c35fe7231977c17aed9f085fb50d0f41292b9f182fe363",
    "langgraphjs-1.5.1-client-safety": "c5f685972e38fbe5e989e9a7dc5e312b031653762f09b28d26f511e9e6d6ad74",
    "skeino-4.0.0": "120f1f27ef94e727768949ff938eb6c6269cbe1b0ff877b065c8860da6444e48",
    "skeino-4.0.0-client-safety": "73812468341e0f5df34ddcdc8e5af3763092c7a1cfc6421d2b3f276750bec956",
}
"""The verdict digests; refactoring must not change them."""

RELEASES = {
    "langgraph-dev-0.15.9": {
        "0.4.48": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
        "0.5.42": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
        "0.6.39": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
        "0.7.103": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
        "0.9.1": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
        "0.11.4": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
        "0.13.8": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
    },
}
"""The digests of releases whose recordings are no longer kept, by the report that stands for them."""


@pytest.mark.parametrize("name", [folder.name for folder, _ in documents()])
def test_the_recordings_give_the_published_verdict(name: str) -> None:
    found = verified(REPORTS / name)
    assert (found.found, found.digest) == (SAME, DIGESTS.get(name, found.digest))


def test_every_digest_is_that_of_a_published_report() -> None:
    assert set(DIGESTS) <= {folder.name for folder, _ in documents()}


def test_a_release_without_recordings_has_the_digest_of_the_report_that_stands_for_it() -> None:
    listed = {(one["report"], one["version"]): one["verdict_digest"] for one in releases(REPORTS)}
    assert listed == {(name, version): digest for name, one in RELEASES.items() for version, digest in one.items()}
    assert all(digest == DIGESTS[name] for (name, _), digest in listed.items())
