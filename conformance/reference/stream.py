"""A finished completion told as server-sent events, in the order in which the service sends them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.reference import tokens
from conformance.reference.answers import Stream

MEDIA_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"


def events(completion: Mapping[str, Any], fingerprint: str, *, usage_chunk: bool, pause: float = 0.0) -> Stream:
    """Return the whole stream, with ``pause`` in seconds between its frames.

    The usage stands on the finishing chunk, and in a chunk of its own where that is asked for.
    """
    told: list[dict[str, Any] | bytes] = [*chunks(completion, fingerprint)]
    if usage_chunk:
        told.append(_chunk(completion) | {"choices": [], "usage": completion["usage"]})
    return Stream([*told, DONE], pause)


def chunks(completion: Mapping[str, Any], fingerprint: str) -> Iterator[dict[str, Any]]:
    """Yield a chunk for the role, for each piece of reasoning, content or call, and for the end, of each choice."""
    for choice in completion["choices"]:
        for delta in _deltas(choice["message"]):
            told = {"index": choice["index"], "delta": delta, "finish_reason": None}
            yield _chunk(completion) | {"choices": [told], "system_fingerprint": fingerprint}
        last = {"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}
        # Each chunk has a usage of its own: what a lie changes in one must not change in the other.
        last["usage"] = copy.deepcopy(completion["usage"])
        yield _chunk(completion) | {"choices": [last], "system_fingerprint": fingerprint}


def _deltas(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield {"role": message["role"], "content": ""}
    if message.get("reasoning_content"):
        yield from ({"reasoning_content": piece} for piece in [*tokens.pieces(message["reasoning_content"]), ""])
    yield from ({"content": piece} for piece in tokens.pieces(message["content"]))
    for call in message.get("tool_calls", ()):
        yield {"tool_calls": [call | {"function": {"name": call["function"]["name"], "arguments": ""}}]}
        for piece in tokens.pieces(call["function"]["arguments"]):
            yield {"tool_calls": [{"index": call["index"], "function": {"arguments": piece}}]}


def _chunk(completion: Mapping[str, Any]) -> dict[str, Any]:
    head = {name: completion[name] for name in ("id", "object", "created", "model")}
    return head | {"object": "chat.completion.chunk"}
