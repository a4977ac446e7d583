"""All the sources that were given, each read and held against the others; what cannot be read is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from conformance.drift import history, lastseen, lifecycle, lints, ours, presence, prices, published, samples, seen
from conformance.drift.prices import Offer
from conformance.drift.published import Document
from conformance.drift.seen import Seen
from conformance.drift.table import Row, Sources
from conformance.evidence import recorded
from conformance.evidence.redact import Redactor
from conformance.judge import account
from conformance.judge.shapes import shown
from conformance.rows import ConfigurationError
from conformance.vocabulary import Change, CouldNotCheck, Exchange, Finding, Severity, Target

# Of each weight; more say no more than that everything is another, and how many there were is told.
KEPT = 2000
_TEXT = 1000
# So many models that could not be asked are told by name.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A file or address that was looked at: what it is, its day, and why it could not be checked.

    It is ``openapi``, ``models`` (a list of them), ``prices``, ``calls`` (of each model that matters) or ``run``.
    """

    file: str
    kind: str
    as_of: date
    could_not_check: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What the sources of a target came to; ``left_out`` counts the changes beyond the most that are kept.

    ``models`` is the table of what each source says of each model, field by field.
    """

    target: Target
    as_of: date
    sources: tuple[Source, ...]
    changes: tuple[Change, ...]
    left_out: int = 0
    models: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare: documents, a recorded list of models, pages of prices, what the target was asked just now.

    ``as_of`` is the day to judge by; ``today`` is used without one. ``since`` is an earlier run, which may tell what
    was seen last. ``answered_by`` is who answered what was asked.
    """

    target: Target
    openapi: Sequence[Path]
    models: Path | None
    as_of: date | None
    today: date
    prices: Sequence[Path] = ()
    exchanges: Sequence[Exchange] = ()
    answered_by: str = ""
    since: Path | None = None


def compare(asked: Asked, redactor: Redactor) -> Drift:
    """Return where the sources disagree; raises ConfigurationError for a document of a later day than asked."""
    documents, of_documents = _documents(asked)
    pages, of_pages = _prices(asked)
    lists = list(_listings(asked))
    told = [*of_documents, *(one.source for one in lists), *of_pages]
    day = asked.as_of or max((one.as_of for one in told), default=asked.today)
    now, of_calls = _now(asked, lists, day)
    last = lastseen.read(asked.since, asked.target) if asked.since else None
    offers = [one for page in pages for one in page.offers]
    table = Sources(asked.target, day, documents[-1] if documents else None, offers, now, last)
    of_lists = chain.from_iterable(one.changes for one in lists)
    of_prices = chain.from_iterable(page.changes(asked.target) for page in pages)
    kept, left_out = _kept(chain(_of_documents(documents, asked.target), of_lists, of_prices, _of_models(table)))
    return Drift(
        asked.target,
        day,
        tuple(_named(one, redactor) for one in (*told, *of_calls)),
        tuple(clean(one, redactor) for one in kept),
        left_out,
        tuple(_readable(row, redactor) for row in table.rows()),
    )


def _of_documents(documents: Sequence[Document], target: Target) -> Iterator[Change]:
    yield from chain.from_iterable(map(samples.changes, documents))
    yield from history.changes(documents)
    yield from lints.changes(documents, official=target.official)
    yield from ours.changes(documents if target.official else [])


def _of_models(known: Sources) -> Iterator[Change]:
    if known.now:
        yield from presence.changes(known.now, known.target, known.day)
    if known.now and known.last:
        yield from presence.since(known.last, known.now, known.target, known.day)


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


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of prices of a day."""

    name: str
    day: date
    offers: Sequence[Offer]

    def changes(self, target: Target) -> Iterator[Change]:
        """Yield where its prices are not those that were announced."""
        for offer in self.offers:
            yield from prices.differing(offer, target, self.day, self.name)


def _prices(asked: Asked) -> tuple[list[_Page], list[Source]]:
    pages: list[_Page] = []
    sources: list[Source] = []
    for path in asked.prices:
        day = asked.as_of or published.dated(path.name) or asked.today
        try:
            pages.append(_Page(path.name, day, prices.read(path)))
            sources.append(Source(path.name, "prices", day))
        except ValueError as error:
            sources.append(Source(path.name, "prices", day, str(error)))
    return pages, sources


@dataclass(frozen=True, slots=True)
class _List:
    """A list of models that was looked at: the exchange that it is of, and what it came to."""

    source: Source
    changes: Sequence[Change]
    exchange: Exchange | None = None


def _listings(asked: Asked) -> Iterator[_List]:
    for exchange in asked.exchanges:
        if exchange.endpoint == "models.list":
            yield _listing(exchange, asked, f"GET /models of {asked.answered_by}")
    if asked.models is None:
        return
    name = asked.models.name
    exchanges = [one for one in recorded.read(asked.models, "models.list") if one.endpoint == "models.list"]
    if not exchanges:
        day = asked.as_of or asked.today
        yield _List(Source(name, "models", day, "holds no answer of GET /models"), [])
    for exchange in exchanges:
        yield _listing(replace(exchange, file=name), asked, name)


def _listing(exchange: Exchange, asked: Asked, name: str) -> _List:
    made = exchange.made_at.date() if exchange.made_at else published.dated(name)
    day = asked.as_of or made or asked.today
    target = asked.target
    known = account.kind_of(asked.exchanges, target)
    try:
        if not target.official and not seen.listed(exchange, target):
            raise CouldNotCheck(Finding("/data", f"a model that {target.name} is known to serve", "none"))
        told = list(lifecycle.changes(exchange, target, day, known, name))
    except CouldNotCheck as refusal:
        return _List(Source(name, "models", day, str(refusal)), [], exchange)
    return _List(Source(name, "models", day), told, exchange)


def _now(asked: Asked, lists: Sequence[_List], day: date) -> tuple[Seen | None, list[Source]]:
    """Return what was seen of the models now, and what became of asking for each of them."""
    evidence = [*asked.exchanges, *(one.exchange for one in lists if one.exchange and one.exchange.file)]
    if not evidence:
        return None, []
    name = asked.answered_by if asked.exchanges else lists[-1].source.file
    now = seen.of(evidence, asked.target, day, name)
    unchecked = [f"{model}: {call.why}" for model, call in now.calls.items() if call.answered is None]
    more = f" and {len(unchecked) - _TOLD} more" if len(unchecked) > _TOLD else ""
    why = "; ".join(unchecked[:_TOLD]) + more if unchecked else None
    return now, [Source(f"calls of {name}", "calls", day, why)] if now.calls else []


def clean(change: Change, redactor: Redactor) -> Change:
    """Return a change whose texts are short, can be written anywhere, and hold no key: they came from the wire."""
    names = ("endpoint", "where", "detail", "source", "model", "other_source")
    texts = {name: getattr(change, name) for name in names}
    safe: dict[str, Any] = {
        name: str(shown(redactor.text(text), _TEXT)) for name, text in texts.items() if text is not None
    }
    return replace(change, **safe)


def _readable(row: Row, redactor: Redactor) -> Row:
    """Return a row whose texts can be written anywhere, and hold no key."""
    texts = {name: value for name, value in asdict(row).items() if isinstance(value, str)}
    safe: dict[str, Any] = {name: str(shown(redactor.text(text))) for name, text in texts.items()}
    return replace(row, **safe)


def _named(source: Source, redactor: Redactor) -> Source:
    why = source.could_not_check and str(shown(redactor.text(source.could_not_check)))
    return replace(source, file=str(shown(redactor.text(source.file))), could_not_check=why)
