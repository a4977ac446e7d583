"""What pytest's items and the writers of reports have in common: the record of a verdict, and what it comes to."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

Record = dict[str, Any]


class Recorded(Protocol):
    """Whatever has the records of a run: one that is going on, or a run file that was read."""

    @property
    def records(self) -> list[Record]:
        """Every record so far."""


SESSION: pytest.StashKey[Recorded] = pytest.StashKey()
RECORD: pytest.StashKey[Record] = pytest.StashKey()


class NonConformanceError(Exception):
    """A check that did not hold, or could not be looked at."""


def come_to(item: pytest.Item, record: Record) -> None:
    """Make an item come to what a verdict came to, in pytest's words; raises where it is not green."""
    item.stash[RECORD] = record
    item.user_properties += [(name, record[name]) for name in ("clause", "level", "status", "source", "scenario")]
    status, must = record["status"], record["level"] == "MUST"
    if status in ("fail", "error") or (status == "could-not-check" and must):
        raise NonConformanceError(f"{record['clause']}: {status}")
    if status in ("not-applicable", "could-not-check"):
        pytest.skip(f"{status}: {record['reason']}")
