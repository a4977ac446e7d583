"""All the sources that were given, each read and held against the others; what cannot be read is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from conformance.drift import history, lifecycle, lints, ours, published, samples
from conformance.drift.published import Document
from conformance.evidence import recorded
from conformance.evidence.redact import Redactor
from conformance.judge.shapes import shown
from conformance.rows import ConfigurationError
from conformance.vocabulary import Change, CouldNotCheck, Exchange, Severity, Target

# Of each weight; more say no more than that everything is another, and how many there were is told.
KEPT = 2000
_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was looked at: ``openapi``, ``models`` or a ``run``, its day, and why it could not be checked."""

    file: str
    kind: str
    as_of: date
    could_not_check: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What the sources of a target came to; ``left_out`` counts the changes beyond the most that are kept."""

    target: Target
    as_of: date
    sources: tuple[Source, ...]
    changes: tuple[Change, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare: documents, a recorded list of models, and the day to judge by; ``today`` is used without one."""

    target: Target
    openapi: Sequence[Path]
    models: Path | None
    as_of: date | None
    today: date


def compare(asked: Asked, redactor: Redactor) -> Drift:
    """Return where the sources disagree; raises ConfigurationError for a document of a later day than asked."""
    documents, sources = _documents(asked)
    listings = list(_listings(asked))
    told = [*sources, *(source for source, _ in listings)]
    kept, left_out = _kept(
        chain(
            chain.from_iterable(map(samples.changes, documents)),
            history.changes(documents),
            lints.changes(documents, official=asked.target.official),
            ours.changes(documents if asked.target.official else []),
            chain.from_iterable(changes for _, changes in listings),
        )
    )
    day = asked.as_of or max((one.as_of for one in told), default=date.min)
    changes = tuple(clean(one, redactor) for one in kept)
    return Drift(asked.target, day, tuple(_named(one, redactor) for one in told), changes, left_out)


def _kept(changes: Iterable[Change]) -> tuple[list[Change], int]:
    """Return the first changes of each weight, the heaviest first, and how many more there were."""
    kept: dict[Severity, list[Change]] = {level: [] for level in Severity}
    left_out = 0
    for change in changes:
        if len(kept[change.severity]) < KEPT:
            kept[change.severity].append(change)
        else:
            left_out += 1
    return [change for level in Severity for change in kept[level]], left_out


def _documents(asked: Asked) -> tuple[list[Document], list[Source]]:
    """Return the documents that could be read, in the order of their days, and what became of each file."""
    days = {path: published.dated(path.name) or asked.as_of or asked.today for path in asked.openapi}
    read: list[Document] = []
    sources: list[Source] = []
    for path, day in sorted(days.items(), key=lambda pair: pair[1]):
        if asked.as_of and day > asked.as_of:
            raise ConfigurationError(f"{path.name} is of {day}, which is after --as-of {asked.as_of}; leave it out")
        try:
            read.append(published.read(path, day))
            sources.append(Source(path.name, "openapi", day))
        except ValueError as error:
            sources.append(Source(path.name, "openapi", day, str(error)))
    if read and asked.as_of:
        # What was published last stands until the day that is judged; the ones before it stood until the next.
        read[-1] = replace(read[-1], until=asked.as_of)
    return read, sources


def _listings(asked: Asked) -> Iterator[tuple[Source, list[Change]]]:
    if asked.models is None:
        return
    name = asked.models.name
    exchanges = [one for one in recorded.read(asked.models, "models.list") if one.endpoint == "models.list"]
    if not exchanges:
        day = asked.as_of or asked.today
        yield Source(name, "models", day, "holds no answer of GET /models"), []
    for exchange in exchanges:
        yield _listing(replace(exchange, file=name), asked, name)


def _listing(exchange: Exchange, asked: Asked, name: str) -> tuple[Source, list[Change]]:
    made = exchange.made_at.date() if exchange.made_at else published.dated(name)
    day = asked.as_of or made or asked.today
    if not asked.target.official:
        why = f"the catalogue knows the ids of the vendor's own hosts, and {asked.target.name} is none of them"
        return Source(name, "models", day, why), []
    try:
        return Source(name, "models", day), list(lifecycle.changes(exchange, asked.target, day))
    except CouldNotCheck as refusal:
        return Source(name, "models", day, str(refusal)), []


def clean(change: Change, redactor: Redactor) -> Change:
    """Return a change whose texts are short, can be written anywhere, and hold no key: they came from the wire."""
    names = ("endpoint", "where", "detail", "source", "model", "other_source")
    texts = {name: getattr(change, name) for name in names}
    safe: dict[str, Any] = {
        name: str(shown(redactor.text(text), _TEXT)) for name, text in texts.items() if text is not None
    }
    return replace(change, **safe)


def _named(source: Source, redactor: Redactor) -> Source:
    why = source.could_not_check and str(shown(redactor.text(source.could_not_check)))
    return replace(source, file=str(shown(redactor.text(source.file))), could_not_check=why)
