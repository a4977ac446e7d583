"""A run file as a pytest session: every verdict that stands in it becomes an item again, for the writers of reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.plugin import RECORD, SESSION, outcome


class Read:
    """The records of a run file, as the writers of reports read those of a running session."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.records = records


class VerdictItem(pytest.Item):
    """One verdict of a run file."""

    def __init__(self, *, record: dict[str, Any], **rest: Any) -> None:  # noqa: ANN401 - pytest's own arguments
        super().__init__(**rest)
        self.stash[RECORD] = record

    def runtest(self) -> None:
        """Come to what the verdict came to."""
        outcome(self, self.stash[RECORD])

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401
        """Return what a person needs to know about a verdict that is not green."""
        from conformance.report.text import complaint

        return complaint(self.stash[RECORD]) if RECORD in self.stash else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the sentence of the clause."""
        return self.path, None, self.name


def items(session: pytest.Session, records: list[dict[str, Any]]) -> list[pytest.Item]:
    """Return the items of a run file's verdicts; their names hold nothing that came over the wire."""
    session.config.stash[SESSION] = Read(records)  # type: ignore[assignment]
    verdicts = [record for record in records if record["kind"] == "verdict"]
    return [
        VerdictItem.from_parent(session, name=f"{number} {safe(record)}", record=record)
        for number, record in enumerate(verdicts, 1)
    ]


def safe(record: dict[str, Any]) -> str:
    """Return the clause and the scenario of a verdict, without anything that could be markup."""
    text = f"{record['clause']} in {record['scenario']}"
    return "".join(letter if letter.isalnum() or letter in ".- " else "_" for letter in text)
