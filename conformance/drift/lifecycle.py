"""A list of models, as GET /models tells it, against what was announced of each model, as of a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from conformance import catalogue
from conformance.catalogue import access
from conformance.drift import prices
from conformance.drift.kinds import LifeCycle
from conformance.drift.seen import Entry, listed
from conformance.judge.shapes import shown
from conformance.vocabulary import ABSENT, Account, Announcement, Change, Exchange, OddOneOut, Severity, Target, find

# Days before a retirement on which it is told again.
AHEAD = (30, 60, 90)
_ENDPOINT = "models.list"


@dataclass(frozen=True, slots=True)
class _Listing:
    """A list of models: where it comes from, the day by which it is judged, and whose it is."""

    target: Target
    day: date
    source: str
    made: date
    account: Account | None

    def change(
        self,
        kind: LifeCycle,
        known: Announcement,
        where: str,
        detail: str,
        *,
        since: date | None = None,
        severity: Severity = Severity.RISKY,
        odd: OddOneOut | None = OddOneOut.SERVICE,
    ) -> Change:
        """Return a change; what an older recording could not know is no fault of the service."""
        stale = odd is OddOneOut.SERVICE and since is not None and self.made < since <= self.day
        return Change(
            kind,
            _ENDPOINT,
            where,
            detail,
            since=since,
            source=self.source,
            model=known.id,
            severity=Severity.HARMLESS if stale else severity,
            odd_one_out=OddOneOut.RECORDING if stale else odd if self.target.official else OddOneOut.GATEWAY,
            other_source=known.sources[0],
            as_of=self.day,
        )


def changes(
    exchange: Exchange, target: Target, day: date, account: Account | None = None, source: str | None = None
) -> Iterator[Change]:
    """Yield where a list of models disagrees with the catalogue; raises CouldNotCheck where it is no list of models.

    A model that such an account, or one of that region, need not see is missed by nobody. A gateway sells what it
    likes: only what its list says of a model is held against the announcement. ``source`` is who answered, if not the
    file or address of the exchange.
    """
    there = listed(exchange, target)
    made = exchange.made_at.date() if exchange.made_at else day
    listing = _Listing(target, day, source or exchange.file or exchange.request.url, made, account)
    for known in catalogue.models().values():
        if known.id in there:
            yield from _of_listed(known, *there[known.id], listing)
        elif target.official and known.available(day) and day != known.retired:
            # A model is switched off in the course of its last day.
            yield from _missing(known, listing)
    for name, (where, _) in there.items():
        if name not in catalogue.models():
            yield Change(
                LifeCycle.LISTED_UNKNOWN,
                _ENDPOINT,
                where,
                "listed, and nothing announced it",
                source=listing.source,
                model=str(shown(name)),
                severity=Severity.RISKY,
                odd_one_out=OddOneOut.OURS,
                other_source=catalogue.SOURCE,
                as_of=day,
            )


def _missing(known: Announcement, listing: _Listing) -> Iterator[Change]:
    if access.need_not(known.id, access.region_of(listing.target), listing.account):
        return
    severity = Severity.BREAKING if known.id in listing.target.must_list else Severity.RISKY
    told = f"announced {known.announced}, not listed on {listing.day}"
    kind = LifeCycle.ANNOUNCED_NOT_LISTED
    yield listing.change(kind, known, "/data", told, since=known.announced, severity=severity)


def _of_listed(known: Announcement, where: str, entry: Entry, listing: _Listing) -> Iterator[Change]:
    day = listing.day
    if not listing.target.official:
        yield from _differing(known, where, entry, listing)
    elif day < known.announced:
        told = f"listed on {day}, only announced {known.announced}"
        kind, weight, odd = LifeCycle.LISTED_NOT_ANNOUNCED, Severity.HARMLESS, OddOneOut.OURS
        yield listing.change(kind, known, where, told, since=day, severity=weight, odd=odd)
    elif known.retired and day > known.retired:
        told, since = f"retired on {known.retired}, listed on {day}", known.retired + timedelta(days=1)
        yield listing.change(LifeCycle.RETIRED_STILL_LISTED, known, where, told, since=since)
    else:
        yield from _ahead(known, where, listing)
        yield from _differing(known, where, entry, listing)


def _ahead(known: Announcement, where: str, listing: _Listing) -> Iterator[Change]:
    left = (known.retired - listing.day).days if known.retired else None
    step = next((step for step in AHEAD if left is not None and left <= step), None)
    if known.retired and step:
        told = f"retires on {known.retired}, in {left} days (within {step})"
        severity = Severity.RISKY if step == AHEAD[0] else Severity.HARMLESS
        since = known.retired - timedelta(days=step)
        yield listing.change(LifeCycle.RETIREMENT_AHEAD, known, where, told, since=since, severity=severity, odd=None)


def _differing(known: Announcement, where: str, entry: Entry, listing: _Listing) -> Iterator[Change]:
    """Yield what the list says of a model in another way than its announcement; what it does not say is no word."""
    length = find(entry, "/context_length")
    if known.context and length is not ABSENT and length != known.context:
        less = not isinstance(length, int) or length < known.context
        told = f"context announced {known.context}, listed {shown(length)}"
        severity = Severity.BREAKING if less else Severity.RISKY
        yield listing.change(LifeCycle.CONTEXT_DIFFERS, known, f"{where}/context_length", told, severity=severity)
    for name, (kind, announced) in _capabilities(known).items():
        said = find(entry, f"/{name}")
        if said is not ABSENT and said is not announced:
            told = f"{name} announced {announced}, listed {shown(said)}"
            severity = Severity.BREAKING if announced else Severity.RISKY
            yield listing.change(kind, known, f"{where}/{name}", told, severity=severity)
    if (offer := prices.of_entry(known.id, entry, where)) is not None:
        yield from prices.differing(offer, listing.target, listing.day, listing.source)


def _capabilities(known: Announcement) -> dict[str, tuple[LifeCycle, bool]]:
    thinks = catalogue.families()[known.family].thinks != "never"
    return {
        "supports_image_in": (LifeCycle.MODALITY_DIFFERS, "image" in known.modalities),
        "supports_video_in": (LifeCycle.MODALITY_DIFFERS, "video" in known.modalities),
        "supports_reasoning": (LifeCycle.CAPABILITY_DIFFERS, thinks),
    }
