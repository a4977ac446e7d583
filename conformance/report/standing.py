"""How the changes stand, for people: the alarms first, what ended, and in one line each what is no alarm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.drift.standing import State
from conformance.evidence.runfile import Record

_WORDS = {State.WENT_ON: "went on", State.NOT_LOOKED_AT: "not looked at this time", State.WAIVED: "waived"}


def of_state(records: Sequence[Record], state: State) -> list[Record]:
    """Return the changes of a state; one of an older run file, which tells none, is new."""
    return [record for record in records if record.get("state", State.NEW) == state]


def lines(records: Sequence[Record]) -> Iterator[str]:
    """Yield what ended, and how many changes are no alarm, with the day on which the first of them was seen."""
    for record in of_state(records, State.ENDED):
        yield f"ended: {name(record)}, first seen on {record['first_seen']}"
    for state, word in _WORDS.items():
        if found := of_state(records, state):
            yield f"{len(found)} {word}, first seen on {min(record['first_seen'] for record in found)}"


def name(record: Record) -> str:
    """Return a change in a few words."""
    words = (record["change"], record.get("model"), record["endpoint"], record["where"])
    return " ".join(word for word in words if word)
