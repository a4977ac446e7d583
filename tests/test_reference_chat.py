"""What the reference server's models say, what they use, and what that costs."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client

DAY = date(2026, 9, 3)
NOW = 1788436800
HELLO = {"role": "user", "content": "Reply with exactly one word: hello"}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 3}},
            "required": ["city", "days"],
        },
    },
}
QUIET = {"thinking": {"type": "disabled"}}


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=DAY, clock=lambda: NOW)) as asking:
        yield asking


def chat(api: httpx.Client, *messages: dict[str, Any], model: str = "kimi-k3", **more: Any) -> dict[str, Any]:
    answer = api.post("/chat/completions", json={"model": model, "messages": messages or [HELLO], **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(answer: dict[str, Any]) -> Any:
    return answer["choices"][0]["message"]["content"]


def test_a_completion_has_the_head_that_the_service_sends(api: httpx.Client) -> None:
    answer = chat(api)
    assert answer["object"] == "chat.completion"
    assert answer["created"] == NOW
    assert answer["model"] == "kimi-k3"
    assert list(answer) == ["id", "object", "created", "model", "choices", "usage"]


def test_the_id_begins_with_the_second_of_its_making(api: httpx.Client) -> None:
    name = chat(api)["id"]
    assert name.startswith(f"chatcmpl-{NOW:08x}")
    assert len(name) == len("chatcmpl-") + 24


def test_one_word_that_is_asked_for_is_said(api: httpx.Client) -> None:
    answer = chat(api)
    assert said(answer) == "hello"
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_anything_else_is_repeated(api: httpx.Client) -> None:
    assert said(chat(api, {"role": "user", "content": "Good morning, 世界."})) == "Good morning, 世界."


def test_parts_of_text_are_read_together(api: httpx.Client) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    parts = [{"type": "text", "text": "one"}, picture, {"type": "text", "text": "two"}]
    assert said(chat(api, {"role": "user", "content": parts})) == "one two"


def test_a_partial_answer_is_continued_and_not_repeated(api: httpx.Client) -> None:
    answer = chat(api, HELLO, {"role": "assistant", "content": "He", "partial": True})
    assert not said(answer).startswith("He")


def test_a_stop_ends_the_answer_before_it(api: httpx.Client) -> None:
    answer = chat(api, {"role": "user", "content": "one two three"}, stop=["two"])
    assert said(answer) == "one "
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_a_model_that_thinks_shows_its_reasoning_and_counts_it(api: httpx.Client) -> None:
    answer = chat(api)
    assert answer["choices"][0]["message"]["reasoning_content"]
    assert 0 < answer["usage"]["completion_tokens_details"]["reasoning_tokens"] < answer["usage"]["completion_tokens"]


def test_kimi_k26_told_not_to_think_has_an_empty_reasoning_of_one_token(api: httpx.Client) -> None:
    answer = chat(api, model="kimi-k2.6", **QUIET)
    assert answer["choices"][0]["message"]["reasoning_content"] == ""
    assert answer["usage"]["completion_tokens_details"] == {"reasoning_tokens": 1}


def test_kimi_k3_told_not_to_think_counts_no_reasoning(api: httpx.Client) -> None:
    assert "completion_tokens_details" not in chat(api, **QUIET)["usage"]


def test_a_model_that_cannot_think_has_no_reasoning() -> None:
    with client(create_app(as_of=date(2026, 8, 1))) as api:
        answer = chat(api, model="moonshot-v1-8k", temperature=0.3, n=2)
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert "reasoning_content" not in answer["choices"][0]["message"]


def test_the_total_is_the_sum_of_prompt_and_completion(api: httpx.Client) -> None:
    usage = chat(api)["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_longer_prompt_has_more_tokens(api: httpx.Client) -> None:
    longer = chat(api, {"role": "system", "content": "Be brief."}, HELLO)
    assert longer["usage"]["prompt_tokens"] > chat(api)["usage"]["prompt_tokens"]


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
def test_the_limit_cuts_and_reasoning_counts_first(api: httpx.Client, name: str) -> None:
    answer = chat(api, **{name: 3})
    assert (said(answer), answer["choices"][0]["finish_reason"]) == ("", "length")
    assert answer["usage"]["completion_tokens"] == 3
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 3


def test_the_limit_cuts_the_content_after_the_reasoning(api: httpx.Client) -> None:
    answer = chat(api, {"role": "user", "content": "a b c d e f"}, model="kimi-k2.6", max_completion_tokens=4, **QUIET)
    assert (said(answer), answer["choices"][0]["finish_reason"]) == ("a b c", "length")
    assert answer["usage"]["completion_tokens"] == 4


def test_a_first_prompt_tells_of_no_cache(api: httpx.Client) -> None:
    assert "cached_tokens" not in chat(api)["usage"]


def test_the_same_prompt_again_comes_from_the_cache(api: httpx.Client) -> None:
    chat(api)
    answer = api.post("/chat/completions", json={"model": "kimi-k3", "messages": [HELLO]})
    usage = answer.json()["usage"]
    assert usage["cached_tokens"] == usage["prompt_tokens_details"]["cached_tokens"] == usage["prompt_tokens"]
    assert answer.headers["Msh-Context-Cache-Token-Saved"] == str(usage["cached_tokens"])


def test_a_prompt_that_goes_on_finds_its_beginning_in_the_cache(api: httpx.Client) -> None:
    first = chat(api)["usage"]["prompt_tokens"]
    usage = chat(api, HELLO, {"role": "assistant", "content": "hello"}, {"role": "user", "content": "More."})["usage"]
    assert usage["cached_tokens"] == first < usage["prompt_tokens"]


def test_another_model_finds_nothing_in_the_cache(api: httpx.Client) -> None:
    chat(api)
    assert "cached_tokens" not in chat(api, model="kimi-k2.6")["usage"]


def test_a_tool_that_is_required_is_called_with_what_its_schema_needs(api: httpx.Client) -> None:
    answer = chat(api, tools=[WEATHER], tool_choice="required")
    (choice,) = answer["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", "")
    assert (call["index"], call["id"], call["type"]) == (0, "get_weather_0", "function")
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "text", "days": 3}


def test_a_tool_is_called_when_the_question_names_it(api: httpx.Client) -> None:
    asked = {"role": "user", "content": "Call get_weather for Paris."}
    assert chat(api, asked, tools=[WEATHER])["choices"][0]["finish_reason"] == "tool_calls"
    assert chat(api, asked, tools=[WEATHER], tool_choice="none")["choices"][0]["finish_reason"] == "stop"
    assert chat(api, HELLO, tools=[WEATHER])["choices"][0]["finish_reason"] == "stop"


def test_a_tool_of_a_system_message_is_called(api: httpx.Client) -> None:
    answer = chat(api, {"role": "system", "tools": [WEATHER]}, HELLO, tool_choice="required")
    assert answer["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "get_weather"


def test_a_function_can_be_named_when_the_model_does_not_think(api: httpx.Client) -> None:
    named = {"type": "function", "function": {"name": "get_weather"}}
    answer = chat(api, model="kimi-k2.6", tools=[WEATHER], tool_choice=named, **QUIET)
    assert answer["choices"][0]["message"]["tool_calls"][0]["id"] == "get_weather_0"


def test_the_result_of_a_tool_is_told_and_the_next_call_has_another_id(api: httpx.Client) -> None:
    asked = {"role": "user", "content": "Call get_weather for Paris."}
    called = chat(api, asked, tools=[WEATHER])["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": "get_weather_0", "content": "sunny"}
    assert said(chat(api, asked, called, result, tools=[WEATHER])) == "The tool says: sunny"
    again = chat(api, asked, called, result, tools=[WEATHER], tool_choice="required")
    assert again["choices"][0]["message"]["tool_calls"][0]["id"] == "get_weather_1"


def test_a_call_that_the_limit_cuts_is_not_made(api: httpx.Client) -> None:
    answer = chat(api, tools=[WEATHER], tool_choice="required", max_completion_tokens=22)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert "tool_calls" not in answer["choices"][0]["message"]


def test_json_mode_gives_an_object(api: httpx.Client) -> None:
    answer = chat(api, {"role": "user", "content": 'Say "x" as JSON.'}, response_format={"type": "json_object"})
    assert json.loads(said(answer)) == {"answer": 'Say "x" as JSON.'}


def test_a_json_schema_gives_compact_text_that_it_accepts(api: httpx.Client) -> None:
    schema = {
        "type": "object",
        "properties": {
            "mood": {"enum": ["good", "bad"]},
            "scores": {"type": "array", "items": {"$ref": "#/$defs/score"}},
        },
        "required": ["mood", "scores"],
        "$defs": {"score": {"type": "number"}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "mood", "schema": schema}}
    assert said(chat(api, response_format=form)) == '{"mood":"good","scores":[1]}'


@pytest.mark.parametrize(
    "ignored",
    [
        {"seed": 42}, {"metadata": {}}, {"store": True}, {"top_k": 5}, {"do_sample": True}, {"reasoning_effort": "odd"},
        {"stream_options": {"include_usage": True}}, {"temperature": 1}, {"top_p": 0.95}, {"n": 1}, {"logprobs": False},
        {"presence_penalty": 0.0}, {"stop": None}, {"thinking": {"keep": "all"}}, {"tool_choice": "auto"},
    ],
)  # fmt: skip
def test_what_is_not_known_or_already_fixed_is_accepted(api: httpx.Client, ignored: dict[str, Any]) -> None:
    assert said(chat(api, **ignored)) == "hello"


def test_a_stream_tells_the_same_in_pieces(api: httpx.Client) -> None:
    whole = chat(api)
    body = {"model": "kimi-k3", "messages": [HELLO], "stream": True, "stream_options": {"include_usage": True}}
    answer = api.post("/chat/completions", json=body)
    events = answer.text.split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert answer.headers["content-type"] == "text/event-stream"
    assert events[-2:] == ["data: [DONE]", ""]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == said(whole)
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-2]["choices"][0]["usage"] == chunks[-1]["usage"]
    assert chunks[-1]["choices"] == []
    assert len({(chunk["id"], chunk["object"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1


def test_a_streamed_call_has_its_name_first_and_its_arguments_in_pieces(api: httpx.Client) -> None:
    body = {"model": "kimi-k3", "messages": [HELLO], "stream": True, "tools": [WEATHER], "tool_choice": "required"}
    events = api.post("/chat/completions", json=body).text.split("\n\n")
    deltas = [json.loads(event.removeprefix("data: "))["choices"][0]["delta"] for event in events[:-2]]
    pieces = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert pieces[0]["function"] == {"name": "get_weather", "arguments": ""}
    assert json.loads("".join(piece["function"]["arguments"] for piece in pieces)) == {"city": "text", "days": 3}
