"""The schemas accept valid payloads and reject invalid ones, and the messages about a wrong value are readable."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from conformance import files
from conformance.catalogue import schemas

DOCUMENTS: dict[str, Any] = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
    for path in files.folder("schemas").glob("*.json")
}
PAYLOADS = {
    *("metadata", "values", "updates", "messages", "message-chunk", "message-metadata", "interrupt"),
    *("debug", "debug-checkpoint", "debug-task", "debug-task-result", "custom", "events", "error", "end"),
    *("run", "thread", "thread-state", "thread-history", "report"),
}
UUID = "11111111-1111-4111-8111-111111111111"
CHUNK = {"type": "ai", "content": "Hi", "id": "1"}
NODE = {"langgraph_node": "model"}


def step(kind: object, payload: object, **more: object) -> dict[str, object]:
    """Return the data of a debug event."""
    return {"type": kind, "step": 1, "payload": payload, **more}


def without(value: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a copy of an object without one key."""
    return {name: item for name, item in value.items() if name != key}


def altered(value: Any, new: object, *path: str | int) -> Any:
    """Return a copy of a value that has `new` at the path."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = altered(value[path[0]], new, *path[1:])
    return copy


def damaged(value: Any) -> Iterator[Any]:
    """Yield copies of a JSON value, each with one key missing or one part of the wrong type."""
    parts = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, part in parts:
        if isinstance(value, dict):
            yield without(value, str(key))
        yield altered(value, {} if isinstance(part, list) else [], key)
        if isinstance(part, dict | list):
            yield from (altered(value, worse, key) for worse in damaged(part) if key not in ("observations", "passed"))


OUTCOMES = ("passed", "failed", "cantTell", "inapplicable", "untested")
EVENT: dict[str, Any] = {"event": "on_chain_start", "name": "node", "run_id": UUID, "data": {}}
REPORT: dict[str, Any] = DOCUMENTS["report"]["examples"][0]
FAILED: dict[str, Any] = {"id": "metadata.fields", "level": "MUST", "outcome": "failed", "passed": {}}

WRONG: dict[str, list[object]] = {
    "metadata": [
        *(None, [], "x", {}, {"run_id": UUID}, {"attempt": 1}, {"run_id": "", "attempt": 1}),
        *({"run_id": 7, "attempt": 1}, {"run_id": UUID, "attempt": 0}, {"run_id": UUID, "attempt": "1"}),
        *({"run_id": UUID, "attempt": True}, {"run_id": UUID, "attempt": 1.5}),
    ],
    "values": [None, "state", ["values", {}], {"__interrupt__": {}}, {"__interrupt__": [{"id": "1"}]}],
    "updates": [None, {}, ["node", {}], "node", {"__interrupt__": None}, {"__interrupt__": ["stop"]}],
    "interrupt": [None, "stop", [], {}, {"id": "1"}],
    "messages": [
        *(None, CHUNK, [], [CHUNK], [NODE, CHUNK], [CHUNK, NODE, NODE], [[CHUNK], NODE], [CHUNK, None]),
        *([{}, NODE], [CHUNK, {}], ["Hi", NODE]),
    ],
    "message-chunk": [
        *(None, "Hi", [CHUNK], without(CHUNK, "type"), without(CHUNK, "content"), without(CHUNK, "id")),
        *({**CHUNK, "id": ""}, {**CHUNK, "id": None}, {**CHUNK, "type": None}),
        *({**CHUNK, "content": None}, {**CHUNK, "content": {"text": "Hi"}}, {**CHUNK, "content": 7}),
    ],
    "message-metadata": [
        *(None, [], "model", {}, {"langgraph_node": None}, {"langgraph_node": ["model"]}),
        *({**NODE, "tags": "joke"}, {**NODE, "tags": [1]}, {**NODE, "tags": None}),
    ],
    "debug": [
        *(None, [], {}, {"values": {}}, step("start", {}), step(None, {}), step([], {}), step({}, {})),
        *(step("task", {}), step("task", None), step("task", {"name": 1}), step("task_result", {"id": "1"})),
        *(step("task_result", []), step("checkpoint", {}), step("checkpoint", {"values": None})),
        *(step("task", {"name": "node"}, step="1"), step("task", {"name": "node"}, step=True)),
        *(step("task", {"name": "node"}, timestamp=7), step("task", {"name": "node"}, timestamp="now")),
        *(without(step("task", {"name": "node"}), key) for key in ("type", "step", "payload")),
    ],
    "debug-checkpoint": [None, [], {}, {"value": {}}, {"values": None}, {"values": [["topic", "x"]]}],
    "debug-task": [None, "node", [], {}, {"name": None}, {"name": ["node"]}],
    "debug-task-result": [None, "node", [], {"result": {}}, {"name": None}, {"name": 7}],
    "custom": [],
    "events": [
        *(None, [], ["events", {}], {}),
        *(without(EVENT, key) for key in EVENT),
        *({**EVENT, key: None} for key in EVENT),
        *({**EVENT, "data": []}, {**EVENT, "data": ["values", {}]}, {**EVENT, "run_id": 1}),
    ],
    "error": [
        *(None, "Run not found", [], {}, {"error": "ValueError"}, {"message": "boom"}),
        *({"error": "", "message": "boom"}, {"error": "ValueError", "message": ""}),
        {"error": "ValueError", "message": 7},
        *({"error": None, "message": "boom"}, {"error": {"type": "x"}, "message": "boom"}),
    ],
    "end": ["done", "", 0, True, []],
    "run": [None, [], UUID, {}, {"id": UUID}, {"run_id": ""}, {"run_id": None}],
    "thread": [None, [{"thread_id": UUID}], UUID, {}, {"thread_id": ""}, {"thread_id": 7}],
    "thread-state": [None, [], {}, {"values": None}, {"values": "x"}, {"values": [1]}],
    "thread-history": [None, {}, {"values": {}}, [None], [{}], [{"values": {}}, {"values": None}]],
    "report": [
        *(None, [], {}),
        *damaged(REPORT),
        *(
            altered(REPORT, value, *path)
            for path, value in [
                (("format",), 1),
                (("verdict",), "passed"),
                (("profile",), ""),
                (("started",), "today"),
                (("duration_s",), -1),
                (("disputed",), ["x"]),
                (("suite", "version"), ""),
                (("suite", "catalogue_sha256"), "short"),
                (("target", "name"), ""),
                *((("summary", level, word), -1) for level in ("MUST", "SHOULD") for word in OUTCOMES),
                (("requirements", 0, "id"), "metadata"),
                (("requirements", 0, "level"), "MAY"),
                (("requirements", 0, "outcome"), "skipped"),
                (("requirements", 0, "passed"), ["test_x"]),
                (("requirements", 0, "passed"), {"test_x": []}),
                (("requirements", 0, "passed"), {"test_x": [1]}),
                (("requirements", 0), FAILED | {"checks": [{"id": "test_x", "outcome": "skipped"}]}),
                (("requirements", 0), FAILED | {"checks": [{"id": "", "outcome": "failed"}]}),
                (("requirements", 0), FAILED | {"checks": [{"id": "test_x"}]}),
                (("requirements", 0), FAILED | {"checks": [{"id": "test_x", "outcome": "failed", "evidence": [{}]}]}),
            ]
        ),
    ],
}

# Official servers differ in these, or they are implementation-defined: no schema may reject them.
ACCEPTED: dict[str, list[object]] = {
    "metadata": [{"run_id": "run-1", "attempt": 2, "thread_id": None}],
    "values": [{}, {"__interrupt__": []}, {"__interrupt__": [{"value": None}]}],
    "updates": [{"node": None}, {"node": {}}, {"node": [1]}, {"node": {}, "__metadata__": {"cached": True}}],
    "messages": [[{**CHUNK, "content": ""}, {**NODE, "tags": []}], [{**CHUNK, "content": [{"type": "text"}]}, NODE]],
    "debug": [
        step("task", {"name": "node", "interrupts": []}),
        step("task_result", {"name": "node", "error": {"name": "Error", "message": "boom"}}),
        step("task_result", {"name": "node", "error": None, "result": [["topic", "x"]]}),
        step("checkpoint", {"values": {}}, step=-1, timestamp="2025-06-26T12:00:00.000Z"),
    ],
    "custom": [None, True, 0, -0.5, "", "text", [], {}, [None]],
    "events": [{**EVENT, "tags": [], "metadata": {}}],
    "error": [{"error": "Error", "message": "boom", "stack": None}],
    "end": [None, {}, {"status": "success"}],
    "thread": [{"thread_id": "t", "values": None}],
    "thread-state": [{"values": {}, "checkpoint": None, "metadata": None, "created_at": None}],
    "thread-history": [[]],
    "report": [
        altered(REPORT, {"name": "x", "version": None, "url": None}, "target"),
        altered(REPORT, FAILED | {"checks": [{"id": "test_x", "outcome": "failed"}]}, "requirements", 0),
        altered(REPORT, "SHOULD", "requirements", 0, "level"),
        *(altered(REPORT, word, "verdict") for word in ("conformant", "not conformant", "inconclusive", "partial")),
        *(altered(REPORT, word, "requirements", 0, "outcome") for word in OUTCOMES),
        altered(REPORT, [{"id": "values.step-without-writes"}], "disputed"),
    ],
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


def cases(table: dict[str, list[object]]) -> list[Any]:
    """Return one test case for each value, with the name of its schema."""
    return [pytest.param(name, value, id=f"{name}-{i}") for name in table for i, value in enumerate(table[name])]


def keywords(node: object, keyword: str) -> Iterator[Any]:
    """Yield every value of a keyword anywhere in a schema, except in its examples."""
    if isinstance(node, dict):
        yield from [node[keyword]] if keyword in node else []
        for name, child in node.items():
            yield from keywords(child, keyword) if name != "examples" else ()
    elif isinstance(node, list):
        for child in node:
            yield from keywords(child, keyword)


def nested(depth: int) -> list[Any]:
    """Return lists inside each other."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_every_payload_has_a_schema() -> None:
    assert set(schemas.names()) == PAYLOADS == set(DOCUMENTS)
    assert schemas.names() == tuple(sorted(schemas.names()))


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_a_schema_is_valid_and_documented(name: str) -> None:
    document = DOCUMENTS[name]
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"] == f"https://langgraph-stream-conformance.invalid/schemas/{name}.schema.json"
    assert document["title"]
    assert document["examples"]
    assert "Source: " in document["description"]
    assert not list(keywords(document, "oneOf"))
    assert not list(keywords(document, "anyOf"))


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_a_schema_forbids_no_additional_keys(name: str) -> None:
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        assert not [value for value in keywords(DOCUMENTS[name], keyword) if value is False]
    for keyword in ("maxProperties", "propertyNames"):
        assert not list(keywords(DOCUMENTS[name], keyword))


@pytest.mark.parametrize(("name", "value"), cases({name: DOCUMENTS[name]["examples"] for name in sorted(PAYLOADS)}))
def test_an_example_is_valid(name: str, value: object) -> None:
    assert schemas.errors(name, value) == []


def test_every_format_has_a_checker() -> None:
    used = {name for document in DOCUMENTS.values() for name in keywords(document, "format") if isinstance(name, str)}
    assert used
    assert used <= set(schemas.FORMATS.checkers) == {"uuid", "date-time"}


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_every_reference_resolves_without_a_network(name: str) -> None:
    resources = [Resource[Any].from_contents(document) for document in DOCUMENTS.values()]
    resolver = Registry[Any]().with_resources((str(r.id()), r) for r in resources).resolver(DOCUMENTS[name]["$id"])
    for reference in keywords(DOCUMENTS[name], "$ref"):
        assert isinstance(resolver.lookup(reference).contents, dict)


def test_every_schema_has_wrong_values() -> None:
    assert set(WRONG) == PAYLOADS
    assert {name for name, values in WRONG.items() if not values} == {"custom"}  # custom may be any JSON value


@pytest.mark.parametrize(("name", "value"), cases(WRONG))
def test_a_wrong_value_is_rejected(name: str, value: object) -> None:
    assert schemas.errors(name, value)


@pytest.mark.parametrize(("name", "value"), cases(ACCEPTED))
def test_a_value_that_servers_may_send_is_accepted(name: str, value: object) -> None:
    assert schemas.errors(name, value) == []


@pytest.mark.parametrize(
    ("name", "value", "problems"),
    [
        ("metadata", {"attempt": 1}, [("$", "run_id", '{"attempt": 1}')]),
        ("error", "Run not found", [("$", "object", '"Run not found"')]),
        ("error", {"error": "", "message": None}, [("$.error", "string of 1", '""'), ("$.message", "string", "null")]),
        ("messages", [1], [("$", "2 or more items", "[1]"), ("$[0]", "object", "1")]),
        ("messages", [CHUNK, NODE, 0], [("$", "2 or fewer items", ", 0]")]),
        ("message-chunk", {**CHUNK, "content": True}, [("$.content", "string or a list", "true")]),
        ("updates", {}, [("$", "1 or more keys", "{}")]),
        ("debug", step("task", []), [("$.payload", "object", "[]")]),
        ("debug", {"step": 1, "payload": {}}, [("$", "type", '{"payload": {}, "step": 1}')]),
        ("debug", step("start", []), [("$.type", '"task_result"', '"start"'), ("$.payload", "object", "[]")]),
        ("debug", step("start", {}), [("$.type", '"task_result"', '"start"')]),
        ("debug", step("task", {"name": 1}, timestamp="now"), [
            ("$.timestamp", "date-time", '"now"'), ("$.payload.name", "string", "1")]),
        ("metadata", {"run_id": UUID, "attempt": 0}, [("$.attempt", "1 or more", "0")]),
        ("report", {**REPORT, "format": 1}, [("$.format", "2", "1")]),
        ("report", altered(REPORT, "x", "requirements", 0, "id"), [
            ("$.requirements[0].id", "^[a-z]+\\.[a-z0-9-]+$", '"x"')]),
    ],
)  # fmt: skip
def test_a_line_names_place_expectation_and_value(
    name: str, value: object, problems: list[tuple[str, str, str]]
) -> None:
    lines = schemas.errors(name, value)
    assert len(lines) == len(problems)
    for line, (place, expected, found) in zip(lines, problems, strict=True):
        assert line.startswith(f"{place}: ")
        assert expected in line.removeprefix(place)
        assert line.endswith(found)


def test_every_keyword_of_the_schemas_has_a_message() -> None:
    structure = {"properties", "additionalProperties", "items", "prefixItems", "allOf", "if", "then", "$ref", "$defs"}
    annotations = {"$schema", "$id", "title", "description", "examples"}

    def used(node: dict[str, Any]) -> Iterator[str]:
        yield from node
        for keyword in ("properties", "$defs"):
            for child in node.get(keyword, {}).values():
                yield from used(child)
        for child in [*node.get("prefixItems", []), *node.get("allOf", [])]:
            yield from used(child)
        for keyword in {"additionalProperties", "items", "if", "then"} & set(node):
            yield from used(node[keyword])

    judging = {keyword for document in DOCUMENTS.values() for keyword in used(document)} - structure - annotations
    assert judging == set(schemas._EXPECTED)


def test_only_the_first_errors_are_shown_the_outermost_first() -> None:
    lines = schemas.errors("thread-history", [{"values": i} for i in range(1000)])
    assert [line.partition(":")[0] for line in lines] == [f"$[{i}].values" for i in range(schemas.SHOWN_ERRORS)]
    assert schemas.errors("debug", {"payload": {}, "type": "task", "step": "1"})[0].startswith("$.step: ")


@pytest.mark.parametrize("value", ["x" * 1_000_000, "\x00\u202e\ud800\n" * 100_000, ["long"] * 100_000])
def test_an_error_is_one_short_printable_line(value: object) -> None:
    [line] = schemas.errors("error", value)
    assert line.isprintable()
    assert len(line) < 200


def test_a_hostile_key_is_escaped() -> None:
    value = {**REPORT, "summary": {"MUST": {}, "SHOULD": {}}, "\x1b[31m": 1}
    assert all(line.isprintable() for line in schemas.errors("report", value))


@pytest.mark.parametrize("name", sorted(PAYLOADS - {"custom"}))
def test_deep_nesting_is_an_error_but_does_not_crash(name: str) -> None:
    lines = schemas.errors(name, nested(100_000))
    assert lines
    assert all(len(line) < 200 for line in lines)


def test_deep_nesting_is_valid_where_any_value_is() -> None:
    assert schemas.errors("custom", nested(100_000)) == []
    assert schemas.errors("values", {"deep": nested(100_000)}) == []
    assert len(schemas.errors("metadata", nested(100_000))) == 1


@settings(deadline=None)
@given(name=st.sampled_from(sorted(PAYLOADS)), value=JSON)
def test_no_json_value_makes_validation_raise(name: str, value: object) -> None:
    lines = schemas.errors(name, value)
    assert len(lines) <= schemas.SHOWN_ERRORS
    assert all(line.isprintable() for line in lines)


@settings(deadline=None)
@given(value=JSON)
def test_custom_accepts_any_json_value(value: object) -> None:
    assert schemas.errors("custom", value) == []


@settings(deadline=None)
@given(name=st.sampled_from(sorted(PAYLOADS - {"end", "thread-history"})), value=JSON, key=st.text())
def test_an_additional_key_changes_nothing(name: str, value: object, key: str) -> None:
    example = DOCUMENTS[name]["examples"][0]
    if isinstance(example, dict) and key not in DOCUMENTS[name].get("properties", {}):
        assert schemas.errors(name, {**example, key: value}) == []


def test_the_error_for_an_unknown_schema_lists_the_known_ones() -> None:
    with pytest.raises(LookupError, match=r"'metdata'.*metadata"):
        schemas.errors("metdata", {})


@pytest.mark.parametrize(
    ("event", "name"),
    [
        *((base, base) for base in ("metadata", "values", "updates", "messages", "debug", "custom", "events")),
        *(("error", "error"), ("end", "end"), ("updates|node:1|child:2", "updates"), ("messages|node:1", "messages")),
        *(("messages/partial", None), ("messages-tuple", None), ("message", None), ("run", None), ("report", None)),
        *(("", None), ("|values", None), ("Values", None)),
    ],
)
def test_the_event_name_selects_the_schema(event: str, name: str | None) -> None:
    assert schemas.for_event(event) == name


@pytest.mark.parametrize(
    ("name", "text", "conforms"),
    [
        ("uuid", UUID, True),
        ("uuid", "AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE", True),
        ("uuid", UUID.replace("-", ""), False),
        ("uuid", "{" + UUID + "}", False),
        ("uuid", UUID + "\n", False),
        ("uuid", "", False),
        ("date-time", "2025-06-26T12:00:00Z", True),
        ("date-time", "2025-06-26T12:00:00.123456+00:00", True),
        ("date-time", "2025-06-26t12:00:00.123456789z", True),
        ("date-time", "2025-06-26T12:00:00", False),
        ("date-time", "2025-06-26", False),
        ("date-time", "2025-06-26 12:00:00Z", False),
        ("date-time", "2025-02-30T12:00:00Z", False),
        ("date-time", "2025-06-26T25:00:00Z", False),
        ("date-time", "٢٠٢٥-06-26T12:00:00Z", False),
        ("date-time", "now", False),
    ],
)
def test_a_format_accepts_and_rejects(name: str, text: str, conforms: bool) -> None:
    assert schemas.FORMATS.conforms(text, name) is conforms


@pytest.mark.parametrize("name", ["uuid", "date-time"])
def test_a_format_accepts_everything_but_strings(name: str) -> None:
    assert schemas.FORMATS.conforms(7, name)


def test_the_error_for_a_missing_folder_names_the_places_searched() -> None:
    with pytest.raises(FileNotFoundError, match=r"'nowhere'.*_data.nowhere .*nowhere"):
        files.folder("nowhere")


def test_the_copy_in_a_wheel_takes_precedence(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "conformance"
    monkeypatch.setattr(files, "_PACKAGE", package)
    (tmp_path / "schemas").mkdir()
    assert files.folder("schemas") == tmp_path / "schemas"
    (package / "_data" / "schemas").mkdir(parents=True)
    assert files.folder("schemas") == package / "_data" / "schemas"
