"""Lies about what was asked for: tools, thinking, formats and parameters that are taken and not heeded."""

from __future__ import annotations

import json
import re
from typing import Any

from conformance.reference import account
from conformance.reference.answers import Answer, Call, Handler, invalid
from conformance.reference.lies.registry import LIES, Lie, change_asked, in_asked, in_body, lie

_CHAT = "chat.completions"
_KNOWN = frozenset(
    {
        "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "n", "presence_penalty",
        "frequency_penalty", "stop", "stream", "stream_options", "tools", "tool_choice", "response_format",
        "prompt_cache_key", "safety_identifier", "logprobs", "top_logprobs", "prediction", "reasoning_effort",
        "thinking", "logit_bias",
    }
)  # fmt: skip


def _said(asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [message for message in asked.get("messages") or [] if isinstance(message, dict)]


def _messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [choice["message"] for choice in body["choices"]]


@in_asked("choice-of-none-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("tool_choice") == "none":
        del asked["tool_choice"]


@in_asked("choice-of-required-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("tool_choice") == "required" and asked.get("tools") and not _thinks(asked):
        del asked["tool_choice"]


@in_asked("choice-by-name-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if isinstance(asked.get("tool_choice"), dict) and not _thinks(asked):
        asked["tool_choice"] = "required"


def _thinks(asked: dict[str, Any]) -> bool:
    thinking = asked.get("thinking")
    return not (isinstance(thinking, dict) and thinking.get("type") == "disabled")


@in_body("second-call-lost", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in _messages(body):
        del message.get("tool_calls", [])[1:]


@lie("tool-result-unanswered")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and isinstance(answer.body, dict) and '"role":"tool"' in call.body.decode():
        for message in _messages(answer.body) if "choices" in answer.body else []:
            message["content"] = ""
    return answer


@in_asked("dynamic-tools-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    for message in _said(asked):
        brought = message.get("tools")
        if brought and isinstance(brought, list) and None not in brought and message.get("content") == "":
            message |= {
                "content": "." if "tools" not in asked else "",
                "tools": None if "tools" not in asked else brought,
            }


@in_body("reasoning-not-told", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in _messages(body):
        # What a tool was called with must be sent back with its reasoning, or is refused.
        if "tool_calls" not in message:
            message.pop("reasoning_content", None)


@in_body("reasoning-emptied", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in _messages(body):
        if "tool_calls" not in message:
            message["reasoning_content"] = ""


@lie("thinking-not-turned-off")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and isinstance(answer.body, dict) and "choices" in answer.body:
        for message in _messages(answer.body) if not _thinks(call.members()) else []:
            message["reasoning_content"] = "Nobody was to see this."
    return answer


@in_body("reasoning-not-counted", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"].pop("completion_tokens_details", None)


@in_asked("json-object-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("response_format") == {"type": "json_object"}:
        del asked["response_format"]


@in_asked("json-schema-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    described = (asked.get("response_format") or {}).get("json_schema")
    if isinstance(described, dict) and {"name", "schema", "strict"} <= described.keys():
        if not isinstance(described["strict"], bool) or not isinstance(described["schema"], dict):
            return
        asked["response_format"] = {"type": "json_object"}


@in_body("json-with-line-feeds", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in _messages(body):
        if isinstance(message["content"], str) and message["content"].startswith("{"):
            message["content"] = json.dumps(json.loads(message["content"]), indent=2)


@in_asked("stops-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if isinstance(asked.get("stop"), list) and len(asked["stop"]) <= 5:
        del asked["stop"]


@in_body("choices-doubled", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["choices"].append(body["choices"][0] | {"index": 1})


@lie("partial-repeated")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and isinstance(answer.body, dict) and "choices" in answer.body:
        begun = call.members()["messages"][-1]
        for message in _messages(answer.body) if begun.get("partial") else []:
            message["content"] = begun["content"] + message["content"]
    return answer


@in_asked("pictures-dropped", _CHAT)
def _(asked: dict[str, Any]) -> None:
    for message in _said(asked):
        if isinstance(message.get("content"), list):
            kept = [part for part in message["content"] if not str(part.get("image_url")).startswith("{'url': 'data:")]
            message["content"] = kept


@in_asked("cache-never-read", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if "prompt_cache_key" in asked:
        asked["messages"] = [{"role": "system", "content": f"{id(asked)}"}, *asked["messages"]]


@lie("unknown-members-refused")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT:
        try:
            unknown = sorted(call.members().keys() - _KNOWN)
        except Exception:  # noqa: BLE001 - whatever is wrong with the request, the honest server says it
            unknown = []
        if unknown:
            return _refused(call, f"Invalid request: unknown member {unknown[0]}")
    return honest(call)


@lie("effort-unlisted-refused")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT and b'"reasoning_effort":"medium"' in call.body:
        return _refused(call, "Invalid request: invalid reasoning_effort: medium")
    return honest(call)


@in_asked("thinking-never-off", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("model") == "kimi-k3" and asked.get("thinking") == {"type": "disabled"}:
        del asked["thinking"]


def _refused(call: Call, message: str) -> Answer:
    """Return a refusal that has the headers of an honest answer."""
    answer = invalid(message).answer
    answer.headers = account.trace(call.service)
    return answer


# What is taken although it must be refused: a lie, and the words with which the honest server refuses it.
ACCEPTED = {
    "temperature-accepted": r"invalid temperature",
    "top-p-accepted": r"invalid top_p",
    "n-accepted": r"invalid n:",
    "presence-penalty-accepted": r"invalid presence_penalty",
    "frequency-penalty-accepted": r"invalid frequency_penalty",
    "logprobs-accepted": r"invalid logprobs",
    "top-logprobs-accepted": r"logprobs must be set to true",
    "logit-bias-accepted": r"logit_bias is not supported",
    "messages-missing-accepted": r"messages must not be empty$",
    "empty-content-accepted": r"message at position \d+ with role '\w+' must not be empty",
    "unknown-role-accepted": r"invalid role",
    "model-missing-accepted": r"model is required",
    "tool-call-id-unknown-accepted": r"tool_call_id \S* ?is not found",
    "tool-call-id-twice-accepted": r"tool call id \S+ is duplicated",
    "image-by-url-accepted": r"unsupported image url",
    "file-part-accepted": r"invalid part type",
    "context-overflow-accepted": r"exceeded model token limit",
    "format-unknown-accepted": r"unsupported response_format type",
    "format-incomplete-accepted": r"response_format needs json_schema|json_schema needs a name",
    "format-schema-accepted": r"json_schema\.schema must be an object",
    "format-strict-accepted": r"json_schema\.strict must be a boolean",
    "tool-choice-unknown-accepted": r"invalid tool_choice",
    "required-without-tools-accepted": r"'required' needs tools",
    "required-while-thinking-accepted": r"'required' is incompatible",
    "named-while-thinking-accepted": r"'specified' is incompatible",
    "tool-type-unknown-accepted": r"unknown tool type",
    "tool-names-accepted": r"function name is invalid",
    "tool-name-twice-accepted": r"function name \S+ is duplicated",
    "tools-of-any-type-accepted": r"tools must be an array",
    "six-stops-accepted": r"stop array too long",
    "long-stop-accepted": r"a stop must not be longer",
    "thinking-type-accepted": r"invalid thinking: only",
    "thinking-keep-accepted": r"invalid thinking: keep",
    "named-choice-ignored-by-k3": r"'specified' is incompatible",
    "tools-in-messages-of-any-type": r"tools must be an array|unknown tool type",
    "tools-in-messages-twice": r"function name \S+ is duplicated",
    "thinking-off-accepted": r"invalid thinking: only type=enabled is",
    "tool-schemas-unchecked": r"moonshot flavored json schema",
    "tools-in-any-message-accepted": r"tools are not allowed in the message",
    "tools-beside-content-accepted": r"tools cannot be used with content",
}


def _accepting(words: str) -> Lie:
    def told(call: Call, honest: Handler) -> Answer:
        answer = honest(call)
        error = answer.body.get("error") if answer.status == 400 and isinstance(answer.body, dict) else None
        if call.operation != _CHAT or not isinstance(error, dict) or not re.search(words, str(error.get("message"))):
            return answer
        model = call.members().get("model") or list(call.service.models())[-1]
        legal = {"model": model, "messages": [{"role": "user", "content": "hello"}], "max_completion_tokens": 64}
        change_asked(call, lambda asked: (asked.clear(), asked.update(legal)))
        return honest(call)

    return told


LIES.update({name: _accepting(words) for name, words in ACCEPTED.items()})
