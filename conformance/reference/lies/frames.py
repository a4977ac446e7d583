"""The frames of a streamed answer, for those who lie in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.reference.answers import Answer, Call, Handler, Stream
from conformance.reference.lies.registry import LIES

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
