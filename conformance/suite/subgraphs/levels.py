"""The reference graphs that contain subgraphs: what each graph in them receives and produces, and their scenario."""

from dataclasses import dataclass
from typing import Any

from conformance.authoring import Server, scenario
from conformance.suite.graphs import TOPIC

Values = dict[str, str]
"""The state of a graph, or what a node returns."""

FLAGS: dict[str, dict[str, Any]] = {
    "absent": {},
    "false": {"stream_subgraphs": False},
    "true": {"stream_subgraphs": True},
}
INPUT: dict[str, Values] = {"subgraph": {"foo": "foo"}, "nested": {"path": "start"}, "sub_model": TOPIC}

UPDATES: dict[str, tuple[list[dict[str, Values]], ...]] = {
    "subgraph": (
        [{"node_1": {"foo": "hi! foo"}}, {"node_2": {"foo": "hi! foobar"}}],
        [{"subgraph_node_1": {"bar": "bar"}}, {"subgraph_node_2": {"foo": "hi! foobar"}}],
    ),
    "nested": (
        [{"outer": {"path": "start > outer"}}, {"middle_graph": {"path": "start > outer > middle > inner"}}],
        [
            {"middle": {"path": "start > outer > middle"}},
            {"inner_graph": {"path": "start > outer > middle > inner"}},
        ],
        [{"inner": {"path": "start > outer > middle > inner"}}],
    ),
}
"""The updates of the root graph and of each graph inside, outermost first.

`subgraph` is the specification's example, lines 468-504.
"""

STATES: dict[str, tuple[list[Values], ...]] = {
    "subgraph": (
        [{"foo": "hi! foo"}, {"foo": "hi! foobar"}],
        [{"foo": "hi! foo", "bar": "bar"}, {"foo": "hi! foobar", "bar": "bar"}],
    ),
    "nested": (
        [{"path": "start > outer"}, {"path": "start > outer > middle > inner"}],
        [{"path": "start > outer > middle"}, {"path": "start > outer > middle > inner"}],
        [{"path": "start > outer > middle > inner"}],
    ),
}
"""The states of the same graphs after each of their steps."""


@dataclass(frozen=True)
class Level:
    """A graph within another: its nodes in order, and its states, from the one that it starts with on."""

    nodes: tuple[str, ...]
    states: tuple[Values, ...]


def _levels(graph: str, starts: dict[tuple[str, ...], Values]) -> dict[tuple[str, ...], Level]:
    """Return each graph by the nodes that lead to it from the root; `starts` are the states that they start with."""
    levels = zip(starts.items(), UPDATES[graph], STATES[graph], strict=True)
    return {path: Level(_names(updates), (start, *states)) for (path, start), updates, states in levels}


def _names(updates: list[dict[str, Values]]) -> tuple[str, ...]:
    return tuple(name for update in updates for name in update)


LEVELS = {
    "subgraph": _levels("subgraph", {(): {"foo": "foo"}, ("node_2",): {"foo": "hi! foo"}}),
    "nested": _levels(
        "nested",
        {
            (): {"path": "start"},
            ("middle_graph",): {"path": "start > outer"},
            ("middle_graph", "inner_graph"): {"path": "start > outer > middle"},
        },
    ),
}


@scenario(
    graph=("subgraph", "nested"),
    mode=("values", "updates", "debug"),
    flag=tuple(FLAGS),
)
async def graph_inside(server: Server, mode: str, flag: str) -> None:
    """A graph with subgraphs is streamed in one mode, with stream_subgraphs absent, false or true."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=[mode], **FLAGS[flag])
