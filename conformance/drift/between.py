"""The answers of one run against those of earlier runs: what is new, gone, of another type or rarer than by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from conformance.drift import exact
from conformance.drift.documents import Difference
from conformance.drift.exact import Table
from conformance.drift.grading import grade
from conformance.drift.maps import folded
from conformance.drift.shape import FREE, Fact, Place, Shape
from conformance.vocabulary import Severity

# A place that has more values than these is no enum.
_VALUES = 10
INSIDE, THERE, TYPE, VALUE = "inside", "there", "type", "value"


class Kind(StrEnum):
    """How answers can differ between two runs."""

    NEW = "answer-member-new"
    GONE = "answer-member-gone"
    RATE = "answer-member-rate"
    TYPE = "answer-type-changed"
    VALUES = "answer-values-changed"
    UNSURE = "answer-differs-in-few"


@dataclass(frozen=True, slots=True)
class Differing:
    """One place of an endpoint's answers that is not as it was."""

    kind: Kind
    place: Place
    detail: str
    severity: Severity


def differing(before: Shape, now: Shape) -> Iterator[Differing]:
    """Yield where answers to the same requests differ by more than chance, the nearest to the root first.

    What was so in all answers and is in none now, or the reverse, in too few answers to tell, is told as such.
    """
    counts = _Counts(*folded(before, now))
    for place in sorted(counts.places):
        if place and (found := _presence(place, counts)):
            yield found
            continue
        yield from _types(place, counts)
        yield from _values(place, counts)


def comparable(before: Shape, now: Shape) -> bool:
    """Tell whether some request was answered on both sides."""
    return not {asked for asked, _ in before.seen}.isdisjoint(asked for asked, _ in now.seen)


class _Counts:
    """How often each fact was seen on each side, by request; of requests that were answered on both."""

    def __init__(self, before: Shape, now: Shape) -> None:
        common = {asked for asked, _ in before.seen} & {asked for asked, _ in now.seen}
        self._sides = [_by_fact(side, common) for side in (before, now)]
        self.facts = sorted({*self._sides[0], *self._sides[1]})
        self.places = {fact.place for fact in self.facts}
        self._values: dict[tuple[Place, str], list[str]] = {}
        for fact in self.facts:
            self._values.setdefault((fact.place, fact.aspect), []).append(fact.value)

    def values(self, place: Place, aspect: str) -> list[str]:
        return self._values.get((place, aspect), [])

    def tables(self, part: Fact, whole: Fact) -> list[Table]:
        """Return how many of the answers with the whole have the part, a table each request."""
        parts, wholes = ([side.get(fact, Counter()) for side in self._sides] for fact in (part, whole))
        asked = wholes[0].keys() & wholes[1].keys()
        return [Table(parts[0][one], wholes[0][one], parts[1][one], wholes[1][one]) for one in sorted(asked)]


def _by_fact(shape: Shape, common: set[str]) -> dict[Fact, Counter[str]]:
    found: dict[Fact, Counter[str]] = {}
    for (asked, sample), count in shape.seen.items():
        if asked in common:
            for fact in sample:
                found.setdefault(fact, Counter())[asked] += count
    return found


def _presence(place: Place, counts: _Counts) -> Differing | None:
    tables = counts.tables(Fact(place, THERE), Fact(place[:-1], INSIDE))
    told = _told(tables)
    if told is None:
        return None
    seen = _summed(tables)
    if seen.now and seen.before:
        rates = ((seen.before, seen.of_before), (seen.now, seen.of_now))
        always = [True if part == whole else None for part, whole in rates]
        return _found(Kind.RATE, told, Difference(place, "required", *always))
    kind, there = (Kind.NEW, (None, "known")) if seen.now else (Kind.GONE, ("known", None))
    return _found(kind, told, Difference(place, "there", *there))


def _types(place: Place, counts: _Counts) -> Iterator[Differing]:
    tables = {one: counts.tables(Fact(place, TYPE, one), Fact(place, THERE)) for one in counts.values(place, TYPE)}
    yield from _of_set(Kind.TYPE, Difference(place, "type", None, None), tables)


def _values(place: Place, counts: _Counts) -> Iterator[Differing]:
    """Yield how an enum changed: no text is free, and there are few of them, less than half as many as answers."""
    known = counts.values(place, VALUE)
    tables = {one: counts.tables(Fact(place, VALUE, one), Fact(place, TYPE, "string")) for one in known}
    texts = sum(table.of_before + table.of_now for table in next(iter(tables.values()), ()))
    if FREE not in known and len(known) <= _VALUES and 2 * len(known) <= texts:
        found = _of_set(Kind.VALUES, Difference(place, "values", None, None), tables)
        yield from (one for one in found if one.kind is not Kind.UNSURE)


def _of_set(kind: Kind, at: Difference, tables: Mapping[str, list[Table]]) -> Iterator[Differing]:
    """Yield what came and went of a set, what is clear apart from what is not."""
    told = {one: found for one in tables if (found := _told(tables[one]))}
    seen = {one: _summed(found) for one, found in tables.items()}
    for clear in (True, False):
        # What is not clear is taken to be as it was; and a number without a fraction may be one by chance.
        moved = {one for one, found in told.items() if found.clear is clear and (clear or one != "number")}
        before = tuple(sorted(one for one in tables if one not in moved or seen[one].before))
        now = tuple(sorted(one for one in tables if one not in moved or seen[one].now))
        if changed := sorted({*before} ^ {*now}):
            words = "; ".join(f"{at.aspect} {one} {told[one].words}" for one in changed)
            yield _found(kind, Told(words, clear), replace(at, ours=before, theirs=now))


def _found(kind: Kind, told: Told, change: Difference) -> Differing:
    severity = grade(replace(change, at=("answer", *change.at)))
    if told.clear:
        return Differing(kind, change.at, told.words, severity)
    lighter = Severity.RISKY if severity is Severity.BREAKING else Severity.HARMLESS
    return Differing(Kind.UNSURE, change.at, told.words, lighter)


class Told(NamedTuple):
    """How often something was seen, in words, and whether the test is clear."""

    words: str
    clear: bool


def _told(tables: list[Table]) -> Told | None:
    """Return what is to be told of a fact; None where it is as frequent as before, as far as the answers show."""
    seen = _summed(tables)
    if not tables or seen.before * seen.of_now == seen.now * seen.of_before:
        return None
    chance = exact.chance(tables)
    words = f"seen in {seen.before} of {seen.of_before}, now in {seen.now} of {seen.of_now} answers"
    if chance <= exact.LEVEL:
        return Told(f"{words} (by chance {chance:.1g})", clear=True)
    turned = (seen.before, seen.now) in ((seen.of_before, 0), (0, seen.of_now))
    return Told(f"{words}: too few to tell", clear=False) if turned else None


def _summed(tables: list[Table]) -> Table:
    return Table(*map(sum, zip(*tables, strict=True))) if tables else Table(0, 0, 0, 0)
