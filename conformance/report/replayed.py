"""A run file as a pytest session: every verdict that stands in it becomes an item again, for the writers of reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.report.items import SESSION, Record, come_to


class Read:
    """The records of a run file, as the writers of reports read those of a running session."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records


class VerdictItem(pytest.Item):
    """One verdict of a run file."""

    def __init__(self, *, record: Record, **rest: Any) -> None:  # noqa: ANN401 - pytest's own arguments
        super().__init__(**rest)
        self.record = record

    def runtest(self) -> None:
        """Come to what the verdict came to."""
        come_to(self, self.record)

    def repr_failure(self, excinfo: object, style: object = None) -> str:  # noqa: ARG002
        """Return what a person needs to know about a verdict that is not green."""
        from conformance.report.text import complaint

        return complaint(self.record)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the sentence of the clause."""
        return self.path, None, self.name


def items(session: pytest.Session, records: list[Record]) -> list[pytest.Item]:
    """Return the items of a run file's verdicts; their names hold nothing that came over the wire."""
    session.config.stash[SESSION] = Read(records)
    verdicts = [record for record in records if record["kind"] == "verdict"]
    return [
        VerdictItem.from_parent(session, name=f"{number} {safe(record)}", record=record)
        for number, record in enumerate(verdicts, 1)
    ]


def safe(record: Record) -> str:
    """Return the clause and the scenario of a verdict, without anything that could be markup."""
    text = f"{record['clause']} in {record['scenario']}"
    return "".join(letter if letter.isalnum() or letter in ".- " else "_" for letter in text)
