"""Lies in the chunks of a stream: in single ones, in their order, and in what they add up to."""

from __future__ import annotations

import copy
import re
from typing import Any

from conformance.reference.lies.frames import Frames, choices, chunks, deltas, in_stream, last, ordinary
from conformance.reference.lies.registry import in_asked

_CHAT = "chat.completions"


@in_asked("stream-budget-ignored", _CHAT)
def _(asked: dict[str, Any]) -> None:
    if asked.get("stream"):
        asked["max_completion_tokens"] = 4096


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


@in_stream("stream-says-all-twice")
def _(frames: Frames) -> None:
    for said in [frame for frame in chunks(frames) if (deltas([frame], "content") or [{}])[0].get("content")]:
        frames.insert(frames.index(said), copy.deepcopy(said))


@in_stream("stream-without-object")
def _(frames: Frames) -> None:
    for chunk in chunks(frames):
        del chunk["object"]


@in_stream("stream-nulls-in-deltas")
def _(frames: Frames) -> None:
    for choice in choices(frames):
        choice["delta"] = {"role": None, "content": None, "tool_calls": None} | choice["delta"]


@in_stream("stream-usage-beside-the-last-choice")
def _(frames: Frames) -> None:
    last(frames)["usage"] = last(frames)["choices"][0]["usage"]
    frames[:] = [frame for frame in frames if not isinstance(frame, dict) or frame["choices"]]


@in_stream("stream-usage-zero")
def _(frames: Frames) -> None:
    for holder in [*chunks(frames), *choices(frames)]:
        if "usage" in holder:
            holder["usage"] = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)


@in_stream("stream-characters-broken")
def _(frames: Frames) -> None:
    for delta in deltas(frames, "content"):
        delta["content"] = re.sub(r"[^\x00-\x7f]", "\ufffd", delta["content"])


@in_stream("stream-without-any-usage")
def _(frames: Frames) -> None:
    frames[:] = [frame for frame in frames if not isinstance(frame, dict) or frame["choices"]]
    del last(frames)["choices"][0]["usage"]
