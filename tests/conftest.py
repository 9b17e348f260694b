"""Fixtures and settings of the self-tests.

Hypothesis does not measure time, and in CI it draws the same examples each time.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from conformance.targets.target_file import named_target

from .browser import Browser, browser

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

ROOT = Path(__file__).parents[1]


def left_out(reason: str) -> NoReturn:
    """Skip a test because this machine lacks something; fail it instead if LG_REQUIRE_SERVERS is set."""
    if os.environ.get("LG_REQUIRE_SERVERS"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel of the suite, without its dependencies."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        left_out(f"pip cannot build the suite here: {done.stderr}")
    return folder


@pytest.fixture(scope="module")
def official() -> Iterator[str]:
    """The URL of the running official server with the reference graphs."""
    launch = named_target("langgraph-dev").launch
    assert launch is not None
    with launch(print) as target:
        assert target.url
        yield target.url


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser with a new profile."""
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture
def page(chromium: Browser) -> Iterator[Browser]:
    """The browser; at the end no page may have failed or requested anything but files."""
    chromium.requests.clear()
    chromium.errors.clear()
    yield chromium
    assert chromium.errors == []
    assert chromium.requests
    assert [url for url in chromium.requests if not url.startswith("file:")] == []
