"""The OpenAI SDK for Python chats with the reference server, unchanged."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def saw(told_by: Callable[..., Any], base_url: str) -> Any:
    return told_by("openai", "openai_chat.py", base_url)


def test_it_lists_the_models(saw: Any) -> None:
    assert {"kimi-k3", "kimi-k2.6"} <= set(saw("models")["ids"])


def test_everything_in_the_list_is_a_model(saw: Any) -> None:
    assert saw("models")["kinds"] == ["model"]


def test_it_reads_the_answer_of_the_assistant(saw: Any) -> None:
    assert (saw("chat")["role"], saw("chat")["content"]) == ("assistant", "hello")


def test_it_is_answered_by_the_model_that_it_asked(saw: Any) -> None:
    assert saw("chat")["model"] == "kimi-k3"


def test_it_sees_that_the_answer_is_whole(saw: Any) -> None:
    assert saw("chat")["finish_reason"] == "stop"


def test_it_finds_the_reasoning_beside_the_answer(saw: Any) -> None:
    assert saw("chat")["reasoning"]


def test_it_counts_the_tokens_of_prompt_and_answer_together(saw: Any) -> None:
    assert saw("chat")["total"] == saw("chat")["sum"] > 0


def test_it_sees_that_an_answer_was_cut(saw: Any) -> None:
    assert saw("cut") == {"finish_reason": "length", "tokens": 2}


@pytest.mark.parametrize("step", ["stream", "stream_with_usage"])
class TestAStream:
    def test_comes_in_pieces_that_make_the_answer(self, saw: Any, step: str, asked: Any) -> None:
        assert len(saw(step)["content"]) > 1
        assert "".join(saw(step)["content"]) == asked["long"]

    def test_bears_the_reasoning(self, saw: Any, step: str) -> None:
        assert "".join(saw(step)["reasoning"])

    def test_tells_the_role_once(self, saw: Any, step: str) -> None:
        assert saw(step)["roles"] == ["assistant"]

    def test_ends_once(self, saw: Any, step: str) -> None:
        assert saw(step)["finish_reasons"] == ["stop"]

    def test_has_one_id(self, saw: Any, step: str) -> None:
        assert len(saw(step)["ids"]) == 1

    def test_tells_its_usage_on_the_choice_that_ends(self, saw: Any, step: str) -> None:
        assert len(saw(step)["choice_usages"]) == 1


def test_a_stream_tells_its_usage_where_the_sdk_looks_for_it_if_it_is_asked_to(saw: Any) -> None:
    assert saw("stream_with_usage")["usages"] == saw("stream_with_usage")["choice_usages"]


def test_only_the_last_chunk_has_no_choices_if_the_usage_is_asked_for(saw: Any) -> None:
    assert saw("stream_with_usage")["without_choices"] == [saw("stream_with_usage")["chunks"]]


def test_a_stream_that_is_not_asked_for_its_usage_has_choices_in_every_chunk(saw: Any) -> None:
    assert (saw("stream")["usages"], saw("stream")["without_choices"]) == ([], [])


def test_the_stream_helper_puts_the_answer_together(saw: Any, asked: Any) -> None:
    assert (saw("stream_helper")["content"], saw("stream_helper")["finish_reason"]) == (asked["long"], "stop")


def test_the_stream_helper_tells_pieces_and_then_the_whole_content(saw: Any) -> None:
    kinds = saw("stream_helper")["kinds"]
    assert kinds.count("content.done") == 1
    assert "content.delta" not in kinds[kinds.index("content.done") :]


def test_the_stream_helper_keeps_the_usage(saw: Any) -> None:
    assert saw("stream_helper")["total"] > 0


@pytest.mark.parametrize("step", ["tools", "tool_required", "tools_streamed"])
class TestACallOfATool:
    def test_names_the_function(self, saw: Any, step: str) -> None:
        assert set(saw(step)["names"]) == {"get_weather"}

    def test_has_the_arguments_that_the_function_wants(self, saw: Any, step: str) -> None:
        for arguments in saw(step)["arguments"]:
            assert list(arguments) == ["city"]
            assert isinstance(arguments["city"], str)

    def test_has_an_id_of_its_own(self, saw: Any, step: str) -> None:
        ids = saw(step)["call_ids"]
        assert all(ids)
        assert len(set(ids)) == len(ids)


def test_a_call_is_the_reason_why_an_answer_ends(saw: Any) -> None:
    assert (saw("tools")["finish_reason"], saw("tools_streamed")["finish_reason"]) == ("tool_calls", "tool_calls")


def test_the_result_of_a_tool_is_taken_and_answered(saw: Any) -> None:
    assert "18 degrees and sunny" in saw("tools")["answer"]
    assert saw("tools")["answer_finish_reason"] == "stop"


def test_no_tool_is_called_where_none_may_be(saw: Any) -> None:
    assert not saw("tool_required")["without"]


def test_the_stream_helper_tells_when_the_arguments_are_whole(saw: Any) -> None:
    kinds = saw("tools_streamed")["kinds"]
    assert kinds.count("tool_calls.function.arguments.done") == len(saw("tools_streamed")["names"])


def test_a_structured_answer_becomes_an_object_of_the_class(saw: Any) -> None:
    assert saw("parsed")["is_person"]


def test_a_structured_answer_has_the_members_of_the_class_only(saw: Any) -> None:
    assert set(saw("parsed")["content"]) == {"name", "age", "languages"}


def test_a_streamed_structured_answer_becomes_an_object_of_the_class(saw: Any) -> None:
    assert saw("parsed_from_stream")["is_person"]


def test_a_structured_answer_that_is_cut_is_no_object(saw: Any) -> None:
    assert saw("parsed_cut") == "LengthFinishReasonError"
