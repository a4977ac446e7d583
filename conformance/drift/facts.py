"""What a comparison says: a row a fact, with a cell for each side, and who stands against the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.drift.sides import Side
from conformance.vocabulary import Change, OddOneOut, Severity


@dataclass(frozen=True, slots=True)
class Cell:
    """What one side does, as a ``value`` that is compared and the ``shown`` text; without value, ``shown`` says why."""

    value: str | None
    shown: str

    @classmethod
    def of(cls, value: str) -> Cell:
        """Return a cell that shows what it is compared by."""
        return cls(value, value)


def unknown(reason: str) -> Cell:
    """Return the cell of a side of which nothing can be said, with the reason."""
    return Cell(None, reason)


@dataclass(frozen=True, slots=True)
class Row:
    """One fact: ``about`` is an endpoint or a scenario, ``where`` a JSON pointer or a parameter.

    ``due`` is the value that the contract wants, where it has a word. ``severity`` is what a difference weighs;
    without it the row claims none, and only shows. Where a model is ``free`` to differ, nobody is said to have done it.
    """

    aspect: str
    about: str
    where: str
    cells: tuple[Cell, ...]
    severity: Severity | None = None
    due: str | None = None
    free: bool = False


def differences(row: Row, sides: Sequence[Side]) -> list[Change]:
    """Return where the other sides differ from the first; nothing is said of a side of which nothing is known.

    The source of a change is the side that made it, where that is known, else the one that is held against the first.
    """
    first, *others = zip(sides, row.cells, strict=True)
    if row.severity is None or first[1].value is None:
        return []
    return [
        _change(row, sides, first, other)
        for other in others
        if other[1].value is not None and other[1].value != first[1].value
    ]


def _change(row: Row, sides: Sequence[Side], first: tuple[Side, Cell], other: tuple[Side, Cell]) -> Change:
    expected = None if row.free else _expected(row, sides)
    odd = next((side for side, cell in (other, first) if expected is not None and cell.value != expected), None)
    found, held = (first[0], other[0]) if odd is first[0] else (other[0], first[0])
    return Change(
        f"{row.aspect}-differs",
        row.about,
        row.where,
        "; ".join(f"{side.label}: {cell.shown}" for side, cell in (first, other)),
        source=found.label,
        other_source=held.label,
        model=first[0].announced,
        severity=row.severity or Severity.HARMLESS,
        odd_one_out=blamed(odd),
    )


def blamed(side: Side | None) -> OddOneOut | None:
    """Return what it is called that a side stands against the others."""
    if side is None:
        return None
    return OddOneOut.SERVICE if side.official else OddOneOut.GATEWAY


def _expected(row: Row, sides: Sequence[Side]) -> str | None:
    """Return what the others are to be held to: the contract's word, else the official hosts', else the majority's."""
    if row.due is not None:
        return row.due
    known = [(side, cell.value) for side, cell in zip(sides, row.cells, strict=True) if cell.value is not None]
    official = {value for side, value in known if side.official}
    if official:
        return official.pop() if len(official) == 1 else None
    values = [value for _, value in known]
    return next((value for value in values if values.count(value) * 2 > len(values)), None)
