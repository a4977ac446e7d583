"""Lies about whether there is a stream at all, and in the bytes and the times in which it comes."""

from __future__ import annotations

import copy
from typing import Any

from conformance.reference import account
from conformance.reference.answers import Answer, Call, Handler, Stream, refusal
from conformance.reference.lies.frames import Frames, in_stream, ordinary
from conformance.reference.lies.registry import in_asked, lie
from conformance.reference.stream import DONE

_CHAT = "chat.completions"
# Longer than a client takes for two round trips, so that it can tell that nothing came before.
_GENERATION = 1.8


@in_asked("stream-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    asked.pop("stream", None)
    asked.pop("stream_options", None)


@lie("stream-refused")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation != _CHAT or b'"stream":true' not in call.body:
        return honest(call)
    answer = refusal(400, "invalid_request_error", "Invalid request: stream is not supported").answer
    answer.headers = account.trace(call.service)
    return answer


@lie("stream-refuses-in-events")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and b'"stream":true' in call.body and answer.status == 400:
        answer.body, answer.status, answer.media_type = Stream([answer.body, DONE]), 200, "text/event-stream"
    return answer


@lie("stream-typed-json")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if isinstance(answer.body, Stream):
        answer.media_type = "application/json"
    return answer


def burst(call: Call, honest: Handler) -> Answer:
    """Answer with a stream that comes as one piece when all of it is there."""
    answer = honest(call)
    if isinstance(answer.body, Stream):
        answer.body, answer.delay = Stream([answer.encoded()]), _GENERATION
    return answer


lie("stream-in-one-burst")(burst)


@in_stream("stream-without-done")
def _(frames: Frames) -> None:
    frames.remove(DONE)


@in_stream("stream-goes-on-after-done")
def _(frames: Frames) -> None:
    frames.append(copy.deepcopy(ordinary(frames)))


def glue(frames: Frames) -> None:
    """Put two chunks into one event."""
    glued = Stream(frames[1:3]).encoded()
    frames[1:3] = [b"".join(part.removesuffix(b"\n\n").removeprefix(b"data: ") for part in glued)]
    frames[1] = b"data: " + frames[1] + b"\n\n"


in_stream("stream-frames-glued")(glue)


@in_stream("stream-cut")
def _(frames: Frames) -> None:
    frames[-1] = b"data: [DO"


@in_stream("stream-line-of-no-field")
def _(frames: Frames) -> None:
    frames.insert(1, b"upstream connect error or disconnect/reset before headers\n\n")


@in_stream("stream-not-utf-8")
def _(frames: Frames) -> None:
    frames.insert(1, b": caf\xe9\n\n")


@in_stream("stream-breaks-with-an-error")
def _(frames: Frames) -> None:
    error = {"message": "The engine is currently overloaded", "type": "engine_overloaded_error"}
    frames[-2:] = [{"error": error}, DONE]


@in_stream("stream-breaks-with-an-error-event")
def _(frames: Frames) -> None:
    told = b'{"type":"engine_overloaded_error","message":"The engine is currently overloaded"}'
    frames[-2:] = [b"event: error\ndata: " + told + b"\n\n"]
