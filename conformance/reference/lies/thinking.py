"""Lies about what a model thought, and about requests to think or not."""

from __future__ import annotations

from typing import Any

from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.lies.asked import messages, refused, thinks
from conformance.reference.lies.registry import in_asked, in_body, lie

_CHAT = "chat.completions"


@in_body("reasoning-not-told", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in messages(body):
        # What a tool was called with must be sent back with its reasoning, or is refused.
        if "tool_calls" not in message:
            message.pop("reasoning_content", None)


@in_body("reasoning-emptied", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in messages(body):
        if "tool_calls" not in message:
            message["reasoning_content"] = ""


@lie("thinking-not-turned-off")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and isinstance(answer.body, dict) and "choices" in answer.body:
        for message in messages(answer.body) if not thinks(call.members()) else []:
            message["reasoning_content"] = "Nobody was to see this."
    return answer


@in_body("reasoning-not-counted", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"].pop("completion_tokens_details", None)


@lie("effort-unlisted-refused")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT and b'"reasoning_effort":"medium"' in call.body:
        return refused(call, "Invalid request: invalid reasoning_effort: medium")
    return honest(call)


@in_asked("thinking-never-off", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("model") == "kimi-k3" and asked.get("thinking") == {"type": "disabled"}:
        del asked["thinking"]


@in_body("reasoning-under-another-name", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in messages(body):
        if "tool_calls" not in message and "reasoning_content" in message:
            message["reasoning"] = message.pop("reasoning_content")


@in_body("content-repeats-reasoning", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in messages(body):
        if "tool_calls" not in message and not message["content"].startswith("{"):
            message["content"] = f"{message.get('reasoning_content', '')}{message['content']}"


@in_body("thoughts-moved-to-content", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in messages(body):
        if "tool_calls" not in message and message.get("reasoning_content"):
            message |= {"content": message["reasoning_content"] + message["content"], "reasoning_content": ""}
