"""A recorded answer of GET /models against what was announced of each model, as of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from conformance import catalogue
from conformance.judge.shapes import shown
from conformance.vocabulary import ABSENT, Announcement, Change, Exchange, OddOneOut, Severity, Target, find

# Days before a retirement on which it is told again.
AHEAD = (30, 60, 90)
_ENDPOINT = "models.list"
Entry = dict[str, Any]
Listed = tuple[str, Entry]


def changes(exchange: Exchange, target: Target, day: date) -> Iterator[Change]:
    """Yield where a list of models disagrees with the catalogue; raises CouldNotCheck where it is no list of models."""
    listed = _listed(exchange)
    source = exchange.file or exchange.request.url
    for known in catalogue.models().values():
        if known.id in listed:
            yield from _of_listed(known, *listed[known.id], day, source)
        elif known.available(day):
            must = known.id in target.must_list
            told = f"announced {known.announced}, not listed on {day}"
            severity = Severity.BREAKING if must else Severity.RISKY
            yield _change("announced-not-listed", known, "/data", told, known.announced, severity, day, source)
    for name, (where, _) in listed.items():
        if name not in catalogue.models():
            yield Change(
                "listed-unknown",
                _ENDPOINT,
                where,
                "listed, and nothing announced it",
                source=source,
                model=str(shown(name)),
                severity=Severity.RISKY,
                odd_one_out=OddOneOut.OURS,
                as_of=day,
            )


def _listed(exchange: Exchange) -> dict[str, Listed]:
    places = [f"/data/{number}" for number in range(len(exchange.at("/data", list)))]
    return {exchange.at(f"{where}/id", str): (where, exchange.at(where, dict)) for where in places}


def _of_listed(known: Announcement, where: str, entry: Entry, day: date, source: str) -> Iterator[Change]:
    if day < known.announced:
        told = f"listed on {day}, only announced {known.announced}"
        yield _change("listed-not-announced", known, where, told, day, Severity.HARMLESS, day, source)
    elif known.retired and day > known.retired:
        told, since = f"retired on {known.retired}, listed on {day}", known.retired + timedelta(days=1)
        yield _change("retired-still-listed", known, where, told, since, Severity.RISKY, day, source)
    else:
        yield from _ahead(known, where, day, source)
        yield from _differing(known, where, entry, day, source)


def _ahead(known: Announcement, where: str, day: date, source: str) -> Iterator[Change]:
    left = (known.retired - day).days if known.retired else None
    step = next((step for step in AHEAD if left is not None and left <= step), None)
    if known.retired and step:
        told = f"retires on {known.retired}, in {left} days (within {step})"
        severity = Severity.RISKY if step == AHEAD[0] else Severity.HARMLESS
        since = known.retired - timedelta(days=step)
        yield _change("retirement-ahead", known, where, told, since, severity, day, source, odd=None)


def _differing(known: Announcement, where: str, entry: Entry, day: date, source: str) -> Iterator[Change]:
    """Yield what the list says of a model in another way than its announcement; what it does not say is no word."""
    length = find(entry, "/context_length")
    if known.context and length is not ABSENT and length != known.context:
        less = not isinstance(length, int) or length < known.context
        told = f"context announced {known.context}, listed {shown(length)}"
        severity = Severity.BREAKING if less else Severity.RISKY
        yield _change("context-differs", known, f"{where}/context_length", told, None, severity, day, source)
    for name, announced in _capabilities(known).items():
        said = find(entry, f"/{name}")
        if said is not ABSENT and said is not announced:
            told = f"{name} announced {announced}, listed {shown(said)}"
            severity = Severity.BREAKING if announced else Severity.RISKY
            yield _change("capability-differs", known, f"{where}/{name}", told, None, severity, day, source)


def _capabilities(known: Announcement) -> dict[str, bool]:
    return {
        "supports_image_in": "image" in known.modalities,
        "supports_video_in": "video" in known.modalities,
        "supports_reasoning": catalogue.families()[known.family].thinks != "never",
    }


def _change(
    kind: str,
    known: Announcement,
    where: str,
    detail: str,
    since: date | None,
    severity: Severity,
    day: date,
    source: str,
    odd: OddOneOut | None = OddOneOut.SERVICE,
) -> Change:
    return Change(
        kind,
        _ENDPOINT,
        where,
        detail,
        since=since,
        source=source,
        model=known.id,
        severity=severity,
        odd_one_out=odd,
        other_source=known.sources[0],
        as_of=day,
    )
