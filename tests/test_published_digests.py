"""The recordings of each published report still give the outcomes that were published."""

from __future__ import annotations

import pytest

from conformance.report.releases import releases
from conformance.session.verify_command import SAME, verified

from .generate.published import REPORTS

DIGESTS = {
    "aegra-0.11.0": "b5b4a8501069fb68ece2c2d41f58a1a43fa1c3aa9cf64f1895505cf9ea33dff7",
    "aegra-0.11.0-client-safety": "525aed039c1678654b5a684a209f53e5301f5c4c3f071568536237cbac0caa49",
    "fastapi-langgraph-server-0.1.0": "376ba9bb2fbdd93306e799d5ccb56dec6be5593f15f3f21bc7eb6be13e875319",
    "fastapi-langgraph-server-0.1.0-client-safety": "5bcb4666a34e56f5cad8cb2f8114f1406a3f1ec9afcb641a598cd4689756ee62",
    "langgraph-dev-0.2.60": "76d29c792112ec67cd5d56e4ab7fe5ce6033cb5ad4946f7345641d553c4053c2",
    "langgraph-dev-0.15.9": "44e43b0430d5687a55c216d910d69ec39903cf52100db33f0db9d0693d469571",
    "langgraph-dev-0.16.7": "f229e40d79ccc304b414a7e7e0b06583964487fcfaf912bc01f7892486aade83",
    "langgraph-dev-0.16.7-client-safety": "7fbc7dff7d1050028413b3f6451742c9901839052924c0bd8870f95057e41e19",
    "langgraphjs-1.5.1": "7b06e262711c7e3ba3e19a54ef174e9341e99cd28eb36f058544f3bc4a30a7bc",
    "langgraphjs-1.5.1-client-safety": "6a7d3499e29dcb4bc6d1817f9346dc9ad529418794e749e2276acb19460dddb5",
    "skeino-4.0.0": "5ca6128f710f72d4ce8ad798b385e2b2b6658282ce3b1fc65596c7f96147e88c",
    "skeino-4.0.0-client-safety": "9fbcac6e61f8f718b0dc5e3f2b7813e3b67c5d61e4429bcb59eccdc3574f118b",
}
"""The verdict digests before the suite was divided into packages; refactoring must not change them."""

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
