"""A real nginx on loopback as a reverse proxy, started with a given configuration."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.launch.process import free_port

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
"""Debian installs it where only an administrator's PATH looks."""

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    gzip on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {upstream};
            {directives}
        }}
    }}
}}
"""
"""Debian's nginx.conf as far as it matters here: it switches gzip on, which is for text/html unless types are named."""


@contextmanager
def nginx(folder: Path, upstream: str, directives: str = "") -> Iterator[str]:
    """Run nginx before a server, with these directives for its location; yield its URL."""
    assert PROGRAM is not None
    port = free_port()
    text = CONFIGURATION.format(folder=folder, port=port, upstream=upstream, directives=directives)
    file = folder / "nginx.conf"
    file.write_text(text, "utf-8")
    running = subprocess.Popen([PROGRAM, "-p", str(folder), "-c", str(file)], stderr=subprocess.PIPE, text=True)
    try:
        _wait(port, running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(30)
        assert running.stderr is not None
        running.stderr.close()


def _wait(port: int, running: subprocess.Popen[str]) -> None:
    """Wait until nginx listens; fail with its own words if it ends instead."""
    while running.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    assert running.stderr is not None
    raise AssertionError(f"nginx ended with {running.returncode}: {running.stderr.read()}")
