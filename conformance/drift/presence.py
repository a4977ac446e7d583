"""What was answered when it was asked, against what is listed and announced; and both against an earlier run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from conformance import catalogue
from conformance.catalogue import access
from conformance.drift.kinds import LifeCycle
from conformance.drift.seen import Call, Seen
from conformance.judge.shapes import shown
from conformance.vocabulary import Announcement, Change, OddOneOut, Severity, Target

_LISTED, _CALLED = "models.list", "chat.completions"


def changes(seen: Seen, target: Target, day: date) -> Iterator[Change]:
    """Yield where what can be called disagrees with what is listed or was announced.

    What could not be checked disagrees with nothing. A gateway may go on selling what the vendor retired.
    """
    odd = OddOneOut.SERVICE if target.official else OddOneOut.GATEWAY
    for model, call in seen.calls.items():
        known = catalogue.models().get(model)
        found: Iterable[Change] = ()
        if call.answered:
            found = _answered(model, known, seen, target)
        elif call.answered is False:
            found = _refused(model, known, call, seen, target)
        yield from (replace(one, as_of=day, source=f"calls of {seen.source}", odd_one_out=odd) for one in found)


def _answered(model: str, known: Announcement | None, seen: Seen, target: Target) -> Iterator[Change]:
    if known and known.retired and known.retired < seen.day:
        if target.official:
            told = f"retired on {known.retired}, answered on {seen.day}"
            yield _change(LifeCycle.RETIRED_STILL_CALLABLE, model, told, since=known.retired + timedelta(days=1))
    elif seen.listed is not None and model not in seen.listed:
        told = f"answered, and not in the list of {seen.day}"
        announced = known.announced if known else None
        yield _against_list(_change(LifeCycle.CALLABLE_NOT_LISTED, model, told, since=announced), seen)


def _against_list(change: Change, seen: Seen) -> Change:
    return replace(change, other_source=f"GET /models of {seen.source}")


def _refused(model: str, known: Announcement | None, call: Call, seen: Seen, target: Target) -> Iterator[Change]:
    """Yield that a model is not answered that should be; on its last day, and to an account without, it need not."""
    listed = seen.listed is not None and model in seen.listed
    if known and (not known.available(seen.day) or known.retired == seen.day):
        return
    if listed:
        # Nobody can rely on a model that nothing announced.
        told, weight = f"listed, and refused: {call.why}", Severity.BREAKING if known else Severity.RISKY
        yield _against_list(_change(LifeCycle.LISTED_NOT_CALLABLE, model, told, severity=weight), seen)
    elif known and not access.need_not(model, access.region_of(target), seen.account):
        told = f"announced {known.announced}, refused: {call.why}"
        yield _change(LifeCycle.ANNOUNCED_NOT_CALLABLE, model, told, severity=Severity.BREAKING, since=known.announced)


def since(last: Seen, now: Seen, target: Target, day: date) -> Iterator[Change]:
    """Yield what an earlier run saw that is not there now, but for what was retired in between."""
    for model in last.listed or ():
        if now.listed is not None and model not in now.listed and not _ended(model, day):
            kind = LifeCycle.NO_LONGER_LISTED
            yield _gone(kind, model, "listed", last, now, endpoint=_LISTED, target=target, day=day)
    for model, call in last.calls.items():
        told = now.calls.get(model)
        if call.answered and told and told.answered is False and not _ended(model, day):
            kind = LifeCycle.NO_LONGER_CALLABLE
            yield _gone(kind, model, "answered", last, now, endpoint=_CALLED, target=target, day=day)


def _ended(model: str, day: date) -> bool:
    known = catalogue.models().get(model)
    return known is not None and known.retired is not None and known.retired <= day


def _gone(
    kind: LifeCycle, model: str, word: str, last: Seen, now: Seen, *, endpoint: str, target: Target, day: date
) -> Change:
    told = f"{word} on {last.day}, and not on {now.day}"
    change = _change(kind, model, told, severity=Severity.BREAKING, since=last.day)
    odd = OddOneOut.SERVICE if target.official else OddOneOut.GATEWAY
    return replace(change, endpoint=endpoint, odd_one_out=odd, source=now.source, other_source=last.source, as_of=day)


def _change(
    kind: LifeCycle, model: str, detail: str, *, severity: Severity = Severity.RISKY, since: date | None = None
) -> Change:
    known = catalogue.models().get(model)
    return Change(
        kind,
        _CALLED,
        "",
        detail,
        since=since,
        model=str(shown(model)),
        severity=severity,
        other_source=known.sources[0] if known else None,
    )
