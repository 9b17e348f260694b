"""No secret reaches a file or the terminal, whatever a server does with it."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest

from conformance.cli import PACKAGE
from conformance.evidence.curl import curl_command
from conformance.evidence.source import read_recordings, source_of

from . import nothing
from .reports import all_evidence

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KEY = "sk-Sentinel/Key+of=42"
TENANT = "Bearer Another%Sentinel~value"
IN_QUERY = "query/Sentinel two"
IN_FILE = "Sentinel-of-a-file"
IN_VARIABLE = "Sentinel-of-a-variable"
FORMS = [
    form
    for secret in (KEY, TENANT.split()[1], IN_QUERY, IN_FILE, IN_VARIABLE)
    for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("="), quote(secret, safe=""))
]
QUERY = f"token={quote(IN_QUERY, safe='')}&short=q7&{FORMS[1]}"
"""The query of the URL; its second value is too short to be masked elsewhere."""


def gzipped(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=31)
    return compressor.compress(body) + compressor.flush()


CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzipped,
    "deflate": zlib.compress,
    "br": lambda body: bytes(brotli.compress(body, quality=1)),
    "zstd": zstd.compress,
}
"""How a server encodes a body."""

UNDONE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: zlib.decompress(body, 47),
    "br": lambda body: bytes(brotli.decompress(body)),
    "zstd": zstd.decompress,
}
"""How a reader of a file could try to make a secret visible."""

turn = itertools.cycle(CODINGS)


async def echoes_everything(request: bytes, writer: asyncio.StreamWriter) -> None:
    """Send back every secret in every form, in headers, in JSON and in events, in each coding, cut into pieces."""
    head = request.partition(b"\r\n\r\n")[0].decode("latin-1")
    coding = next(turn)
    content = json.dumps({"thread_id": KEY, "run_id": KEY, "seen": [head, *FORMS]})
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-echo: {KEY}\r\n{FORMS[1]}: 1\r\n".encode())
    writer.write(f"location: http://127.0.0.1:1/?k={quote(KEY)}\r\ncontent-encoding: {coding}\r\n".encode())
    writer.write(b"connection: close\r\n\r\n")
    events = f"event: metadata\ndata: {content}\n\nevent: {KEY}\ndata: {content}\n\n"
    body = CODINGS[coding]((content if "/threads?" in head else events).encode())
    for at in range(0, len(body), 7):
        writer.write(body[at : at + 7])
        await writer.drain()
        await asyncio.sleep(0)


Session = tuple[Path, dict[str, bytes]]
"""The folder of a session, and everything that it wrote to files and to the terminal, by name."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session with the server that sends everything back."""
    folder, given = tmp_path_factory.mktemp("secrets"), tmp_path_factory.mktemp("given") / "headers"
    given.write_text(f"# of this server\n\nx-file: {IN_FILE}\n", "utf-8")
    with nothing.serving(echoes_everything) as url:
        command = [sys.executable, "-m", "conformance", "run", "--url", f"{url}/base?{QUERY}"]
        headers = ["--header", f"Authorization: {TENANT}", "--header", "x-variable: $LG_SENTINEL"]
        more = ["--header-file", str(given), "--log-cli-level=DEBUG"]
        options = ["--report-dir", "report", "--write-baseline", "known.toml", "--alluredir", "allure"]
        environment = {"LG_CONFORMANCE_API_KEY": KEY, "LG_SENTINEL": IN_VARIABLE, "PYTHONPATH": str(PACKAGE.parent)}
        chosen = ["-k", "transport or threads or framing or auth", "-rA", "-vv", "--showlocals", "--tb=long"]
        done = subprocess.run(
            [*command, *headers, *more, *options, *chosen],
            cwd=folder, env={**os.environ, **environment}, capture_output=True, check=False,
        )  # fmt: skip
    assert done.returncode in (1, 2), done.stderr.decode()
    written = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return folder, written | {"standard output": done.stdout, "standard error": done.stderr}


def test_no_secret_is_written(session: Session) -> None:
    everything = session[1]
    assert len(everything) > 20
    assert any(b"seen" in content for name, content in everything.items() if name.endswith(".jsonl"))
    assert [(name, form) for name, content in everything.items() for form in FORMS if form.encode() in content] == []
    assert not any(control in everything["standard output"] for control in (b"\x1b]", b"\x07"))


def test_the_query_of_the_url_is_masked_whatever_the_length_of_its_values(session: Session) -> None:
    assert [name for name, content in session[1].items() if b"short=q7" in content] == []
    exchanges = [exchange for one in read_recordings(source_of(session[0] / "report")) for exchange in one.exchanges]
    assert {exchange.query for exchange in exchanges} == {"token=***&short=***&***"}
    shown = """?token='"$SECRET"'&short='"$SECRET"'&'"$SECRET" -H """
    assert all(shown in curl_command(exchange) for exchange in exchanges if exchange.url.endswith("/threads"))
    document = json.loads(session[1]["report/report.json"])
    evidence = all_evidence(document)
    assert any(shown in one["curl"] for one in evidence)
    assert not any("127.0.0.1" in one["curl"] and '$SECRET"' not in one["curl"] for one in evidence)


def test_no_secret_can_be_made_visible_in_a_body(session: Session) -> None:
    exchanges = [exchange for one in read_recordings(source_of(session[0] / "report")) for exchange in one.exchanges]
    answered = [exchange for exchange in exchanges if exchange.content]
    assert {exchange.coding or "identity" for exchange in answered} == set(CODINGS)
    for exchange in answered:
        assert b"seen" in exchange.content
        assert list(readable(exchange.content)) == []


def readable(body: bytes) -> Iterator[bytes]:
    """Yield what each coding makes of a body, if it makes anything of it."""
    for undone in UNDONE.values():
        try:
            yield undone(body)
        except (zlib.error, zstd.ZstdError, brotli.error):
            continue
