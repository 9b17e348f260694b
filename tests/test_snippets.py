"""The document's snippets: the blocks as data, their filling and mending, the comparison, and all of them performed."""

import ast
import hashlib
import json
import os
import re
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue, cli
from conformance.clients import environment
from conformance.evidence.redaction import Redactor
from conformance.session.snippets_command import measured
from conformance.settings import settings
from conformance.snippets import perform, run
from conformance.snippets.blocks import Block, Given, blocks, performed, source
from conformance.snippets.expected import mismatch, problem
from conformance.snippets.page import page
from conformance.snippets.run import Result, chosen, exit_status, results
from conformance.targets.target import Target

from .fakes import CHUNKED, Connection, answer, closed_url, says, serving
from .generate.snippets import PAGE

DIGEST = "bef419cc7d1cb3a59f6ff9e6e01a45e45d04a3bb6c1e6359332b695fb168e5dd"
"""Of lines and text of the blocks, taken from the document with the digest below; graphs apart, which are no calls."""
OF_DOCUMENT = "1fbe69e06a23655e902742ba4498068b2b74fb20d98999947ba0c542a2788905"

DEFECTIVE = [78, 261, 449, 887]
SECRET = "sk-0123456789"
SERVER = Target("mine", "http://h:1/path")


# --- the blocks


def code_of_norm() -> list[catalogue.Statement]:
    return [one for one in catalogue.statements() if one.kind in ("code", "output")]


def bounds(lines: str) -> tuple[int, int]:
    first, _, last = lines.partition("-")
    return int(first), int(last or first)


def test_every_code_block_of_the_norm_is_performed_or_excluded_with_a_reason() -> None:
    """A statement of the specification ends with its block; one of them holds two."""
    for statement in code_of_norm():
        first, last = bounds(statement.lines)
        within = [block for block in blocks().values() if first <= block.line <= last]
        assert within, statement.lines
        assert bounds(within[-1].lines)[1] == last
        assert all(bool(block.excluded) != (block in performed()) for block in within)
    statements = [bounds(one.lines) for one in code_of_norm()]
    for block in blocks().values():
        assert sum(first <= block.line <= last for first, last in statements) == 1


def test_the_blocks_are_those_of_the_document() -> None:
    assert catalogue.specification().sha256 == OF_DOCUMENT, (
        "another document: take the blocks from it, and their digest"
    )
    digest = hashlib.sha256()
    for block in blocks().values():
        if block.code:
            first, last = bounds(block.lines)
            assert block.code.count("\n") == last - first - 1
            digest.update(f"{block.lines}\n{block.code}".encode())
    assert digest.hexdigest() == DIGEST


def test_only_graphs_and_the_printed_output_are_not_performed() -> None:
    left_out = {block.line: block.language for block in blocks().values() if block.excluded}
    assert left_out == {95: "graph", 284: "graph", 468: "graph", 652: "graph", 207: "output"}
    assert {block.language for block in performed()} == set(environment.CLIENTS)


def test_what_is_expected_is_what_the_document_prints() -> None:
    printed = [ast.literal_eval(line) for line in blocks()[207].code.splitlines()]
    wanted = [data for _, data in blocks()[125].expected.events]
    assert len(printed) == len(wanted) == 3
    assert [mismatch(pattern, value) for pattern, value in zip(wanted, printed, strict=True)] == ["", "", ""]


@pytest.mark.parametrize("block", performed(), ids=lambda block: block.lines)
def test_no_placeholder_is_left(block: Block) -> None:
    text = source(block, block.mended, Given(SERVER, "T", "R"))
    assert not re.search("<[A-Z_]+>|<inputs>", text)
    assert '"agent' not in text


@pytest.mark.parametrize("block", performed(), ids=lambda block: block.lines)
def test_what_is_performed_stands_at_its_own_lines(block: Block) -> None:
    lines = source(block, block.mended, Given(SERVER)).rpartition("\f")[2].split("\n")
    assert lines[: block.line] == [""] * block.line
    assert lines[block.line :][0].split()[0] == block.mended.split()[0]


def test_four_blocks_are_printed_with_a_defect() -> None:
    defective = [block for block in performed() if block.defect]
    assert [block.line for block in defective] == DEFECTIVE
    for block in defective:
        assert block.defect
        assert block.code.count(block.defect.printed) == 1
        named = int(block.defect.what.split()[1].rstrip(":"))
        assert block.defect.printed.strip() in block.code.split("\n")[named - block.line - 1]
        assert block.mended.count("\n") == block.code.count("\n"), "the lines stay where they are"


def test_the_bodies_of_curl_are_json_once_they_are_mended() -> None:
    for block in (block for block in performed() if '--data "' in block.code):
        text = source(block, block.mended, Given(SERVER))
        body = json.loads(text.partition('--data "')[2].rpartition('"')[0].replace('\\"', '"'))
        assert body["assistant_id"] == block.graph


def test_an_assistant_has_the_name_under_which_it_is_deployed() -> None:
    mapped = replace(SERVER, assistants={"joke": "my-joke"}, urls={"joke": "http://h:2"})
    assert 'assistant_id = "my-joke"' in source(blocks()[125], blocks()[125].code, Given(mapped))
    assert 'get_client(url="http://h:2")' in source(blocks()[125], blocks()[125].code, Given(mapped))
    assert '\\"assistant_id\\": \\"my-joke\\"' in source(blocks()[196], blocks()[196].code, Given(mapped))


def test_headers_go_where_the_client_takes_them() -> None:
    sent = replace(SERVER, headers={"Authorization": "Bearer 1", "x-api-key": SECRET})
    python, javascript = (source(blocks()[line], blocks()[line].code, Given(sent)) for line in (15, 39))
    given = '{"Authorization": "Bearer 1"}'
    assert f'get_client(url="http://h:1/path", headers={given}, api_key="{SECRET}")' in python
    assert f'apiUrl: "http://h:1/path", defaultHeaders: {given}, apiKey: "{SECRET}"' in javascript
    assert f"'x-api-key: {SECRET}'" in source(blocks()[78], blocks()[78].code, Given(sent))


# --- the comparison

RUN_ID = "1f02c2b3-3cef-68de-b720-eec2a4a8e920"
METADATA = ("metadata", {"run_id": RUN_ID, "attempt": 1})
REFINED = ("updates", {"refine_topic": {"topic": "ice cream and cats"}})
JOKE = ("updates", {"generate_joke": {"joke": "This is a joke about ice cream and cats"}})
GOOD = [METADATA, REFINED, JOKE]
Stream = Sequence[tuple[str, Any]]


def wire(events: Stream) -> str:
    return "".join(f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n" for name, data in events)


def curl_problem(line: int, events: Stream) -> str:
    return problem(blocks()[line], (), wire(events))


def sdk_problem(line: int, events: Stream) -> str:
    """What a snippet that prints data alone is said of."""
    return problem(blocks()[line], [[data] for _, data in events], "")


END = ("end", {"status": "success"})
LAWFUL: dict[str, Stream] = {
    "as printed": GOOD,
    "more in metadata": [("metadata", {**METADATA[1], "thread_id": "t"}), REFINED, JOKE],
    "an end with a status": [*GOOD, END],
    "an end with null": [*GOOD, ("end", None)],
}
WRONG: dict[str, Stream] = {
    "nothing": [],
    "no metadata": [REFINED, JOKE],
    "no run id": [("metadata", {"attempt": 1}), REFINED, JOKE],
    "a run id that is none": [("metadata", {"run_id": "run-1", "attempt": 1}), REFINED, JOKE],
    "true for a number": [("metadata", {"run_id": RUN_ID, "attempt": True}), REFINED, JOKE],
    "one missing": [METADATA, REFINED],
    "one twice": [METADATA, REFINED, REFINED, JOKE],
    "swapped": [METADATA, JOKE, REFINED],
    "another value": [METADATA, ("updates", {"refine_topic": {"topic": "ice cream"}}), JOKE],
    "another key": [METADATA, ("updates", {"refine_topic": {"topic": "ice cream and cats", "x": 1}}), JOKE],
    "another type": [METADATA, ("updates", ["refine_topic"]), JOKE],
    "an end before the end": [METADATA, REFINED, END, JOKE],
}


@pytest.mark.parametrize("compare", [curl_problem, sdk_problem])
@pytest.mark.parametrize("events", LAWFUL.values(), ids=LAWFUL)
def test_what_a_server_is_free_to_do_is_no_problem(compare: Any, events: Stream) -> None:
    assert compare(196 if compare is curl_problem else 125, events) == ""


@pytest.mark.parametrize("compare", [curl_problem, sdk_problem])
@pytest.mark.parametrize("events", WRONG.values(), ids=WRONG)
def test_any_other_output_is_a_problem(compare: Any, events: Stream) -> None:
    assert compare(196 if compare is curl_problem else 125, events)


def test_an_event_under_another_name_is_a_problem() -> None:
    assert '"values"' in curl_problem(196, [*GOOD, ("values", {})])
    assert curl_problem(196, [METADATA, ("update", REFINED[1]), JOKE])


def counted(*names: str) -> Stream:
    steps = {"custom": iter([{"step": 1}, {"step": 2}]), "updates": iter([{"step": {"count": n}} for n in (1, 2)])}
    return [METADATA, *((name, next(steps[name])) for name in names)]


def test_the_order_of_two_modes_is_free_and_that_within_one_is_not() -> None:
    assert curl_problem(261, counted("custom", "updates", "custom", "updates")) == ""
    assert curl_problem(261, counted("updates", "custom", "custom", "updates")) == ""
    swapped = counted("custom", "updates", "custom", "updates")[::-1]
    assert curl_problem(261, swapped)


def test_a_namespace_is_the_node_and_an_id() -> None:
    def streamed(namespace: str) -> Stream:
        inside = [{"subgraph_node_1": {"bar": "bar"}}, {"subgraph_node_2": {"foo": "hi! foobar"}}]
        first, last = ({"node_1": {"foo": "hi! foo"}}, {"node_2": {"foo": "hi! foobar"}})
        named = [(f"updates{namespace}", data) for data in inside]
        return [METADATA, ("updates", first), *named, ("updates", last)]

    assert curl_problem(578, streamed("|node_2:1f02")) == ""
    assert all(curl_problem(578, streamed(other)) for other in ("", "|node_2", "|node_1:1f02", "|node_2:1|x:2"))


def test_other_events_may_stand_between_where_the_document_leaves_them_open() -> None:
    def told(event: str, name: str, **data: Any) -> tuple[str, Any]:
        return "events", {"event": event, "name": name, "data": data}

    good = [
        METADATA,
        told("on_chain_start", "any"),
        *(
            told(event, node)
            for node in ("refine_topic", "generate_joke")
            for event in ("on_chain_start", "on_chain_stream", "on_chain_end")
        ),
        told("on_chain_end", "any", output=REFINED[1]["refine_topic"] | JOKE[1]["generate_joke"]),
    ]
    assert curl_problem(828, good) == ""
    needed = [number for number, event in enumerate(good) if event[1].get("event") != "on_chain_stream"]
    assert all(curl_problem(828, good[:number] + good[number + 1 :]) for number in needed)


@pytest.mark.parametrize("before", [[], [METADATA]], ids=["late", "early"])
def test_a_joiner_may_be_too_late_for_the_metadata_only(before: Stream) -> None:
    both = [("updates", {"sleep": {"slept": 2}}), ("updates", {"after": {"done": True}})]
    assert curl_problem(942, [*before, *both]) == ""
    assert curl_problem(942, [*before, both[1]])


def test_tokens_join_to_the_answer_and_come_in_pieces() -> None:
    def messages(*pieces: str) -> Stream:
        return [METADATA, *(("messages", [{"content": piece}, {}]) for piece in pieces)]

    whole = "You said: Generate a joke about ice cream"
    assert curl_problem(729, messages("You said: ", "Generate a joke about ice cream", "")) == ""
    assert "one piece" in curl_problem(729, messages(whole))
    assert curl_problem(729, messages("You said: ", "Generate"))
    assert "no pair" in curl_problem(729, [METADATA, ("messages", {"content": whole})])
    assert problem(blocks()[687], [["You said: Generate "], ["a joke about ice cream"]], "") == ""
    assert problem(blocks()[687], [], "")


UNREADABLE = {
    "nothing": "nothing was printed",
    '{"detail":"no"}': "no event stream, but ",
    "event: updates\ndata: {\n\n": "no JSON",
}


@pytest.mark.parametrize(("output", "message"), UNREADABLE.items())
def test_output_that_is_no_stream_is_said_to_be_none(output: str, message: str) -> None:
    assert message in problem(blocks()[196], (), "" if output == "nothing" else output)


def test_a_chunk_that_is_none_is_a_problem() -> None:
    assert "no chunk" in problem(blocks()[510], [["updates", {}]], "")


@pytest.mark.parametrize("output", ["", "[]", "{}", '{"thread_id": null}', '{"thread_id": ""}'])
def test_a_thread_has_an_id(output: str) -> None:
    assert problem(blocks()[69], (), output)
    assert problem(blocks()[69], (), '{"thread_id": "t"}') == ""


@pytest.mark.parametrize("line", [315, 328])
def test_a_client_too_has_a_thread_with_an_id(line: int) -> None:
    assert problem(blocks()[line], [["t"]], "") == ""
    assert all(problem(blocks()[line], printed, "") for printed in ([], [[None]], [[""]], [["t"], ["t"]]))


def test_a_message_shows_nothing_that_could_act_on_a_terminal() -> None:
    assert "\x1b" not in curl_problem(196, [METADATA, ("updates", {"\x1b[2J": "\x1b[2J"}), JOKE])
    assert "\x1b" not in problem(blocks()[196], (), "\x1b[2J")


# --- curl against scripted servers


def by_curl(target: Target, line: int) -> Result:
    (found,) = results(target, chosen(["curl"], [line]), Redactor(target.headers.values()), lambda text: None)
    return found


THREAD = says(answer('{"thread_id": "t"}'))


def streaming(events: Stream) -> Any:
    body = wire(events).encode()
    return says(CHUNKED + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")


def test_a_good_server_passes_and_one_that_loses_an_event_fails() -> None:
    for events, word in ((GOOD, "passed"), (GOOD[:2], "failed")):
        with serving({"POST /threads/t/runs/stream": streaming(events), "POST /threads": THREAD}) as fake:
            found = by_curl(Target("mine", fake.url), 196)
        assert found.outcome.word == word, found.outcome
        assert exit_status([found]) == (word == "failed")


def test_a_graph_that_is_not_deployed_cannot_be_told() -> None:
    refuses = says(answer('{"detail": "no such assistant"}', 422))
    with serving({"POST /threads/t/runs/stream": refuses, "POST /threads": THREAD}) as fake:
        found = by_curl(Target("mine", fake.url), 196)
    assert found.outcome.word == "cantTell"
    assert "no run of the graph `joke` is accepted" in found.outcome.message
    assert "HTTP 422" in found.outcome.message
    assert exit_status([found]) == 2


def test_a_server_without_threads_fails_to_create_one() -> None:
    with serving(says(answer('{"detail": "no"}', 500))) as fake:
        found = by_curl(Target("mine", fake.url), 69)
    assert found.outcome.word == "failed"
    assert "HTTP 500" in found.outcome.message


def test_a_server_that_never_ends_is_left_after_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = threading.Event()

    async def hangs(connection: Connection) -> None:
        await connection.send(CHUNKED)
        await connection.left()
        gone.set()

    monkeypatch.setattr(perform, "LIMIT_S", 1.0)
    monkeypatch.setattr(run, "LIMIT_S", 1.0)
    with serving({"POST /threads/t/runs/stream": hangs, "POST /threads": THREAD}) as fake:
        found = by_curl(Target("mine", fake.url), 196)
        assert gone.wait(30), "curl ends with its shell"
    assert found.outcome.message == "it did not end within 1 s"


def test_a_key_is_sent_and_never_shown() -> None:
    async def echoes(connection: Connection) -> None:
        await connection.send(answer(json.dumps({"detail": connection.head}), 400))

    headers = {"x-api-key": SECRET, "Authorization": f"Bearer {SECRET}"}
    with serving({"POST /threads": echoes}) as fake:
        found = by_curl(Target("mine", fake.url, headers=headers), 69)
    first = next(one for one in fake.heard if one.line == "POST /threads")
    assert (first.fields["x-api-key"], first.fields["authorization"]) == (SECRET, f"Bearer {SECRET}")
    assert "HTTP 400" in found.outcome.message
    assert SECRET not in found.outcome.message + found.output


COMPLAINTS = {
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


@pytest.mark.parametrize(("errors", "complaint"), COMPLAINTS.items())
def test_the_line_that_says_what_is_wrong_is_shown(errors: str, complaint: str) -> None:
    assert perform.Performance(1, "", errors).complaint == complaint


# --- the command


def test_a_client_that_this_machine_lacks_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "node_version", lambda: ())
    with serving(says(answer("{}"))) as fake:
        status = cli.main(["snippets", "--url", fake.url, "--client", "javascript", "--line", "39"])
    assert status == 2
    assert "needs Node 20 or newer and npm, not found on PATH: `apt-get install nodejs npm`" in capsys.readouterr().out


def test_a_server_that_does_not_answer_cannot_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["snippets", "--url", closed_url(), "--client", "curl"]) == 2
    assert "does not answer" in capsys.readouterr().err


WRONG_USAGE = {
    "--target nope": "shipped are aegra",
    "--line 3": "no snippet of these clients opens at these lines",
    "--client perl": "invalid choice",
    "--url x": "is no URL of a server",
    "--nope": "unrecognized arguments",
}


@pytest.mark.parametrize(("arguments", "message"), WRONG_USAGE.items())
def test_wrong_usage_says_the_way_out(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["snippets", *arguments.split()]) == 4
    assert message in capsys.readouterr().err


def test_the_command_says_what_came_of_each(capsys: pytest.CaptureFixture[str]) -> None:
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
    """What the machine lacks is left out, unless LG_REQUIRE_SERVERS is set."""
    _, found = measured(settings({}), performed())
    lacking = {one.outcome.message for one in found if one.outcome.word == "cantTell"}
    assert [(one.block.lines, one.outcome.message) for one in found if one.outcome.word == "failed"] == []
    if lacking and not os.environ.get("LG_REQUIRE_SERVERS"):
        pytest.skip(f"left out: {'; '.join(sorted(lacking))}")
    assert lacking == set()
    assert {one.block.line: one.as_printed.word for one in found if one.as_printed} == dict.fromkeys(
        DEFECTIVE, "failed"
    )
    (first,) = (one for one in found if one.block.line == 125)
    assert re.sub(r"'run_id': '[0-9a-f-]{36}'", f"'run_id': '{RUN_ID}'", first.output) == blocks()[207].code
    assert rows(page({"this": found}, [])) == rows(PAGE.read_text("utf-8")), "python -m tests.snippets"


def rows(text: str) -> list[list[str]]:
    """The table, as far as it speaks of the first server."""
    return [line.removesuffix(" |").split(" | ")[:4] for line in text.splitlines() if re.match(r"\| \d", line)]


def test_the_page_lists_every_block() -> None:
    text = PAGE.read_text("utf-8")
    assert [block.lines for block in blocks().values() if block.lines not in text] == []
    assert not (Path(PAGE).parent / "streaming-api.md").exists(), "the document itself is not in the repository"
