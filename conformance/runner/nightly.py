"""A run against the runs before it: how each change stands, which waivers of changes are stale, and what is unclear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from conformance.drift import earlier, runs
from conformance.drift.earlier import Night
from conformance.drift.standing import Stands, State
from conformance.evidence.runfile import Record
from conformance.judge import answers
from conformance.vocabulary import Change, Run, Severity


def of(run: Run, found: Iterable[Change], head: Record, since: Sequence[Night]) -> Stands:
    """Return how the changes of a run stand; ``head`` is its first record, ``since`` the earlier runs."""
    day = date.fromisoformat(head["as_of"])
    shapes, left_out = earlier.shapes_of(answers.everything(run))
    now = Night("this run", day, run.target.name, run.model, run.mode, head["select"], shapes=shapes, left_out=left_out)
    return runs.stands(found, now, since, run.target, day)


def drifted(records: Sequence[Record]) -> bool:
    """Tell whether a run that was held against an earlier one has a new change that breaks what relies on it."""
    told = (record for record in records if record["kind"] == "change")
    alarms = (one for one in told if one.get("state") == State.NEW and one["severity"] == Severity.BREAKING)
    return bool(records) and "since" in records[0] and any(alarms)
