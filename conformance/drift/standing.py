"""How each change stands: new, going on since an earlier run, not looked at, ended, or waived by the target."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from conformance import rows
from conformance.drift.earlier import Night, Told
from conformance.evidence.runfile import Record, change_record
from conformance.vocabulary import Change, ChangeWaiver, Severity

Identity = tuple[str, str, str, str | None]
_WEIGHTS = list(Severity)


class State(StrEnum):
    """How a change stands against what the last run told; only a new one is an alarm."""

    NEW = "new"
    WENT_ON = "went-on"
    NOT_LOOKED_AT = "not-looked-at"
    ENDED = "ended"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Standing:
    """A change, how it stands, the day on which it was first seen, and the waiver that covers it."""

    change: Change
    state: State
    first_seen: date
    waiver: ChangeWaiver | None = None


@dataclass(frozen=True, slots=True)
class Stands:
    """How all changes stand, the waivers that are stale, and what could not be compared; the last two in words."""

    standings: tuple[Standing, ...]
    stale: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at: places of ``looking.toml``, of ``answers`` the endpoints, of ``recordings`` the scenarios."""

    places: frozenset[str] = frozenset()
    answers: frozenset[str] = frozenset()
    recordings: frozenset[str] = frozenset()

    def also(self, places: Iterable[str]) -> Looked:
        """Return the same, and some places beside."""
        return replace(self, places=self.places | {*places})

    def at(self, change: str, endpoint: str) -> bool:
        """Tell whether a change of this kind would have been seen."""
        place = _places().get(change)
        parts = {"answers": self.answers, "recordings": self.recordings}
        return endpoint in parts[place] if place in parts else place in self.places


def identity(change: Change) -> Identity:
    """Return what makes a change the same on another day; its words and its days may be others."""
    return change.kind, change.endpoint, change.where, change.model


def standings(
    changes: Sequence[Change], earlier: Night | None, looked: Looked, waivers: Sequence[ChangeWaiver], day: date
) -> list[Standing]:
    """Return how each change of a day stands, and those of the earlier run that are not seen any more."""
    before = {identity(one.change): one for one in earlier.told} if earlier else {}
    told = [_standing(change, before.get(identity(change)), earlier, waivers, day) for change in changes]
    seen = {identity(change) for change in changes}
    return [*told, *(_unseen(one, looked) for name, one in before.items() if name not in seen and not _is_once(one))]


def _standing(
    change: Change, known: Told | None, earlier: Night | None, waivers: Sequence[ChangeWaiver], day: date
) -> Standing:
    first = known.first_seen if known else change.as_of or day
    waiver = next((one for one in waivers if day <= one.expires and covers(one, change)), None)
    if waiver:
        return Standing(change, State.WAIVED, first, waiver)
    goes_on = known and earlier and not _is_another(change, known.change, earlier.day)
    return Standing(change, State.WENT_ON if goes_on else State.NEW, first)


def _is_another(change: Change, known: Change, day: date) -> bool:
    """Tell whether a change of the same name is worse than it was, or began only after the earlier run."""
    later = change.since is not None and change.since > (known.as_of or day)
    return later or _WEIGHTS.index(change.severity) < _WEIGHTS.index(known.severity)


def _unseen(told: Told, looked: Looked) -> Standing:
    gone = looked.at(told.change.kind, told.change.endpoint)
    return Standing(told.change, State.ENDED if gone else State.NOT_LOOKED_AT, told.first_seen)


def _is_once(told: Told) -> bool:
    return _places().get(told.change.kind) == "runs"


def covers(waiver: ChangeWaiver, change: Change) -> bool:
    """Tell whether a waiver speaks of a change."""
    named = (waiver.change, waiver.endpoint) == (change.kind, change.endpoint)
    return named and waiver.model in (None, change.model) and fnmatch.fnmatchcase(change.where, waiver.where)


def stale(waivers: Sequence[ChangeWaiver], changes: Sequence[Change], looked: Looked, day: date) -> Iterator[str]:
    """Yield the waivers that expired, and those that nothing needs where that was looked at."""
    for waiver in waivers:
        name = " ".join(filter(None, ("the waiver for", waiver.change, waiver.model, "at", waiver.endpoint)))
        if waiver.expires < day:
            yield f"{name} expired on {waiver.expires} (owner {waiver.owner})"
        elif looked.at(waiver.change, waiver.endpoint) and not any(covers(waiver, change) for change in changes):
            yield f"{name} is no longer needed: there is no such change (owner {waiver.owner})"


def record(standing: Standing) -> Record:
    """Return a change as a record, and how it stands."""
    waiver = standing.waiver
    why = f"{waiver.reason} ({waiver.owner}, {waiver.link}, until {waiver.expires})" if waiver else None
    stands = {"state": standing.state.value, "first_seen": standing.first_seen.isoformat(), "waiver": why}
    return change_record(standing.change) | stands


@cache
def _places() -> dict[str, str]:
    """Return where each kind of change is seen."""
    table = rows.document_of(Path(__file__).with_name("looking.toml"))
    return {kind: place for place, kinds in table.items() for kind in kinds}
