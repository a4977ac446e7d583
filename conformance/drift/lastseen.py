"""What an earlier run saw of the models: from its run file, or from what ``drift --json`` printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import NoneType
from typing import Any

from conformance import strictjson
from conformance.drift import seen
from conformance.drift.seen import Call, Entry, Listed, Seen
from conformance.drift.table import WORDS
from conformance.evidence import recorded
from conformance.evidence.recorded import source
from conformance.evidence.recorded.carry import UnreadableError
from conformance.vocabulary import Target

_ANSWERED = {"yes": True, "no": False}


def read(path: Path, target: Target) -> Seen | None:
    """Return what a file tells of the models that were seen, or None where it tells nothing of any."""
    document = _document(path)
    if document is not None:
        return _of_document(document, path.name)
    exchanges = list(recorded.read(path))
    days = [one.made_at.date() for one in exchanges if one.made_at]
    told = seen.of(exchanges, target, max(days, default=date.min), path.name)
    return told if days and (told.listed is not None or told.calls) else None


def _document(path: Path) -> dict[str, Any] | None:
    """Return what ``drift --json`` printed, or None where the file is something else."""
    try:
        with source.opened(path) as stream:
            value = strictjson.loads(source.whole(stream, source.LINE_LIMIT, ""))
    except (OSError, UnreadableError, ValueError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("models"), list) else None


def _of_document(document: dict[str, Any], name: str) -> Seen | None:
    rows = [row for row in document["models"] if _is_row(row)]
    there = [row for row in rows if row.get("field") == "there"]
    listed = {row["model"]: ("", _entry(row["model"], rows)) for row in there if row.get("listed") == "yes"}
    calls = {row["model"]: Call(_ANSWERED[row["callable"]]) for row in there if row.get("callable") in _ANSWERED}
    try:
        day = date.fromisoformat(str(document.get("as_of")))
    except ValueError:
        return None
    known: dict[str, Listed] | None = listed if any(row.get("listed") in _ANSWERED for row in there) else None
    return Seen(name, day, known, calls) if known is not None or calls else None


def _is_row(row: object) -> bool:
    """Tell whether a value has the form of a row of the table, of which a file may hold any other."""
    plain = isinstance(row, dict) and all(isinstance(value, str | int | NoneType) for value in row.values())
    return plain and isinstance(row.get("model"), str)  # type: ignore[attr-defined]


def _entry(model: str, rows: Sequence[dict[str, Any]]) -> Entry:
    """Return the entry that a model had in the list, as far as its rows tell."""
    told = {row.get("field"): row.get("listed") for row in rows if row["model"] == model}
    return {name: told[field] for field, name in WORDS.items() if told.get(field) is not None}
