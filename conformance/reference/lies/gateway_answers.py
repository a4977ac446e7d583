"""Lies of gateways about what they were answered: in whole answers, in streams, and in what they have of their own."""

from __future__ import annotations

from typing import Any

from conformance.reference.answers import Answer, Call, Handler, Stream
from conformance.reference.lies.frames import Frames, choices, chunks, in_stream, later
from conformance.reference.lies.framing import burst, glue
from conformance.reference.lies.registry import in_answer, in_asked, in_body, lie
from conformance.reference.stream import DONE

_CHAT, _LIST = "chat.completions", "models.list"
_LONG = 8


@in_body("gateway-renames-model", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["model"] = "gpt-4o"


@in_asked("gateway-swaps-model", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("model") == "moonshot/kimi-k2-6":
        asked["model"] = "moonshot/kimi-k2-7-code"


@in_body("gateway-drops-reasoning", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        choice["message"] |= {"reasoning": None}
        choice["message"].pop("reasoning_details", None)


@in_body("gateway-drops-reasoning-content", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        choice["message"].pop("reasoning_content", None)


@in_body("gateway-finish-without-calls", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        choice["message"].pop("tool_calls", None)


@in_body("gateway-finish-reason-of-its-own", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        choice["finish_reason"] = {"stop": "end_turn"}.get(choice["finish_reason"], choice["finish_reason"])


@in_body("gateway-drops-usage", _CHAT)
def _(body: dict[str, Any]) -> None:
    del body["usage"]


@in_body("gateway-counts-nothing", _CHAT)
def _(body: dict[str, Any]) -> None:
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        body["usage"][name] = 0


@in_body("gateway-truncates-content", _CHAT)
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        content = choice["message"].get("content") or ""
        choice["message"]["content"] = content[: min(len(content) // 2, _LONG)] or choice["message"].get("content")


# On the way out: streams


@in_stream("gateway-ids-change-in-stream")
def _(frames: Frames) -> None:
    for number, chunk in enumerate(chunks(frames)):
        chunk["id"] = f"{chunk['id'][:-4]}{number:04x}"


@in_stream("gateway-null-tool-ids")
def _(frames: Frames) -> None:
    for fragment in later(frames):
        fragment |= {"id": None}
        fragment["function"] |= {"name": None}


@in_stream("gateway-finish-reason-null")
def _(frames: Frames) -> None:
    for choice in choices(frames):
        choice["finish_reason"] = None


in_stream("gateway-glues-frames")(glue)
lie("gateway-buffers-stream")(burst)


@in_stream("gateway-stream-without-done")
def _(frames: Frames) -> None:
    frames.remove(DONE)


@lie("gateway-breaks-off-streams")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if isinstance(answer.body, Stream):
        del answer.body.frames[-3:]
    return answer


# On the way out: what it has of its own


@in_body("gateway-price-doubled", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"]["cost"] *= 2


@in_body("gateway-hides-cost", _CHAT)
def _(body: dict[str, Any]) -> None:
    del body["usage"]["cost"]


@in_body("gateway-prices-as-numbers", _LIST)
def _(body: dict[str, Any]) -> None:
    for model in body["data"]:
        model["pricing"] = {name: float(price) for name, price in model["pricing"].items()}


@in_body("gateway-context-halved", _LIST)
def _(body: dict[str, Any]) -> None:
    for model in body["data"]:
        for place, name in ((model, "context_length"), (model.get("info", {}), "contextLength")):
            if place.get(name):
                place[name] //= 2


@in_body("gateway-model-unlisted", _LIST)
def _(body: dict[str, Any]) -> None:
    body["data"] = [model for model in body["data"] if not model["id"].endswith(("k2.6", "k2-6"))]


@in_body("gateway-credits-stand-still", "openrouter.key", "openrouter.credits", "aimlapi.billing")
def _(body: dict[str, Any]) -> None:
    for place, name in (
        (body.get("data", {}), "usage"),
        (body.get("data", {}), "total_usage"),
        (body, "current_balance"),
    ):
        if name in place:
            place[name] = 50.0


@in_answer("gateway-account-down", "openrouter.key", "openrouter.credits", "aimlapi.billing")
def _(answer: Answer) -> None:
    answer.status = 500


@in_answer("gateway-list-down", _LIST)
def _(answer: Answer) -> None:
    answer.status = 500
