"""The modes one at a time: all six are accepted, `values` is the default, and no event of another mode is sent.

The areas of the modes judge what each holds; `lists.py` judges several modes at once.
"""

from conformance.authoring import (
    EVERY_STREAM,
    MODES,
    Answer,
    ExchangeView,
    FaultContext,
    FaultOutput,
    RecordingView,
    SentEvent,
    SentEvents,
    Server,
    asks_for,
    condition,
    equal,
    expect,
    fault,
    inconclusive,
    is_stream,
    same_output,
    scenario,
    verifies,
    wire_name,
)
from conformance.suite.graphs import TOPIC

QUIET_IN_JOKE = ("messages-tuple", "custom")
"""The graph `joke` calls no model and writes no custom data."""


@scenario(graph="sub_model", mode=MODES)
async def mode_as_string(server: Server, mode: str) -> None:
    """A run that produces output in every mode is streamed in one mode, which is given as a string."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=mode)


@scenario(graph="joke", mode=MODES)
async def joke_in_mode(server: Server, mode: str) -> None:
    """The specification's first example is streamed in one mode of its table, lines 218-223."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=mode)


@scenario(graph="joke", exchanges=("thread for default", "default", "thread for values", "values"))
async def no_mode(server: Server) -> None:
    """The same input is run without stream_mode, and then with values."""
    for name, fields in (("default", {}), ("values", {"stream_mode": ["values"]})):
        thread = await server.threads.create(name=f"thread for {name}")
        await server.runs.streamed(thread, name=name, input=TOPIC, **fields)


# --- modes.six-accepted


@verifies("modes.six-accepted", on=(joke_in_mode, mode_as_string))
def test_each_mode_of_the_table_is_accepted(joke: RecordingView, everything: RecordingView) -> None:
    """The stream has events of the mode; where the graph produces none, it has the metadata event alone."""
    mode, stream = joke.axes["mode"], joke["stream"]
    expect_some(everything["stream"], mode)
    if mode not in QUIET_IN_JOKE:
        expect_some(stream, mode)
    else:
        names = {wire_name(mode), "error"}
        for event in stream.events:
            expect(event.base not in names, f"a run without output in {mode} must have no `{event.name}` event", event)


def expect_some(stream: ExchangeView, mode: str) -> None:
    """Expect an event of the mode."""
    expect(stream[mode], f"the run asked for {mode}, but the stream has no event `{wire_name(mode)}`", stream)


@condition
def with_a_string(exchange: FaultContext) -> bool:
    """Runs that give their mode as a string."""
    return isinstance(exchange.body.get("stream_mode"), str)


@fault("modes.six-accepted", part="answer", where=is_stream & asks_for("events"))
def does_not_know_the_mode_events(answer: Answer, exchange: FaultContext) -> None:
    """Refuses the mode `events` with 422."""
    answer.refuse(422)


@fault("modes.six-accepted", where=asks_for("messages-tuple"))
def fails_where_there_is_no_model(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Ends the stream with an error event if the graph calls no model."""
    names = set()
    for event in events:
        names.add(event.base)
        yield event
    if names and "messages" not in names:
        yield event.named("error").holding({"error": "ValueError", "message": "no model"})


@fault("modes.six-accepted", where=asks_for("custom"))
def fills_an_empty_mode(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends an empty custom event if the graph writes no custom data."""
    names = set()
    for event in events:
        names.add(event.base)
        yield event
    if names and "custom" not in names:
        yield event.named("custom").holding({})


@fault("modes.six-accepted", part="answer", where=is_stream & with_a_string)
def refuses_a_string(answer: Answer, exchange: FaultContext) -> None:
    """Refuses a mode that is given as a string, because it accepts only a list."""
    answer.refuse(422)


@fault("modes.six-accepted", where=is_stream & with_a_string)
def takes_a_string_for_its_letters(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Iterates over the letters of a mode that is given as a string, and so finds no mode."""
    yield from (event for event in events if event.base not in exchange.modes)


# --- modes.only-requested


@verifies("modes.only-requested", on=EVERY_STREAM)
def test_only_requested_modes_come(stream: ExchangeView) -> None:
    """A stream without stream_subgraphs has only metadata, error, the requested modes, and perhaps a final `end`."""
    if not stream.is_stream or stream.run_request is None:
        inconclusive(f"`{stream.name}` is not a stream of a run that the suite started")
    if stream.run_request.get("stream_subgraphs"):
        inconclusive(f"`{stream.name}` is a stream with subgraphs, see subgraphs.only-requested")
    expect_only_requested(stream)


def expect_only_requested(stream: ExchangeView) -> None:
    """Expect metadata, error, the requested modes, and perhaps one `end` as the last event, and no other event."""
    asked, allowed = ", ".join(sorted(stream.requested)), {"metadata", "error"} | stream.requested
    closing = [event for event in stream.events[-1:] if event.name == "end"]
    others = [event for event in stream.events if event.base not in allowed and event not in closing]
    names = ", ".join(f"`{name}`" for name in dict.fromkeys(event.name for event in others))
    expect(not others, f"the run asked for {asked}, so the stream must not carry {names}", *others[:1])


@fault("modes.only-requested", where=~asks_for("values"))
def sends_values_unasked(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the state after each update, even if the run did not ask for values."""
    for event in events:
        yield event
        if event.name == "updates":
            yield event.named("values").holding({"state": event.value})


@fault("modes.only-requested")
def sends_pings(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Keeps the connection alive with events instead of comments."""
    for event in events:
        yield event
        if event.name == "metadata":
            yield event.named("ping").holding({})


@fault("modes.only-requested")
def says_end_before_the_end(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends the event `end` before the last event."""
    held: SentEvent | None = None
    for event in events:
        if held is not None:
            yield held
        held = event
    if held is not None:
        yield held.named("end").holding(None)
        yield held


@fault("modes.only-requested")
def closes_with_done(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Sends a last event named `done`."""
    last: SentEvent | None = None
    for last in events:
        yield last
    if last is not None:
        yield last.named("done").holding({})


# --- modes.default-is-values


@verifies("modes.default-is-values", on=no_mode)
def test_without_a_mode_it_is_values(recording: RecordingView) -> None:
    """A run without stream_mode is streamed like a run with values."""
    default, values = recording["default"], recording["values"]
    if not values["values"]:
        inconclusive("`values` carried no values event to compare with")
    same_output("values", default["values"], values["values"], "the values without stream_mode", default)
    names = sorted({event.base for event in default.events} & {wire_name(mode) for mode in MODES})
    equal(names, ["values"], "the modes of the events without stream_mode", default)


@condition
def without_a_mode(exchange: FaultContext) -> bool:
    """Runs whose request has no `stream_mode`."""
    return bool(exchange.body) and "stream_mode" not in exchange.body


@fault("modes.default-is-values", where=is_stream & without_a_mode)
def takes_updates_for_the_default(events: SentEvents, exchange: FaultContext) -> FaultOutput:
    """Streams updates if the request names no mode."""
    for event in events:
        yield event.named("updates").holding({"node": event.value}) if event.base == "values" else event


@fault("modes.default-is-values", part="answer", where=is_stream & without_a_mode)
def demands_a_mode(answer: Answer, exchange: FaultContext) -> None:
    """Refuses a request without stream_mode."""
    answer.refuse(422)
