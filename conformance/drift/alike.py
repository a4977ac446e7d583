"""Whether two sides were asked the same: each in its own words, where a target's file gives it some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.drift.sides import Side
from conformance.vocabulary import CouldNotCheck, Exchange, find

# What differs although the same is asked: ids belong to a host or an account, a conversation goes on from answers, and
# each host has its own words for how little is to be said and whether to think.
_OWN = frozenset(
    {"model", "input_file_id", "messages", "tools", "max_tokens", "max_completion_tokens", "thinking", "reasoning"}
)
# What asks for thinking, and what asks for none: a place in the request, and the value there.
_THINKING = {"/thinking/type": ("enabled", "disabled"), "/reasoning/enabled": (True, False)}


@dataclass(frozen=True, slots=True)
class Pair:
    """What two sides answered to the same request; ``as_thoughtful`` tells whether both were told alike to think."""

    one: Exchange
    other: Exchange
    as_thoughtful: bool


def pairs(one: Side, other: Side) -> Iterator[Pair]:
    """Yield what both sides were asked; a member that only one of them was sent is a word of its target alone."""
    for key, mine in one.exchanges.items():
        theirs = other.exchanges.get(key)
        if theirs is not None and mine.endpoint == theirs.endpoint and _agree(_asked(mine), _asked(theirs)):
            yield Pair(mine, theirs, thinking(mine) == thinking(theirs))


def thinking(exchange: Exchange) -> object:
    """Return whether a request asks to think: True or False, or None where it leaves that to the model."""
    asked = _asked(exchange)
    for pointer, (yes, no) in _THINKING.items():
        if (told := find(asked, pointer)) in (yes, no):
            return told == yes
    return None


def _asked(exchange: Exchange) -> dict[str, Any]:
    try:
        asked = exchange.asked
    except CouldNotCheck:  # no body, or the form of a file, whose boundary is another each time
        return {}
    return asked if isinstance(asked, dict) else {}


def _agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    same = all(one[name] == other[name] for name in one.keys() & other.keys() - _OWN)
    return (
        same
        and _listed(one, "messages", "/role") == _listed(other, "messages", "/role")
        and (_listed(one, "tools", "/function/name") == _listed(other, "tools", "/function/name"))
    )


def _listed(asked: dict[str, Any], name: str, pointer: str) -> list[object]:
    listed: Sequence[object] = asked[name] if isinstance(asked.get(name), list) else []
    return [find(each, pointer) for each in listed]
