"""How the families of models behave: a table of data, read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from conformance import rows

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
    thinking: tuple[str, ...] = ()
    keep: bool = False
    unthought: str = "absent"
    forced: tuple[str, ...] = ()
    hidden_tokens: int = 0
    dynamic_tools: bool = False
    efforts: tuple[Efforts, ...] = ()


@cache
def behaviours() -> dict[str, Behaviour]:
    """Return the behaviour of each family by its id; raises rows.ConfigurationError."""
    path = _HERE / "behaviour.toml"
    read = [rows.read(Behaviour, row, path.name) for row in rows.tables(path, "behaviour")]
    return rows.unique(read, "id", path.name)
