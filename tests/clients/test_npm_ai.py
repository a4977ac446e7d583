"""The AI SDK's own provider for Moonshot works against the reference server."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def saw(told_by: Callable[..., Any], base_url: str) -> Any:
    return told_by("node", "npm_ai.cjs", base_url)


@pytest.mark.parametrize("step", ["chat", "stream"])
class TestAnAnswer:
    def test_is_whole(self, saw: Any, step: str) -> None:
        assert saw(step)["text"]
        assert saw(step)["finish_reason"] == "stop"

    def test_bears_the_reasoning(self, saw: Any, step: str) -> None:
        assert saw(step)["reasoning"]

    def test_counts_the_tokens_of_prompt_and_answer_together(self, saw: Any, step: str) -> None:
        assert saw(step)["total"] == saw(step)["sum"] > 0

    def test_counts_the_tokens_of_the_reasoning(self, saw: Any, step: str) -> None:
        assert saw(step)["reasoning_tokens"] > 0

    def test_gives_the_provider_nothing_to_warn_of(self, saw: Any, step: str) -> None:
        assert saw(step)["warnings"] == []


def test_a_stream_comes_in_pieces(saw: Any) -> None:
    assert saw("stream")["kinds"].count("text-delta") > 1


def test_a_stream_reasons_before_it_answers(saw: Any) -> None:
    kinds = saw("stream")["kinds"]
    assert "reasoning-delta" not in kinds[kinds.index("text-delta") :]
    assert "reasoning-delta" in kinds


def test_a_stream_has_no_chunk_that_the_provider_cannot_read(saw: Any) -> None:
    assert saw("stream")["errors"] == []
    assert "error" not in saw("stream")["kinds"]


@pytest.mark.parametrize("step", ["tools", "tools_streamed"])
class TestATool:
    def test_is_called_with_the_arguments_that_it_wants(self, saw: Any, step: str) -> None:
        assert saw(step)["cities"]
        assert all(isinstance(city, str) for city in saw(step)["cities"])

    def test_is_the_reason_why_the_first_answer_ends_and_not_the_second(self, saw: Any, step: str) -> None:
        assert saw(step)["finish_reasons"] == ["tool-calls", "stop"]

    def test_has_its_result_taken_and_answered(self, saw: Any, step: str) -> None:
        assert "18 degrees and sunny" in saw(step)["answer"]


@pytest.mark.parametrize("step", ["structured", "structured_stream"])
def test_a_structured_answer_is_accepted_by_its_schema(saw: Any, step: str) -> None:
    assert set(saw(step)) == {"name", "age", "languages"}


@pytest.mark.parametrize(("step", "status"), [("wrong_key", 401), ("unknown_model", 404)])
def test_a_refusal_is_a_failed_call_with_its_status(saw: Any, step: str, status: int) -> None:
    assert (saw(step)["is_call_error"], saw(step)["status"]) == (True, status)
