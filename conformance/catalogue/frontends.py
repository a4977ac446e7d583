"""Front ends for people: what each calls its settings, what it sends, and from where; frontends.toml has the facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from conformance import rows

_PATH = Path(__file__).parent / "frontends.toml"


class Sender(StrEnum):
    """Who sends the requests of a front end: the page in the browser of its user, or its own server."""

    BROWSER = "browser"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a front end, under its own name, and what to enter; placeholders are those of frontends.toml."""

    field: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Frontend:
    """A front end that works with any OpenAI-compatible address; frontends.toml explains each field."""

    id: str
    name: str
    place: str
    requests_from: Sender
    how: str
    settings: tuple[Setting, ...]
    not_found: tuple[str, ...]
    sources: tuple[str, ...]
    read: date
    origin: str = ""
    headers: tuple[str, ...] = ()
    sends: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@cache
def frontends() -> dict[str, Frontend]:
    """Return the front ends by id; raises rows.ConfigurationError on a row that is wrong.

    One that asks from a browser has the origin of its page and the headers that it must ask about; no other has.
    """
    tables = rows.tables(_PATH, "frontend")
    found = [_read(table, f"{_PATH.name}: {table.get('id')}") for table in tables]
    return rows.unique(found, "id", _PATH.name)


def _read(table: dict[str, object], where: str) -> Frontend:
    found = rows.read(Frontend, table, where)
    asks = found.requests_from is Sender.BROWSER
    if bool(found.origin) is not asks or bool(found.headers) is not asks:
        raise rows.ConfigurationError(f"{where}: an origin and headers go with requests from a browser, and only there")
    if not found.sources or not all(source.startswith("https://") for source in found.sources):
        raise rows.ConfigurationError(f"{where}: a front end needs a source, and each is an https link")
    return found
