"""What was announced: which models exist since when and until when, asked with an as-of date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from conformance import rows
from conformance.vocabulary import Announcement

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Family:
    """What the models of one family have in common that a caller must know."""

    id: str
    thinks: str
    batch: bool
    smallest_call: dict[str, Any]
    source: str
    read: date


@cache
def models() -> dict[str, Announcement]:
    """Return every model ever announced, by id; raises rows.ConfigurationError on a row that is wrong."""
    path = _HERE / "models.toml"
    read = [rows.read(Announcement, table, f"{path.name}: {table.get('id')}") for table in rows.tables(path, "model")]
    known = rows.unique(read, "id", path.name)
    for row in known.values():
        if not row.sources or not all(source.startswith("https://") for source in row.sources):
            raise rows.ConfigurationError(f"{path.name}: {row.id}: a model needs a source, and each is an https link")
        if row.retired and row.retired < row.announced:
            raise rows.ConfigurationError(f"{path.name}: {row.id}: retired before it was announced")
        if row.family not in families():
            raise rows.ConfigurationError(f"{path.name}: {row.id}: unknown family {row.family!r}")
    return known


@cache
def families() -> dict[str, Family]:
    """Return the families of models by id; raises rows.ConfigurationError on a row that is wrong."""
    path = _HERE / "families.toml"
    return rows.unique([rows.read(Family, table, path.name) for table in rows.tables(path, "family")], "id", path.name)


def available(day: date) -> dict[str, Announcement]:
    """Return the models that were announced and not yet retired on a day, by id."""
    return {name: model for name, model in models().items() if model.available(day)}


def family_of(model: str) -> Family | None:
    """Return the family of a model, or None where the model was never announced."""
    return families()[models()[model].family] if model in models() else None
