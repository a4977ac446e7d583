"""LangChain's package for OpenAI works against the reference server."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def saw(told_by: Callable[..., Any], base_url: str) -> Any:
    return told_by("langchain", "langchain_chat.py", base_url)


@pytest.mark.parametrize("step", ["chat", "asynchronous"])
class TestAChat:
    def test_is_answered(self, saw: Any, step: str) -> None:
        assert (saw(step)["content"], saw(step)["finish_reason"]) == ("hello", "stop")

    def test_counts_the_tokens_of_prompt_and_answer_together(self, saw: Any, step: str) -> None:
        assert saw(step)["total"] == saw(step)["sum"] > 0

    def test_counts_the_tokens_of_the_reasoning(self, saw: Any, step: str) -> None:
        assert saw(step)["reasoning_tokens"] > 0


def test_a_stream_comes_in_pieces_that_make_the_answer(saw: Any, asked: Any) -> None:
    assert len(saw("stream")["content"]) > 1
    assert "".join(saw("stream")["content"]) == asked["long"]


def test_a_stream_tells_why_it_ended(saw: Any) -> None:
    assert saw("stream")["finish_reason"] == "stop"


def test_a_stream_tells_its_usage(saw: Any) -> None:
    assert saw("stream")["total"] > 0


def test_a_tool_is_called_with_the_arguments_that_it_wants(saw: Any) -> None:
    assert set(saw("tools")["names"]) == {"get_weather"}
    assert all(list(arguments) == ["city"] for arguments in saw("tools")["arguments"])


def test_no_call_is_malformed(saw: Any) -> None:
    assert saw("tools")["invalid"] == []


def test_the_result_of_a_tool_is_taken_and_answered(saw: Any) -> None:
    assert "18 degrees and sunny" in saw("tools")["answer"]


@pytest.mark.parametrize("step", ["structured", "structured_by_a_call"])
def test_a_structured_answer_becomes_an_object_of_the_class(saw: Any, step: str) -> None:
    assert set(saw(step)) == {"name", "age"}


def test_a_wrong_key_is_the_exception_that_callers_catch(saw: Any) -> None:
    assert "AuthenticationError" in saw("wrong_key")
