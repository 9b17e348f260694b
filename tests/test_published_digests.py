"""The recordings of each published report still give the outcomes that were published."""

from __future__ import annotations

import pytest

from conformance.report.releases import releases
from conformance.session.verify_command import SAME, verified

from .generate.published import REPORTS

DIGESTS = {
    "aegra-0.11.0": "ec4492ab907af37dd5cbb77457229bf7a36d1099befb30b807341ed74a47b650",
    "aegra-0.11.0-client-safety": "525aed039c1678654b5a684a209f53e5301f5c4c3f071568536237cbac0caa49",
    "fastapi-langgraph-server-0.1.0": "8e678148542687179987f821c81a1cd930618fb57451acd00134ea8f823cf639",
    "fastapi-langgraph-server-0.1.0-client-safety": "ed15ddb95548d33b822077da22eacc9a2197960b24dcf19fc2c13b3917318e1d",
    "langgraph-dev-0.2.60": "76d29c792112ec67cd5d56e4ab7fe5ce6033cb5ad4946f7345641d553c4053c2",
    "langgraph-dev-0.15.9": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
    "langgraph-dev-0.16.7": "1aa8e8f1308ad26f4f9c6045aaf6cf8429ae4c8618fe099b52072a5323095cb1",
    "langgraph-dev-0.16.7-client-safety": "7fbc7dff7d1050028413b3f6451742c9901839052924c0bd8870f95057e41e19",
    "langgraphjs-1.5.1": "8c47a745bc643d3bc7c35fe7231977c17aed9f085fb50d0f41292b9f182fe363",
    "langgraphjs-1.5.1-client-safety": "6a7d3499e29dcb4bc6d1817f9346dc9ad529418794e749e2276acb19460dddb5",
    "skeino-4.0.0": "71bcfbabd79b9a6da8bc408c17f761e579c95d56bfe33b85bee86b5ed616bc0f",
    "skeino-4.0.0-client-safety": "08cac835f0a1383d726132c9ef749ed718dee874a44688e68cda11ae2f4231cf",
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


@pytest.mark.parametrize("name", DIGESTS)
def test_the_recordings_give_the_published_verdict(name: str) -> None:
    found = verified(REPORTS / name)
    assert (found.found, found.digest) == (SAME, DIGESTS[name])


def test_a_release_without_recordings_has_the_digest_of_the_report_that_stands_for_it() -> None:
    listed = {(one["report"], one["version"]): one["verdict_digest"] for one in releases(REPORTS)}
    assert listed == {(name, version): digest for name, one in RELEASES.items() for version, digest in one.items()}
    assert all(digest == DIGESTS[name] for (name, _), digest in listed.items())
