"""What a key opens, as far as its beginning tells; keys.toml has the facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from conformance import rows
from conformance.catalogue import gateways

_PATH = Path(__file__).parent / "keys.toml"


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Keys of one product; keys.toml explains each field."""

    prefixes: tuple[str, ...]
    product: str
    source: str
    read: date
    hosts: tuple[str, ...] = ()
    base_url: str = ""
    shared: bool = False


@cache
def kinds() -> tuple[KeyKind, ...]:
    """Return the kinds of keys; raises rows.ConfigurationError on a row that is wrong or a host that is not known."""
    found = tuple(rows.read(KeyKind, table, _PATH.name) for table in rows.tables(_PATH, "key"))
    for kind in found:
        if unknown := set(kind.hosts) - gateways.hosts().keys():
            raise rows.ConfigurationError(f"{_PATH.name}: {kind.product}: unknown host {min(unknown)!r}")
    return found


def kind_of(key: str) -> tuple[str, KeyKind] | None:
    """Return how a key begins and what begins so, or None where no row fits it."""
    fitting = [(prefix, kind) for kind in kinds() for prefix in kind.prefixes if key.startswith(prefix)]
    return max(fitting, key=lambda found: len(found[0]), default=None)


def kinds_at(host: gateways.Host) -> tuple[KeyKind, ...]:
    """Return the kinds that a host takes, none where that is not known."""
    return tuple(kind for kind in kinds() if host.id in kind.hosts)
