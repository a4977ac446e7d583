"""LiteLLM's own provider for Moonshot works against the reference server."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def saw(told_by: Callable[..., Any], base_url: str) -> Any:
    return told_by("litellm", "litellm_chat.py", base_url)


@pytest.mark.parametrize("step", ["chat", "asynchronous"])
class TestAChat:
    def test_is_answered(self, saw: Any, step: str) -> None:
        assert (saw(step)["content"], saw(step)["finish_reason"]) == ("hello", "stop")

    def test_bears_the_reasoning(self, saw: Any, step: str) -> None:
        assert saw(step)["reasoning"]

    def test_counts_the_tokens_of_prompt_and_answer_together(self, saw: Any, step: str) -> None:
        assert saw(step)["total"] == saw(step)["sum"] > 0


def test_a_stream_comes_in_pieces_that_make_the_answer(saw: Any, asked: Any) -> None:
    assert len(saw("stream")["content"]) > 1
    assert "".join(saw("stream")["content"]) == asked["long"]


def test_the_builder_of_streams_puts_the_answer_together(saw: Any, asked: Any) -> None:
    assert saw("stream")["built"] == asked["long"]


def test_a_stream_bears_the_reasoning(saw: Any) -> None:
    assert "".join(saw("stream")["reasoning"])


def test_a_stream_ends_once(saw: Any) -> None:
    assert saw("stream")["finish_reasons"] == ["stop"]


def test_a_stream_tells_its_usage_once(saw: Any) -> None:
    assert len(saw("stream")["usages"]) == 1


def test_a_tool_is_called_with_the_arguments_that_it_wants(saw: Any) -> None:
    assert set(saw("tools")["names"]) == {"get_weather"}
    assert all(list(arguments) == ["city"] for arguments in saw("tools")["arguments"])


def test_a_call_is_the_reason_why_an_answer_ends(saw: Any) -> None:
    assert saw("tools")["finish_reason"] == "tool_calls"


def test_the_result_of_a_tool_is_taken_and_answered(saw: Any) -> None:
    assert "18 degrees and sunny" in saw("tools")["answer"]


def test_a_structured_answer_becomes_an_object_of_the_class(saw: Any) -> None:
    assert set(saw("structured")) == {"name", "age"}


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("wrong_key", "AuthenticationError"),
        ("unknown_model", "NotFoundError"),
        ("empty_message", "BadRequestError"),
    ],
)
def test_a_refusal_is_the_exception_that_callers_catch(saw: Any, step: str, name: str) -> None:
    assert saw(step) == name
