"""How the families of models behave: two tables of data, read once."""

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


@dataclass(frozen=True, slots=True)
class Rule:
    """What a parameter may be for some families (none: for all), while thinking, while not, or in any mode.

    ``only`` is the JSON text of the one value that is allowed; without it the value lies between two bounds.
    """

    parameter: str
    families: tuple[str, ...] = ()
    mode: str = "any"
    only: str = ""
    minimum: float = 0.0
    maximum: float = 0.0


@cache
def behaviours() -> dict[str, Behaviour]:
    """Return the behaviour of each family by its id; raises rows.ConfigurationError."""
    path = _HERE / "behaviour.toml"
    read = [rows.read(Behaviour, row, path.name) for row in rows.tables(path, "behaviour")]
    return rows.unique(read, "id", path.name)


@cache
def rules() -> tuple[Rule, ...]:
    """Return the parameter matrix; raises rows.ConfigurationError."""
    path = _HERE / "parameters.toml"
    return tuple(rows.read(Rule, row, path.name) for row in rows.tables(path, "rule"))
