"""The asynchronous OpenAI SDK for Python asks the reference server for several things at once."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def seen(told_by: Callable[..., Any], base_url: str) -> Any:
    return told_by("openai", "openai_async.py", base_url)("at_once")


def test_chats_at_once_get_each_its_own_answer(seen: Any) -> None:
    assert seen["contents"] == seen["words"]


def test_the_models_are_listed(seen: Any) -> None:
    assert "kimi-k3" in seen["models"]


def test_a_stream_comes_in_pieces_that_make_the_answer(seen: Any, asked: Any) -> None:
    assert len(seen["stream"]) > 1
    assert "".join(seen["stream"]) == asked["long"]


def test_a_tool_is_called(seen: Any) -> None:
    assert set(seen["called"]) == {"get_weather"}
