"""The snippets of the specification are performed by the real clients, and their outcomes reported."""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import pytest

from conformance import cli
from conformance.clients import environment
from conformance.evidence.redaction import Redactor
from conformance.session.snippets_command import exit_status_of, measured
from conformance.settings import settings
from conformance.snippets import perform, run
from conformance.snippets.blocks import blocks, performed
from conformance.snippets.page import snippets_page
from conformance.snippets.run import SnippetResult, chosen, results
from conformance.targets.target import Target

from .conftest import left_out
from .fakes import CHUNKED, Connection, answer, closed_url, says, serving
from .generate.snippets import PAGE
from .test_snippet_blocks import DEFECTIVE, SECRET
from .test_snippet_output import GOOD, RUN_ID, Stream, wire

AGAIN = "make it again: python -m tests.generate snippets"

# --- curl and scripted servers


def by_curl(target: Target, line: int) -> SnippetResult:
    (found,) = results(target, chosen(["curl"], [line]), Redactor(target.headers.values()), lambda text: None)
    return found


THREAD = says(answer('{"thread_id": "t"}'))


def streaming(events: Stream) -> Any:
    body = wire(events).encode()
    return says(CHUNKED + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")


def test_a_server_that_loses_an_event_fails() -> None:
    for events, word in ((GOOD, "passed"), (GOOD[:2], "failed")):
        with serving({"POST /threads/t/runs/stream": streaming(events), "POST /threads": THREAD}) as fake:
            found = by_curl(Target("mine", fake.url), 196)
        assert found.outcome.word == word, found.outcome
        assert exit_status_of([found]) == (word == "failed")


def test_a_graph_that_is_not_deployed_is_inconclusive() -> None:
    refuses = says(answer('{"detail": "no such assistant"}', 422))
    with serving({"POST /threads/t/runs/stream": refuses, "POST /threads": THREAD}) as fake:
        found = by_curl(Target("mine", fake.url), 196)
    assert found.outcome.word == "cantTell"
    assert "reference graph `joke`" in found.outcome.message
    assert "HTTP 422" in found.outcome.message
    assert exit_status_of([found]) == 2


def test_a_server_that_cannot_create_a_thread_fails() -> None:
    with serving(says(answer('{"detail": "no"}', 500))) as fake:
        found = by_curl(Target("mine", fake.url), 69)
    assert found.outcome.word == "failed"
    assert "HTTP 500" in found.outcome.message


def test_a_stream_that_never_ends_is_closed_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Event()

    async def hangs(connection: Connection) -> None:
        await connection.send(CHUNKED)
        await connection.left()
        closed.set()

    monkeypatch.setattr(perform, "LIMIT_S", 1.0)
    monkeypatch.setattr(run, "LIMIT_S", 1.0)
    with serving({"POST /threads/t/runs/stream": hangs, "POST /threads": THREAD}) as fake:
        found = by_curl(Target("mine", fake.url), 196)
        assert closed.wait(30), "curl ends with its shell"
    assert found.outcome.word == "failed"
    assert "within 1 s" in found.outcome.message


def test_a_key_is_sent_but_not_shown() -> None:
    async def echoes(connection: Connection) -> None:
        await connection.send(answer(json.dumps({"detail": connection.head}), 400))

    headers = {"x-api-key": SECRET, "Authorization": f"Bearer {SECRET}"}
    with serving({"POST /threads": echoes}) as fake:
        found = by_curl(Target("mine", fake.url, headers=headers), 69)
    first = next(one for one in fake.received if one.line == "POST /threads")
    assert (first.fields["x-api-key"], first.fields["authorization"]) == (SECRET, f"Bearer {SECRET}")
    assert "HTTP 400" in found.outcome.message
    assert SECRET not in found.outcome.message + found.output


ERRORS = {
    """Traceback (most recent call last):
  File "/x/harness.py", line 55, in <module>
  File "streaming-api.md", line 450, in <module>
langgraph_sdk.errors.NotFoundError: Not Found
""": "line 450: langgraph_sdk.errors.NotFoundError: Not Found",
    """file:///x/index.js:100
    throw error;
    ^

HTTPError: HTTP 422: no
    at x (file:///x/index.js:10:5) {
  storedError: undefined,
  [cause]: TypeError: fetch failed
}

Node.js v20.20.2
""": "HTTPError: HTTP 422: no",
    "status 422\nbash: line 87: --data: command not found\n": "bash: line 87: --data: command not found",
    "status 200\n": "",
}


@pytest.mark.parametrize(("errors", "line"), ERRORS.items())
def test_the_line_that_names_the_error_is_shown(errors: str, line: str) -> None:
    assert perform.Performance(1, "", errors).error_line == line


# --- the command


def test_a_client_that_this_machine_lacks_is_inconclusive(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "node_version", lambda: ())
    with serving(says(answer("{}"))) as fake:
        status = cli.main(["snippets", "--url", fake.url, "--client", "javascript", "--line", "39"])
    assert status == 2
    assert "needs Node 20 or newer and npm, not found on PATH: `apt-get install nodejs npm`" in capsys.readouterr().out


def test_a_server_that_does_not_answer_is_inconclusive(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["snippets", "--url", closed_url(), "--client", "curl"]) == 2
    assert "cannot be reached" in capsys.readouterr().err


WRONG_USAGE = {
    "--target nope": "aegra",
    "--line 3": "no snippet of these clients starts at these lines",
    "--client perl": "invalid choice",
    "--url x": "is not the URL of a server",
    "--nope": "unrecognized arguments",
}


@pytest.mark.parametrize(("arguments", "message"), WRONG_USAGE.items())
def test_wrong_usage_is_explained(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["snippets", *arguments.split()]) == 4
    assert message in capsys.readouterr().err


def test_the_command_prints_the_outcome_of_each_snippet(capsys: pytest.CaptureFixture[str]) -> None:
    with serving({"POST /threads": THREAD}) as fake:
        status = cli.main(["snippets", "--url", fake.url, "--client", "curl", "--line", "69", "--line", "341"])
    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "    69-74  curl        passed",
        "  341-346  curl        passed",
        "2 of 2 snippets passed",
    ]


# --- all of them


def test_all_snippets_pass_on_the_embedded_server() -> None:
    _, found = measured(settings({}), performed())
    missing = {one.outcome.message for one in found if one.outcome.word == "cantTell"}
    assert [(one.block.lines, one.outcome.message) for one in found if one.outcome.word == "failed"] == []
    if missing:
        left_out("; ".join(sorted(missing)))
    as_printed = {one.block.line: one.as_printed.word for one in found if one.as_printed}
    assert as_printed == dict.fromkeys(DEFECTIVE, "failed")
    (first,) = (one for one in found if one.block.line == 125)
    assert re.sub(r"'run_id': '[0-9a-f-]{36}'", f"'run_id': '{RUN_ID}'", first.output) == blocks()[207].code
    assert rows(snippets_page({"this": found}, [])) == rows(PAGE.read_text("utf-8")), AGAIN


def rows(text: str) -> list[list[str]]:
    """Return the rows of the table, without the columns of other servers than the first."""
    return [line.removesuffix(" |").split(" | ")[:4] for line in text.splitlines() if re.match(r"\| \d", line)]


def test_the_page_lists_every_block() -> None:
    text = PAGE.read_text("utf-8")
    assert [block.lines for block in blocks().values() if block.lines not in text] == []


def test_the_repository_does_not_contain_the_specification() -> None:
    assert list(PAGE.parents[1].rglob("streaming-api.md")) == []
