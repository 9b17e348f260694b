"""An exchange finds the events, the JSON and the headers in what was received, and can be repeated with curl."""

import json
import shlex
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.curl import curl_command
from conformance.evidence.exchange import MASKED, Chunk, Exchange
from conformance.wire.strict_json import NotJson, parse_json


def exchange(**fields: Any) -> Exchange:
    """Return an exchange with default values for all other fields."""
    default: dict[str, Any] = {
        "name": "stream", "kind": "stream", "method": "POST", "url": "http://127.0.0.1:8000/runs/stream",
        "request_headers": [], "body": None, "valid": True, "sent": 1, "sent_t": 0.0,
    }  # fmt: skip
    return Exchange(**default | fields)


def event_stream(*portions: bytes, **fields: Any) -> Exchange:
    """Return an exchange that was answered with an event stream, in these chunks."""
    headers = [("Content-Type", "text/event-stream")]
    chunks = [Chunk(number, number / 10, data) for number, data in enumerate(portions, 2)]
    return exchange(status=200, headers=headers, chunks=chunks, **fields)


# --- JSON


@pytest.mark.parametrize(
    ("text", "value"),
    [("null", None), (" [1, 2.5]\n", [1, 2.5]), ('{"a": "é\\u0000"}', {"a": "é\0"}), ('"\\ud83d\\ude00"', "😀")],
)
def test_json_is_read(text: str, value: object) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize(
    "text",
    ["", " ", "NaN", "Infinity", "[-Infinity]", '{"a": NaN}', "1 2", "{}{}", "{'a': 1}", "[1,]", "01", "+1", ".5", "1.",
     "None", "True", "undefined", '"a', '"a\nb"', "\ufeff{}", "\u00a01", "[" * 100_000, '{"a":' * 100_000],
)  # fmt: skip
def test_anything_but_one_json_value_is_refused(text: str) -> None:
    with pytest.raises(NotJson):
        parse_json(text)


@given(st.text())
def test_no_text_raises_another_error(text: str) -> None:
    try:
        value = parse_json(text)
    except NotJson:
        return
    assert json.loads(text) == value


def test_an_event_that_is_not_json_is_named() -> None:
    [_, event] = event_stream(b"data: 1\n\nevent: custom\ndata: NaN\n\n").events
    with pytest.raises(NotJson, match=r"event 2 of `stream`.*NaN"):
        _ = event.value


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"NaN", b"[" * 100_000])
def test_an_answer_that_is_not_json_is_named(content: bytes) -> None:
    with pytest.raises(NotJson, match="the answer to `state`"):
        _ = exchange(name="state", chunks=[Chunk(2, 0.1, content)]).json


# --- events and headers


def test_an_event_has_the_number_and_time_of_the_chunk_that_completed_it() -> None:
    stream = event_stream(b"data: 1\n", b"\ndata: 2\n\nid: 7\n\n", b"event: updates|a:1|b:2\r", b"data: 3\r\r")
    assert [(event.position, event.seq, event.t, event.text) for event in stream.events] == [
        (1, 3, 0.3, "1"), (2, 3, 0.3, "2"), (3, 5, 0.5, "3"),
    ]  # fmt: skip
    last = stream.events[-1]
    assert (last.name, last.base, last.namespace) == ("updates|a:1|b:2", "updates", ("a:1", "b:2"))
    assert [block.dispatched for block in stream.blocks] == [True, True, False, True]


def test_events_are_selected_by_graph_and_order() -> None:
    events = event_stream(b"event: values\ndata: 1\n\n", b"event: values|a:1\ndata: 2\n\n").events
    assert (events.root.values, events.inside.values) == ([1], [2])
    assert (events.before(3).values, events.after(2).values) == ([1], [2])


def test_an_unfinished_block_at_the_end_is_not_an_event() -> None:
    stream = event_stream(b"\xef\xbb\xbfdata: 1\n\ndata: 2\n")
    assert stream.events.values == [1]
    assert stream.bom
    assert stream.tail is not None
    assert stream.tail.data == "2"


@pytest.mark.parametrize(
    ("status", "content_type", "is_stream"),
    [
        (200, "text/event-stream", True),
        (200, "Text/Event-Stream ; charset=utf-8", True),
        (200, "application/json", False),
        (201, "text/event-stream", False),
        (None, "text/event-stream", False),
    ],
)
def test_status_and_content_type_make_an_event_stream(status: int | None, content_type: str, is_stream: bool) -> None:
    assert exchange(status=status, headers=[("content-type", content_type)]).is_stream is is_stream


def test_the_values_of_a_repeated_header_are_joined() -> None:
    answer = exchange(headers=[("Vary", "a"), ("X", "y"), ("vary", "b")])
    assert (answer.header("VARY"), answer.header("none")) == ("a, b", None)


# --- curl

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(TEXTS, TEXTS, TEXTS, TEXTS, st.none() | TEXTS)
def test_a_curl_line_is_safe_in_a_shell(method: str, url: str, name: str, value: str, body: str | None) -> None:
    headers = [("Accept", "*/*"), (name, value)]
    given = exchange(method=method, url=url, request_headers=headers, body=body)
    line = curl_command(given)
    shown = "$SECRET" if value == MASKED else value
    sent = ["curl", "-N", "-X", method, url, "-H", "Accept: */*", "-H", f"{name}: {shown}"]
    assert shlex.split(line) == sent + ([] if body is None else ["--data-raw", body])


@pytest.mark.parametrize("name", ["x-api-key", "`echo name`", "$(echo name)", "$HOME", 'a"b', "a'b", "a\\"])
def test_a_secret_appears_as_a_variable_and_nothing_else_is_expanded(name: str) -> None:
    line = curl_command(exchange(method="`echo GET`", request_headers=[(name, MASKED)], body="$HOME `id` 'x'\n"))
    printed = "printf '%s\\0' " + line
    words = subprocess.run(["sh", "-c", printed], env={"SECRET": "s p"}, capture_output=True, text=True, check=True)
    assert words.stdout.split("\0")[3:-1] == [
        "`echo GET`", "http://127.0.0.1:8000/runs/stream", "-H", f"{name}: s p", "--data-raw", "$HOME `id` 'x'\n",
    ]  # fmt: skip
