"""The OpenAI SDK for JavaScript works against the reference server, unchanged."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def saw(told_by: Callable[..., Any], base_url: str) -> Any:
    return told_by("node", "npm_openai.cjs", base_url)


def test_it_lists_the_models(saw: Any) -> None:
    assert "kimi-k3" in saw("models")


def test_it_reads_the_answer(saw: Any) -> None:
    assert (saw("chat")["content"], saw("chat")["finish_reason"]) == ("hello", "stop")


def test_it_finds_the_reasoning_beside_the_answer(saw: Any) -> None:
    assert saw("chat")["reasoning"]


def test_it_counts_the_tokens_of_prompt_and_answer_together(saw: Any) -> None:
    assert saw("chat")["total"] == saw("chat")["sum"] > 0


def test_a_stream_comes_in_pieces_that_make_the_answer(saw: Any, asked: Any) -> None:
    assert len(saw("stream")["content"]) > 1
    assert "".join(saw("stream")["content"]) == asked["long"]


def test_a_stream_bears_the_reasoning(saw: Any) -> None:
    assert "".join(saw("stream")["reasoning"])


def test_a_stream_ends_once(saw: Any) -> None:
    assert saw("stream")["finish_reasons"] == ["stop"]


def test_a_stream_tells_its_usage_once_if_it_is_asked_to(saw: Any) -> None:
    assert len(saw("stream")["usages"]) == 1


def test_the_stream_helper_puts_the_answer_together(saw: Any, asked: Any) -> None:
    assert saw("stream_helper") == {"content": asked["long"], "finish_reason": "stop"}


@pytest.mark.parametrize("step", ["tools", "tools_streamed"])
class TestTheRunnerOfTools:
    def test_calls_the_function_with_the_arguments_that_it_wants(self, saw: Any, step: str) -> None:
        assert saw(step)["cities"]
        assert all(isinstance(city, str) for city in saw(step)["cities"])

    def test_sends_the_result_and_is_answered(self, saw: Any, step: str) -> None:
        assert "18 degrees and sunny" in saw(step)["answer"]


def test_a_structured_answer_is_accepted_by_its_schema(saw: Any) -> None:
    assert set(saw("parsed")) == {"name", "age", "languages"}


@pytest.mark.parametrize(
    ("step", "name", "status", "kind"),
    [
        ("wrong_key", "AuthenticationError", 401, "invalid_authentication_error"),
        ("unknown_model", "NotFoundError", 404, "resource_not_found_error"),
        ("wrong_temperature", "BadRequestError", 400, "invalid_request_error"),
    ],
)
def test_a_refusal_is_an_exception_with_its_status_and_type(
    saw: Any, step: str, name: str, status: int, kind: str
) -> None:
    assert (saw(step)["class"], saw(step)["status"], saw(step)["type"]) == (name, status, kind)
