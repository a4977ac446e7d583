"""What looks odd and is allowed: a judge that complains of it raises a false alarm."""

from __future__ import annotations

import json
from typing import Any

from conformance.reference.answers import Answer, Call, Handler, Stream, refusal
from conformance.reference.lies.frames import Frames, chunks, fragments, in_stream, last, later
from conformance.reference.lies.registry import in_answer, in_body, lie, refused_once

_WAIT = ("Retry-After", "X-Retry-After", "Msh-Cooldown-Seconds")


@lie("rate-limited-once")
def _(call: Call, honest: Handler) -> Answer:
    who = f"org-{call.service.name('organization')}<ak-{call.service.name('key')}>"
    message = f"Your account {who} request reached organization max RPM: 3, please try again after 1 seconds"
    answer = refusal(429, "rate_limit_reached_error", message).answer
    answer.headers = dict.fromkeys(_WAIT, "1")
    return refused_once(call, honest, answer)


@in_body("additional-members")
def _(body: dict[str, Any]) -> None:
    body["a_member_of_tomorrow"] = {"since": "today"}


@in_answer("pretty-printed")
def _(answer: Answer) -> None:
    if isinstance(answer.body, dict):
        answer.body = json.dumps(answer.body, indent=2).encode()


@in_body("documented-id-prefix", "chat.completions")
def _(body: dict[str, Any]) -> None:
    body["id"] = body["id"].replace("chatcmpl-", "cmpl-")


@in_stream("stream-with-comments")
def _(frames: Frames) -> None:
    frames.insert(0, b": OPENROUTER PROCESSING\n\n")


@in_stream("stream-of-named-events")
def _(frames: Frames) -> None:
    frames[:] = [b"event: message\nid: 1\n" + frame for frame in Stream(frames).encoded()]


@in_stream("stream-lines-end-otherwise")
def _(frames: Frames) -> None:
    otherwise = (frame.replace(b"\n", b"\r\n").replace(b"data: ", b"data:") for frame in Stream(frames).encoded())
    frames[:] = [b"\xef\xbb\xbf", *otherwise]


@in_stream("stream-usage-null")
def _(frames: Frames) -> None:
    for frame in frames:
        if isinstance(frame, dict):
            frame.setdefault("usage", None)


@in_stream("stream-calls-in-one-fragment")
def _(frames: Frames) -> None:
    begun = {fragment["index"]: fragment["function"] for fragment in fragments(frames) if "id" in fragment}
    for chunk in chunks(frames):
        for fragment in later([chunk]):
            begun[fragment["index"]]["arguments"] += fragment["function"]["arguments"]
    frames[:] = [frame for frame in frames if not (isinstance(frame, dict) and list(later([frame])))]


@lie("tool-call-ids-of-another-form")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    told = fragments(answer.body.frames) if isinstance(answer.body, Stream) else _calls(answer.body)
    for made in told:
        if "id" in made:
            made["id"] = f"functions.{made['function']['name']}:{made['id'].rpartition('_')[2]}"
    return answer


def _calls(body: object) -> list[dict[str, Any]]:
    choices = body.get("choices", ()) if isinstance(body, dict) else ()
    return [call for choice in choices for call in choice["message"].get("tool_calls", ())]


@in_body("completion-id-not-hexadecimal", "chat.completions")
def _(body: dict[str, Any]) -> None:
    body["id"] = "chatcmpl-" + body["id"].removeprefix("chatcmpl-").translate(str.maketrans("abcdef", "GhIjKl"))


@in_body("content-begins-with-blank", "chat.completions")
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        if choice["message"]["content"]:
            choice["message"]["content"] = f" {choice['message']['content']}"


@in_body("content-null-beside-calls", "chat.completions")
def _(body: dict[str, Any]) -> None:
    for choice in body["choices"]:
        if "tool_calls" in choice["message"]:
            choice["message"]["content"] = None


@in_body("cached-zero-told", "chat.completions")
def _(body: dict[str, Any]) -> None:
    body["usage"].setdefault("cached_tokens", 0)
    body["usage"].setdefault("prompt_tokens_details", {"cached_tokens": body["usage"]["cached_tokens"]})


@in_answer("error-with-more-members")
def _(answer: Answer) -> None:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    if isinstance(error, dict):
        error |= {"code": "invalid_request", "param": None, "request_id": "0190f3c2"}


@in_stream("stream-usage-beside-the-finish")
def _(frames: Frames) -> None:
    last(frames)["usage"] = last(frames)["choices"][0]["usage"]


@in_answer("file-status-of-old")
def _(answer: Answer) -> None:
    if isinstance(answer.body, dict) and answer.body.get("object") == "file" and "status" in answer.body:
        answer.body["status"] = "ok"
