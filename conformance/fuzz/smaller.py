"""Makes a request that breaks a clause smaller: member by member is left out, and what still breaks it is kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from conformance import strictjson
from conformance.evidence.client import json_bytes

# Requests that one finding may cost; a small request is easier to read, and not worth a run.
TRIES = 40
_NOTHING = object()


def smaller(body: bytes, breaks: Callable[[bytes], bool], tries: int = TRIES) -> bytes:
    """Return the smallest JSON body found that still breaks the clause, or the body itself where it is no JSON.

    ``breaks`` sends a body and tells whether the clause is broken again.
    """
    try:
        value = strictjson.loads(body)
    except strictjson.NotStrictJSON:
        return body
    position = 0
    # What is left out stays so; what is needed is passed over, and not tried again.
    for _ in range(tries):
        candidate = next(itertools.islice(_without_one(value), position, None), _NOTHING)
        if candidate is _NOTHING:
            break
        if breaks(json_bytes(candidate)):
            value = candidate
        else:
            position += 1
    return json_bytes(value)


def _without_one(value: Any) -> Iterator[Any]:  # noqa: ANN401 - any JSON value
    """Yield a value without one of its members or items, the outer ones first, and with one text shortened."""
    if isinstance(value, dict):
        yield from ({key: kept for key, kept in value.items() if key != name} for name in value)
        for name, inner in value.items():
            yield from ({**value, name: less} for less in _without_one(inner))
    elif isinstance(value, list):
        yield from ([*value[:index], *value[index + 1 :]] for index in range(len(value)))
        for index, inner in enumerate(value):
            yield from ([*value[:index], less, *value[index + 1 :]] for less in _without_one(inner))
    elif isinstance(value, str) and len(value) > 1:
        yield value[: len(value) // 2]
