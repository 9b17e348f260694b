"""A server with an authority of its own: --ca-file, --insecure and SSL_CERT_FILE, for suite and real clients."""

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.clients import read
from conformance.clients.compare import Reading
from conformance.clients.readers import READERS
from conformance.evidence.curl import curl_command
from conformance.report.html import report_html
from conformance.report.markdown import report_md
from conformance.report.recordings import NO_RECORDINGS
from conformance.session import snippets_command
from conformance.settings import UsageError
from conformance.snippets.blocks import performed
from conformance.targets.target import Target
from conformance.targets.target_file import find_target, recorded_session
from conformance.targets.tls import Tls

from .beginner import beginner
from .certificates import authority
from .fakes import Fake, answer, says, serving
from .performing import one_stream, only, perform
from .test_first_hour import run
from .test_plugin import ROOT

HTTPX = "import httpx, os; httpx.get(os.environ['URL']).raise_for_status()"
FETCH = "await fetch(process.env.URL)"
PROGRAMS = {
    "httpx": [sys.executable, "-c", HTTPX],
    "curl": ["curl", "--silent", "--fail", "--output", os.devnull, "--url", "{url}"],
    "node": ["node", "--input-type=module", "-e", FETCH],
}
"""How each kind of real client requests a URL: the Python SDK by httpx, the JavaScript SDK by fetch."""


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """The file of an authority, and the context of a server that it certified."""
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(certified: tuple[Path, ssl.SSLContext]) -> Iterator[Fake]:
    """A server with TLS that answers everything."""
    with serving({"": says(answer("{}"))}, certified[1]) as fake:
        yield fake


@pytest.mark.parametrize("name", PROGRAMS)
def test_real_clients_trust_the_same_authority(server: Fake, certified: tuple[Path, ssl.SSLContext], name: str) -> None:
    if shutil.which(PROGRAMS[name][0]) is None:
        pytest.skip(f"{name} was not found on PATH")
    words = [word.format(url=server.url) if name == "curl" else word for word in PROGRAMS[name]]
    plain = {key: value for key, value in os.environ.items() if "CERT" not in key and "CA_BUNDLE" not in key}
    environment = plain | {"URL": server.url, "NO_PROXY": "*"}

    def status(more: dict[str, str]) -> int:
        return subprocess.run(words, env=environment | more, capture_output=True, check=False).returncode

    assert status({}) != 0
    assert status(Tls(certified[0]).environment({})) == 0
    assert status(Tls().environment({"SSL_CERT_FILE": str(certified[0])})) == 0


def test_without_a_file_of_certificates_the_environment_stays_as_it_is() -> None:
    assert Tls().environment({}) == {}
    assert Tls().environment({"SSL_CERT_FILE": "a.pem", "NODE_EXTRA_CA_CERTS": "b.pem"}) == {
        "SSL_CERT_FILE": "a.pem", "CURL_CA_BUNDLE": "a.pem",
    }  # fmt: skip


def test_a_session_trusts_the_given_authority(tmp_path: Path, certified: tuple[Path, ssl.SSLContext]) -> None:
    file, tls = certified
    with beginner(mistake=False, tls=tls) as fake:
        status, lines, report = run(tmp_path, "--url", fake.url, "--stage", "1", "--ca-file", str(file))
        assert status == 0, "\n".join(lines)
        assert "insecure" not in report["target"]
        status, lines, _ = run(tmp_path, "--url", fake.url, "--stage", "1")
    text = "\n".join(lines)
    assert status == 2
    assert lines[0].strip().startswith(f"{fake.url} cannot be reached: its certificate was not accepted")
    assert "--ca-file FILE" in lines[0]
    assert f"next lg-conformance check --url {fake.url}" in text
    assert "deploy" not in text


def test_a_session_without_verification_says_so(tmp_path: Path, certified: tuple[Path, ssl.SSLContext]) -> None:
    with beginner(mistake=False, tls=certified[1]) as fake:
        status, lines, report = run(tmp_path, "--url", fake.url, "--stage", "1", "--insecure")
    assert status == 0
    assert report["target"]["insecure"] is True
    assert any("was not verified (--insecure)" in line for line in lines)
    for text in (report_md(report), report_html(report, NO_RECORDINGS)):
        assert "not verified (--insecure)" in text
    assert recorded_session(tmp_path / "out")["target"]["insecure"] is True


def test_a_target_says_how_it_is_verified() -> None:
    from conformance.settings import settings

    given = settings({"url": "https://server.invalid", "ca-file": "ca.pem", "insecure": True})
    target = find_target(given)
    assert target.tls == Tls(Path("ca.pem"), insecure=True)
    assert given.words == ("--url", "https://server.invalid", "--ca-file", "ca.pem", "--insecure")
    assert "insecure" not in Target("name", "https://server.invalid").described()


def test_snippets_need_a_certificate_that_is_verified(server: Fake) -> None:
    with pytest.raises(UsageError, match="give --ca-file FILE instead of --insecure"):
        snippets_command.main(["--url", server.url, "--insecure"])


@pytest.mark.parametrize(("content", "said"), [("nothing", "holds no certificate"), (None, "cannot be read")])
def test_an_unusable_file_of_certificates_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=said):
        Tls(file).context()


def test_a_snippet_is_performed_with_the_given_authority(
    certified: tuple[Path, ssl.SSLContext], capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl was not found on PATH")
    creates = next(str(one.line) for one in performed() if one.language == "curl" and not one.after)
    with beginner(mistake=False, tls=certified[1]) as fake:
        words = ["--url", fake.url, "--client", "curl", "--line", creates]
        assert snippets_command.main([*words, "--ca-file", str(certified[0])]) == 0
        assert snippets_command.main(words) == 2
    assert "--ca-file FILE" in capsys.readouterr().err


def test_a_client_performs_runs_with_the_given_authority(
    certified: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = [sys.executable, str(ROOT / "conformance" / "clients" / "drivers" / "plain.py")]
    monkeypatch.setattr(read, "driver_command", lambda reader, say: (driver, None))
    body = {"assistant_id": "joke", "input": {"topic": "tea"}, "stream_mode": ["values"]}
    job = read.Job(0, "new", None, body, live=True)

    def reading(url: str, tls: Tls) -> Reading:
        work = read.read_streams(READERS[0], url, [job], lambda text: None, variables=tls.environment({}))
        return asyncio.run(work)[0]

    with beginner(mistake=False, tls=certified[1]) as fake:
        good, refused = (reading(fake.url, tls) for tls in (Tls(certified[0]), Tls()))
    assert good.error == ""
    assert [part.event for part in good.parts] == ["metadata", "values", "values", "values"]
    assert "CERTIFICATE_VERIFY_FAILED" in refused.error


@pytest.mark.parametrize("insecure", [False, True])
def test_lines_that_repeat_a_request_verify_as_the_suite_did(
    certified: tuple[Path, ssl.SSLContext], tmp_path: Path, *, insecure: bool
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl was not found on PATH")
    tls = Tls(insecure=True) if insecure else Tls(certified[0])
    with beginner(mistake=False, tls=certified[1]) as fake:
        perform(Target("fake", fake.url, tls=tls), tmp_path, one_stream)
        line = curl_command(only(tmp_path))
        assert (" --insecure " in line, " --cacert " in line) == (insecure, not insecure)
        status = subprocess.run(["sh", "-c", f"{line} --fail"], capture_output=True, check=False).returncode
    assert status == 22  # the server answered, with 404
