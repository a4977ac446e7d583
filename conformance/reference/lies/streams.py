"""Lies in streams: in single chunks, in their order, in what they add up to, and in the bytes that carry them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from conformance.reference import account
from conformance.reference.answers import Answer, Call, Handler, Stream, refusal
from conformance.reference.lies.registry import LIES, in_asked, lie

_CHAT = "chat.completions"
_DONE = b"data: [DONE]\n\n"
# Longer than a client takes for two round trips, so that it can tell that nothing came before.
_GENERATION = 1.8

Frames = list[Any]


def in_stream(name: str) -> Callable[[Callable[[Frames], None]], Callable[[Frames], None]]:
    """Register a lie that changes the frames of streamed answers in place."""

    def register(change: Callable[[Frames], None]) -> Callable[[Frames], None]:
        def told(call: Call, honest: Handler) -> Answer:
            answer = honest(call)
            if isinstance(answer.body, Stream):
                change(answer.body.frames)
            return answer

        LIES[name] = told
        return change

    return register


def chunks(frames: Frames) -> list[dict[str, Any]]:
    """Return the frames that are chunks."""
    return [frame for frame in frames if isinstance(frame, dict)]


def choices(frames: Frames) -> list[dict[str, Any]]:
    """Return the choices of all chunks."""
    return [choice for chunk in chunks(frames) for choice in chunk["choices"]]


def deltas(frames: Frames, member: str) -> list[dict[str, Any]]:
    """Return the deltas that have a member."""
    return [choice["delta"] for choice in choices(frames) if member in choice["delta"]]


def fragments(frames: Frames) -> list[dict[str, Any]]:
    """Return the fragments of tool calls in order."""
    return [fragment for delta in deltas(frames, "tool_calls") for fragment in delta["tool_calls"]]


def later(frames: Frames) -> Iterator[dict[str, Any]]:
    """Yield the fragments that go on with a call."""
    return (fragment for fragment in fragments(frames) if "id" not in fragment)


def last(frames: Frames) -> dict[str, Any]:
    """Return the chunk that ends the first choice."""
    return next(chunk for chunk in chunks(frames) for choice in chunk["choices"] if choice["finish_reason"])


def ordinary(frames: Frames) -> dict[str, Any]:
    """Return the second chunk."""
    return chunks(frames)[1]


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
        answer.body, answer.status, answer.media_type = Stream([answer.body, _DONE]), 200, "text/event-stream"
    return answer


@in_asked("stream-budget-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("stream"):
        asked["max_completion_tokens"] = 4096


@lie("stream-typed-json")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if isinstance(answer.body, Stream):
        answer.media_type = "application/json"
    return answer


@lie("stream-in-one-burst")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if isinstance(answer.body, Stream):
        answer.body, answer.delay = Stream([answer.encoded()]), _GENERATION
    return answer


@in_stream("stream-without-done")
def _(frames: Frames) -> None:
    frames.remove(_DONE)


@in_stream("stream-goes-on-after-done")
def _(frames: Frames) -> None:
    frames.append(copy.deepcopy(ordinary(frames)))


@in_stream("stream-id-changes")
def _(frames: Frames) -> None:
    for number, chunk in enumerate(chunks(frames)):
        chunk["id"] = f"{chunk['id'][:-4]}{number:04x}"


@in_stream("stream-created-changes")
def _(frames: Frames) -> None:
    for number, chunk in enumerate(chunks(frames)):
        chunk["created"] -= number


@in_stream("stream-model-changes")
def _(frames: Frames) -> None:
    ordinary(frames)["model"] = "kimi-of-another-kind"


@in_stream("stream-object-wrong")
def _(frames: Frames) -> None:
    for chunk in chunks(frames):
        chunk["object"] = "chat.completion"


@in_stream("stream-without-role")
def _(frames: Frames) -> None:
    for delta in deltas(frames, "role"):
        del delta["role"]


@in_stream("stream-role-repeated")
def _(frames: Frames) -> None:
    for choice in choices(frames):
        choice["delta"]["role"] = "assistant"


@in_stream("stream-role-changes")
def _(frames: Frames) -> None:
    ordinary(frames)["choices"][0]["delta"]["role"] = "tool"


@in_stream("stream-reasons-late")
def _(frames: Frames) -> None:
    thought = [frame for frame in chunks(frames) if deltas([frame], "reasoning_content")]
    said = [frame for frame in chunks(frames) if (deltas([frame], "content") or [{}])[0].get("content")]
    if thought and said:
        frames.remove(said[0])
        frames.insert(frames.index(thought[0]), said[0])


@in_stream("stream-text-whole-again")
def _(frames: Frames) -> None:
    for member in ("content", "reasoning_content"):
        said = ""
        for delta in deltas(frames, member):
            said += delta[member]
            delta[member] = said


@in_stream("stream-without-finish-reason")
def _(frames: Frames) -> None:
    last(frames)["choices"][0]["finish_reason"] = None


@in_stream("stream-finishes-twice")
def _(frames: Frames) -> None:
    frames.insert(frames.index(last(frames)), copy.deepcopy(last(frames)))


@in_stream("stream-says-more-after-its-finish")
def _(frames: Frames) -> None:
    more = copy.deepcopy(last(frames))
    more["choices"][0] = {"index": 0, "delta": {"content": " and more"}, "finish_reason": None}
    frames.insert(frames.index(last(frames)) + 1, more)


@in_stream("stream-finish-reason-left-out")
def _(frames: Frames) -> None:
    for choice in choices(frames):
        if choice["finish_reason"] is None:
            del choice["finish_reason"]


@in_stream("stream-without-usage-on-finish")
def _(frames: Frames) -> None:
    del last(frames)["choices"][0]["usage"]


@in_stream("stream-usage-on-every-chunk")
def _(frames: Frames) -> None:
    for chunk in chunks(frames):
        chunk.setdefault("usage", last(frames)["choices"][0]["usage"])


@in_stream("stream-without-usage-chunk")
def _(frames: Frames) -> None:
    frames[:] = [frame for frame in frames if not isinstance(frame, dict) or frame["choices"]]


@in_stream("stream-usages-differ")
def _(frames: Frames) -> None:
    last(frames)["choices"][0]["usage"]["prompt_tokens"] += 1
    last(frames)["choices"][0]["usage"]["total_tokens"] += 1


@in_stream("stream-usage-incomplete")
def _(frames: Frames) -> None:
    for holder in [*chunks(frames), *choices(frames)]:
        holder.get("usage", {}).pop("total_tokens", None)


@in_stream("stream-usage-sum-off")
def _(frames: Frames) -> None:
    for holder in [*chunks(frames), *choices(frames)]:
        if "usage" in holder:
            holder["usage"]["total_tokens"] += 1


@in_stream("stream-prompt-dearer")
def _(frames: Frames) -> None:
    for holder in [*chunks(frames), *choices(frames)]:
        if "usage" in holder:
            holder["usage"]["prompt_tokens"] += 50
            holder["usage"]["total_tokens"] += 50


@in_stream("stream-empty-choices-within")
def _(frames: Frames) -> None:
    frames.insert(1, ordinary(frames) | {"choices": []})


@in_stream("stream-choice-without-index")
def _(frames: Frames) -> None:
    for choice in choices(frames):
        del choice["index"]


@in_stream("stream-choice-without-delta")
def _(frames: Frames) -> None:
    del ordinary(frames)["choices"][0]["delta"]


@in_stream("stream-ends-for-another-reason")
def _(frames: Frames) -> None:
    if last(frames)["choices"][0]["finish_reason"] == "stop":
        last(frames)["choices"][0]["finish_reason"] = "length"


@in_stream("stream-thinks-aloud")
def _(frames: Frames) -> None:
    if not deltas(frames, "reasoning_content"):
        thought = copy.deepcopy(ordinary(frames))
        thought["choices"][0]["delta"] = {"reasoning_content": "Nobody was to see this."}
        frames.insert(1, thought)


@in_stream("stream-hides-reasoning")
def _(frames: Frames) -> None:
    frames[:] = [frame for frame in frames if not (isinstance(frame, dict) and deltas([frame], "reasoning_content"))]


@in_stream("stream-fragments-without-index")
def _(frames: Frames) -> None:
    for fragment in fragments(frames):
        del fragment["index"]


@in_stream("stream-indexes-skip")
def _(frames: Frames) -> None:
    for fragment in fragments(frames):
        fragment["index"] *= 2


@in_stream("stream-ids-repeated")
def _(frames: Frames) -> None:
    ids = {fragment["index"]: fragment["id"] for fragment in fragments(frames) if "id" in fragment}
    for fragment in fragments(frames):
        fragment["id"] = ids[fragment["index"]]


@in_stream("stream-names-repeated")
def _(frames: Frames) -> None:
    names = {part["index"]: part["function"]["name"] for part in fragments(frames) if "name" in part["function"]}
    for fragment in fragments(frames):
        fragment["function"]["name"] = names[fragment["index"]]


@in_stream("stream-ids-late")
def _(frames: Frames) -> None:
    known = {fragment["index"]: fragment for fragment in fragments(frames) if "id" in fragment}
    moved: set[int] = set()
    for fragment in later(frames):
        if fragment["index"] not in moved and "id" in known[fragment["index"]]:
            moved.add(fragment["index"])
            fragment["id"] = known[fragment["index"]].pop("id")


@in_stream("stream-arguments-whole-again")
def _(frames: Frames) -> None:
    said: dict[int, str] = {}
    for fragment in later(frames):
        said[fragment["index"]] = said.get(fragment["index"], "") + fragment["function"]["arguments"]
        fragment["function"]["arguments"] = said[fragment["index"]]


@in_stream("stream-arguments-cut")
def _(frames: Frames) -> None:
    pieces = [frame for frame in chunks(frames) if list(later([frame]))]
    if pieces:
        frames.remove(pieces[-1])


@in_stream("stream-nulls-for-absent")
def _(frames: Frames) -> None:
    for fragment in later(frames):
        fragment |= {"id": None, "type": None}


@in_stream("stream-frames-glued")
def _(frames: Frames) -> None:
    glued = Stream(frames[1:3]).encoded()
    frames[1:3] = [b"".join(part.removesuffix(b"\n\n").removeprefix(b"data: ") for part in glued)]
    frames[1] = b"data: " + frames[1] + b"\n\n"


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
    frames[-2:] = [{"error": error}, _DONE]


@in_stream("stream-says-all-twice")
def _(frames: Frames) -> None:
    for said in [frame for frame in chunks(frames) if (deltas([frame], "content") or [{}])[0].get("content")]:
        frames.insert(frames.index(said), copy.deepcopy(said))
