"""SNIPPETS.md: the outcome of every snippet of the specification on several servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from conformance.snippets.blocks import CodeBlock, blocks
from conformance.snippets.run import SnippetResult

Found = Mapping[str, Sequence[SnippetResult]]
"""The results of all snippets, by name and version of the server."""


def snippets_page(found: Found, clients: Sequence[str]) -> str:
    """Return the page; `clients` are names and versions of the clients that performed the snippets."""
    lines = [_HEAD, *(f"- {client}" for client in clients), "", *_table(found), *_defects(found), *_excluded()]
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
        name = f"{block.section}, corrected" if block.defect else block.section
        yield _row(block, name, [one.outcome.word for one in of_block])
    for server, results in found.items():
        failed = (one for one in results if one.outcome.message)
        yield from (f"\n{server}, line {one.block.line}: {_code(one.outcome.message)}" for one in failed)


def _row(block: CodeBlock, name: str, words: Sequence[str]) -> str:
    return f"| {block.lines} | {name} | {block.language} | {' | '.join(words)} |"


def _defects(found: Found) -> Iterator[str]:
    yield "\n## Defects of the specification\n"
    yield "As printed, these blocks fail on every server. Only the outcome of the corrected code counts."
    for block in (block for block in blocks().values() if block.defect):
        assert block.defect
        yield f"\n**{block.lines}**, {block.language}: {block.defect.what}.\n"
        for server, results in found.items():
            printed = next(one.as_printed for one in results if one.block == block)
            assert printed
            yield f"- {server}, as printed: {printed.word}, {_code(printed.message)}"
        yield f"- corrected: `{block.defect.printed.strip()}` becomes `{block.defect.corrected.strip()}`"


def _excluded() -> Iterator[str]:
    yield "\n## Blocks that are not performed\n"
    yield from (f"- {block.lines}: {block.excluded}" for block in blocks().values() if block.excluded)
    yield _PLACEHOLDERS


def _code(text: str) -> str:
    """Return text of a server as a code span, in which Markdown and HTML have no effect."""
    return f"`{text.replace('`', chr(39))}`"


_HEAD = """# The snippets of the specification, performed

The real clients perform every Python, JavaScript and curl block of the specification, each in its own process. Only
the placeholders are replaced, and the output is compared with the output on a good server. The blocks are data in
[`snippets/specification/`](../snippets/specification/); `lg-conformance snippets` performs them against any server.
`python -m tests.generate snippets` makes this page, with:
"""

_MEANINGS = {
    "`<DEPLOYMENT_URL>`, `<API_KEY>`": "URL and API key of the server; other header fields are sent as well",
    '`"agent"`': "the deployed name of the section's reference graph: the specification uses several graphs",
    "`<inputs>`, `inputs`, `input`": "an input of that graph",
    "`client`, `thread_id`, `threadID`, `<THREAD_ID>`": "the results of the block that creates a thread; it is "
    "performed first",
    "`assistant_id`, `assistantID`": "the deployed name, unless an earlier block defines it",
    "`run_id`, `runId`, `<RUN_ID>`": "a background run that is created just before; its first node is still sleeping",
}

_PLACEHOLDERS = (
    "\n## Placeholders\n\n| in the specification | value |\n|---|---|\n"
    + "\n".join(f"| {name} | {value} |" for name, value in _MEANINGS.items())
    + """

The specification prints output once, in lines 207-211. On the official Python server the snippet at line 125 prints the
same text except for the run id; a test checks this. For the other blocks, the names of the events, their order and
their data are compared with the contract of the graph; ids, times and implementation-defined additions are not
compared."""
)
