"""Model ids belong to a host: which host knows which announced model by which id; gateways.toml has the facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from conformance import catalogue, rows
from conformance.vocabulary import Announcement

_PATH = Path(__file__).parent / "gateways.toml"


@dataclass(frozen=True, slots=True)
class Host:
    """A host that serves Kimi models; gateways.toml explains each field."""

    id: str
    address: str
    official: bool
    sources: tuple[str, ...]
    read: date
    region: str = ""
    currency: str = ""
    route: str = ""
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the host alone."""
        return self.address.partition("/")[0]

    def id_of(self, model: str) -> str | None:
        """Return by which id this host knows an announced model, or None where no source tells."""
        return model if self.official else self.ids.get(model)


@dataclass(frozen=True, slots=True)
class ModelId:
    """A text that is an id of an announced model, and the hosts that know the model by it."""

    model: str
    hosts: frozenset[str]


@cache
def hosts() -> dict[str, Host]:
    """Return the hosts by id; raises rows.ConfigurationError on a row that is wrong or a model never announced."""
    found = [rows.read(Host, table, f"{_PATH.name}: {table.get('id')}") for table in rows.tables(_PATH, "host")]
    for host in found:
        if unknown := host.ids.keys() - catalogue.models().keys():
            raise rows.ConfigurationError(f"{_PATH.name}: {host.id}: unknown model {min(unknown)!r}")
    return rows.unique(found, "id", _PATH.name)


def host_of(url: str) -> Host | None:
    """Return the host that a base URL leads to, or None where it is none of the catalogue."""
    rest = url.strip().lower().partition("://")[2]
    login, at, behind = rest.partition("/")[0].rpartition("@")
    address = rest[len(login) + 1 :] if at and behind else rest
    for host in hosts().values():
        if address.startswith(host.address) and address[len(host.address) : len(host.address) + 1] in ("", "/", ":"):
            return host
    return None


def other_regions(url: str) -> str:
    """Return in a remark why a host of the vendor's may refuse a good key: it may be of another region; or nothing."""
    here = host_of(url)
    others = [host.name for host in hosts().values() if here and here.region and host.region not in ("", here.region)]
    return f" (a key of {' or '.join(others)} is refused here: it holds in one region alone)" if others else ""


@cache
def ids() -> dict[str, ModelId]:
    """Return every id that some host knows an announced model by."""
    known: dict[str, set[str]] = {}
    models: dict[str, str] = {}
    for host in hosts().values():
        for model in catalogue.models():
            if own := host.id_of(model):
                models[own] = model
                known.setdefault(own, set()).add(host.id)
    return {own: ModelId(models[own], frozenset(where)) for own, where in known.items()}


def find(text: str) -> ModelId | None:
    """Return the announced model that a text is an id of, or None; a gateway's id may have a variant behind a colon."""
    name = text.partition(":")[0]
    return ids().get(text) or (ids().get(name) if "/" in name else None)


def replacement(model: str, day: date) -> Announcement | None:
    """Return what to use today for an announced model: itself while it is to be had.

    Otherwise the cheapest input that takes all that it took, the newest of them where prices are equal; None where no
    such model is to be had on that day.
    """
    old, available = catalogue.models()[model], catalogue.available(day)
    if model in available:
        return old
    fit = [one for one in available.values() if one.price and one.modalities >= old.modalities]
    cost = lambda one: (one.price.input, one.price.cache_hit, -one.announced.toordinal())  # noqa: E731
    return min(fit, key=cost, default=None)


def id_to_use(model: str, host: Host, day: date) -> str | None:
    """Return the id of a host to use today for an announced model, or for what replaces it; None where none is known.

    A model that the vendor retired may still be to be had at a gateway, which serves it from its own machines.
    """
    if not host.official and model in host.ids:
        return host.ids[model]
    instead = replacement(model, day)
    return host.id_of(instead.id) if instead else None


def wrong_host(model_id: str, host: Host) -> str | None:
    """Return why an id cannot be used at a host, or None where nothing speaks against it."""
    known = find(model_id)
    if known is None or host.id in known.hosts:
        return None
    owners = sorted({_called(hosts()[name]) for name in known.hosts})
    return f"{model_id} is an id of {' and '.join(owners)}, and not of {host.name}"


def _called(host: Host) -> str:
    return "Moonshot's own hosts" if host.official else host.name
