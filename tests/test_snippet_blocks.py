"""The code blocks of the specification: all are known, corrected where necessary, and filled in."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import replace

import pytest

from conformance import catalogue
from conformance.clients.environment import CLIENTS
from conformance.snippets.blocks import CodeBlock, Given, blocks, performed, source
from conformance.snippets.expected import mismatch
from conformance.targets.target import Target

BLOCKS_SHA256 = "bef419cc7d1cb3a59f6ff9e6e01a45e45d04a3bb6c1e6359332b695fb168e5dd"
"""A digest of the lines and text of the blocks in the document below, except the blocks that define graphs."""
DOCUMENT_SHA256 = "1fbe69e06a23655e902742ba4498068b2b74fb20d98999947ba0c542a2788905"

DEFECTIVE = [78, 261, 449, 887]
SECRET = "sk-0123456789"
SERVER = Target("mine", "http://h:1/path")
EACH_BLOCK = pytest.mark.parametrize("block", performed(), ids=lambda block: block.lines)


def code_statements() -> list[catalogue.Statement]:
    return [one for one in catalogue.statements() if one.kind in ("code", "output")]


def bounds(lines: str) -> tuple[int, int]:
    first, _, last = lines.partition("-")
    return int(first), int(last or first)


def test_every_code_block_of_the_specification_is_performed_or_excluded_with_a_reason() -> None:
    """A statement of the specification ends with its block; one statement holds two blocks."""
    for statement in code_statements():
        first, last = bounds(statement.lines)
        within = [block for block in blocks().values() if first <= block.line <= last]
        assert within, statement.lines
        assert bounds(within[-1].lines)[1] == last
        assert all(bool(block.excluded) != (block in performed()) for block in within)
    statements = [bounds(one.lines) for one in code_statements()]
    for block in blocks().values():
        assert sum(first <= block.line <= last for first, last in statements) == 1


def test_the_blocks_are_those_of_the_document() -> None:
    assert catalogue.specification().sha256 == DOCUMENT_SHA256, "another document: update blocks and digest"
    digest = hashlib.sha256()
    for block in blocks().values():
        if block.code:
            first, last = bounds(block.lines)
            assert block.code.count("\n") == last - first - 1
            digest.update(f"{block.lines}\n{block.code}".encode())
    assert digest.hexdigest() == BLOCKS_SHA256


def test_only_graphs_and_printed_output_are_excluded() -> None:
    excluded = {block.line: block.language for block in blocks().values() if block.excluded}
    assert excluded == {95: "graph", 284: "graph", 468: "graph", 652: "graph", 207: "output"}
    assert {block.language for block in performed()} == set(CLIENTS)


def test_the_expected_output_is_that_of_the_document() -> None:
    printed = [ast.literal_eval(line) for line in blocks()[207].code.splitlines()]
    expected = [data for _, data in blocks()[125].expected.events]
    assert len(printed) == len(expected) == 3
    assert [mismatch(pattern, value) for pattern, value in zip(expected, printed, strict=True)] == ["", "", ""]


@EACH_BLOCK
def test_every_placeholder_is_filled_in(block: CodeBlock) -> None:
    text = source(block, block.corrected, Given(SERVER, "T", "R"))
    assert not re.search("<[A-Z_]+>|<inputs>", text)
    assert '"agent' not in text


@EACH_BLOCK
def test_a_performed_block_is_at_its_lines_in_the_document(block: CodeBlock) -> None:
    lines = source(block, block.corrected, Given(SERVER)).rpartition("\f")[2].split("\n")
    assert lines[: block.line] == [""] * block.line
    assert lines[block.line :][0].split()[0] == block.corrected.split()[0]


def test_the_defects_of_the_document_are_corrected_in_place() -> None:
    defective = [block for block in performed() if block.defect]
    assert [block.line for block in defective] == DEFECTIVE
    for block in defective:
        assert block.defect
        assert block.code.count(block.defect.printed) == 1
        named = int(block.defect.what.split()[1].rstrip(":"))
        assert block.defect.printed.strip() in block.code.split("\n")[named - block.line - 1]
        assert block.corrected.count("\n") == block.code.count("\n"), "a correction must not move lines"


def test_the_corrected_bodies_of_curl_are_json() -> None:
    for block in (block for block in performed() if '--data "' in block.code):
        text = source(block, block.corrected, Given(SERVER))
        body = json.loads(text.partition('--data "')[2].rpartition('"')[0].replace('\\"', '"'))
        assert body["assistant_id"] == block.graph


def test_an_assistant_has_its_deployed_name() -> None:
    mapped = replace(SERVER, assistants={"joke": "my-joke"}, urls={"joke": "http://h:2"})
    assert 'assistant_id = "my-joke"' in source(blocks()[125], blocks()[125].code, Given(mapped))
    assert 'get_client(url="http://h:2")' in source(blocks()[125], blocks()[125].code, Given(mapped))
    assert '\\"assistant_id\\": \\"my-joke\\"' in source(blocks()[196], blocks()[196].code, Given(mapped))


def test_headers_are_options_of_the_client() -> None:
    sent = replace(SERVER, headers={"Authorization": "Bearer 1", "x-api-key": SECRET})
    python, javascript = (source(blocks()[line], blocks()[line].code, Given(sent)) for line in (15, 39))
    given = '{"Authorization": "Bearer 1"}'
    assert f'get_client(url="http://h:1/path", headers={given}, api_key="{SECRET}")' in python
    assert f'apiUrl: "http://h:1/path", defaultHeaders: {given}, apiKey: "{SECRET}"' in javascript
    assert f"'x-api-key: {SECRET}'" in source(blocks()[78], blocks()[78].code, Given(sent))
