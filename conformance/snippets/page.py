"""The page of all snippets on several servers, in Markdown; what it shows was found elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from conformance.snippets.blocks import Block, blocks
from conformance.snippets.run import Result

Found = Mapping[str, Sequence[Result]]
"""The results of all snippets, by name and version of the server."""


def page(found: Found, clients: Sequence[str]) -> str:
    """The page; `clients` are names and versions of those that performed."""
    lines = [_HEAD, *(f"- {client}" for client in clients), "", *_table(found), *_defects(found), *_rest()]
    return "\n".join(lines) + "\n"


def _table(found: Found) -> Iterator[str]:
    yield f"| lines | snippet | client | {' | '.join(found)} |"
    yield "|---|---|---|" + "---|" * len(found)
    by_line = {server: {one.block.line: one for one in results} for server, results in found.items()}
    for block in (block for block in blocks().values() if not block.excluded):
        of_block = [results[block.line] for results in by_line.values()]
        if block.defect:
            words = [one.as_printed.word if one.as_printed else "" for one in of_block]
            yield _row(block, f"{block.section}, as printed", words)
        yield _row(block, block.section + (", mended" if block.defect else ""), [one.outcome.word for one in of_block])
    for server, results in found.items():
        told = (one for one in results if one.outcome.message)
        yield from (f"\n{server}, line {one.block.line}: {_plain(one.outcome.message)}" for one in told)


def _row(block: Block, name: str, words: Sequence[str]) -> str:
    return f"| {block.lines} | {name} | {block.language} | {' | '.join(words)} |"


def _defects(found: Found) -> Iterator[str]:
    yield "\n## Defects of the document\n"
    yield "As printed they fail on every server, through no fault of it; what was meant is performed too, and counts."
    for block in (block for block in blocks().values() if block.defect):
        assert block.defect
        yield f"\n**{block.lines}**, {block.language}: {block.defect.what}.\n"
        for server, results in found.items():
            printed = next(one.as_printed for one in results if one.block == block)
            assert printed
            yield f"- {server}, as printed: {printed.word}, {_plain(printed.message)}"
        yield f"- mended: `{block.defect.printed.strip()}` is read as `{block.defect.mended.strip()}`"


def _rest() -> Iterator[str]:
    yield "\n## Blocks that are not performed\n"
    yield from (f"- {block.lines}: {block.excluded}" for block in blocks().values() if block.excluded)
    yield _PLACEHOLDERS


def _plain(text: str) -> str:
    """Text of a server as code, in which nothing of Markdown or HTML acts."""
    return f"`{text.replace('`', chr(39))}`"


_HEAD = """# The document's snippets, performed

Every Python, JavaScript and curl block of the specification, with nothing but its placeholders filled, performed by the real
client in a process of its own, and what it printed compared with what a good server makes it print. The blocks lie as
data in [`snippets/specification/`](../snippets/specification/); `lg-conformance snippets` performs them against any server. This page is
made by `python -m tests.snippets`, with:
"""

_STANDS_FOR = {
    "`<DEPLOYMENT_URL>`, `<API_KEY>`": "URL and API key of the server; other header fields go with them",
    '`"agent"`': "the name under which the section's reference graph is deployed: the document has several",
    "`<inputs>`, `inputs`, `input`": "an input of that graph",
    "`client`, `thread_id`, `threadID`, `<THREAD_ID>`": "what the document's own block for creating a thread makes of "
    "them, performed before",
    "`assistant_id`, `assistantID`": "where no block before says it: the deployed name",
    "`run_id`, `runId`, `<RUN_ID>`": "a run in the background, created just before; its first node still sleeps",
}

_PLACEHOLDERS = (
    "\n## What the placeholders stand for\n\n| in the document | here |\n|---|---|\n"
    + "\n".join(f"| {name} | {value} |" for name, value in _STANDS_FOR.items())
    + """

The document prints output once, in lines 207-211. On the official Python server the snippet of line 125 prints the
same, character by character, run id apart; a test sees to it. For the other blocks the names of the events, their order
and their data are compared with what the graph does by its contract; ids, times and what a server is free to add are
not."""
)
