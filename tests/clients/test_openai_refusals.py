"""What the reference server refuses is, for the OpenAI SDK for Python, the exception that callers of it catch."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from conformance.reference import create_app
from conformance.reference.serving import running

DAY = date(2026, 9, 3)


@pytest.fixture(scope="module")
def saw(told_by: Callable[..., Any], base_url: str) -> Any:
    with (
        running(create_app(as_of=DAY, fault=["rate-limited-once"])) as hurried,
        running(create_app(as_of=DAY, balance=(0, 0))) as poor,
    ):
        return told_by("openai", "openai_refusals.py", base_url, hurried, poor)


@pytest.mark.parametrize(
    ("step", "name", "status", "kind"),
    [
        ("wrong_key", "AuthenticationError", 401, "invalid_authentication_error"),
        ("unknown_model", "NotFoundError", 404, "resource_not_found_error"),
        ("unknown_file", "NotFoundError", 404, "resource_not_found_error"),
        ("wrong_temperature", "BadRequestError", 400, "invalid_request_error"),
        ("no_messages", "BadRequestError", 400, "invalid_request_error"),
        ("refused_stream", "BadRequestError", 400, "invalid_request_error"),
        ("rate_limited", "RateLimitError", 429, "rate_limit_reached_error"),
        ("empty_purse", "RateLimitError", 429, "exceeded_current_quota_error"),
    ],
)
def test_a_refusal_is_an_exception_with_its_status_and_type(
    saw: Any, step: str, name: str, status: int, kind: str
) -> None:
    assert (saw(step)["class"], saw(step)["status"], saw(step)["type"]) == (name, status, kind)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("wrong_temperature", "invalid temperature: only 1 is allowed for this model"),
        ("unknown_model", "kimi-k99"),
        ("empty_purse", "insufficient balance"),
    ],
)
def test_an_exception_says_what_the_server_said(saw: Any, step: str, words: str) -> None:
    assert words in saw(step)["message"]


def test_the_envelope_of_the_gateway_is_an_exception_too_and_has_no_type(saw: Any) -> None:
    assert (saw("unknown_route")["class"], saw("unknown_route")["type"]) == ("NotFoundError", None)


def test_a_request_that_is_told_to_come_back_does_so_and_is_answered(saw: Any) -> None:
    assert saw("retried")["content"] == "hello"


def test_a_request_waits_for_as_long_as_it_is_told_to(saw: Any) -> None:
    assert saw("retried")["seconds"] >= 1
