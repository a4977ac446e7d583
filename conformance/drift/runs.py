"""One run against earlier ones: what changed in the answers, what cannot be told, and what was looked at again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import reduce
from itertools import islice

from conformance.contract import ledger, schemas
from conformance.drift import between, standing
from conformance.drift.comparison import Drift, Source
from conformance.drift.earlier import Night
from conformance.drift.shape import Fact, Shape
from conformance.drift.standing import Looked, Stands
from conformance.rows import ConfigurationError
from conformance.vocabulary import Change, Mode, OddOneOut, Target

# Of one endpoint; more are one change: that its answers are of another kind.
KEPT = 50


def require_same(target: str, model: str | None, before: Sequence[Night], now: Night | None = None) -> None:
    """Raise ConfigurationError where an earlier run asked somebody else, or for another model."""
    if now and now.target != target:
        raise ConfigurationError(f"--run {now.file} is of the target {now.target}, and not of {target}")
    for one in before:
        if one.target not in (None, target):
            raise ConfigurationError(f"--since {one.file} is of the target {one.target}, and not of {target}")
        if None not in (model, one.model) and one.model != model:
            raise ConfigurationError(f"--since {one.file} asked for {one.model}, and this run for {model}")


def compared(drift: Drift, now: Night | None, since: Sequence[Night]) -> tuple[Drift, Stands]:
    """Return the drift with the run ``now`` as one of its sources, if there is one, and how its changes stand."""
    if now:
        why = None if now.ended else "the run did not end"
        source = Source(now.file, "run", now.day, why)
        found = tuple(one.change for one in now.told if one.looked_at)
        day = max(drift.as_of, now.day)
        drift = replace(drift, sources=(*drift.sources, source), changes=(*drift.changes, *found), as_of=day)
    return drift, stands(drift.changes, now, since, drift.target, drift.as_of, _places(drift.sources))


def _places(sources: Sequence[Source]) -> set[str]:
    """Return what the sources of a drift let it look at: nothing of a kind of which one could not be checked."""
    unread = {source.kind for source in sources if source.could_not_check}
    read = Counter(source.kind for source in sources if source.kind not in unread)
    named = {"document": read["openapi"], "documents": read["openapi"] > 1, "listing": read["models"]}
    return {*read, *(place for place, held in named.items() if held)}


def stands(
    found: Iterable[Change],
    now: Night | None,
    since: Sequence[Night],
    target: Target,
    day: date,
    places: Iterable[str] = (),
) -> Stands:
    """Return how the changes of a day stand, with those in the answers of the run ``now``, if there is one.

    ``since`` are the earlier runs, the last one last; ``places`` are what was looked at beside the run.
    """
    last = since[-1] if since else None
    told = [*found, *(changes(now, since, target) if now and since else ())]
    again, whole = ((looked(now, target, one) if now else Looked()).also(places) for one in (last, None))
    return Stands(
        tuple(standing.standings(told, last, again, target.change_waivers, day)),
        tuple(standing.stale(target.change_waivers, told, whole, day)),
        tuple(notes(now, since)),
    )


def changes(now: Night, before: Sequence[Night], target: Target) -> Iterator[Change]:
    """Yield how the answers of a run differ from those of the earlier runs together, since the day of the last."""
    for endpoint, shape in sorted(now.shapes.items()):
        for one in islice(between.differing(_together(endpoint, before), shape), KEPT):
            yield Change(
                one.kind.value,
                endpoint,
                "".join(f"/{name}" for name in one.place),
                one.detail,
                since=before[-1].day,
                source=now.file,
                model=now.model if _names_model(endpoint) else None,
                severity=one.severity,
                odd_one_out=OddOneOut.SERVICE if target.official else OddOneOut.GATEWAY,
                other_source=before[-1].file,
                as_of=now.day,
            )


def _names_model(endpoint: str) -> bool:
    """Tell whether a request of an endpoint names a model, so that its answers are that model's."""
    row = ledger.endpoints().get(endpoint)
    return bool(row and row.request and "model" in schemas.documents()[row.request]["properties"])


def _together(endpoint: str, before: Sequence[Night]) -> Shape:
    return reduce(Shape.merged, (one.shapes.get(endpoint, Shape()) for one in before), Shape())


def notes(now: Night | None, before: Sequence[Night]) -> Iterator[str]:
    """Yield what could not be compared."""
    if not before:
        return
    for one in before:
        if not one.ended:
            yield f"{one.file} is of a run that did not end: what it would have told is told as new"
    if now is None:
        return
    names = sorted({*now.shapes, *(name for one in before for name in one.shapes)})
    apart = [name for name in names if not between.comparable(_together(name, before), now.shapes.get(name, Shape()))]
    if apart:
        yield f"no request was answered in this run and in an earlier one, so nothing is compared: {', '.join(apart)}"
    if now.left_out:
        yield f"{now.left_out} requests got no answer that could be compared"


def looked(now: Night, target: Target, last: Night | None = None) -> Looked:
    """Return what a run looked at.

    That is all of an endpoint where each scenario that the last run had answers to has one; without a last run, where
    nothing was left out by ``--select``.
    """
    asked = {name: _scenarios(shape) for name, shape in now.shapes.items()}
    known = {name: _scenarios(shape) for name, shape in last.shapes.items()} if last else {}
    whole = {name for name in asked if (last or not now.select) and known.get(name, set()) <= asked[name]}
    played = set().union(*asked.values()) if now.mode == Mode.REPLAY else set()
    places = {"listing": target.official and _listed(now), "calls": "chat.completions" in whole}
    return Looked(
        frozenset(place for place, is_looked_at in places.items() if is_looked_at), frozenset(whole), frozenset(played)
    )


def _scenarios(shape: Shape) -> set[str]:
    return {asked.partition(" ")[0] for asked, _ in shape.seen}


def _listed(now: Night) -> bool:
    listing = now.shapes.get("models.list", Shape())
    return any(Fact(("200", "data"), "type", "array") in sample for _, sample in listing.seen)
