"""Fixtures and settings of the self-tests.

Hypothesis does not measure time, and in CI it draws the same examples each time.
"""

import os
import subprocess
import sys
import zlib
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="run all cases of the tests of which a sample is run")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sampled(one_in): run a fixed sample of the cases, unless --whole is given")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a fixed sample of the cases of some tests, unless all are wanted or tests are selected by name."""
    if config.getoption("whole") or config.option.keyword or any("::" in argument for argument in config.args):
        return
    beyond = [item for item in items if not _in_sample(item)]
    if beyond:
        items[:] = [item for item in items if _in_sample(item)]
        config.hook.pytest_deselected(items=beyond)


def _in_sample(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("sampled")
    return mark is None or zlib.crc32(item.nodeid.encode()) % int(mark.args[0]) == 0


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
