"""Earlier runs as their files tell them: what changes they told of, and what the answers looked like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from conformance import strictjson
from conformance.drift import comparison, shape
from conformance.drift.shape import Shape
from conformance.evidence.redact import Redactor
from conformance.evidence.runfile import Record, change_of, exchange_of
from conformance.judge.shapes import shown
from conformance.rows import ConfigurationError
from conformance.vocabulary import Change, CouldNotCheck, Exchange

_LIMIT = 256 * 1024 * 1024
# Whatever a run writes is cleaned of the key when it is written.
_NO_KEY = Redactor("", "")
_BROKEN = (KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Told:
    """A change that a run told of, the day on which the first of the runs before it did, and whether it saw it."""

    change: Change
    first_seen: date
    looked_at: bool = True


@dataclass(frozen=True, slots=True)
class Night:
    """What a run saw, or ``drift`` was told, as its file tells it.

    ``file`` is its name and its folder's; ``model`` is None where nothing was asked; ``shapes`` are by endpoint, and
    ``left_out`` counts the answers that have none; ``ended`` is False of a run that was broken off, which tells of no
    change.
    """

    file: str
    day: date
    target: str | None
    model: str | None = None
    mode: str | None = None
    select: str | None = None
    told: tuple[Told, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    left_out: int = 0
    ended: bool = True


def read_all(paths: Iterable[Path], redactor: Redactor = _NO_KEY) -> tuple[Night, ...]:
    """Return what earlier files tell, in the order of their days; raises ConfigurationError where one tells nothing."""
    return tuple(sorted((read(path, redactor) for path in paths), key=lambda one: one.day))


def read(path: Path, redactor: Redactor = _NO_KEY, option: str = "--since") -> Night:
    """Return what a file tells that an option names; raises ConfigurationError where it tells nothing."""
    try:
        seen = _of(path, _records(path))
        told = tuple(replace(one, change=comparison.clean(one.change, redactor)) for one in seen.told)
        return replace(seen, told=told)
    except OSError as error:
        raise ConfigurationError(f"{option} {path}: {error.strerror}") from None
    except _BROKEN as error:
        raise ConfigurationError(f"{option} {path}: {shown(str(error))}") from None


def _records(path: Path) -> list[Record]:
    if path.stat().st_size > _LIMIT:
        raise ValueError(f"larger than {_LIMIT >> 20} MiB")
    raw = path.read_bytes()
    try:
        values = [strictjson.loads(raw)]
    except strictjson.NotStrictJSON:
        values = [strictjson.loads(line) for line in raw.splitlines() if line.strip()]
    if not values:
        raise ValueError("empty")
    if not all(isinstance(value, dict) and ("kind" in value or "changes" in value) for value in values):
        raise ValueError("neither a run file nor what drift --json printed")
    return values


def _of(path: Path, records: Sequence[Record]) -> Night:
    head = records[0]
    day = date.fromisoformat(head["as_of"])
    changes = head["changes"] if "changes" in head else [one for one in records if one["kind"] == "change"]
    exchanges = (exchange_of(_bare(one)) for one in records if one.get("kind") == "exchange")
    shapes, left_out = shapes_of(exchanges)
    ended = "changes" in head or records[-1]["kind"] == "end"
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        raise TypeError("changes must be a list of objects")
    told = tuple(_told(change, day) for change in changes if change.get("state") != "ended")
    texts = {name: _text(head, name) for name in ("target", "model", "mode", "select")}
    return Night("/".join(path.parts[-2:]), day, **texts, told=told, shapes=shapes, left_out=left_out, ended=ended)


def _bare(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in ("kind", "id")}


def _told(record: Record, day: date) -> Told:
    first = record.get("first_seen")
    return Told(change_of(record), date.fromisoformat(first) if first else day, record.get("state") != "not-looked-at")


def _text(record: Record, name: str) -> Any:  # noqa: ANN401 - a text or None
    value = record.get(name)
    if not isinstance(value, str | None):
        raise TypeError(f"{name} must be a text")
    return value


def shapes_of(exchanges: Iterable[Exchange]) -> tuple[dict[str, Shape], int]:
    """Return the shapes of the answers by endpoint, and how many answers have none: those that are no answer."""
    found: dict[str, Shape] = {}
    left_out = 0
    for endpoint, one in _shapes(exchanges):
        if one is None:
            left_out += 1
        else:
            found[endpoint] = found.get(endpoint, Shape()).merged(one)
    return found, left_out


def _shapes(exchanges: Iterable[Exchange]) -> Iterator[tuple[str, Shape | None]]:
    for exchange in exchanges:
        try:
            yield exchange.endpoint, shape.of(exchange)
        except CouldNotCheck:
            yield exchange.endpoint, None
