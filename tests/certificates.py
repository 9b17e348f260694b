"""A certificate authority and the certificate of a server on loopback, made by the command `openssl`."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


def authority(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the file of a new authority's certificate, and the context of a server that it certified."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl was not found on PATH: apt-get install openssl")
    _openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority")
    _openssl(folder, "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=127.0.0.1")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n", "utf-8")
    sign = "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem"
    _openssl(folder, sign)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return folder / "ca.pem", context


def _openssl(folder: Path, words: str) -> None:
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
