"""How the reference server's models think, what that costs, and how an answer that was begun goes on."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client
from conformance.reference.tokens import pieces

HELLO = {"role": "user", "content": "Reply with exactly one word: hello"}
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "look_up_0", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}],
}
RESULT = {"role": "tool", "tool_call_id": "look_up_0", "content": "found"}
QUIET = {"type": "disabled"}


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=date(2026, 9, 3))) as asking:
        yield asking


def ask(api: httpx.Client, *messages: dict[str, Any], model: str = "kimi-k3", **more: Any) -> httpx.Response:
    return api.post("/chat/completions", json={"model": model, "messages": messages or [HELLO], **more})


def chat(api: httpx.Client, *messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = ask(api, *messages, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(answer: dict[str, Any]) -> str:
    return answer["choices"][0]["message"]["content"]


def reasoned(answer: dict[str, Any]) -> int:
    return answer["usage"]["completion_tokens_details"]["reasoning_tokens"]


def test_the_more_effort_the_longer_the_reasoning(api: httpx.Client) -> None:
    low, high, most = (reasoned(chat(api, reasoning_effort=effort)) for effort in ("low", "high", "max"))
    assert low < high < most


def test_the_effort_of_kimi_k3_is_the_most_unless_another_is_asked_for(api: httpx.Client) -> None:
    assert reasoned(chat(api)) == reasoned(chat(api, reasoning_effort="max"))


def test_low_effort_costs_few_tokens_of_reasoning(api: httpx.Client) -> None:
    assert reasoned(chat(api, reasoning_effort="low")) <= 6


def test_low_effort_costs_one_token_more_of_the_prompt(api: httpx.Client) -> None:
    low, usual = (chat(api, **more)["usage"]["prompt_tokens"] for more in ({"reasoning_effort": "low"}, {}))
    assert low == usual + 1


@pytest.mark.parametrize("effort", ["medium", "bogus", ""])
def test_an_unknown_effort_is_taken_as_none(api: httpx.Client, effort: str) -> None:
    assert reasoned(chat(api, reasoning_effort=effort)) == reasoned(chat(api))


def test_kimi_k3_takes_the_effort_also_in_thinking(api: httpx.Client) -> None:
    assert reasoned(chat(api, thinking={"effort": "low"})) == reasoned(chat(api, reasoning_effort="low"))


def test_the_effort_in_thinking_comes_first(api: httpx.Client) -> None:
    both = chat(api, thinking={"effort": "low"}, reasoning_effort="max")
    assert reasoned(both) == reasoned(chat(api, reasoning_effort="low"))


@pytest.mark.parametrize("thinking", [{"effort": 7}, {"effort": ["low"]}, {"effort": {}}])
def test_an_effort_of_another_type_is_taken_as_none(api: httpx.Client, thinking: dict[str, Any]) -> None:
    assert reasoned(chat(api, thinking=thinking)) == reasoned(chat(api))


def test_other_models_pay_no_heed_to_the_effort(api: httpx.Client) -> None:
    low = chat(api, model="kimi-k2.6", reasoning_effort="low")["usage"]["completion_tokens"]
    assert low == chat(api, model="kimi-k2.6")["usage"]["completion_tokens"]


@pytest.mark.parametrize(("model", "takes"), [("kimi-k3", 200), ("kimi-k2.6", 200), ("kimi-k2.7-code", 400)])
def test_not_to_think_can_be_asked_of_some_models(api: httpx.Client, model: str, takes: int) -> None:
    assert ask(api, model=model, thinking=QUIET).status_code == takes


@pytest.mark.parametrize("model", ["kimi-k3", "kimi-k2.6", "kimi-k2.7-code"])
def test_models_that_think_keep_it_when_asked(api: httpx.Client, model: str) -> None:
    assert ask(api, model=model, thinking={"keep": "all"}).status_code == 200
    assert ask(api, model=model, thinking={"keep": None}).status_code == 200


def test_a_model_without_thinking_pays_no_heed_to_it() -> None:
    with client(create_app(as_of=date(2026, 8, 1))) as api:
        answer = chat(api, model="moonshot-v1-8k", thinking={"type": "enabled", "keep": "all"})
    assert "reasoning_content" not in answer["choices"][0]["message"]


@pytest.mark.parametrize("reasoning", [{}, {"reasoning_content": None}])
def test_kimi_k26_refuses_a_call_that_comes_back_without_its_reasoning(
    api: httpx.Client, reasoning: dict[str, Any]
) -> None:
    answer = ask(api, HELLO, CALL | reasoning, RESULT, model="kimi-k2.6")
    assert answer.status_code == 400
    message = "thinking is enabled but reasoning_content is missing in assistant tool call message at index 1"
    assert answer.json() == {"error": {"message": message, "type": "invalid_request_error"}}


def test_an_empty_reasoning_will_do(api: httpx.Client) -> None:
    assert ask(api, HELLO, CALL | {"reasoning_content": ""}, RESULT, model="kimi-k2.6").status_code == 200


def test_without_thinking_no_reasoning_needs_to_come_back(api: httpx.Client) -> None:
    assert ask(api, HELLO, CALL, RESULT, model="kimi-k2.6", thinking=QUIET).status_code == 200


def test_kimi_k3_takes_a_call_without_its_reasoning(api: httpx.Client) -> None:
    assert ask(api, HELLO, CALL, RESULT).status_code == 200


def test_an_answer_goes_on_where_it_was_begun(api: httpx.Client) -> None:
    assert said(chat(api, HELLO, {"role": "assistant", "content": "hel", "partial": True})) == "lo"


def test_an_answer_that_was_begun_otherwise_goes_on_all_the_same(api: httpx.Client) -> None:
    assert said(chat(api, HELLO, {"role": "assistant", "content": "Well", "partial": True})) == " and so on."


def test_a_prefix_may_be_empty_where_a_name_is_given(api: httpx.Client) -> None:
    begun = {"role": "assistant", "content": "", "partial": True, "name": "Kelsier"}
    assert said(chat(api, HELLO, begun)) == "hello"


def test_json_goes_on_where_it_was_begun(api: httpx.Client) -> None:
    begun = {"role": "assistant", "content": '{"answer"', "partial": True}
    rest = said(chat(api, HELLO, begun, response_format={"type": "json_object"}))
    assert json.loads(begun["content"] + rest)["answer"] == HELLO["content"]


def test_a_partial_mode_at_the_top_is_ignored(api: httpx.Client) -> None:
    assert said(chat(api, partial_mode=True)) == "hello"


PICTURE = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize("kind", ["image", "video"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_pictures_and_films_are_taken_as_data(api: httpx.Client, kind: str, wrapped: bool) -> None:
    url = PICTURE if kind == "image" else "data:video/mp4;base64,AAAA"
    part = {"type": f"{kind}_url", f"{kind}_url": {"url": url} if wrapped else url}
    assert (
        said(chat(api, {"role": "user", "content": [part, {"type": "text", "text": "What is it?"}]})) == "What is it?"
    )


def test_a_picture_of_the_account_is_taken(api: httpx.Client) -> None:
    stored = api.post("/files", files={"file": ("a.png", b"x")}, data={"purpose": "image"}).json()["id"]
    part = {"type": "image_url", "image_url": {"url": f"ms://{stored}"}}
    assert ask(api, {"role": "user", "content": [part]}).status_code == 200


@pytest.mark.parametrize(
    "url", ["https://example.org/a.png", "data:image/svg+xml;base64,AAAA", "data:image/png,AAAA", "x" * 10_000]
)
def test_another_address_of_a_picture_is_refused(api: httpx.Client, url: str) -> None:
    answer = ask(api, {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]})
    message = answer.json()["error"]["message"]
    assert answer.status_code == 400
    assert message == f"Invalid request: unsupported image url: {url[:100]}"


def test_a_small_picture_costs_less_than_a_large_one(api: httpx.Client) -> None:
    def prompt(url: str) -> int:
        parts = [{"type": "image_url", "image_url": {"url": url}}]
        return chat(api, {"role": "user", "content": parts})["usage"]["prompt_tokens"]

    assert prompt(PICTURE) < prompt(PICTURE.replace("iVBORw0KGgo", "AAAA" * 1000))


@pytest.mark.parametrize("stop", ["two", ["six", "two"], ["a", "b", "c", "d", "two"]])
def test_a_stop_cuts_and_is_not_said(api: httpx.Client, stop: Any) -> None:
    asked = {"role": "user", "content": "1 one two six"}
    assert said(chat(api, asked, stop=stop)) in ("1 one ", "1 ")


def test_a_budget_below_the_reasoning_leaves_nothing_to_say(api: httpx.Client) -> None:
    answer = chat(api, max_completion_tokens=2)
    assert (said(answer), answer["choices"][0]["finish_reason"]) == ("", "length")
    assert len(pieces(answer["choices"][0]["message"]["reasoning_content"])) == 2


def test_a_cache_key_is_accepted_and_the_second_call_is_cheaper(api: httpx.Client) -> None:
    def available() -> float:
        return api.get("/users/me/balance").json()["data"]["available_balance"]

    before = available()
    chat(api, prompt_cache_key="a")
    between = available()
    assert chat(api, prompt_cache_key="a")["usage"]["cached_tokens"] > 0
    assert between - available() < before - between


def test_several_answers_need_a_temperature() -> None:
    with client(create_app(as_of=date(2026, 8, 1))) as api:
        answer = ask(api, model="moonshot-v1-8k", n=2)
        assert answer.json()["error"]["message"] == "invalid n: only 1 is allowed where the temperature is 0"
        assert len(chat(api, model="moonshot-v1-8k", n=5, temperature=0.5)["choices"]) == 5


def test_a_context_that_overflows_is_told_with_both_numbers(api: httpx.Client) -> None:
    answer = ask(api, {"role": "user", "content": "a " * 262144}, model="kimi-k2.6")
    assert answer.json()["error"]["message"] == (
        "Invalid request: Your request exceeded model token limit: 262144 (requested: 262149)"
    )


@pytest.mark.parametrize("effort", ["low", "max"])
def test_twenty_five_short_calls_of_kimi_k3_cost_less_than_two_cents(api: httpx.Client, effort: str) -> None:
    before = api.get("/users/me/balance").json()["data"]["available_balance"]
    for number in range(25):
        chat(api, {"role": "user", "content": f"Reply with exactly one word: number{number}"}, reasoning_effort=effort)
    assert before - api.get("/users/me/balance").json()["data"]["available_balance"] < 0.02
