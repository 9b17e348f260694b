"""The recordings of each published report still give the outcomes that were published."""

from __future__ import annotations

import pytest

from conformance.report.releases import releases
from conformance.session.verify_command import SAME, verified

from .generate.published import REPORTS, documents

DIGESTS = {
    "aegra-0.11.0": "8d666071cdf5e411c591f07767ecbcde6a3f0a4deca4661cbecea1196dcc6e89",
    "aegra-0.11.0-client-safety": "eccd923ad5a48f7227c41d712035d2000ee9ac837f15f6ee951f194465db2b63",
    "fastapi-langgraph-server-0.1.0": "8cfbd57d072047127baa913623a314c0b4fff767dbfa21452dab41949ad6c484",
    "fastapi-langgraph-server-0.1.0-client-safety": "0fb6cf45f5791fb3c241fef50a43a823906a95f2b2390f642489b72335df7101",
    "langgraph-dev-0.2.60": "91df42e84d3db5a798744fa64a716cead34c937cac9aa7f9026486a9441fb91e",
    "langgraph-dev-0.15.9": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
    "langgraph-dev-0.16.7": "f108488fe8dee833e9aeb47cffc8e1307620a3127770d6f2e63adbe7ba3af62e",
    "langgraph-dev-0.16.7-client-safety": "2ce4b7b3eefcff35f03a6ace18350ddf16361bccd7f99e388ddb3e56d4cec190",
    "langgraphjs-1.5.1": "25537bd96edc94f49610bb7ec3bef4b6d4cbfc263b56e8baae5f7adfc01d169a",
    "langgraphjs-1.5.1-client-safety": "31fd2d8e0485ed8215070c1c5dcc26f4e32351c12af096e730af67ee43b49d84",
    "skeino-4.0.0": "474b4abc8dd80bf5bea767bc4c7839c6a7dc768372054470c249c48de35d30ed",
    "skeino-4.0.0-client-safety": "cb5539a84381857c2bde1e82477c7da59ed46e6f9755b8dcc97e336714597323",
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
