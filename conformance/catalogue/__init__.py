"""What was announced: which models exist since when and until when, asked with an as-of date."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from conformance import rows
from conformance.vocabulary import Announcement

_HERE = Path(__file__).parent
# What a model is held against that no page announced.
SOURCE = "conformance/catalogue/models.toml"
MODALITIES = frozenset({"text", "image", "video"})


@dataclass(frozen=True, slots=True)
class Family:
    """What the models of one family have in common that a caller must know; families.toml explains each field."""

    id: str
    thinks: str
    smallest_call: dict[str, Any]
    source: str
    read: date
    think: dict[str, Any] = field(default_factory=dict)
    efforts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """What some families of models can be asked for, and what to say of a model that cannot."""

    id: str
    lack: str
    families: frozenset[str]
    source: str
    read: date


@dataclass(frozen=True, slots=True)
class ParameterRule:
    """What a parameter may be for some families (none: for all), while thinking, while not, or in any mode.

    ``only`` is the JSON text of the one value that is allowed; without it the value lies between two bounds. ``wrong``
    are JSON texts of values that are refused, ``disputed`` of those about which the sources disagree.
    """

    parameter: str
    source: str
    read: date
    families: tuple[str, ...] = ()
    mode: str = "any"
    only: str = ""
    minimum: float = 0.0
    maximum: float = 0.0
    wrong: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    disputed_source: str = ""

    @property
    def allowed(self) -> str:
        """What the parameter may be, in words."""
        return self.only or f"{self.minimum:g} to {self.maximum:g}"

    def takes(self, value: float) -> bool:
        """Tell whether the parameter may have a value; a boolean is 0 or 1."""
        return value == float(json.loads(self.only)) if self.only else self.minimum <= value <= self.maximum


@dataclass(frozen=True, slots=True)
class Billing:
    """How the service bills what it sells by the token."""

    batch_share: float
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


@cache
def features() -> dict[str, Feature]:
    """Return the features by id; raises rows.ConfigurationError on a row that is wrong or an unknown family."""
    path = _HERE / "features.toml"
    found = [rows.read(Feature, table, path.name) for table in rows.tables(path, "feature")]
    for feature in found:
        if unknown := feature.families - families().keys():
            raise rows.ConfigurationError(f"{path.name}: {feature.id}: unknown family {min(unknown)!r}")
    return rows.unique(found, "id", path.name)


@cache
def parameter_rules() -> tuple[ParameterRule, ...]:
    """Return the matrix of the parameters; raises rows.ConfigurationError on a row that is wrong."""
    path = _HERE / "parameters.toml"
    return tuple(rows.read(ParameterRule, table, path.name) for table in rows.tables(path, "rule"))


@cache
def batch_share() -> float:
    """Return the share of the price that requests in batches are billed at; raises rows.ConfigurationError."""
    path = _HERE / "billing.toml"
    return float(rows.read(Billing, rows.tables(path, "billing")[0], path.name).batch_share)


def modes(family: str) -> tuple[str, ...]:
    """Return the modes that a family of models answers in: plain, thinking, or both."""
    return {"never": ("plain",), "always": ("thinking",)}.get(families()[family].thinks, ("plain", "thinking"))


def rules_for(family: str, mode: str) -> dict[str, ParameterRule]:
    """Return what each parameter may be for a family, in the mode ``thinking`` or ``plain``, by parameter."""
    return {
        rule.parameter: rule
        for rule in parameter_rules()
        if (not rule.families or family in rule.families) and rule.mode in ("any", mode)
    }


def lacks(model: str, feature: str) -> str | None:
    """Return why a model cannot be asked for a feature, or None where it can; a modality is a feature, too."""
    known = models().get(model)
    if known is None:
        return f"the catalogue does not know what {model} can be asked for"
    if feature in MODALITIES:
        return None if feature in known.modalities else f"{model} takes no {feature} ({known.sources[0]})"
    row = features()[feature]
    return None if known.family in row.families else f"{model} {row.lack} ({row.source})"


def available(day: date) -> dict[str, Announcement]:
    """Return the models that were announced and not yet retired on a day, by id."""
    return {name: model for name, model in models().items() if model.available(day)}


def smallest_call(model: str) -> dict[str, Any]:
    """Return what to add to a chat request so that the shortest answer costs least."""
    family = family_of(model)
    return dict(family.smallest_call) if family else {"max_completion_tokens": 128}


def family_of(model: str) -> Family | None:
    """Return the family of a model, or None where the model was never announced."""
    return families()[models()[model].family] if model in models() else None
