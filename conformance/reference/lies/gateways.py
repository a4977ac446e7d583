"""Lies that a gateway tells: about what it passed on, what it was answered, and what it took for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.reference.answers import Answer, Call, Handler, Stream
from conformance.reference.lies.frames import Frames, choices, chunks, in_stream, later
from conformance.reference.lies.framing import burst, glue
from conformance.reference.lies.registry import change_asked, in_answer, in_asked, in_body, lie
from conformance.reference.stream import DONE

_CHAT, _LIST = "chat.completions", "models.list"
_RULES = " ".join(["You are a helpful assistant of this gateway and follow all of its rules to the letter."] * 15)
_LONG = 8


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


# On the way out: answers


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
