"""Which schemas of tools and answers the reference server takes, and what values it makes of them."""

import json
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.reference import create_app, mfjs, patterns
from conformance.reference.answers import Refused
from conformance.reference.inprocess import client
from conformance.reference.instances import instance

HELLO = {"role": "user", "content": "hello"}
LEFT_OUT = (
    "title", "$comment", "format", "prefixItems", "unevaluatedItems", "exclusiveMinimum", "exclusiveMaximum",
    "minContains", "maxContains", "$schema", "const", "examples", "a_keyword_of_nobody",
)  # fmt: skip
DAY = date(2026, 9, 3)
EASED = date(2026, 9, 21)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["type", "properties", "items", "anyOf", "$ref", "$defs", "enum", "required", "minimum",
                         "minLength", "maxLength", "minItems", "pattern", "x"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=DAY)) as asking:
        yield asking


def chat(api: httpx.Client, schema: Any, **more: Any) -> httpx.Response:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, **more}}
    return api.post("/chat/completions", json={"model": "kimi-k3", "messages": [HELLO], "response_format": form})


def call(api: httpx.Client, parameters: Any) -> httpx.Response:
    tool = {"type": "function", "function": {"name": "x", "parameters": parameters}}
    asked = {"model": "kimi-k3", "messages": [HELLO], "tools": [tool], "tool_choice": "required"}
    return api.post("/chat/completions", json=asked)


def broken(schema: dict[str, Any], day: date = DAY) -> str:
    with pytest.raises(Refused) as refused:
        mfjs.check(schema, "x", day)
    return refused.value.answer.body["error"]["message"]


@pytest.mark.parametrize("ask", [chat, call])
def test_a_schema_that_is_refused_is_so_in_answers_and_tools(ask: Any, api: httpx.Client) -> None:
    answer = ask(api, {"type": "object", "properties": {"day": {"type": "date"}}})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    message = answer.json()["error"]["message"]
    assert message.startswith("Invalid request: ")
    assert message.endswith("<At path 'properties.day': invalid type in type: date>")


def test_a_schema_in_a_system_message_is_held_to_the_same(api: httpx.Client) -> None:
    tool = {"type": "function", "function": {"name": "x", "parameters": {"properties": []}}}
    asked = {"model": "kimi-k3", "messages": [{"role": "system", "tools": [tool]}, HELLO]}
    message = api.post("/chat/completions", json=asked).json()["error"]["message"]
    assert "tools.function.parameters is not a valid moonshot flavored json schema" in message


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": 7}, "At path 'root': type must be of type string or array"),
        ({"type": []}, "type cannot be empty"),
        ({"type": [{}]}, "invalid type in type: {}"),
        ({"properties": []}, "properties must be of type object"),
        ({"properties": {"a": True}}, "At path 'properties.a': a schema must be an object"),
        ({"required": "a"}, "required must be of type array"),
        ({"required": [1]}, "items in required array must be strings"),
        ({"enum": []}, "enum cannot be empty"),
        ({"anyOf": []}, "anyOf cannot be empty"),
        ({"anyOf": [{"enum": 1}]}, "At path 'anyOf.0': enum must be of type array"),
        ({"items": [{"type": "string"}]}, "items must be of type object"),
        ({"additionalProperties": {"type": "odd"}}, "At path 'additionalProperties': invalid type"),
        ({"items": {"$ref": "https://elsewhere.invalid/x"}}, "At path 'items': $ref must be a reference that starts"),
        ({"$ref": "#/$defs/a"}, "invalid $ref path: #/$defs/a"),
        ({"$defs": {"a/b": {}}}, "$defs property names cannot contain '/'"),
    ],
)
def test_what_is_written_wrongly_is_refused_with_its_place(schema: dict[str, Any], words: str) -> None:
    assert words in broken(schema)
    assert words in broken(schema, EASED)


CONTRADICTING = [
    ({"anyOf": [{}], "type": "object"}, "when using anyOf, type should be defined in anyOf items"),
    (
        {"$defs": {"a": {}}, "$ref": "#/$defs/a", "type": "object"},
        "when using $ref, type should be defined in the referenced schema",
    ),
    ({"required": ["a"]}, "required property a is not defined in properties"),
    ({"type": "object", "enum": ["move"]}, "enum value (move) does not match any type in [object]"),
    ({"type": "integer", "enum": [True]}, "enum value (True) does not match any type in [integer]"),
]


@pytest.mark.parametrize(("schema", "words"), CONTRADICTING)
def test_what_contradicts_itself_is_refused_until_that_was_eased(schema: dict[str, Any], words: str) -> None:
    assert words in broken(schema)
    mfjs.check(schema, "x", EASED)


@pytest.mark.parametrize("keyword", LEFT_OUT)
def test_what_the_flavour_leaves_out_is_taken_and_dropped(api: httpx.Client, keyword: str) -> None:
    assert chat(api, {"type": "object", "properties": {"a": {"type": "string", keyword: 1}}}).status_code == 200


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {name: {"type": "string"} for name in ("type", "title", "$schema")}},
        {"$defs": {"a": {"enum": ["x", "y"]}}, "$ref": "#/$defs/a"},
        {"properties": {"a": {"enum": [1, 2.5]}, "b": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
        {"default": {"type": "odd"}, "additionalProperties": False},
        {"type": "object", "properties": {"a": {"$defs": {}, "enum": [None, "a", 1]}}},
    ],
)
def test_other_schemas_are_taken(api: httpx.Client, schema: dict[str, Any]) -> None:
    assert chat(api, schema).status_code == 200


SCHEMAS: list[dict[str, Any]] = [
    {"const": 7},
    {"enum": ["b", "a"]},
    {"anyOf": [{"type": "integer", "minimum": 12}, {"type": "null"}]},
    {"type": ["string", "null"], "minLength": 9},
    {"type": "string", "maxLength": 2},
    {"type": "string", "pattern": r"^[A-Z]{2,3}-\d{4}$"},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 3},
    {"type": "array", "items": {"type": "boolean"}, "maxItems": 0},
    {"type": "integer", "minimum": 2.5},
    {"type": "number", "maximum": -4},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["a"], "$defs": {"a": {"const": "x"}}},
    {"properties": {"a": {"type": "object", "properties": {"b": {"type": "null"}}, "required": ["b"]}}},
    {"type": "object", "properties": {"deeper": {"$ref": "#"}}},
]


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("strict", [True, False])
def test_an_answer_obeys_the_schema_that_it_was_given(api: httpx.Client, schema: dict[str, Any], strict: bool) -> None:
    choice = chat(api, schema, strict=strict).json()["choices"][0]
    jsonschema.validate(json.loads(choice["message"]["content"]), schema)
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize("schema", [schema for schema in SCHEMAS if "$defs" not in schema])
def test_arguments_obey_what_the_tool_declares(api: httpx.Client, schema: dict[str, Any]) -> None:
    parameters = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    choice = call(api, parameters).json()["choices"][0]
    arguments = json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"])
    jsonschema.validate(arguments, parameters)


def test_lists_of_objects_of_lists_have_what_each_of_them_needs(api: httpx.Client) -> None:
    part = {"type": "object", "properties": {"parts": {"type": "array", "items": {"$ref": "#/$defs/leaf"}}}}
    leaf = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    items = {"anyOf": [{"$ref": "#/$defs/part"}]}
    schema = {
        "type": "object",
        "properties": {"tree": {"type": "array", "items": items}},
        "$defs": {"leaf": leaf, "part": part | {"required": ["parts"]}},
    }
    assert json.loads(chat(api, schema).json()["choices"][0]["message"]["content"]) == {
        "tree": [{"parts": [{"name": "text"}]}]
    }


def test_a_schema_that_needs_itself_without_end_is_refused(api: httpx.Client) -> None:
    many = {f"p{number}": {"$ref": "#"} for number in range(50)}
    answer = chat(api, {"type": "object", "properties": many, "required": list(many)})
    assert (answer.status_code, "recursive without an end" in answer.text) == (400, True)


def test_one_that_may_end_is_answered(api: httpx.Client) -> None:
    parts = {"type": "array", "items": {"$ref": "#"}}
    chain = {"anyOf": [{"$ref": "#"}, {"type": "null"}]}
    assert chat(api, {"type": "object", "properties": {"parts": parts, "next": chain}}).status_code == 200


def test_a_strict_answer_has_no_line_break_and_no_blank(api: httpx.Client) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "array"}}}
    assert chat(api, schema).json()["choices"][0]["message"]["content"] == '{"a":"text","b":["text"]}'


def test_a_text_is_taken_from_the_question_where_it_says_so() -> None:
    schema = {"properties": {"city": {"type": "string"}, "time_zone": {"type": "string"}, "day": {"type": "string"}}}
    made = instance(schema, "Weather for the city of Paris in the time zone of Europe, on the day of departure")
    assert made == {"city": "Paris", "time_zone": "Europe", "day": "text"}


@given(JSON, st.text())
def test_no_schema_breaks_the_server(schema: Any, asked: str) -> None:
    held = {"properties": {"a": schema}} if not isinstance(schema, dict) else schema
    json.dumps(instance(held, asked))
    with suppress(Refused):
        mfjs.check(held, "x", DAY)


@given(st.text(alphabet="ab1-_.\\dDwWs[]{}(),+*?|^$é", max_size=12))
def test_a_text_that_is_made_of_a_pattern_matches_it(pattern: str) -> None:
    made = patterns.matching(pattern)
    if made is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            known = re.compile(pattern)
        except re.error:
            return
    assert known.search(made)


@pytest.mark.parametrize("pattern", ["a|b", "(ab)+", "[^a]", r"\bx", "a{", "[", r"\1"])
def test_a_pattern_that_is_not_simple_is_left_alone(pattern: str) -> None:
    assert patterns.matching(pattern) is None
