"""Lies about what was asked for: tools, thinking, formats and parameters that are taken and not heeded."""

from __future__ import annotations

import json
from typing import Any

from conformance.reference import account
from conformance.reference.answers import Answer, Call, Handler, invalid
from conformance.reference.lies.registry import change_asked, in_asked, in_body, lie

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


def messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages of an answer."""
    return [choice["message"] for choice in body["choices"]]


@in_asked("choice-of-none-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("tool_choice") == "none":
        del asked["tool_choice"]


@in_asked("choice-of-required-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("tool_choice") == "required" and asked.get("tools") and not thinks(asked):
        del asked["tool_choice"]


@in_asked("choice-by-name-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if isinstance(asked.get("tool_choice"), dict) and not thinks(asked):
        asked["tool_choice"] = "required"


def thinks(asked: dict[str, Any]) -> bool:
    """Tell whether a request lets the model think."""
    thinking = asked.get("thinking")
    return not (isinstance(thinking, dict) and thinking.get("type") == "disabled")


@in_body("second-call-lost", _CHAT)
def _(body: dict[str, Any]) -> None:
    for message in messages(body):
        del message.get("tool_calls", [])[1:]


@lie("tool-result-unanswered")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and isinstance(answer.body, dict) and '"role":"tool"' in call.body.decode():
        for message in messages(answer.body) if "choices" in answer.body else []:
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
    for message in messages(body):
        if isinstance(message["content"], str) and message["content"].startswith("{"):
            message["content"] = json.dumps(json.loads(message["content"]), indent=2)


@in_asked("stops-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if not asked.get("stream"):
        _without_stops(asked)


@in_asked("stops-ignored-in-streams", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("stream"):
        _without_stops(asked)


def _without_stops(asked: dict[str, Any]) -> None:
    stop = asked.get("stop")
    stops = [stop] if isinstance(stop, str) else stop
    if isinstance(stops, list) and len(stops) <= 5 and all(len(str(each).encode()) <= 32 for each in stops):
        del asked["stop"]


@in_body("choices-doubled", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["choices"].append(body["choices"][0] | {"index": 1})


@in_asked("partial-repeated", _CHAT)
def _(asked: dict[str, Any]) -> None:
    for message in _said(asked):
        message.pop("partial", None)


@in_asked("pictures-dropped", _CHAT)
def _(asked: dict[str, Any]) -> None:
    for message in _said(asked):
        if isinstance(message.get("content"), list):
            kept = [part for part in message["content"] if not str(part.get("image_url")).startswith("{'url': 'data:")]
            message["content"] = kept


@lie("cache-never-read")
def _(call: Call, honest: Handler) -> Answer:
    def change(asked: dict[str, Any]) -> None:
        if "prompt_cache_key" in asked:
            first = {"role": "system", "content": call.service.draw("prefix")}
            asked["messages"] = [first, *asked["messages"]]

    if call.operation == _CHAT:
        change_asked(call, change)
    return honest(call)


@lie("unknown-members-refused")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT:
        try:
            unknown = sorted(call.members().keys() - _KNOWN)
        except Exception:  # noqa: BLE001 - whatever is wrong with the request, the honest server says it
            unknown = []
        if unknown:
            return refused(call, f"Invalid request: unknown member {unknown[0]}")
    return honest(call)


def refused(call: Call, message: str) -> Answer:
    """Return a refusal that has the headers of an honest answer."""
    answer = invalid(message).answer
    answer.headers = account.trace(call.service)
    return answer


@in_asked("system-dropped", _CHAT)
def _(asked: dict[str, Any]) -> None:
    spoken = [message for message in _said(asked) if message.get("role") != "system" or not message.get("content")]
    if spoken and len(_said(asked)) == len(asked["messages"]):
        asked["messages"] = spoken


@lie("another-temperature-demanded")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT and b'"temperature":1' in call.body and thinks(call.members()):
        return refused(call, "invalid temperature: only 0.6 is allowed for this model")
    return honest(call)


@lie("strange-tool-ids-refused")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _CHAT and b'"tool_call_id":"functions.' in call.body:
        return refused(call, "Invalid request: tool_call_id  is not found")
    return honest(call)


@lie("own-calls-not-taken-back")
def _(call: Call, honest: Handler) -> Answer:
    purse = call.service.purse
    kept = (purse.voucher, purse.cash)
    answer = honest(call)
    if call.operation == _CHAT and answer.status == 200:
        silent = [said for said in _said(call.members()) if said.get("tool_calls") and said.get("content") == ""]
        if silent:
            # What is refused costs nothing.
            purse.voucher, purse.cash = kept
            return refused(call, "Invalid request: text content is empty")
    return answer
