"""The runs of several targets side by side: who changed what, from their run files alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from conformance.drift import answering, effects, members
from conformance.drift.alike import Pair, pairs
from conformance.drift.facts import Cell, Row, blamed, differences, unknown
from conformance.drift.members import Moved
from conformance.drift.sides import Side, is_reasoning, refused, succeeded
from conformance.judge.shapes import shown
from conformance.vocabulary import Change, Exchange, Severity, Status

# More say no more than that everything is another, and how many there were is told.
KEPT = 500
HOLDS, BROKEN = "holds", "broken"
_HELD = {Status.PASS: HOLDS, Status.FAIL: BROKEN, Status.WARN: BROKEN, Status.WAIVED: BROKEN}
_WEIGHTS = {"member-dropped": Severity.BREAKING, "member-renamed": Severity.BREAKING, "member-added": Severity.HARMLESS}


@dataclass(frozen=True, slots=True)
class Unasked:
    """Scenarios of which nothing can be said, since a side was not asked, or was asked otherwise, and why."""

    side: str
    reason: str
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several sides, the others held against the first; ``left_out`` counts the differences beyond KEPT."""

    sides: tuple[Side, ...]
    rows: tuple[Row, ...]
    changes: tuple[Change, ...]
    unasked: tuple[Unasked, ...]
    left_out: int = 0


def compare(sides: Sequence[Side]) -> Comparison:
    """Return what the sides do, and where the others differ from the first."""
    facts = [*effects.rows(sides), *answering.rows(sides)]
    shown_where_equal = [row for row in facts if any(cell.value is not None for cell in row.cells)]
    differing = [row for row in chain(answering.requests(sides), clauses(sides)) if differences(row, sides)]
    rows = [*shown_where_equal, *differing]
    found = [*(each for row in rows for each in differences(row, sides)), *_members(sides)]
    found.sort(key=lambda each: list(Severity).index(each.severity))
    day = date.fromisoformat(max(str(side.run["as_of"]) for side in sides))
    kept = tuple(replace(each, as_of=day) for each in found[:KEPT])
    return Comparison(tuple(sides), tuple(rows), kept, tuple(_unasked(sides)), len(found) - len(kept))


def clauses(sides: Sequence[Side]) -> Iterator[Row]:
    """Yield which clauses hold at each side, in the scenarios of which every side knows that knows any.

    Parameters have rows of their own, and so has whether a request is answered.
    """
    told = [_held(side) for side in sides]
    for clause, level in {one["clause"]: one["level"] for one in sides[0].verdicts()}.items():
        if clause in effects.JUDGED or clause.endswith(".status"):
            continue
        known = [held[clause] for held in told if clause in held]
        common = set.intersection(*map(set, known)) if known else set()
        cells = tuple(_cell({name: held[clause][name] for name in common} if clause in held else {}) for held in told)
        yield Row("clause", "", clause, cells, Severity.BREAKING if level == "MUST" else Severity.RISKY, HOLDS)


def _held(side: Side) -> dict[str, dict[str, str]]:
    held: dict[str, dict[str, str]] = {}
    for one in side.verdicts():
        if word := _HELD.get(Status(one["status"])):
            held.setdefault(one["clause"], {})[one["scenario"]] = word
    return held


def _cell(held: dict[str, str]) -> Cell:
    broken = sorted(scenario for scenario, word in held.items() if word == BROKEN)
    if broken:
        return Cell(BROKEN, f"{BROKEN} in {shown(', '.join(broken))}")
    return Cell.of(HOLDS) if held else unknown("not looked at where the others were")


def _members(sides: Sequence[Side]) -> Iterator[Change]:
    first, *others = sides
    for other in others:
        told: dict[str, list[tuple[members.Told, members.Told]]] = {}
        for pair in pairs(first, other):
            for means, suffix in ((succeeded, ""), (refused, ", refused")):
                if means(pair.one) and means(pair.other):
                    both = told.setdefault(f"{pair.one.endpoint}{suffix}", [])
                    both.append((_told(pair.one, pair), _told(pair.other, pair)))
        for endpoint, answers in told.items():
            yield from (_member(first, other, endpoint, moved) for moved in members.moved(answers))


def _told(exchange: Exchange, pair: Pair) -> members.Told:
    """Return the members of an answer, without those of reasoning where one side alone was told to think, or not to."""
    told = members.told(exchange)
    return told if pair.as_thoughtful else {where: value for where, value in told.items() if not is_reasoning(where)}


def _member(first: Side, other: Side, endpoint: str, moved: Moved) -> Change:
    """Return a member's difference, told of the side that made it, else of the one that is held against the first."""
    odd = _stranger(first, other, endpoint, moved)
    mine, theirs = (moved.other, moved.one) if odd is first else (moved.one, moved.other)
    kind = "member-added" if mine is None else "member-dropped" if theirs is None else "member-renamed"
    names = {"member-added": f"{_name(theirs)} is added", "member-dropped": f"{_name(mine)} is dropped"}
    told = names.get(kind, f"{_name(mine)} is {_name(theirs)}")
    who, held = (first, other) if odd is first else (other, first)
    return Change(
        kind,
        endpoint,
        _name(mine or theirs),
        f"{told} at {who.label}, against {held.label}, in {moved.seen} of {moved.of} pairs of answers",
        source=who.label,
        other_source=held.label,
        model=first.announced,
        severity=_WEIGHTS[kind],
        odd_one_out=blamed(odd),
    )


def _stranger(first: Side, other: Side, endpoint: str, moved: Moved) -> Side | None:
    """Return the side that is no host of the vendor, else the one that tells what the contract does not know."""
    if first.official != other.official:
        return first if other.official else other
    told = ((other, moved.other), (first, moved.one))
    return next((side for side, where in told if (endpoint, _name(where)) in side.unknown), None)


def _name(pointer: str | None) -> str:
    return str(shown(pointer))


def _unasked(sides: Sequence[Side]) -> list[Unasked]:
    gaps: dict[tuple[str, str], dict[str, None]] = {}
    first, *others = sides
    for other in others:
        alike = {pair.one.scenario for pair in pairs(first, other) if pair.one.response and pair.other.response}
        for scenario in dict.fromkeys(scenario for side in (first, other) for scenario, _ in side.exchanges):
            if scenario not in alike:
                answered = any(exchange.response for exchange in first.said_in(scenario))
                lacking = other if answered else first
                gaps.setdefault((lacking.label, _reason(lacking, scenario)), {})[scenario] = None
    return [Unasked(label, reason, tuple(names)) for (label, reason), names in gaps.items()]


def _reason(side: Side, scenario: str) -> str:
    said = side.said_in(scenario)
    failures = [exchange.failure for exchange in said if exchange.failure]
    if failures:
        return str(shown(failures[0]))
    if said:
        return "asked otherwise"
    reasons = [verdict["reason"] for verdict in side.verdicts() if verdict["scenario"] == scenario]
    return str(shown(reasons[0])) if reasons else "not selected"
