"""The table of models for a terminal of 80 columns: which source says that there is such a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from conformance.evidence.runfile import Record

_COLUMNS = {"announced": 10, "documented": 10, "listed": 6, "callable": 8, "last_seen": 9}
_MODEL = 31
_LINE = 80


def table(rows: Sequence[Record]) -> list[str]:
    """Return the lines of the table: a row a model, and below it a row for each field that its sources disagree on.

    A dash is a source that was not given or says nothing, a question mark what could not be checked.
    """
    if not rows:
        return []
    titles = " ".join(name.replace("_", " ").ljust(width) for name, width in _COLUMNS.items())
    lines = ["", f"{'model':{_MODEL}} {titles}".rstrip()]
    notes: list[str] = []
    for row in rows:
        if row["field"] == "there" or not row["agrees"]:
            lines.append(_line(row))
        if row["note"] and row["note"] not in notes:
            notes.append(row["note"])
    return [*lines, *(line for note in notes for line in _note(note))]


def _line(row: Record) -> str:
    named = row["model"] if row["field"] == "there" else f"  {row['field']}"
    cells = [_cell(row, name).ljust(width) for name, width in _COLUMNS.items()]
    return f"{_cut(named, _MODEL):{_MODEL}} {' '.join(cells)}".rstrip()[:_LINE]


def _cell(row: Record, name: str) -> str:
    value = row[name]
    if value is None:
        return "-"
    if name == "listed" and value == "no" and row["note"]:
        return "no*"
    told = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    return _cut(told, _COLUMNS[name])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _note(note: str) -> Iterator[str]:
    yield from wrap(f"* {note}", _LINE, subsequent_indent="  ", break_on_hyphens=False)
