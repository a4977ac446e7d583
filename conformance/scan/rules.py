"""What a file says against the catalogue, as of a day; what is not certain to be wrong is not complained of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from conformance import catalogue
from conformance.catalogue import gateways
from conformance.scan.parameters import refused
from conformance.scan.said import ModelName, Said, asking, names_in
from conformance.scan.tree import Group, Member

RULES = {
    "retired-id": "An id of a model that is no longer to be had.",
    "wrong-host": "An id that belongs to another host than the base URL beside it.",
    "refused-parameter": "A value that the model refuses.",
    "wrong-region": "A key of one region beside a base URL of another.",
}
REGIONS_APART = "https://platform.kimi.ai/docs/guide/troubleshooting"
_CHINA = frozenset({"cn", "china"})
_INTERNATIONAL = frozenset({"intl", "international", "global"})
_LONGEST = 200
_KEY = re.compile(r"(?<![A-Za-z0-9_])(?=[A-Z0-9_]*(?:MOONSHOT|KIMI))[A-Z][A-Z0-9_]*KEY[A-Z0-9_]*(?![A-Za-z0-9_])")

Names = list[tuple[ModelName, Member]]


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong at an offset of a text, what to use today where that is known, and the page that says so."""

    rule: str
    at: int
    what: str
    use: str
    source: str


def complaints(root: Group, day: date, *, code: bool) -> list[Complaint]:
    """Return what is wrong in a file, in the order of the text; ``code`` tells that it may choose between clients."""
    said = Said(root)
    names = [(name, member) for group in said.groups for member in group.members for name in names_in(member)]
    found = [*_ids(said, names, day), *_parameters(said, names, day), *_regions(said, code=code)]
    if not code:
        found += _one_key(said)
    return sorted(found, key=lambda one: (one.at, one.rule))


def _ids(said: Said, names: Names, day: date) -> Iterator[Complaint]:
    for name, member in names:
        hosts = name.routed or said.hosts(member.group)
        if complaint := _wrong_host(name, hosts, day) or _retired(name, hosts, day):
            yield complaint


def _wrong_host(name: ModelName, hosts: frozenset[str], day: date) -> Complaint | None:
    known = [gateways.hosts()[host] for host in sorted(hosts) if host in gateways.hosts()]
    # Of both regions any will do, since both know the same ids; of several gateways it is open which is meant.
    certain = len(known) == len(hosts) and (len(known) == 1 or all(host.official for host in known))
    if not known or not certain or hosts & name.hosts:
        return None
    here, owner = known[0], gateways.hosts()[min(name.hosts)]
    what = gateways.wrong_host(name.id, here) or ""
    use = gateways.id_to_use(name.model, here, day)
    return Complaint(
        "wrong-host", name.at, what, name.route + use if use else "", (here if owner.official else owner).sources[0]
    )


def _retired(name: ModelName, hosts: frozenset[str], day: date) -> Complaint | None:
    official = {host.id for host in gateways.hosts().values() if host.official}
    model = catalogue.models()[name.model]
    elsewhere = hosts and not hosts <= official
    if model.retired is None or day <= model.retired or elsewhere or not name.hosts & official:
        return None
    instead = gateways.replacement(name.model, day)
    what = f"{name.id} was to be had until {model.retired}"
    return Complaint("retired-id", name.at, what, name.route + instead.id if instead else "", model.sources[0])


def _parameters(said: Said, names: Names, day: date) -> Iterator[Complaint]:
    """Yield the parameters of a call, or of an object, that its model will refuse at Moonshot's own hosts."""
    official = {host.id for host in gateways.hosts().values() if host.official}
    asked: dict[Group, list[ModelName]] = {}
    for name, member in names:
        if group := asking(member):
            asked.setdefault(group, []).append(name)
    for group, (name, *others) in asked.items():
        hosts = name.routed or said.hosts(group)
        if others or not name.hosts & official or not hosts <= official:
            continue
        if catalogue.models()[name.model].available(day):
            for at, what, use, source in refused(group, name.model):
                yield Complaint("refused-parameter", at, what, use, source)


def _keys(said: Said) -> Iterator[tuple[str, int, Group]]:
    """Yield the variables that hold a key of Moonshot's, once a group: the name, where it stands, and the group."""
    for group in said.groups:
        seen: set[str] = set()
        for member in group.members:
            short = [(one.value, one.at) for one in member.values if len(one.value) < _LONGEST]
            for text, at in [(member.key, member.at), *short]:
                for found in _KEY.finditer(text) if "KEY" in text else ():
                    if found[0] not in seen:
                        yield found[0], at + found.start(), group
                    seen.add(found[0])


def _host(hosts: frozenset[str]) -> gateways.Host | None:
    """Return the host of Moonshot's own that it must be, or None."""
    host = gateways.hosts().get(min(hosts)) if len(hosts) == 1 else None
    return host if host and host.region else None


def _regions(said: Said, *, code: bool) -> Iterator[Complaint]:
    """Yield the keys whose name tells of one region, beside a base URL of another."""
    for variable, at, group in _keys(said):
        words = set(variable.lower().split("_"))
        region = "china" if words & _CHINA else "international" if words & _INTERNATIONAL else ""
        host = _host(said.hosts(group))
        if not region or not host or host.region == region or (code and not said.beside(group)):
            continue
        what = f"{variable} is a key for the region {region}, and {host.name} belongs to {host.region}"
        right = next(other for other in gateways.hosts().values() if other.region == region)
        yield Complaint("wrong-region", at, what, f"https://{right.address}/v1", REGIONS_APART)


def _one_key(said: Said) -> Iterator[Complaint]:
    """Yield the keys that stand beside base URLs of both regions: one variable cannot hold two keys at once."""
    first: dict[str, str] = {}
    for variable, at, group in _keys(said):
        host = _host(said.direct(group))
        if host and first.setdefault(variable, host.name) != host.name:
            what = f"{variable} is a key for {first[variable]}, and {host.name} takes no key of another region"
            yield Complaint("wrong-region", at, what, f"a variable of its own for {host.name}", REGIONS_APART)
