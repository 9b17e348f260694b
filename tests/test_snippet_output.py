"""The output of a snippet is compared with its output on a good server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.snippets.blocks import blocks
from conformance.snippets.expected import output_problem

RUN_ID = "1f02c2b3-3cef-68de-b720-eec2a4a8e920"
METADATA = ("metadata", {"run_id": RUN_ID, "attempt": 1})
REFINED = ("updates", {"refine_topic": {"topic": "ice cream and cats"}})
JOKE = ("updates", {"generate_joke": {"joke": "This is a joke about ice cream and cats"}})
GOOD = [METADATA, REFINED, JOKE]
Stream = Sequence[tuple[str, Any]]


def wire(events: Stream) -> str:
    return "".join(f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n" for name, data in events)


def curl_problem(line: int, events: Stream) -> str:
    return output_problem(blocks()[line], (), wire(events))


def sdk_problem(line: int, events: Stream) -> str:
    """Return the problem of a snippet that prints only the data of these events."""
    return output_problem(blocks()[line], [[data] for _, data in events], "")


END = ("end", {"status": "success"})
CONFORMING: dict[str, Stream] = {
    "as printed": GOOD,
    "more in metadata": [("metadata", {**METADATA[1], "thread_id": "t"}), REFINED, JOKE],
    "an end with a status": [*GOOD, END],
    "an end with null": [*GOOD, ("end", None)],
}
WRONG: dict[str, Stream] = {
    "nothing": [],
    "no metadata": [REFINED, JOKE],
    "no run id": [("metadata", {"attempt": 1}), REFINED, JOKE],
    "an invalid run id": [("metadata", {"run_id": "run-1", "attempt": 1}), REFINED, JOKE],
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
@pytest.mark.parametrize("events", CONFORMING.values(), ids=CONFORMING)
def test_conforming_output_has_no_problem(compare: Any, events: Stream) -> None:
    assert compare(196 if compare is curl_problem else 125, events) == ""


@pytest.mark.parametrize("compare", [curl_problem, sdk_problem])
@pytest.mark.parametrize("events", WRONG.values(), ids=WRONG)
def test_other_output_has_a_problem(compare: Any, events: Stream) -> None:
    assert compare(196 if compare is curl_problem else 125, events)


def test_an_event_with_another_name_is_a_problem() -> None:
    assert '"values"' in curl_problem(196, [*GOOD, ("values", {})])
    assert curl_problem(196, [METADATA, ("update", REFINED[1]), JOKE])


def counted(*names: str) -> Stream:
    steps = {"custom": iter([{"step": 1}, {"step": 2}]), "updates": iter([{"step": {"count": n}} for n in (1, 2)])}
    return [METADATA, *((name, next(steps[name])) for name in names)]


def test_the_order_matters_within_a_mode_but_not_between_modes() -> None:
    assert curl_problem(261, counted("custom", "updates", "custom", "updates")) == ""
    assert curl_problem(261, counted("updates", "custom", "custom", "updates")) == ""
    swapped = counted("custom", "updates", "custom", "updates")[::-1]
    assert curl_problem(261, swapped)


def test_a_namespace_consists_of_the_node_and_an_id() -> None:
    def streamed(namespace: str) -> Stream:
        inside = [{"subgraph_node_1": {"bar": "bar"}}, {"subgraph_node_2": {"foo": "hi! foobar"}}]
        first, last = ({"node_1": {"foo": "hi! foo"}}, {"node_2": {"foo": "hi! foobar"}})
        named = [(f"updates{namespace}", data) for data in inside]
        return [METADATA, ("updates", first), *named, ("updates", last)]

    assert curl_problem(578, streamed("|node_2:1f02")) == ""
    assert all(curl_problem(578, streamed(other)) for other in ("", "|node_2", "|node_1:1f02", "|node_2:1|x:2"))


def test_other_events_may_occur_between_the_expected_ones() -> None:
    def event(event: str, name: str, **data: Any) -> tuple[str, Any]:
        return "events", {"event": event, "name": name, "data": data}

    good = [
        METADATA,
        event("on_chain_start", "any"),
        *(
            event(kind, node)
            for node in ("refine_topic", "generate_joke")
            for kind in ("on_chain_start", "on_chain_stream", "on_chain_end")
        ),
        event("on_chain_end", "any", output=REFINED[1]["refine_topic"] | JOKE[1]["generate_joke"]),
    ]
    assert curl_problem(828, good) == ""
    needed = [number for number, event in enumerate(good) if event[1].get("event") != "on_chain_stream"]
    assert all(curl_problem(828, good[:number] + good[number + 1 :]) for number in needed)


@pytest.mark.parametrize("before", [[], [METADATA]], ids=["late", "early"])
def test_a_joining_client_may_miss_only_the_metadata(before: Stream) -> None:
    both = [("updates", {"sleep": {"slept": 2}}), ("updates", {"after": {"done": True}})]
    assert curl_problem(942, [*before, *both]) == ""
    assert curl_problem(942, [*before, both[1]])


def test_the_answer_arrives_token_by_token() -> None:
    def messages(*pieces: str) -> Stream:
        return [METADATA, *(("messages", [{"content": piece}, {}]) for piece in pieces)]

    whole = "You said: Generate a joke about ice cream"
    assert curl_problem(729, messages("You said: ", "Generate a joke about ice cream", "")) == ""
    assert "one piece" in curl_problem(729, messages(whole))
    assert curl_problem(729, messages("You said: ", "Generate"))
    assert "is not a pair" in curl_problem(729, [METADATA, ("messages", {"content": whole})])
    assert output_problem(blocks()[687], [["You said: Generate "], ["a joke about ice cream"]], "") == ""
    assert output_problem(blocks()[687], [], "")


UNREADABLE = {
    "nothing": "nothing was printed",
    '{"detail":"no"}': "expected an event stream",
    "event: updates\ndata: {\n\n": "is not JSON",
}


@pytest.mark.parametrize(("output", "message"), UNREADABLE.items())
def test_output_that_is_not_a_stream_is_a_problem(output: str, message: str) -> None:
    assert message in output_problem(blocks()[196], (), "" if output == "nothing" else output)


@pytest.mark.parametrize("printed", [["updates", {}], [{}], [None]])
def test_a_value_that_is_not_a_chunk_is_a_problem(printed: list[Any]) -> None:
    assert "is not a chunk" in output_problem(blocks()[510], [printed], "")


@pytest.mark.parametrize("output", ["", "[]", "{}", '{"thread_id": null}', '{"thread_id": ""}'])
def test_curl_must_print_a_thread_with_an_id(output: str) -> None:
    assert output_problem(blocks()[69], (), output)
    assert output_problem(blocks()[69], (), '{"thread_id": "t"}') == ""


@pytest.mark.parametrize("line", [315, 328])
def test_an_sdk_must_create_a_thread_with_an_id(line: int) -> None:
    assert output_problem(blocks()[line], [["t"]], "") == ""
    assert all(output_problem(blocks()[line], printed, "") for printed in ([], [[None]], [[""]], [["t"], ["t"]]))


def test_a_problem_holds_no_control_character() -> None:
    assert "\x1b" not in curl_problem(196, [METADATA, ("updates", {"\x1b[2J": "\x1b[2J"}), JOKE])
    assert "\x1b" not in output_problem(blocks()[196], (), "\x1b[2J")
