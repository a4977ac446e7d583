"""Which tools the reference server's models call, with which arguments, and what they make of the results."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client

DAY = date(2026, 9, 3)
HELLO = {"role": "user", "content": "hello"}
BOTH = {"role": "user", "content": "Call get_time, and get_weather for the city of Paris."}
QUIET = {"thinking": {"type": "disabled"}}


def tool(name: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


WEATHER = tool("get_weather", city={"type": "string"})
TIME = tool("get_time", zone={"type": "string"})
NAMED = {"type": "function", "function": {"name": "get_weather"}}


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=DAY)) as asking:
        yield asking


def chat(api: httpx.Client, *messages: dict[str, Any], model: str = "kimi-k3", **more: Any) -> dict[str, Any]:
    answer = api.post("/chat/completions", json={"model": model, "messages": messages, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]


def calls(choice: dict[str, Any]) -> list[tuple[int, str, dict[str, Any]]]:
    told = choice["message"].get("tool_calls", [])
    return [(call["index"], call["id"], json.loads(call["function"]["arguments"])) for call in told]


def refused(api: httpx.Client, *messages: dict[str, Any], model: str = "kimi-k3", **more: Any) -> str:
    answer = api.post("/chat/completions", json={"model": model, "messages": messages, **more})
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]["message"]


def result(name: str, text: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": name, "content": text}


def called(*names: str, **more: Any) -> dict[str, Any]:
    made = [{"id": name, "type": "function", "function": {"name": "get_weather", "arguments": "{}"}} for name in names]
    return {"role": "assistant", "content": "", "tool_calls": made, **more}


def test_every_tool_that_is_named_is_called_in_the_order_of_its_mention(api: httpx.Client) -> None:
    choice = chat(api, BOTH, tools=[WEATHER, TIME])
    assert choice["finish_reason"] == "tool_calls"
    assert calls(choice) == [(0, "get_time_0", {"zone": "text"}), (1, "get_weather_1", {"city": "Paris"})]


def test_a_name_within_a_longer_one_is_no_mention(api: httpx.Client) -> None:
    choice = chat(api, BOTH, tools=[tool("get"), tool("weather"), TIME])
    assert [name for _, name, _ in calls(choice)] == ["get_time_0"]


def test_one_call_is_made_where_a_call_is_required(api: httpx.Client) -> None:
    assert [name for _, name, _ in calls(chat(api, BOTH, tools=[WEATHER, TIME], tool_choice="required"))] == [
        "get_time_0"
    ]
    assert [name for _, name, _ in calls(chat(api, HELLO, tools=[WEATHER, TIME], tool_choice="required"))] == [
        "get_weather_0"
    ]


def test_a_function_that_is_chosen_by_name_is_called_alone(api: httpx.Client) -> None:
    choice = chat(api, BOTH, model="kimi-k2.6", tools=[TIME, WEATHER], tool_choice=NAMED, **QUIET)
    assert [name for _, name, _ in calls(choice)] == ["get_weather_0"]


def test_a_function_may_bear_the_name_of_a_choice(api: httpx.Client) -> None:
    choice = chat(api, HELLO, tools=[tool("required"), tool("none")], tool_choice="required")
    assert [name for _, name, _ in calls(choice)] == ["required_0"]


@pytest.mark.parametrize("model", ["kimi-k3", "kimi-k2.7-code", "kimi-k2.6"])
def test_no_model_takes_a_named_choice_while_it_thinks(api: httpx.Client, model: str) -> None:
    message = refused(api, HELLO, model=model, tools=[WEATHER], tool_choice=NAMED)
    assert message == "tool_choice 'specified' is incompatible with thinking enabled"


def test_older_models_cannot_be_made_to_call() -> None:
    with client(create_app(as_of=date(2026, 8, 1))) as api:
        message = refused(api, HELLO, model="moonshot-v1-8k", tools=[WEATHER], tool_choice="required")
    assert message == "Invalid request: tool_choice 'required' is not supported by the model moonshot-v1-8k"


@pytest.mark.parametrize("choice", ["auto", "none"])
def test_auto_and_none_need_no_tools(api: httpx.Client, choice: str) -> None:
    assert chat(api, HELLO, tool_choice=choice)["finish_reason"] == "stop"


def test_results_are_told_and_no_tool_is_called_again(api: httpx.Client) -> None:
    first = chat(api, BOTH, tools=[WEATHER, TIME])["message"]
    choice = chat(
        api, BOTH, first, result("get_time_0", "noon"), result("get_weather_1", "sunny"), tools=[WEATHER, TIME]
    )
    assert (choice["finish_reason"], choice["message"]["content"]) == ("stop", "The tool says: noon sunny")


def test_a_result_may_be_parts_of_text(api: httpx.Client) -> None:
    choice = chat(api, HELLO, called("a"), result("a", [{"type": "text", "text": "sunny"}]), tools=[WEATHER])
    assert choice["message"]["content"] == "The tool says: sunny"


def test_a_question_after_the_result_is_answered_with_calls_again(api: httpx.Client) -> None:
    choice = chat(api, BOTH, called("get_weather_0"), result("get_weather_0", "sunny"), BOTH, tools=[WEATHER])
    assert [name for _, name, _ in calls(choice)] == ["get_weather_1"]


def test_no_id_is_made_that_the_conversation_already_has(api: httpx.Client) -> None:
    choice = chat(api, BOTH, called("get_weather_1"), result("get_weather_1", "sunny"), BOTH, tools=[WEATHER])
    assert [name for _, name, _ in calls(choice)] == ["get_weather_2"]


@pytest.mark.parametrize(
    "name", ["functions.get_weather:0", "get_weather:0", "get_weather_0", "call_6a996bee", "web_search:12", ""]
)
def test_ids_of_every_form_that_was_seen_are_taken_in_the_history(api: httpx.Client, name: str) -> None:
    assert chat(api, HELLO, called(name), result(name, "sunny"))["message"]["content"] == "The tool says: sunny"


@pytest.mark.parametrize("message", [{"role": "tool", "content": "x"}, result("", "x")])
def test_a_result_without_the_id_of_a_call_is_refused(api: httpx.Client, message: dict[str, Any]) -> None:
    assert refused(api, HELLO, called("a"), message) == "Invalid request: tool_call_id  is not found"


def test_a_missing_id_is_not_the_empty_one(api: httpx.Client) -> None:
    assert "tool_call_id  is not found" in refused(api, HELLO, called(""), {"role": "tool", "content": "x"})


def test_the_built_in_search_is_called_with_what_it_costs(api: httpx.Client) -> None:
    search = {"type": "builtin_function", "function": {"name": "$web_search"}}
    choice = chat(api, {"role": "user", "content": "Use $web_search."}, model="kimi-k2.6", tools=[search])
    ((_, name, arguments),) = calls(choice)
    assert name == "$web_search_0"
    assert arguments["usage"]["total_tokens"] > 0


SYSTEM = {"role": "system", "content": "", "tools": [WEATHER]}


@pytest.mark.parametrize(
    "conversation",
    [[SYSTEM, BOTH], [BOTH, {"role": "assistant", "content": "Yes."}, SYSTEM, BOTH], [BOTH, SYSTEM],
     [SYSTEM, {"role": "system", "tools": [TIME]}, BOTH]],
)  # fmt: skip
def test_kimi_k3_takes_tools_in_any_system_message(api: httpx.Client, conversation: list[dict[str, Any]]) -> None:
    choice = chat(api, *conversation, tool_choice="required")
    assert choice["message"]["tool_calls"][0]["function"]["name"] in ("get_weather", "get_time")


def test_a_tool_may_lack_parameters(api: httpx.Client) -> None:
    bare = {"type": "function", "function": {"name": "get_weather"}}
    assert calls(chat(api, {"role": "system", "tools": [bare]}, BOTH)) == [(0, "get_weather_0", {})]


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ([{"function": {"name": "x"}}], "unknown tool type: ,"),
        ([{"type": "function"}], "function name is invalid"),
        ([{"type": "function", "function": {}}], "function name is invalid"),
        ([tool("1bad_name")], "function name is invalid: 1bad_name"),
        ([tool("bad@name")], "function name is invalid: bad@name"),
        ([tool("")], "function name is invalid"),
        ([tool("x" * 257)], "function name is invalid"),
        ([{**WEATHER, "type": "builtin_function"}], "unknown tool type: builtin_function"),
        ([WEATHER, {**TIME, "type": "bogus"}], "unknown tool type: bogus"),
        ("get_weather", "tools must be an array"),
        ([None], "unknown tool type: ,"),
        ([WEATHER, WEATHER], "function name get_weather is duplicated"),
    ],
)
def test_a_tool_in_a_message_that_cannot_be_is_refused(api: httpx.Client, tools: Any, words: str) -> None:
    assert words in refused(api, {"role": "system", "content": "", "tools": tools}, HELLO)


def test_a_name_stands_once_in_messages_and_request_together(api: httpx.Client) -> None:
    assert "function name get_weather is duplicated" in refused(api, SYSTEM, HELLO, tools=[WEATHER])
    assert "function name get_weather is duplicated" in refused(api, SYSTEM, SYSTEM, HELLO)


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_tools_in_another_message_than_a_system_message_are_refused(api: httpx.Client, role: str) -> None:
    assert "tools are not allowed" in refused(api, HELLO, {"role": role, "content": "", "tools": [WEATHER]}, HELLO)
