"""No secret is written: not as it is, not in another encoding, and not if a server sends it back in portions."""

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.exchange import MASKED, Chunk, Exchange
from conformance.evidence.json_lines import read_recording
from conformance.evidence.redaction import SHORTEST_SECRET, Redactor, StreamRedactor
from conformance.evidence.writer import PUBLIC_FIELDS, RecordingWriter, write_json

SECRET = 'sk-/+ "k\\y=?&>'
"""A secret that is different in every encoding."""


def forms(secret: str) -> set[str]:
    """Return the secret in every encoding in which a server may send it back."""
    data = secret.encode()
    plain, safe = base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return {secret, json.dumps(secret)[1:-1], plain, plain.rstrip("="), safe, safe.rstrip("="), *quoted}


def streamed(redactor: Redactor, portions: list[bytes]) -> bytes:
    stream = StreamRedactor(redactor)
    return b"".join([*(stream.feed(portion) for portion in portions), stream.close()])


def test_the_forms_of_the_secret_differ() -> None:
    assert len(forms(SECRET)) == 9


@pytest.mark.parametrize("form", sorted(forms(SECRET)))
def test_every_form_is_masked_and_nothing_else(form: str) -> None:
    assert Redactor([SECRET]).text(f"a {form} b {form}") == f"a {'*' * len(form)} b {'*' * len(form)}"


@pytest.mark.parametrize("form", sorted(forms(SECRET)))
def test_a_form_that_arrives_in_portions_is_masked(form: str) -> None:
    stream = f"data: {form}\n\n".encode()
    masked = b"data: " + b"*" * len(form) + b"\n\n"
    assert all(streamed(Redactor([SECRET]), [stream[:cut], stream[cut:]]) == masked for cut in range(len(stream)))
    assert streamed(Redactor([SECRET]), [bytes([byte]) for byte in stream]) == masked


@pytest.mark.parametrize("text", ["Bearer abcdefgh", "abcdefgh", "Basic abcdefgh", "Digest abcdefgh"])
def test_every_word_of_a_header_value_is_secret(text: str) -> None:
    assert "abcdefgh" not in Redactor([text]).text("you sent abcdefgh")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Digest"])
def test_a_scheme_is_not_secret(scheme: str) -> None:
    assert Redactor([f"{scheme} abcdefgh"]).text(f"{scheme} expected") == f"{scheme} expected"


def test_short_values_are_left_in_texts() -> None:
    text = f"{'x' * (SHORTEST_SECRET - 1)} a b c"
    assert Redactor(["x" * (SHORTEST_SECRET - 1), "", "a b c"]).text(text) == text


def test_without_secrets_nothing_is_masked_or_held_back() -> None:
    stream = StreamRedactor(Redactor())
    assert (stream.feed(b"\xff***"), stream.close(), Redactor().text("\ud800")) == (b"\xff***", b"", "\ud800")


def test_only_what_may_be_a_secret_is_held_back() -> None:
    stream = StreamRedactor(Redactor(["abcdefgh"]))
    assert stream.feed(b"data: ab") == b"data: "
    assert stream.feed(b"cx abcdefghx") == b"abcx ********x"
    assert stream.feed(b"abc") == b""
    assert stream.close() == b"abc"


# Few letters, so that secrets overlap, repeat and begin with one another.
SECRETS = st.lists(st.text("ab", min_size=SHORTEST_SECRET, max_size=9) | st.text("ab /+", max_size=9), max_size=3)


@st.composite
def split(draw: st.DrawFn) -> tuple[list[str], list[bytes]]:
    """Draw secrets, and portions of a stream in which their forms occur."""
    secrets = draw(SECRETS)
    occurring = sorted(form for secret in secrets for form in forms(secret)) or [""]
    pieces = st.sampled_from(occurring).map(str.encode) | st.binary(max_size=3) | st.sampled_from([b"a", b"b", b"*"])
    stream = b"".join(draw(st.lists(pieces, max_size=8)))
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    return secrets, [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(split())
def test_no_secret_passes_in_any_portions(case: tuple[list[str], list[bytes]]) -> None:
    secrets, portions = case
    whole = b"".join(portions)
    masked = streamed(Redactor(secrets), portions)
    assert len(masked) == len(whole)
    assert all(new in (old, ord("*")) for old, new in zip(whole, masked, strict=True))
    for secret in secrets:
        assert len(secret) < SHORTEST_SECRET or not any(form.encode() in masked for form in forms(secret))


@given(split())
def test_portions_make_no_difference(case: tuple[list[str], list[bytes]]) -> None:
    secrets, portions = case
    assert streamed(Redactor(secrets), portions) == Redactor(secrets).data(b"".join(portions))


# --- the writer


def sent(**given: object) -> Exchange:
    headers = [("Accept", "text/event-stream"), ("X-Api-Key", SECRET), ("x-short", "abc"), ("User-Agent", "me")]
    return Exchange("stream", "stream", "POST", f"http://h/?k={quote(SECRET)}", headers, f"say {SECRET}", True, 1, 0.0)


def test_a_recording_contains_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    writer = RecordingWriter(path, Redactor([SECRET]), "s", "s", {}, "joke")
    exchange = sent()
    number = writer.request(exchange)
    exchange.status, exchange.answered, exchange.answered_t = 200, 2, 0.1
    exchange.headers = [("X-Echo", SECRET), (SECRET, "x")]
    writer.head(number, exchange)
    for seq, letter in enumerate(f"data: {SECRET}\n\ndata: {SECRET[:4]}", 3):
        writer.chunk(number, Chunk(seq, 0.2, letter.encode()))
    exchange.ended, exchange.ended_t, exchange.detail = 99, 0.3, f"reset after {SECRET}"
    writer.end(number, exchange)
    writer.finish(f"stopped by {SECRET}")

    text = path.read_text("utf-8")
    assert not any(form in text for form in forms(SECRET))
    [read] = read_recording(path).exchanges
    stars = "*" * len(SECRET)
    assert read.content.decode() == f"data: {stars}\n\ndata: {SECRET[:4]}"
    assert (read.body, read.detail) == (f"say {stars}", f"reset after {stars}")
    assert read.headers == [("X-Echo", stars), (stars, "x")]
    # Only the headers that the suite itself sets are shown; here a short value is masked too.
    assert [value for name, value in read.request_headers if name.lower() not in PUBLIC_FIELDS] == [MASKED] * 3
    assert ("Accept", "text/event-stream") in read.request_headers
    assert exchange.request_headers[1] == ("X-Api-Key", SECRET)  # the request itself is unchanged


def test_every_line_is_written_to_disk_at_once(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    writer = RecordingWriter(path, Redactor(), "s", "s", {}, "joke")
    assert read_recording(path).exchanges == []
    number = writer.request(sent())
    writer.chunk(number, Chunk(2, 0.1, b"data: 1"))
    [read] = read_recording(path).exchanges
    assert (read.content, read.ended) == (b"data: 1", None)
    writer.finish(None)
    assert read_recording(path).stopped is None


def test_a_json_file_contains_no_secret_and_stays_json(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"url": f"http://h/{SECRET}", "list": [SECRET, 1]}, Redactor([SECRET]))
    text = (tmp_path / "run.json").read_text("utf-8")
    stars = "*" * len(SECRET)
    assert not any(form in text for form in forms(SECRET))
    assert json.loads(text) == {"url": f"http://h/{stars}", "list": [stars, 1]}
