"""Whom we ask: each target is a TOML file, here or anywhere; a bare URL is judged as another address of Moonshot's."""

from __future__ import annotations

import difflib
import fnmatch
import ipaddress
import re
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from conformance import rows
from conformance.contract import ledger
from conformance.vocabulary import ChangeWaiver, Target, Unpromised, Waiver

Waived = TypeVar("Waived", Waiver, ChangeWaiver)
_HERE = Path(__file__).parent
_NOT_KEYS = {"name", "waivers", "change_waivers", "unpromised", "provenance_url"}
# A stranger's address has no limits that we know of, but it is one service: few at a time.
_UNKNOWN_CONCURRENCY = 4
_ADDRESS = re.compile(r"https?://([\w.-]+|\[[\da-f:.]+])(:\d*)?([/?#][!-~]*)?", re.ASCII | re.IGNORECASE)


def names() -> list[str]:
    """Return the names of the targets that travel with the package."""
    return sorted(path.stem for path in _HERE.glob("*.toml"))


def load(text: str) -> Target:
    """Return the target that ``--target`` means.

    ``NAME`` is a shipped target, ``FILE.toml`` one of your own, ``URL`` another address judged by Moonshot's contract,
    and ``NAME=URL`` a target reached at another address (a proxy, or a stand-in on this machine). Raises
    rows.ConfigurationError on anything else.
    """
    name, equals, url = text.partition("=")
    if "://" in text and "://" not in url:
        return replace(_at(load("moonshot"), text), name=urlsplit(text).netloc)
    if text.endswith(".toml"):
        return _read(Path(text))
    if name not in names():
        near = difflib.get_close_matches(name, names(), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names())}, a URL, or a .toml file."
        raise rows.ConfigurationError(f"unknown target {name!r}; {hint}")
    target = _read(_HERE / f"{name}.toml")
    if equals and not url:
        raise rows.ConfigurationError(f"{text!r} has no address behind the =; write {name}=https://HOST/v1, or {name}")
    if not url:
        return target
    return replace(_at(target, url), provenance_url=target.base_url)


def _at(target: Target, url: str) -> Target:
    base = checked_url(url)
    local = is_loopback(urlsplit(base).hostname or "")
    return replace(
        target,
        base_url=base,
        concurrency=_UNKNOWN_CONCURRENCY if local else target.concurrency,
        requests_per_minute=None if local else target.requests_per_minute,
        seconds_between_looks=0.0 if local else target.seconds_between_looks,
    )


def checked_url(url: str) -> str:
    """Return a base URL that a key may travel to; raises ConfigurationError where it could be read on the way."""
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise rows.ConfigurationError("an address with a login is refused; the key comes from the environment alone")
    if not _ADDRESS.fullmatch(url):
        raise rows.ConfigurationError(f"{url!r} is no http(s) address")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise rows.ConfigurationError(f"{url!r} is no address: {error}") from None
    if parts.query or parts.fragment:
        raise rows.ConfigurationError(f"the address of {host} must be scheme, host and path alone")
    if parts.scheme == "http" and not is_loopback(host):
        raise rows.ConfigurationError(f"{url!r}: the key would travel in clear text; use https")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(path: Path) -> Target:
    if not path.is_file():
        raise rows.ConfigurationError(f"there is no target file {path}")
    table = rows.document_of(path)
    waivers = rows.tables_of(table, "waiver", path.name)
    unpromised = tuple(_unpromised(row, path.name) for row in rows.tables_of(table, "unpromised", path.name))
    own = {key: value for key, value in table.items() if key not in ("waiver", "unpromised")}
    allowed = {field.name for field in fields(Target)} - _NOT_KEYS
    for key in own:
        if key not in allowed:
            raise rows.ConfigurationError(f"{path.name}: unknown key {key!r}; known are {', '.join(sorted(allowed))}")
    target = rows.read(Target, {"name": path.stem, **own}, path.name)
    if target.base_url:
        checked_url(target.base_url)
    _check_numbers(target, path.name)
    for name in sorted(target.endpoints - set(ledger.endpoints())):
        raise rows.ConfigurationError(f"{path.name}: endpoints: {name!r} is not an endpoint of the contract")
    return replace(
        target,
        waivers=tuple(_waiver(Waiver, row, path.name) for row in waivers if "change" not in row),
        change_waivers=tuple(_waiver(ChangeWaiver, row, path.name) for row in waivers if "change" in row),
        unpromised=unpromised,
    )


def _waiver(kind: type[Waived], row: dict[str, Any], where: str) -> Waived:
    return rows.read(kind, row, f"{where}: waiver {row.get('clause', row.get('change'))}")


def _unpromised(row: dict[str, Any], where: str) -> Unpromised:
    """Return a row of clauses that a target does not promise, its patterns replaced by the clauses that they mean."""
    read = rows.read(Unpromised, row, f"{where}: unpromised")
    meant: set[str] = set()
    for pattern in sorted(read.clauses):
        found = fnmatch.filter(ledger.clauses(), pattern)
        if not found:
            raise rows.ConfigurationError(f"{where}: unpromised: no clause of the ledger is {pattern!r}")
        meant.update(found)
    return replace(read, clauses=frozenset(meant))


def _check_numbers(target: Target, where: str) -> None:
    above = {name: getattr(target, name) for name in ("concurrency", "requests_per_minute", "body_limit")}
    above |= {f"timeouts: {name}": value for name, value in asdict(target.timeouts).items()}
    for name, value in above.items():
        if value is not None and not value > 0:
            raise rows.ConfigurationError(f"{where}: {name} must be more than 0, not {value}")
    for name in ("retry_after_limit", "seconds_between_looks", "recordings_days"):
        if not (getattr(target, name) or 0) >= 0:
            raise rows.ConfigurationError(f"{where}: {name} must not be negative")
