"""Lies about what only real traffic shows: each is legal by every document."""

from __future__ import annotations

from typing import Any

from conformance.reference.answers import Answer
from conformance.reference.lies.frames import Frames, chunks, deltas, in_stream, last
from conformance.reference.lies.registry import in_answer, in_body

_CHAT, _LIST = "chat.completions", "models.list"


@in_body("model-created-on-its-own-day", _LIST)
def _(body: dict[str, Any]) -> None:
    body["data"][-1]["created"] -= 86_400


@in_body("efforts-told-differently", _LIST)
def _(body: dict[str, Any]) -> None:
    for model in body["data"]:
        if "reasoning_efforts" in model:
            model["reasoning_efforts"]["default_effort"] = "low"


@in_body("fingerprint-in-whole-answer", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["system_fingerprint"] = "fpv0_5de57c9a"


@in_body("tool-id-opaque", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        for number, call in enumerate(choice["message"].get("tool_calls", ())):
            call["id"] = f"call_{body['id'][-8:]}{number}"


@in_body("cached-tokens-zero", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"].setdefault("cached_tokens", 0)
    body["usage"].setdefault("prompt_tokens_details", {"cached_tokens": 0})


@in_body("cached-tokens-told-once", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"].pop("prompt_tokens_details", None)


@in_body("service-tier-told", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["service_tier"] = "auto"


@in_answer("error-with-param")
def _(answer: Answer) -> None:
    if isinstance(answer.body, dict) and isinstance(answer.body.get("error"), dict):
        answer.body["error"]["param"] = None


@in_answer("trace-mode-off")
def _(answer: Answer) -> None:
    answer.headers["Msh-Trace-Mode"] = "off"


@in_answer("charset-untold")
def _(answer: Answer) -> None:
    answer.media_type = answer.media_type.partition(";")[0]


@in_answer("rate-limit-told")
def _(answer: Answer) -> None:
    answer.headers["X-RateLimit-Limit"] = "3"


@in_answer("cache-header-missing", _CHAT)
def _(answer: Answer) -> None:
    answer.headers.pop("Msh-Context-Cache-Token-Saved", None)


@in_stream("stream-without-fingerprint")
def _(frames: Frames) -> None:
    for chunk in chunks(frames):
        chunk.pop("system_fingerprint", None)


@in_stream("stream-begins-without-content")
def _(frames: Frames) -> None:
    del deltas(frames, "role")[0]["content"]


@in_stream("stream-ends-with-content")
def _(frames: Frames) -> None:
    last(frames)["choices"][0]["delta"]["content"] = ""


@in_stream("stream-reasoning-just-ends")
def _(frames: Frames) -> None:
    frames[:] = [frame for frame in frames if not (isinstance(frame, dict) and _ends_reasoning(frame))]


def _ends_reasoning(chunk: dict[str, Any]) -> bool:
    return any(choice["delta"].get("reasoning_content") == "" for choice in chunk["choices"])
