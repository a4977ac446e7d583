"""Lies in the answers of a chat."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from conformance.reference.answers import Answer, Call, Handler, Stream
from conformance.reference.lies.registry import change_asked, in_asked, in_body, lie

_CHAT = "chat.completions"


@in_body("finish-reason-missing", _CHAT)
def _(body: dict[str, Any]) -> None:
    del body["choices"][0]["finish_reason"]


@in_body("finish-reason-unknown", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["choices"][0]["finish_reason"] = "eos_token"


@in_body("finish-tool-calls-without-calls", _CHAT)
def _(body: dict[str, Any]) -> None:
    if body["choices"][0]["finish_reason"] == "stop":
        body["choices"][0]["finish_reason"] = "tool_calls"


@in_body("tool-calls-with-stop", _CHAT)
def _(body: dict[str, Any]) -> None:
    if body["choices"][0]["finish_reason"] == "tool_calls":
        body["choices"][0]["finish_reason"] = "stop"


@in_body("tool-arguments-not-json", _CHAT)
def _(body: dict[str, Any]) -> None:
    for call in body["choices"][0]["message"].get("tool_calls", ()):
        call["function"]["arguments"] = '{"unfinished": '


@in_body("tool-arguments-as-object", _CHAT)
def _(body: dict[str, Any]) -> None:
    for call in body["choices"][0]["message"].get("tool_calls", ()):
        call["function"]["arguments"] = {}


@in_body("tool-call-without-id", _CHAT)
def _(body: dict[str, Any]) -> None:
    for call in body["choices"][0]["message"].get("tool_calls", ()):
        del call["id"]


@in_body("tool-name-unknown", _CHAT)
def _(body: dict[str, Any]) -> None:
    for call in body["choices"][0]["message"].get("tool_calls", ()):
        call["function"]["name"] = "a_tool_that_nobody_defined"


@in_body("created-in-milliseconds", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["created"] *= 1000


@in_body("created-in-future", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["created"] += 24 * 3600


@in_body("other-model-answers", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["model"] = "moonshot-v1-8k"


@in_body("completion-id-missing", _CHAT)
def _(body: dict[str, Any]) -> None:
    del body["id"]


@in_body("completion-object-wrong", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["object"] = "text_completion"


@in_body("choices-empty", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["choices"] = []


@in_body("choice-index-off", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        choice["index"] += 1


@in_body("role-missing", _CHAT)
def _(body: dict[str, Any]) -> None:
    del body["choices"][0]["message"]["role"]


@in_body("role-wrong", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["choices"][0]["message"]["role"] = "model"


@in_body("content-number", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["choices"][0]["message"]["content"] = 42


@in_asked("length-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    asked.pop("max_tokens", None)
    asked.pop("max_completion_tokens", None)


@lie("key-echoed")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and isinstance(answer.body, dict) and "choices" in answer.body:
        shown = call.headers.get("authorization", "")
        encoded = base64.b64encode(shown.encode()).decode()
        answer.body["choices"][0]["message"]["content"] = f"{shown} {encoded} {quote(shown, safe='')}"
        answer.headers["X-Debug-Authorization"] = shown
    return answer


@in_body("tool-arguments-incomplete", _CHAT)
def _(body: dict[str, Any]) -> None:
    for call in body["choices"][0]["message"].get("tool_calls", ()):
        call["function"]["arguments"] = "{}"


@in_asked("tools-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    asked.pop("tools", None)


@in_body("created-negative", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["created"] = -5


@in_body("answer-blank", _CHAT)
def _(body: dict[str, Any]) -> None:
    if body["choices"][0]["finish_reason"] == "stop":
        body["choices"][0]["message"]["content"] = " "


@in_body("thoughts-in-content", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        if choice["finish_reason"] == "stop" and not choice["message"]["content"].startswith("{"):
            choice["message"]["content"] = f"<think>So be it.</think>{choice['message']['content']}"


@in_body("completion-id-constant", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["id"] = f"chatcmpl-{body['created'] >> 4 << 4:08x}0123456789abcdef"


@in_asked("tool-results-dropped", _CHAT)
def _(asked: dict[str, Any]) -> None:
    for message in asked.get("messages") or []:
        if isinstance(message, dict) and message.get("role") == "tool" and message.get("content"):
            message["content"] = "(nothing)"


@in_body("created-from-a-counter", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["created"] = 3943160


@in_body("members-capitalised", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        choice["message"] = {name.capitalize(): value for name, value in choice["message"].items()}


@in_body("tool-call-ids-empty", _CHAT)
def _(body: dict[str, Any]) -> None:
    for call in body["choices"][0]["message"].get("tool_calls", ()):
        call["id"] = ""


@in_body("calls-written-in-content", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        calls = choice["message"].pop("tool_calls", ())
        written = [f"<|tool_call_begin|>{call['id']}{call['function']['arguments']}<|tool_call_end|>" for call in calls]
        if written:
            choice |= {"finish_reason": "stop"}
            choice["message"]["content"] = "".join(written)


@in_body("provider-error-with-200", _CHAT)
def _(body: dict[str, Any]) -> None:
    body.clear()
    body["error"] = {"message": "Provider returned error", "code": 502}


@lie("cheaper-model-answers")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation != _CHAT or b'"model":"kimi-k3"' not in call.body:
        return honest(call)
    change_asked(call, lambda asked: asked.update(model="kimi-k2.6"))
    answer = honest(call)
    told = answer.body.frames if isinstance(answer.body, Stream) else [answer.body]
    for part in told:
        if isinstance(part, dict) and "model" in part:
            part["model"] = "kimi-k3"
    return answer


@in_body("completion-id-of-another-kind", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["id"] = body["id"].replace("chatcmpl-", "msg_")
