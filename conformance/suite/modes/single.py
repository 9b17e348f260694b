"""Which modes there are: all six are accepted, none means values, and nothing comes that was not asked for.

What each mode holds is the matter of its own area, several modes at once that of `mode_lists`.
"""

from conformance.authoring import (
    EVERY_STREAM,
    MODES,
    ExchangeView,
    RecordingView,
    equal,
    expect,
    fault,
    inconclusive,
    same_output,
    scenario,
    verifies,
    wire_name,
)
from conformance.suite.graphs import TOPIC

QUIET_IN_JOKE = ("messages-tuple", "custom")
"""The joke graph calls no model and writes no custom data."""


@scenario(graph="sub_model", mode=MODES)
async def mode_as_string(server, mode):
    """A graph that produces something in each mode, the mode given as a string."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=mode)


@scenario(graph="joke", mode=MODES)
async def joke_in_mode(server, mode):
    """The specification's first example in each mode of its table, lines 218-223."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=mode)


@scenario(graph="joke", exchanges=("thread for default", "default", "thread for values", "values"))
async def no_mode(server):
    """A run without stream_mode, and its neighbour with values."""
    for name, fields in (("default", {}), ("values", {"stream_mode": ["values"]})):
        thread = await server.threads.create(name=f"thread for {name}")
        await server.runs.streamed(thread, name=name, input=TOPIC, **fields)


@verifies("modes.six-accepted", on=(joke_in_mode, mode_as_string))
def test_each_mode_of_the_table_is_accepted(joke_in_mode: RecordingView, mode_as_string: RecordingView) -> None:
    """Each mode streams what there is; where there is nothing for it, the metadata event comes alone."""
    mode = joke_in_mode.axes["mode"]
    joke = joke_in_mode["stream"]
    _expect_some(mode_as_string["stream"], mode)
    if mode not in QUIET_IN_JOKE:
        _expect_some(joke, mode)
    else:
        kinds = sorted({event.base for event in joke.events} - {"end"})
        equal(kinds, ["metadata"], f"the kinds of events of a graph without output for {mode}", joke.exchange)


def _expect_some(stream: ExchangeView, mode: str) -> None:
    expect(stream[mode], f"{mode} was asked for, and no event `{wire_name(mode)}` came", stream.exchange)


@fault("modes.six-accepted", part="answer", where=lambda x: x.is_stream and "events" in x.modes)
def does_not_know_the_mode_events(answer, exchange):
    """Refuses the mode events with 422."""
    answer.refuse(422)


@fault("modes.six-accepted", where=lambda x: "messages" in x.modes)
def fails_where_there_is_no_model(events, exchange):
    """Ends with an error event where a graph calls no model."""
    spoken, event = False, None
    for event in events:
        spoken |= event.base == "messages"
        yield event
    if event is not None and not spoken:
        yield event.named("error").holding({"error": "ValueError", "message": "no model"})


@fault("modes.six-accepted", where=lambda x: "custom" in x.modes)
def fills_an_empty_mode(events, exchange):
    """Sends an empty custom event where a graph wrote nothing."""
    written, event = False, None
    for event in events:
        written |= event.base == "custom"
        yield event
    if event is not None and not written:
        yield event.named("custom").holding({})


def _asks_by_string(exchange) -> bool:
    return exchange.is_stream and isinstance(exchange.body.get("stream_mode"), str)


@fault("modes.six-accepted", part="answer", where=_asks_by_string)
def refuses_a_string(answer, exchange):
    """Wants a list of modes."""
    answer.refuse(422)


@fault("modes.six-accepted", where=_asks_by_string)
def takes_a_string_for_its_letters(events, exchange):
    """Iterates over the string, so that no mode is found."""
    yield from (event for event in events if event.base not in exchange.modes)


# --- nothing that was not asked for ---


@verifies("modes.only-requested", on=EVERY_STREAM)
def test_only_requested_modes_come(stream: ExchangeView) -> None:
    """Without stream_subgraphs there is metadata, error, the requested modes, and perhaps one end at the very end."""
    if not stream.exchange.is_stream or stream.run_request is None:
        inconclusive(f"`{stream.name}` is no stream of a run that the suite began")
    if stream.run_request.get("stream_subgraphs"):
        inconclusive(f"`{stream.name}` is a stream with subgraphs, which has a requirement of its own")
    only_requested(stream)


def only_requested(stream: ExchangeView) -> None:
    """Nothing may come but metadata, error, the requested modes, and perhaps one end at the very end."""
    allowed = {"metadata", "error"} | stream.requested
    for event in stream.events:
        closing = event.name == "end" and event is stream.events[-1]
        asked = ", ".join(sorted(stream.requested))
        expect(event.base in allowed or closing, f"only {asked} was asked for, and `{event.name}` came", event)


@fault("modes.only-requested", where=lambda x: "values" not in x.modes)
def sends_values_unasked(events, exchange):
    """Sends the state after each update, asked for or not."""
    for event in events:
        yield event
        if event.name == "updates":
            yield event.named("values").holding({"state": event.value})


@fault("modes.only-requested")
def sends_pings(events, exchange):
    """Keeps the connection alive by events instead of comments."""
    for event in events:
        yield event
        if event.name == "metadata":
            yield event.named("ping").holding({})


@fault("modes.only-requested")
def says_end_before_the_end(events, exchange):
    """Sends the end event ahead of the last event."""
    held = None
    for event in events:
        if held is not None:
            yield held
        held = event
    if held is not None:
        yield held.named("end").holding(None)
        yield held


@fault("modes.only-requested")
def closes_with_done(events, exchange):
    """Closes the stream with an event named done."""
    event = None
    for event in events:
        yield event
    if event is not None:
        yield event.named("done").holding({})


# --- no mode at all ---


@verifies("modes.default-is-values", on=no_mode)
def test_without_a_mode_it_is_values(recording: RecordingView) -> None:
    """A request without stream_mode streams what one with values does."""
    default, values = recording["default"], recording["values"]
    if not values["values"]:
        inconclusive("`values` carried no values event to compare with")
    same_output("values", default["values"], values["values"], "the values without stream_mode", default.exchange)
    kinds = sorted({event.base for event in default.events} - {"end"})
    equal(kinds, ["metadata", "values"], "the kinds of events without stream_mode", default.exchange)


def _names_no_mode(exchange) -> bool:
    return exchange.is_stream and bool(exchange.body) and "stream_mode" not in exchange.body


@fault("modes.default-is-values", where=_names_no_mode)
def takes_updates_for_the_default(events, exchange):
    """Streams updates when no mode was named."""
    for event in events:
        yield event.named("updates").holding({"node": event.value}) if event.base == "values" else event


@fault("modes.default-is-values", part="answer", where=_names_no_mode)
def demands_a_mode(answer, exchange):
    """Refuses a request without stream_mode."""
    answer.refuse(422)
