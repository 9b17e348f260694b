"""A file or folder that cannot be written is a usage error, found before the first request is sent."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from .conftest import left_out
from .fakes import serving
from .test_plugin import FEW, environment, run

NOWHERE = Path("/proc/nope")
"""A folder that not even root can create."""

NOBODY = 65534
"""The id of a user without privileges, who owns the read-only folder."""

WITHOUT_PRIVILEGE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""The start of a command that root runs without its privilege to ignore file permissions."""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="left out: this system has no /proc")
@pytest.mark.parametrize(
    ("options", "place", "option"),
    [
        (["--report-dir", f"{NOWHERE}"], NOWHERE, "--report-dir"),
        (["--report-dir", __file__], Path(__file__), "--report-dir"),
        (["--write-baseline", f"{NOWHERE}/known.toml"], NOWHERE, "--write-baseline"),
        (["--write-baseline", f"{Path(__file__).parent}"], Path(__file__).parent, "--write-baseline"),
        (["--junitxml", f"{NOWHERE}/junit.xml"], NOWHERE, "--junitxml"),
        (["--alluredir", f"{NOWHERE}"], NOWHERE, "--alluredir"),
    ],
)
def test_the_place_and_the_option_are_named_before_anything_is_sent(
    options: Sequence[str], place: Path, option: str, tmp_path: Path
) -> None:
    with serving({}) as fake:
        done = run(tmp_path, "--url", fake.url, *options, *FEW)
    assert done.returncode == 4, done.stdout
    assert f"cannot write to {place}" in done.stderr
    assert f"choose another place with {option}" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert fake.received == []
    assert not (tmp_path / "out").exists()


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """An empty folder that the user of this process may enter and read, but not write to."""
    tmp_path.chmod(0o555)
    if os.geteuid() == 0:
        os.chown(tmp_path, NOBODY, NOBODY)
    yield tmp_path
    if os.geteuid() == 0:
        os.chown(tmp_path, 0, 0)
    tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ([], "--report-dir"),  # the default is a new folder in the current one
        (["--report-dir", "out"], "--report-dir"),
        (["--report-dir", "WRITABLE", "--write-baseline", "known.toml"], "--write-baseline"),
        (["--report-dir", "WRITABLE", "--junitxml", "junit.xml"], "--junitxml"),
    ],
)
def test_a_read_only_folder_is_rejected(
    options: Sequence[str], option: str, read_only: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if os.geteuid() == 0 and not shutil.which(WITHOUT_PRIVILEGE[0]):
        left_out("root may write to every folder, and setpriv is missing: apt-get install util-linux")
    command = [*(WITHOUT_PRIVILEGE if os.geteuid() == 0 else ()), sys.executable, "-m", "conformance", "run"]
    writable = str(tmp_path_factory.mktemp("writable"))
    command += [writable if one == "WRITABLE" else one for one in options]
    with serving({}) as fake:
        done = subprocess.run(
            [*command, "--url", fake.url, *FEW],
            cwd=read_only, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 4, done.stdout + done.stderr
    assert f"Permission denied); choose another place with {option}" in done.stderr
    assert fake.received == []
    assert list(read_only.iterdir()) == []
