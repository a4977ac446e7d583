"""Objects whose keys are no members but ids or names of the user's own: all their keys are one place."""

from __future__ import annotations

from collections import Counter

from conformance.drift.shape import ANY, Place, Sample, Shape

# An object of the API has fewer members that come and go, and they are of several types.
_KEYS = 10


def folded(*shapes: Shape) -> list[Shape]:
    """Return shapes in which every map is folded, as all of them together show it.

    A map is an object with more than ten keys, of which none stands in more than half of the answers that have the
    object, and whose values are all of one type. Ids are folded when they are read; these are the maps whose keys look
    like names.
    """
    samples: Counter[Sample] = Counter()
    for shape in shapes:
        for (_, sample), count in shape.seen.items():
            samples[sample] += count
    found = _maps(samples)
    return [_folded(shape, found) for shape in shapes] if found else list(shapes)


def _maps(samples: Counter[Sample]) -> set[Place]:
    inside: Counter[Place] = Counter()
    keys: dict[Place, Counter[str]] = {}
    types: dict[Place, set[str]] = {}
    for sample, count in samples.items():
        for fact in sample:
            if fact.aspect == "inside":
                inside[fact.place] += count
            elif fact.place and fact.place[-1] != ANY and fact.aspect == "there":
                keys.setdefault(fact.place[:-1], Counter())[fact.place[-1]] += count
            elif fact.place and fact.aspect == "type":
                types.setdefault(fact.place[:-1], set()).add(fact.value)
    return {
        place
        for place, known in keys.items()
        if place and len(known) > _KEYS and 2 * max(known.values()) <= inside[place] and len(types[place]) == 1
    }


def _folded(shape: Shape, found: set[Place]) -> Shape:
    seen: Counter[tuple[str, Sample]] = Counter()
    for (asked, sample), count in shape.seen.items():
        seen[asked, frozenset(fact._replace(place=_place(fact.place, found)) for fact in sample)] += count
    return Shape(seen)


def _place(place: Place, found: set[Place]) -> Place:
    return tuple(ANY if place[:at] in found else name for at, name in enumerate(place))
