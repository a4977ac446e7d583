"""Which chats the reference server refuses, and in what words."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.reference import create_app
from conformance.reference.inprocess import client

HELLO = {"role": "user", "content": "hello"}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
CALLED = {"id": "look_up_0", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
CALL = {"role": "assistant", "content": "", "tool_calls": [CALLED]}
QUIET = {"type": "disabled"}


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=date(2026, 9, 3))) as asking:
        yield asking


def refused(api: httpx.Client, **members: Any) -> str:
    asked = {"model": "kimi-k3", "messages": [HELLO], **members}
    answer = api.post("/chat/completions", json={name: value for name, value in asked.items() if value is not ...})
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"]["type"] == "invalid_request_error"
    return answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("model", "members", "message"),
    [
        ("kimi-k3", {"temperature": 0.3}, "invalid temperature: only 1 is allowed for this model"),
        ("kimi-k2.7-code", {"temperature": 0}, "invalid temperature: only 1 is allowed for this model"),
        ("kimi-k2.6", {"temperature": 0.6}, "invalid temperature: only 1 is allowed for this model"),
        ("kimi-k2.6", {"temperature": 1, "thinking": QUIET}, "invalid temperature: only 0.6 is allowed for this model"),
        ("kimi-k3", {"top_p": 0.8}, "invalid top_p: only 0.95 is allowed for this model"),
        ("kimi-k3", {"n": 2}, "invalid n: only 1 is allowed for this model"),
        ("kimi-k2.6", {"presence_penalty": 0.1}, "invalid presence_penalty: only 0 is allowed for this model"),
        ("kimi-k2.6", {"frequency_penalty": -1}, "invalid frequency_penalty: only 0 is allowed for this model"),
        ("kimi-k3", {"logprobs": True}, "invalid logprobs: only false is allowed for this model"),
        ("kimi-k2.7-code", {"thinking": QUIET}, "invalid thinking: only type=enabled is allowed for this model"),
    ],
)
def test_a_parameter_that_is_fixed_for_the_model_is_refused_at_other_values(
    api: httpx.Client, model: str, members: dict[str, Any], message: str
) -> None:
    assert refused(api, model=model, **members) == message


def test_kimi_k26_takes_its_other_temperature_when_it_does_not_think(api: httpx.Client) -> None:
    body = {"model": "kimi-k2.6", "messages": [HELLO], "temperature": 0.6, "thinking": QUIET}
    assert api.post("/chat/completions", json=body).status_code == 200


def test_older_models_take_a_range() -> None:
    with client(create_app(as_of=date(2026, 8, 1))) as api:
        assert refused(api, model="moonshot-v1-8k", temperature=1.5).startswith("invalid temperature: only 0 to 1 ")
        assert refused(api, model="kimi-k2.5", thinking={"type": "enabled", "keep": "all"}).startswith(
            "invalid thinking"
        )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"top_logprobs": 3}, "Invalid request: logprobs must be set to true if top_logprobs is used"),
        ({"logit_bias": {}}, "Invalid request: logit_bias is not supported yet"),
        ({"stop": list("abcdef")}, "stop array too long. Expected an array with maximum length 5, but got 6"),
        ({"stop": "x" * 33}, "Invalid request: a stop must not be longer than 32 bytes"),
        ({"stop": [1]}, "Invalid request: stop must be a string or an array of strings"),
        ({"model": ...}, "Invalid request: model is required"),
        ({"model": "  "}, "Invalid request: model is required"),
        ({"model": 7}, "Invalid request: model must be a string"),
        ({"temperature": "1"}, "Invalid request: temperature must be a number"),
        ({"stream": "yes"}, "Invalid request: stream must be a boolean"),
        ({"max_completion_tokens": 1.5}, "Invalid request: max_completion_tokens must be an integer"),
        ({"max_completion_tokens": 0}, "Invalid request: max_completion_tokens must be at least 1"),
        ({"messages": ...}, "Invalid request: messages must not be empty"),
        ({"messages": []}, "Invalid request: messages must not be empty"),
        ({"messages": "hello"}, "Invalid request: messages must be an array"),
        (
            {"thinking": {"type": "bogus"}},
            "invalid thinking: only type=enabled or type=disabled is allowed for this model",
        ),
    ],
)
def test_a_request_that_cannot_be_is_refused_with_the_reason(
    api: httpx.Client, members: dict[str, Any], message: str
) -> None:
    assert refused(api, **members) == message


def test_more_tokens_than_the_context_holds_are_refused_with_both_numbers(api: httpx.Client) -> None:
    message = refused(api, model="kimi-k2.6", max_completion_tokens=262144)
    assert message.startswith("Invalid request: Your request exceeded model token limit: 262144 (requested: 2621")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"role": "developer", "content": "x"}, "invalid role: developer"),
        ({"role": "user"}, "message at position 0 with role 'user' must not be empty"),
        ({"role": "assistant", "content": ""}, "message at position 0 with role 'assistant' must not be empty"),
        ({"role": "user", "content": 7}, "must be a string or an array"),
        ({"role": "user", "content": [{"type": "file"}]}, "invalid part type: file"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": "https://x/y.png"}]}, "unsupported image url"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": "ms://nothing"}]}, "unsupported image url"),
        ({"role": "tool", "content": "x"}, "tool_call_id  is not found"),
        ({"role": "tool", "content": "x", "tool_call_id": "look_up_9"}, "tool_call_id look_up_9 is not found"),
        ({"role": "user", "content": "x", "partial": True}, "partial is allowed in the last assistant message only"),
        ({"role": "user", "content": "x", "tools": [TOOL]}, "tools are not allowed"),
        ({"role": "system", "content": "x", "tools": [TOOL]}, "cannot be used with content"),
        ("hello", "must be an object"),
    ],
)
def test_a_message_that_cannot_be_is_refused(api: httpx.Client, message: Any, words: str) -> None:
    assert words in refused(api, messages=[message])


def test_two_calls_with_one_id_are_refused(api: httpx.Client) -> None:
    assert refused(api, messages=[HELLO, CALL, CALL]) == "Invalid request: tool call id look_up_0 is duplicated"


def test_tools_in_messages_are_for_kimi_k3_only(api: httpx.Client) -> None:
    assert "tools are not allowed" in refused(
        api, model="kimi-k2.6", messages=[{"role": "system", "tools": [TOOL]}, HELLO]
    )


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ({}, "tools must be an array"),
        ([None], "unknown tool type: , currently only function and plugin are supported"),
        ([{**TOOL, "type": "bogus"}], "unknown tool type: bogus"),
        ([{"type": "function"}], "function name is invalid"),
        ([{"type": "function", "function": {"name": "1bad"}}], "function name is invalid: 1bad"),
        ([{"type": "function", "function": {"name": "x" * 257}}], "function name is invalid"),
        ([{"type": "function", "function": {"name": "x", "parameters": []}}], "parameters of the function x"),
        ([{"type": "function", "function": {"name": "x", "strict": 1}}], "strict of the function x"),
        ([TOOL, TOOL], "function name look_up is duplicated"),
    ],
)
def test_a_tool_that_cannot_be_is_refused(api: httpx.Client, tools: Any, words: str) -> None:
    assert words in refused(api, tools=tools)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"tool_choice": "bogus", "tools": [TOOL]}, "invalid tool_choice: bogus"),
        ({"tool_choice": "required"}, "tool_choice 'required' needs tools"),
        ({"tool_choice": "required", "tools": []}, "tool_choice 'required' needs tools"),
        (
            {"tool_choice": {"type": "function", "function": {"name": "look_up"}}, "tools": [TOOL]},
            "tool_choice 'specified' is incompatible with thinking enabled",
        ),
        (
            {"model": "kimi-k2.6", "tool_choice": "required", "tools": [TOOL]},
            "tool_choice 'required' is incompatible with thinking enabled",
        ),
        (
            {
                "model": "kimi-k2.6",
                "tool_choice": {"type": "function", "function": {"name": "x"}},
                "tools": [TOOL],
                "thinking": QUIET,
            },
            "names the unknown function x",
        ),
    ],
)
def test_a_choice_of_tool_that_cannot_be_is_refused(api: httpx.Client, members: dict[str, Any], words: str) -> None:
    assert words in refused(api, **members)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"type": "bogus"}, "unsupported response_format type: bogus"),
        ({"type": "json_schema"}, "response_format needs json_schema"),
        ({"type": "json_schema", "json_schema": {"schema": {}}}, "needs a name"),
        ({"type": "json_schema", "json_schema": {"name": "x"}}, "schema must be an object"),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": "{}"}}, "schema must be an object"),
        (
            {"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "strict": "yes"}},
            "strict must be a boolean",
        ),
    ],
)
def test_a_format_that_cannot_be_is_refused(api: httpx.Client, form: dict[str, Any], words: str) -> None:
    assert words in refused(api, response_format=form)


@pytest.mark.parametrize("model", ["kimi-nonexistent", "kimi-k2.5"])
def test_an_unknown_or_retired_model_is_not_found(api: httpx.Client, model: str) -> None:
    answer = api.post("/chat/completions", json={"model": model, "messages": [HELLO]})
    message = f"Not found the model {model} or Permission denied"
    assert answer.status_code == 404
    assert answer.json() == {"error": {"message": message, "type": "resource_not_found_error"}}


@pytest.mark.parametrize(("body", "error"), [(b"", "EOF"), (b'{"model":', None), (b"NaN", None), (b"\xff", None)])
def test_a_body_that_is_no_json_is_refused_by_the_gateway(api: httpx.Client, body: bytes, error: str | None) -> None:
    answer = api.post("/chat/completions", content=body)
    told = answer.json()
    assert answer.status_code == 400
    assert list(told) == ["code", "error", "message", "scode", "status"]
    assert (told["code"], told["scode"], told["status"], told["message"]) == (3, "0x3", False, "非法输入")
    assert isinstance(told["error"], str)
    assert error is None or told["error"] == error


MEMBERS = (
    "messages", "tools", "tool_choice", "response_format", "thinking", "reasoning_effort", "stop", "stream",
    "stream_options", "max_tokens", "temperature", "n", "top_logprobs", "prompt_cache_key",
)  # fmt: skip
INNER = (
    "role", "content", "type", "function", "name", "parameters", "tools", "tool_calls", "tool_call_id", "id", "partial",
    "text", "image_url", "url", "effort", "keep", "json_schema", "schema", "strict", "reasoning_content", "arguments",
)  # fmt: skip
WORDS = (
    "user", "assistant", "tool", "system", "text", "image_url", "function", "auto", "required", "json_schema", "low",
    "disabled", "all", "", "\ud800",
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers(-2, 9) | st.floats(0, 1) | st.sampled_from(WORDS)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER), inner, max_size=5),
    max_leaves=25,
)


@given(
    model=st.sampled_from(["kimi-k3", "kimi-k2.6", "kimi-k2.7-code"]),
    asked=st.dictionaries(st.sampled_from(MEMBERS), ANYTHING, max_size=4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_whatever_is_asked_gets_an_answer_or_a_refusal(api: httpx.Client, model: str, asked: dict[str, Any]) -> None:
    body = {"model": model, "messages": [HELLO], **asked}
    assert api.post("/chat/completions", content=json.dumps(body)).status_code in (200, 400)


def test_json_that_is_no_object_is_refused_by_the_api(api: httpx.Client) -> None:
    answer = api.post("/chat/completions", content=json.dumps([1]))
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"messages": [HELLO | {"name": 7}]},
            "Invalid request: name of the message at position 0 must be a string",
        ),
        (
            {"messages": [HELLO | {"reasoning_content": {}}]},
            "Invalid request: reasoning_content of the message at position 0 must be a string",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "look_up", "description": 0}}]},
            "Invalid request: description of the function look_up must be a string",
        ),
        (
            {"stream_options": {"include_usage": 0}},
            "Invalid request: include_usage of stream_options must be a boolean",
        ),
        ({"max_completion_tokens": 8, "max_tokens": 0}, "Invalid request: max_tokens must be at least 1"),
        (
            {"prediction": {"type": 0, "content": "a"}},
            "Invalid request: invalid prediction type: 0, only content is supported",
        ),
        (
            {"prediction": {"type": "content", "content": [0]}},
            "Invalid request: content of prediction must be a string or an array of parts",
        ),
    ],
)
def test_what_the_schema_of_a_chat_says_is_wrong_is_refused(api: httpx.Client, members: Any, message: str) -> None:
    assert refused(api, **members) == message


@pytest.mark.parametrize(
    "members",
    [
        {"response_format": {}},
        {"stream_options": {"include_usage": None}},
        {"messages": [HELLO | {"name": None, "reasoning_content": None}]},
        {"prediction": {"type": "content", "content": "a"}},
    ],
)
def test_what_is_null_or_has_a_default_is_not(api: httpx.Client, members: Any) -> None:
    assert api.post("/chat/completions", json={"model": "kimi-k3", "messages": [HELLO], **members}).status_code == 200


@pytest.mark.parametrize("model", ["moonshotai/kimi-k2.6", "moonshot/kimi-k2-6"])
def test_an_id_of_a_gateway_is_a_model_that_does_not_exist(api: httpx.Client, model: str) -> None:
    answer = api.post("/chat/completions", json={"model": model, "messages": [{"role": "user", "content": "Hello"}]})
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (404, "resource_not_found_error")
    assert model in error["message"]
