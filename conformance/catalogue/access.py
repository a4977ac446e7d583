"""Who sees which model: by region and by the kind of account; access.toml has the facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from conformance import catalogue, rows
from conformance.catalogue import gateways
from conformance.vocabulary import Account, Target

_PATH = Path(__file__).with_name("access.toml")
REGIONS = frozenset({"international", "china"})


@dataclass(frozen=True, slots=True)
class Access:
    """In which regions some models are to be had, and the least account that sees them."""

    models: tuple[str, ...]
    regions: frozenset[str]
    account: Account
    source: str
    read: date


@cache
def access() -> dict[str, Access]:
    """Return who sees each announced model, by its id; raises rows.ConfigurationError on a row that is wrong."""
    return checked(rows.tables(_PATH, "access"))


def checked(tables: Iterable[dict[str, Any]]) -> dict[str, Access]:
    """Return the rows that tables describe, by model; raises ConfigurationError unless each model stands once."""
    found: dict[str, Access] = {}
    for row in (rows.read(Access, table, _PATH.name) for table in tables):
        if not row.regions or not row.regions <= REGIONS or not row.source.startswith("https://"):
            raise rows.ConfigurationError(f"{_PATH.name}: {row.models}: needs known regions, and an https link")
        for model in row.models:
            if model in found:
                raise rows.ConfigurationError(f"{_PATH.name}: {model!r} stands twice")
            found[model] = row
    if differing := sorted(found.keys() ^ catalogue.models().keys()):
        raise rows.ConfigurationError(f"{_PATH.name}: here or in models.toml alone: {', '.join(differing)}")
    return found


def region_of(target: Target) -> str:
    """Return the region that a target's keys hold in; an address of nobody's stands for the international host."""
    host = gateways.host_of(target.canonical_url)
    return host.region if host and host.region else gateways.hosts()["moonshot"].region


def need_not(model: str, region: str, account: Account | None) -> str | None:
    """Return why a model need not be listed to an account of that region, or None where it must be.

    An account of which nothing is known need not see what others must pay for.
    """
    row = access().get(model)
    if row is None:
        return None
    if region not in row.regions:
        return f"{model} is announced for {' and '.join(sorted(row.regions))} alone ({row.source}, read {row.read})"
    if row.account is Account.TOPPED_UP and account is not Account.TOPPED_UP:
        whose = "an account without a top-up" if account else "an account of which no top-up is known"
        return f"{whose} need not see {model} ({row.source}, read {row.read})"
    return None
