"""No secret reaches a file or the terminal, whatever a server does with it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from conformance.cli import PACKAGE

from . import nothing

KEY = "sk-Sentinel/Key+of=42"
TENANT = "Bearer Another%Sentinel~value"
FORMS = [
    form
    for secret in (KEY, TENANT.split()[1])
    for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("="), quote(secret, safe=""))
]


async def echoes_everything(request: bytes, writer: asyncio.StreamWriter) -> None:
    """Send back every secret in every form, in header fields, in JSON and in events that are cut into pieces."""
    head = request.partition(b"\r\n\r\n")[0].decode("latin-1")
    content = json.dumps({"thread_id": KEY, "run_id": KEY, "seen": [head, *FORMS]})
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-echo: {KEY}\r\n{FORMS[1]}: 1\r\n".encode())
    writer.write(f"location: http://127.0.0.1:1/?k={quote(KEY)}\r\nconnection: close\r\n\r\n".encode())
    events = f"event: metadata\ndata: {content}\n\nevent: {KEY}\ndata: {content}\n\n"
    body = content if b"/threads HTTP" in request else events
    for at in range(0, len(body), 7):
        writer.write(body[at : at + 7].encode())
        await writer.drain()
        await asyncio.sleep(0)


def test_no_secret_is_written(tmp_path: Path) -> None:
    report, known = tmp_path / "report", tmp_path / "known.toml"
    with nothing.serving(echoes_everything) as url:
        command = [sys.executable, "-m", "conformance", "run", "--url", url, "--header", f"Authorization: {TENANT}"]
        options = ["--report-dir", str(report), "--write-baseline", str(known), "--alluredir", str(tmp_path / "allure")]
        environment = {**os.environ, "LG_CONFORMANCE_API_KEY": KEY, "PYTHONPATH": str(PACKAGE.parent)}
        chosen = ["-k", "transport or threads or framing or auth", "-rA", "-vv", "--showlocals", "--tb=long"]
        done = subprocess.run(
            [*command, *options, *chosen], cwd=tmp_path, env=environment, capture_output=True, check=False
        )
    assert done.returncode in (1, 2), done.stderr.decode()
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(written) > 20
    assert any(b"seen" in content for path, content in written.items() if path.suffix == ".jsonl")
    everything = {str(path): content for path, content in written.items()}
    everything |= {"standard output": done.stdout, "standard error": done.stderr}
    assert [(name, form) for name, content in everything.items() for form in FORMS if form.encode() in content] == []
    assert not any(control in done.stdout for control in (b"\x1b]", b"\x07"))
