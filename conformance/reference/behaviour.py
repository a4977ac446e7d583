"""How the families of models behave: a table of data, read once, and what the catalogue says of each model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from conformance import catalogue, rows
from conformance.vocabulary import Announcement

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Efforts:
    """The values of reasoning_effort that are listed since a day; the last of them is the default."""

    since: date
    valid: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the models of one family behave towards a caller; the head of behaviour.toml explains each field."""

    id: str
    default_tokens: int
    unthought: str = "absent"
    hidden_tokens: int = 0
    effort_tokens: dict[str, int] = field(default_factory=dict)
    replays_reasoning: bool = False
    efforts: tuple[Efforts, ...] = ()


def has(model: Announcement, feature: str) -> bool:
    """Tell whether a model can be asked for a feature of the catalogue."""
    return catalogue.lacks(model.id, feature) is None


def thinking_types(model: Announcement) -> tuple[str, ...]:
    """Return the types that the member ``thinking`` may have; none where the model pays no heed to it."""
    if has(model, "thinking-off") or has(model, "thinking-off-undocumented"):
        return ("enabled", "disabled")
    return ("enabled",) if has(model, "thinking-member") else ()


@cache
def behaviours() -> dict[str, Behaviour]:
    """Return the behaviour of each family by its id; raises rows.ConfigurationError."""
    path = _HERE / "behaviour.toml"
    read = [rows.read(Behaviour, row, path.name) for row in rows.tables(path, "behaviour")]
    return rows.unique(read, "id", path.name)
