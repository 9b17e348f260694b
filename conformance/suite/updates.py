"""The mode `updates`: what each node returned, under its name, after each step."""

from conformance import View, fault, same_sequence, scenario, verifies

TOPIC = {"topic": "ice cream"}
PRINTED = [
    {"refine_topic": {"topic": "ice cream and cats"}},
    {"generate_joke": {"joke": "This is a joke about ice cream and cats"}},
]
"""The two updates that the norm prints, lines 209-210."""


@scenario(graph="joke")
async def joke_updates(server):
    """The norm's first example, lines 123-211."""
    thread = await server.threads.create()
    await server.runs.streamed(thread, input=TOPIC, stream_mode=["updates"])


@verifies("updates.node-sequence")
def test_each_node_yields_what_it_returned(joke_updates: View) -> None:
    """The updates of the joke graph are the two objects that the norm prints."""
    stream = joke_updates["stream"]
    same_sequence(stream["updates"], PRINTED, "the updates of the joke graph", stream.exchange)


@fault("updates.node-sequence")
def loses_the_first_node(events, exchange):
    """Never sends the first update."""
    lost = False
    for event in events:
        if event.base == "updates" and not lost:
            lost = True
            continue
        yield event
