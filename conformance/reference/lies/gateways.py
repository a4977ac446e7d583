"""Lies of gateways about what they pass on, whom they let in, and how they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.lies.registry import change_asked, in_answer, in_asked, lie

_CHAT, _LIST = "chat.completions", "models.list"
_RULES = " ".join(["You are a helpful assistant of this gateway and follow all of its rules to the letter."] * 15)


def _asked(call: Call) -> dict[str, Any]:
    """Return the JSON object of a chat request, empty where it is none."""
    found: dict[str, Any] = {}
    change_asked(call, found.update)
    return found


def _knows(call: Call) -> bool:
    """Tell whether a request names a Kimi by whatever id."""
    return "no-such-model" not in str(_asked(call).get("model", ""))


# On the way in


@in_asked("gateway-drops-tools", _CHAT)
def _(asked: dict[str, Any]) -> None:
    asked.pop("tools", None)
    asked.pop("tool_choice", None)


@in_asked("gateway-ignores-response-format", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if isinstance(asked.get("response_format"), dict) and str(asked["response_format"].get("type")).startswith("json"):
        asked.pop("response_format")


@in_asked("gateway-ignores-stream", _CHAT)
def _(asked: dict[str, Any]) -> None:
    asked.pop("stream", None)
    asked.pop("stream_options", None)


@in_asked("gateway-ignores-stop", _CHAT)
def _(asked: dict[str, Any]) -> None:
    asked.pop("stop", None)


@in_asked("gateway-ignores-max-tokens", _CHAT)
def _(asked: dict[str, Any]) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        if asked.get(name):
            asked.pop(name)


def _clamped(asked: dict[str, Any]) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        if asked.get(name) == 0:
            asked[name] = 1


in_asked("gateway-clamps-numbers", _CHAT)(_clamped)
in_asked("gateway-clamps-numbers-quietly", _CHAT)(_clamped)


@in_asked("gateway-injects-system-prompt", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if isinstance(asked.get("messages"), list):
        asked["messages"].insert(0, {"role": "system", "content": _RULES})


@lie("gateway-unknown-model-answered")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT and not _knows(call):
        listed = honest(replace(call, operation=_LIST, method="GET", body=b"")).body["data"]
        change_asked(call, lambda asked: asked.update(model=listed[0]["id"]))
    return honest(call)


@lie("gateway-accepts-any-key")
def _(call: Call, honest: Handler) -> Answer:
    if call.headers.get("authorization"):
        call.headers = {**call.headers, "authorization": "Bearer sk-of-somebody-else"}
    return honest(call)


@lie("gateway-needs-no-key")
def _(call: Call, honest: Handler) -> Answer:
    call.headers = {"authorization": "Bearer sk-of-somebody-else", **call.headers}
    return honest(call)


@lie("gateway-malformed-answered")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and answer.status == 400 and not _asked(call):
        return Answer({"object": "chat.completion", "choices": []})
    return answer


@lie("gateway-refuses-stop")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT and _asked(call).get("stop"):
        call.body = b"{"
    return honest(call)


@lie("gateway-refuses-few-stops")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT and _asked(call).get("stop") == ["four"]:
        call.body = b"{"
    return honest(call)


# On the way out: errors


@in_answer("gateway-errors-as-200", _CHAT)
def _(answer: Answer) -> None:
    if answer.status >= 400:
        answer.status = 200


@in_answer("gateway-hides-upstream-status", _CHAT)
def _(answer: Answer) -> None:
    if answer.status >= 400:
        answer.status = 500
        _at(answer.body, "code", 500)
        _at(answer.body, "statusCode", 500)


@in_answer("gateway-code-of-another-status", _CHAT)
def _(answer: Answer) -> None:
    if answer.status >= 400:
        answer.body["error"]["code"] = 429


@in_answer("gateway-error-as-text", _CHAT)
def _(answer: Answer) -> None:
    if answer.status >= 400:
        answer.body = {"detail": "The provider returned an error."}


def _at(body: dict[str, Any], name: str, value: object) -> None:
    """Set a member of an error, flat or not, where it is there."""
    for place in (body, body.get("error")):
        if isinstance(place, dict) and name in place:
            place[name] = value
