"""What the flag stream_subgraphs adds and leaves out: the output of every graph that runs, in every mode.

How the events from inside are named, and their order, is the matter of `subgraph_names`.
"""

from typing import Any

from conformance.authoring import (
    EVERY_STREAM,
    MODES,
    Events,
    ExchangeView,
    RecordingView,
    expect,
    fail,
    fault,
    inconclusive,
    same_sequence,
    scenario,
    shown,
    text_of,
    verifies,
)
from conformance.suite.graphs import INNER_ANSWER, TOPIC
from conformance.suite.modes.lists import one_mode
from conformance.suite.modes.single import only_requested

FLAGS = {"absent": {}, "false": {"stream_subgraphs": False}, "true": {"stream_subgraphs": True}}
INPUT = {"subgraph": {"foo": "foo"}, "nested": {"path": "start"}, "sub_model": TOPIC}

UPDATES = {
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
"""The updates of the root graph and of those inside, outermost first; `subgraph` is the specification's, lines 468-504."""

STATES = {
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

WRITES = {"nested": ["outer", "middle", "inner"], "sub_model": ["root", "inner"]}
"""What custom data written at each level tells, the root's first."""


@scenario(
    graph=("subgraph", "nested"),
    mode=("values", "updates", "debug"),
    flag=tuple(FLAGS),
)
async def graph_inside(server, mode, flag):
    """A graph with subgraphs, the flag absent, false and true."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=[mode], **FLAGS[flag])


@scenario(graph="subgraph", form=("string", "list"))
async def norms_subgraph(server, form):
    """The specification's two calls: with a string in the SDK's, lines 508-561, with a list of one in curl's, 576-590."""
    thread = await server.threads.create()
    mode = "updates" if form == "string" else ["updates"]
    await server.runs.streamed(thread, input=INPUT["subgraph"], stream_subgraphs=True, stream_mode=mode)


@scenario(graph=("nested", "sub_model"))
async def writes_inside(server):
    """Custom data written at every level."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT[server.graph], stream_mode=["custom"], stream_subgraphs=True)


@scenario(
    graph="sub_model",
    modes=(("messages-tuple",), ("messages-tuple", "custom", "updates")),
)
async def model_inside(server, modes):
    """A model called in the root graph, and one inside a subgraph."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=INPUT["sub_model"], stream_mode=list(modes), stream_subgraphs=True)


def output(mode: str, events: Events) -> list[Any]:
    """What events tell, comparable: states and updates as they are; of debug which task began and which ended."""
    if mode != "debug":
        return events.values
    entries = [event.value for event in events]
    return [[entry["type"], entry["payload"]["name"]] for entry in entries if entry["type"] != "checkpoint"]


def contract(mode: str, graph: str) -> list[list[Any]]:
    """What the root graph and those inside must tell, each in order."""
    if mode == "values":
        return list(STATES[graph])
    if mode == "updates":
        return list(UPDATES[graph])
    names = [[name for update in updates for name in update] for updates in UPDATES[graph]]
    return [[[kind, name] for name in nodes for kind in ("task", "task_result")] for nodes in names]


# --- the flag ---


@verifies("subgraphs.off-by-default", on=graph_inside, over="flag")
def test_without_the_flag_nothing_comes_from_inside(graph_inside) -> None:
    """Absent and false alike, the stream is that of the root graph, the subgraph's node included."""
    for flag in ("absent", "false"):
        view, stream = graph_inside[flag], graph_inside[flag]["stream"]
        mode, graph = view.axes["mode"], view.axes["graph"]
        for event in stream[mode].inside:
            fail(f"the flag is {flag}, and `{event.name}` came", event)
        expected = contract(mode, graph)[0]
        came = output(mode, stream[mode])
        begins = [INPUT[graph]] if mode == "values" and came[:1] == [INPUT[graph]] else []
        what = f"with the flag {flag} {mode} is {shown(begins + expected)}, came {shown(came)}"
        expect(came == begins + expected, what, stream.exchange)


def _lacks_subgraphs(exchange) -> bool:
    graphs = ("subgraph", "nested", "repeated", "parallel_subgraphs", "twins")
    return not exchange.subgraphs and exchange.graph in graphs


@fault("subgraphs.off-by-default", where=_lacks_subgraphs)
def streams_subgraphs_always(events, exchange):
    """Sends events from inside although the flag is not set."""
    for event in events:
        if event.name in ("values", "updates", "debug"):
            yield event.named(f"{event.name}|node:1")
        yield event


@fault("subgraphs.off-by-default", where=lambda x: not x.subgraphs and x.graph == "subgraph")
def streams_inner_updates_under_the_bare_name(events, exchange):
    """Sends the updates of inner nodes as if they were the root's."""
    for event in events:
        if event.name == "updates" and "node_2" in event.value:
            yield event.holding({"subgraph_node_1": {"bar": "bar"}})
            yield event.holding({"subgraph_node_2": event.value["node_2"]})
        yield event


@fault("subgraphs.off-by-default", where=lambda x: not x.subgraphs)
def shows_inner_state_under_the_bare_name(events, exchange):
    """Sends the state of a subgraph as if it were the root's."""
    for event in events:
        if event.name == "values" and exchange.graph == "subgraph":
            yield event.holding(event.value | {"bar": "bar"})
        yield event


@fault("subgraphs.off-by-default", where=_lacks_subgraphs)
def hides_the_node_that_is_a_subgraph(events, exchange):
    """Sends no update of its own for a node that is a subgraph."""
    nodes = {"node_2", "middle_graph", "round", "left", "right", "twin"}
    yield from (event for event in events if event.name != "updates" or not nodes & set(event.value))


@verifies("subgraphs.included", on=graph_inside, over="flag")
def test_every_graph_is_heard(graph_inside) -> None:
    """With the flag the output of the parent and of every subgraph is there, each graph's own in order."""
    view = graph_inside["true"]
    _expect_all(view["stream"], view.axes["mode"], view.axes["graph"])


@verifies("subgraphs.included", on=norms_subgraph)
def test_the_norms_subgraph_call(recording: RecordingView) -> None:
    """The specification's example streams two updates of the parent and two of the subgraph."""
    _expect_all(recording["stream"], "updates", "subgraph")


def _expect_all(stream: ExchangeView, mode: str, graph: str) -> None:
    """Whatever stands behind the mode's name: each graph's output in order, and all of it."""
    came = output(mode, Events(event for event in stream.events if event.name.startswith(mode)))
    for expected in contract(mode, graph):
        rest = iter(came)
        for item in expected:
            expect(item in rest, f"with the flag {mode} lacks {shown(item)}, or has it out of order", stream.exchange)
    wanted = [item for expected in contract(mode, graph) for item in expected]
    for item in wanted:
        count, times = wanted.count(item), came.count(item)
        # a state may also be one that another graph began with
        enough = times >= count if mode == "values" else times == count
        expect(enough, f"with the flag {mode} must hold {shown(item)} {count} times, came {times}", stream.exchange)


@fault("subgraphs.included", where=lambda x: x.subgraphs)
def ignores_the_flag(events, exchange):
    """Sends nothing from inside."""
    yield from (event for event in events if not event.namespace)


@fault("subgraphs.included", where=lambda x: x.subgraphs)
def sends_the_inner_events_only(events, exchange):
    """Sends nothing of the parent, where there is a subgraph."""
    yield from (event for event in events if event.namespace or event.base not in exchange.modes - {"events"})


@fault("subgraphs.included", where=lambda x: x.subgraphs)
def leaves_out_the_node_that_is_a_subgraph(events, exchange):
    """Takes the parent's update for a repetition of what came from inside."""
    inner = {}
    for event in events:
        if event.base == "updates" and event.namespace:
            inner = next(iter(event.value.values()))
        elif event.name == "updates" and inner and inner in event.value.values():
            continue
        yield event


@fault("subgraphs.included", where=lambda x: x.subgraphs)
def goes_one_level_deep(events, exchange):
    """Sends nothing from a subgraph of a subgraph."""
    yield from (event for event in events if "|" not in event.namespace)


# --- custom data and tokens from inside ---


@verifies("subgraphs.custom", on=writes_inside)
def test_data_written_inside_arrives(recording: RecordingView) -> None:
    """What nodes of every level write arrives once, in order, with or without a namespace."""
    stream, graph = recording["stream"], recording.axes["graph"]
    key = "level" if graph == "nested" else "from"
    same_sequence(stream["custom"], [{key: told} for told in WRITES[graph]], "the data written", stream.exchange)


@fault("subgraphs.custom", where=lambda x: x.subgraphs)
def loses_data_written_inside(events, exchange):
    """Sends custom data of the root graph only."""
    yield from (event for event in events if event.base != "custom" or not event.namespace)


@fault("subgraphs.custom", where=lambda x: x.subgraphs)
def loses_data_written_two_levels_deep(events, exchange):
    """Sends no custom data of a subgraph of a subgraph."""
    yield from (event for event in events if event.base != "custom" or "|" not in event.namespace)


@verifies("subgraphs.tokens", on=model_inside)
def test_tokens_from_inside_arrive(recording: RecordingView) -> None:
    """The answer of the model inside comes once, in several pieces, with or without a namespace."""
    stream = recording["stream"]
    texts = ((event, text_of(event.value[0]["content"])) for event in stream["messages-tuple"])
    pieces = [(event, text) for event, text in texts if text]
    said = "".join(text for _, text in pieces)
    came = f"came {shown(said)}"
    expect(said.count(INNER_ANSWER) == 1, f"the tokens must hold once {shown(INNER_ANSWER)}, {came}", stream.exchange)
    begin, heard = said.index(INNER_ANSWER), 0
    for event, text in pieces:
        whole = heard <= begin and heard + len(text) >= begin + len(INNER_ANSWER)
        expect(not whole, f"the answer from inside came in one piece: {shown(text)}", event)
        heard += len(text)


@fault("subgraphs.tokens", where=lambda x: x.subgraphs)
def loses_tokens_from_inside(events, exchange):
    """Sends the tokens of the root graph's nodes only."""
    yield from (event for event in events if event.base != "messages" or not event.namespace)


@fault("subgraphs.tokens", where=lambda x: x.subgraphs)
def sends_the_answer_from_inside_in_one_piece(events, exchange):
    """Sends the finished message of a model inside a subgraph."""
    said, last = "", None
    for event in events:
        if event.base == "messages" and event.namespace:
            said, last = said + text_of(event.value[0]["content"]), event
            continue
        if last is not None and event.base in ("values", "updates", "debug"):
            yield last.holding([last.value[0] | {"content": said}, last.value[1]])
            said, last = "", None
        yield event
    if last is not None:
        yield last.holding([last.value[0] | {"content": said}, last.value[1]])


# --- nothing that was not asked for ---


@verifies("subgraphs.only-requested", on=one_mode, over=("mode", "subgraphs"))
def test_only_requested_modes_come_from_subgraphs(one_mode) -> None:
    """With the flag there is metadata, error, the requested mode, and perhaps one end at the very end."""
    for mode in MODES:
        stream = one_mode[mode, True]["stream"]
        if not stream[mode]:
            inconclusive(f"a run with the flag and {mode} carried no event of that mode")
        only_requested(stream)


@verifies("subgraphs.only-requested", on=EVERY_STREAM)
def test_only_requested_modes_come_with_subgraphs(stream: ExchangeView) -> None:
    """The same of every stream with the flag, joins included."""
    if not stream.exchange.is_stream or stream.run_request is None:
        inconclusive(f"`{stream.name}` is no stream of a run that the suite began")
    if not stream.run_request.get("stream_subgraphs"):
        inconclusive(f"`{stream.name}` is a stream without subgraphs, which has a requirement of its own")
    only_requested(stream)


@fault("subgraphs.only-requested", where=lambda x: x.subgraphs)
def adds_checkpoints_to_values(events, exchange):
    """Sends a checkpoints event before each values event when the flag is set."""
    for event in events:
        if event.base == "values":
            yield event.named(event.name.replace("values", "checkpoints")).holding({"step": 0})
        yield event
