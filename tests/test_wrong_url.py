"""A URL that does not lead to the API: what happened comes first, then the advice, and never "deploy the graphs"."""

import socketserver
import threading
from pathlib import Path

import pytest

from conformance.authoring.views import SessionRecordings
from conformance.evidence.exchange import Chunk, Exchange
from conformance.judging.found import found
from conformance.targets.target import Target

from .certificates import authority
from .fakes import Connection, Script, answer, closed_url, says, serving
from .performing import one_stream, perform, recorded

NOT_FOUND = '{"detail":"Not Found"}'
HTTP2_ONLY = b"\0\0\6\4\0\0\0\0\0" + b"\0\3\0\0\0d"
"""What a server of HTTP/2 begins with: a SETTINGS frame."""


async def on_a_thread(server: object) -> None:
    """A scenario that creates a thread and streams a run on it."""
    thread = await server.threads.create()  # type: ignore[attr-defined]
    await server.runs.streamed(thread, input={}, stream_mode=["values"])  # type: ignore[attr-defined]


def address(folder: Path, script: Script) -> str:
    """Return what is said about the address of a server that answers everything like this."""
    with serving({"": script}) as fake:
        perform(fake, folder, on_a_thread, one_stream)
    recordings = [recorded(folder, name) for name in ("on_a_thread", "one_stream")]
    session = SessionRecordings(recordings)
    text: str = found(session, ())["wrong_address"]
    return text


@pytest.mark.parametrize(
    ("said", "first", "advice"),
    [
        (answer(NOT_FOUND, 404), "the server answered every request with 404: POST ", "does it need a path"),
        (answer("", 308, "Location: https://api.invalid/threads"), "with 308 and Location https://api.invalid/…: ",
         "give the URL it leads to"),
        (answer("", 302, "Location: /login"), "every request with 302 and Location on the same host: ",
         "“Location: /login”"),
        (answer("{}", 401), "the server answered every request with 401: ", "--api-key KEY"),
        (answer("no upstream", 502), "the server answered every request with 502: ", "behind the proxy"),
        (answer("<html>", media="text/html"), "every request with 200 and a page of HTML: ", "does it need a path"),
    ],
)  # fmt: skip
def test_one_answer_to_everything_is_a_wrong_url(tmp_path: Path, said: bytes, first: str, advice: str) -> None:
    text = address(tmp_path, says(said))
    assert first in text.partition("; ")[0]
    assert advice in text
    assert "deploy" not in text


@pytest.mark.parametrize(
    "said", [answer('{"detail":"Assistant joke not found"}', 404), answer("{}", 422), answer("{}"), answer("", 500)]
)
def test_a_refusal_by_the_api_is_not_a_wrong_url(tmp_path: Path, said: bytes) -> None:
    assert address(tmp_path, says(said)) == ""


def test_one_accepted_request_is_enough_for_the_address_to_be_right(tmp_path: Path) -> None:
    async def threads_only(connection: Connection) -> None:
        created = connection.line == "POST /threads"
        await connection.send(answer('{"thread_id": "t"}') if created else answer(NOT_FOUND, 404))

    assert address(tmp_path, threads_only) == ""


def test_the_words_of_the_server_cannot_control_a_terminal() -> None:
    exchange = Exchange("create thread", "request", "POST", "http://a.invalid/threads", [], None, True, 1, 0.0)
    exchange.status, exchange.chunks = 404, [Chunk(2, 0.0, b"\x1b[2J" + b"x" * 9999)]
    from conformance.authoring.address import wrong_address

    text = wrong_address([exchange])
    assert text.isprintable()
    assert len(text) < 500


# --- no answer at all


def test_nothing_listens(tmp_path: Path) -> None:
    url = closed_url()
    stopped = perform(Target("none", url), tmp_path, one_stream).stopped or ""
    assert stopped.startswith(f"{url} cannot be reached: connection refused, nothing listens on port")


def test_an_unknown_name(tmp_path: Path) -> None:
    stopped = perform(Target("none", "http://server.invalid"), tmp_path, one_stream).stopped or ""
    assert "the name server.invalid is not known" in stopped
    assert "correct --url" in stopped


def test_http_to_a_port_with_tls(tmp_path: Path) -> None:
    _, tls = authority(tmp_path)
    with serving({}, tls) as fake:
        url = fake.url.replace("https:", "http:")
        stopped = perform(Target("tls", url), tmp_path, one_stream).stopped or ""
    assert "the port expects TLS" in stopped
    assert "https://" in stopped


def test_tls_to_a_port_without(tmp_path: Path) -> None:
    class Complains(socketserver.BaseRequestHandler):
        """Answers whatever arrives with 400, as servers do that read a TLS handshake as a request."""

        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(answer("", 400))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Complains) as server:
        threading.Thread(target=server.serve_forever).start()
        stopped = (
            perform(Target("plain", f"https://127.0.0.1:{server.server_address[1]}"), tmp_path, one_stream).stopped
            or ""
        )
        server.shutdown()
    assert "speaks plain HTTP, without TLS; give the URL with http://" in stopped


def test_http2_only(tmp_path: Path) -> None:
    with serving({"": says(HTTP2_ONLY)}) as fake:
        stopped = perform(fake, tmp_path, one_stream).stopped or ""
    assert "speaks HTTP/2 only" in stopped


def test_a_certificate_of_an_unknown_authority(tmp_path: Path) -> None:
    _, tls = authority(tmp_path)
    with serving({}, tls) as fake:
        stopped = perform(fake, tmp_path, one_stream).stopped or ""
    assert "its certificate was not accepted" in stopped
    for way in ("--ca-file", "--insecure", "SSL_CERT_FILE"):
        assert way in stopped
