"""The members of answers to the same requests: which of them one side alone tells, and under which name the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.drift.sides import values
from conformance.vocabulary import JSON_TYPES, Exchange

# Where a member stands, array indexes folded, with one value that stood there.
Told = Mapping[str, Any]
# What a body may have of different places; a map with a million keys has no members that could be compared.
PLACES_KEPT = 5000
# These come and go with what a model says and what a cache holds, on one host, too. What stands in them is compared
# where both sides have them.
_PASSING = frozenset({"tool_calls", "cached_tokens", "prompt_tokens_details"})


@dataclass(frozen=True, slots=True)
class Moved:
    """A member that only one of two sides tells (the other place is None), or each in another place.

    ``seen`` is in how many pairs of answers, of ``of`` that have its object on both sides.
    """

    one: str | None
    other: str | None
    seen: int
    of: int


@dataclass(slots=True)
class _Place:
    of: int = 0
    alone: dict[int, Any] = field(default_factory=dict)


def told(exchange: Exchange) -> Told:
    """Return every member of an answer, or of all chunks of a stream."""
    found: dict[str, Any] = {}
    for value in values(exchange):
        _visit(value, "", found)
    return found


def _visit(value: object, where: str, found: dict[str, Any]) -> None:
    if len(found) >= PLACES_KEPT:
        return
    if found.get(where) is None:
        found[where] = value
    if isinstance(value, dict):
        for name, below in value.items():
            _visit(below, f"{where}/{name.replace('~', '~0').replace('/', '~1')}", found)
    elif isinstance(value, list):
        for below in value:
            _visit(below, f"{where}/*", found)


def moved(answers: Sequence[tuple[Told, Told]]) -> Iterator[Moved]:
    """Yield the members that one side tells and the other never does, the nearest to the root alone."""
    gone, come = _alone(answers), _alone([(other, one) for one, other in answers])
    for where, place in gone.items():
        new = next((name for name in come if _same(where, place, name, come[name])), None)
        if new is not None:
            del come[new]
        yield Moved(where, new, len(place.alone), place.of)
    for where, place in come.items():
        yield Moved(None, where, len(place.alone), place.of)


def _alone(answers: Sequence[tuple[Told, Told]]) -> dict[str, _Place]:
    """Return the places that the first of each pair has and no second one, where both have what they stand in."""
    places: dict[str, _Place] = defaultdict(_Place)
    for number, (one, other) in enumerate(answers):
        for where, value in one.items():
            parent, _, name = where.rpartition("/")
            if parent in other and name not in _PASSING and where:
                place = places[where]
                place.of += 1
                if where not in other:
                    place.alone[number] = value
    elsewhere = {where for _, other in answers for where in other}
    return {where: place for where, place in places.items() if place.alone and where not in elsewhere}


def _same(where: str, place: _Place, new: str, other: _Place) -> bool:
    """Tell whether a member is another under a new name: in the same answers, of one type or null, called alike."""
    if place.alone.keys() != other.alone.keys():
        return False
    kinds = [{_kind(value) for value in told.alone.values()} - {"null"} for told in (place, other)]
    (parent, _, name), (home, _, called) = where.rpartition("/"), new.rpartition("/")
    shorter, longer = sorted((name, called), key=len)
    alike = f"{longer}_".startswith(f"{shorter}_") if parent == home else name == called
    return alike and (kinds[0] == kinds[1] or not all(kinds))


def _kind(value: object) -> str:
    return "null" if value is None else JSON_TYPES[type(value)]
