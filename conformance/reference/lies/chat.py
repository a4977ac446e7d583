"""Lies in the answers of a chat."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.lies.registry import in_asked, in_body, lie

_CHAT = "chat.completions"
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


@in_body("usage-sum-off", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"]["total_tokens"] += 1


@in_body("usage-missing", _CHAT)
def _(body: dict[str, Any]) -> None:
    del body["usage"]


@in_body("usage-as-strings", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"] |= {name: str(body["usage"][name]) for name in _COUNTS}


@in_body("usage-negative", _CHAT)
def _(body: dict[str, Any]) -> None:
    usage = body["usage"]
    usage |= {"completion_tokens": -1, "total_tokens": usage["prompt_tokens"] - 1}
    usage.pop("completion_tokens_details", None)


@in_body("cached-over-prompt", _CHAT)
def _(body: dict[str, Any]) -> None:
    cached = body["usage"]["prompt_tokens"] + 1
    body["usage"] |= {"cached_tokens": cached, "prompt_tokens_details": {"cached_tokens": cached}}


@in_body("cached-fields-differ", _CHAT)
def _(body: dict[str, Any]) -> None:
    prompt = body["usage"]["prompt_tokens"]
    body["usage"] |= {"cached_tokens": prompt, "prompt_tokens_details": {"cached_tokens": prompt - 1}}


@in_body("reasoning-over-completion", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"]["completion_tokens_details"] = {"reasoning_tokens": body["usage"]["completion_tokens"] + 1}


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


@in_body("length-without-cause", _CHAT)
def _(body: dict[str, Any]) -> None:
    if body["choices"][0]["finish_reason"] == "stop":
        body["choices"][0]["finish_reason"] = "length"
        body["usage"] |= {"completion_tokens": 1, "total_tokens": body["usage"]["prompt_tokens"] + 1}


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


@in_body("tokens-hidden", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"] |= {"completion_tokens": 1, "total_tokens": body["usage"]["prompt_tokens"] + 1}
    body["usage"].pop("completion_tokens_details", None)


@in_body("prompt-tokens-constant", _CHAT)
def _(body: dict[str, Any]) -> None:
    usage = body["usage"]
    usage |= {"prompt_tokens": 7, "total_tokens": 7 + usage["completion_tokens"]}
    usage.pop("cached_tokens", None)
    usage.pop("prompt_tokens_details", None)


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
