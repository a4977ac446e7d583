"""Published OpenAPI documents as they lie on the disk: dated, in canonical form, and with bounded work."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from conformance import strictjson
from conformance.contract import ledger
from conformance.drift import canonical
from conformance.drift.canonical import Said
from conformance.drift.mentions import Mention, mentions
from conformance.evidence.recorded import source
from conformance.evidence.recorded.carry import UnreadableError

LIMIT = 16 * 1024 * 1024
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# What a document of another shape than OpenAPI's makes a reader stumble over.
_STUMBLES = (ValueError, TypeError, AttributeError, LookupError, RecursionError)


@dataclass(frozen=True, slots=True)
class Document:
    """One published document: its file's name, the day on which it was published, its form, and what it literally says.

    ``until`` is the day by which it is judged: its own, or a later one up to which it is known to stand. ``version`` is
    what it calls itself.
    """

    name: str
    day: date
    until: date
    form: Said
    mentions: tuple[Mention, ...] = ()
    version: str = ""


def dated(name: str) -> date | None:
    """Return the first day in the name of a file, or None where there is none."""
    for found in _DAY.findall(name):
        with suppress(ValueError):
            return date.fromisoformat(found)
    return None


def read(path: Path, day: date) -> Document:
    """Return the document in a file, of that day; raises ValueError where it is no OpenAPI document in JSON."""
    try:
        with source.opened(path) as stream:
            source.head(stream)
            raw = strictjson.loads(source.whole(stream, LIMIT, ""))
    except UnreadableError as error:
        raise ValueError(str(error)) from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror or error}") from None
    return of(raw, path.name, day)


def of(raw: object, name: str, day: date) -> Document:
    """Return what a JSON value says as a document of a day; raises ValueError where it is no OpenAPI document."""
    if not isinstance(raw, dict) or not isinstance(raw.get("paths"), dict) or not raw["paths"]:
        raise ValueError("no OpenAPI document: it has no paths")
    try:
        form, named = canonical.read(raw), tuple(mentions(raw))
    except _STUMBLES as error:
        raise ValueError(f"no OpenAPI document that can be read: {type(error).__name__}: {error}") from None
    if not form.parts:
        raise ValueError("no OpenAPI document: its paths have no operations")
    info = raw.get("info")
    version = str(info.get("version", "")) if isinstance(info, dict) else ""
    return Document(name, day, day, form, named, version)


def endpoint_of(operation: str) -> str:
    """Return the name of the endpoint of an operation such as ``GET /v1/models``; the operation where it has none."""
    return _endpoints().get(operation, operation)


@cache
def _endpoints() -> dict[str, str]:
    return {f"{row.method} /v1{row.path}": name for name, row in reversed(ledger.endpoints().items())}
