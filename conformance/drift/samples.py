"""What a document says of models against what was announced of them, as of the day of the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial

from conformance import catalogue
from conformance.drift.kinds import LifeCycle
from conformance.drift.mentions import Mention
from conformance.drift.published import Document, endpoint_of
from conformance.vocabulary import Announcement, Change, OddOneOut, Severity

_LISTING = "/models"


def changes(document: Document) -> Iterator[Change]:
    """Yield where the ids that a document names disagree with the catalogue."""
    found = document.mentions
    yield from _dead(found, document)
    yield from _lagging(found, document)
    yield from _missing(found, document)
    yield from _unknown(found, document)


def _dead(found: Sequence[Mention], document: Document) -> Iterator[Change]:
    """Yield the ids that are retired: one that is shown is copied, one that an enum lists is only offered."""
    for one in _once(found):
        known = catalogue.models().get(one.model)
        if known and known.retired and known.retired < document.until:
            shown = one.how != "enum"
            yield _change(
                LifeCycle.SAMPLE_NAMES_DEAD_MODEL if shown else LifeCycle.DOCUMENTED_RETIRED,
                one,
                document,
                f"{one.model} was retired on {known.retired}, the {one.how} still names it",
                since=known.retired + timedelta(days=1),
                severity=Severity.BREAKING if shown else Severity.RISKY,
                known=known,
            )


def _lagging(found: Sequence[Mention], document: Document) -> Iterator[Change]:
    """Yield that the sample of the list of models knows none of the models that were announced since."""
    samples = [one for one in found if one.how == "sample" and one.operation.endswith(_LISTING)]
    known = [catalogue.models()[one.model] for one in samples if one.model in catalogue.models()]
    if not known:
        return
    newest = max(model.announced for model in known)
    listed = {one.model for one in samples}
    later = [model for model in _announced(document.until) if model.announced > newest and model.id not in listed]
    if later:
        first, *others = sorted(later, key=lambda model: model.announced)
        more = f"; announced since then: {', '.join(model.id for model in others)}" if others else ""
        yield _change(
            LifeCycle.SAMPLE_LAGS_ANNOUNCEMENT,
            samples[0],
            document,
            f"{first.id} announced {first.announced}, the List Models sample still lists {', '.join(sorted(listed))}"
            + more,
            since=first.announced,
            model=first.id,
            known=first,
        )


def _missing(found: Sequence[Mention], document: Document) -> Iterator[Change]:
    """Yield the models that one may ask for, and that the enum of an operation lacks."""
    enums: dict[str, dict[str, Mention]] = {}
    for one in found:
        if one.how == "enum":
            enums.setdefault(one.operation, {}).setdefault(one.model, one)
    naming: dict[str, list[str]] = {}
    for operation, named in enums.items():
        for model in named:
            naming.setdefault(model, []).append(endpoint_of(operation))
    wanted = {model.id: model for model in _announced(document.until)}
    known = sorted({*wanted, *(naming.keys() - catalogue.models().keys())})
    for operation, named in enums.items():
        for model in (model for model in known if model not in named):
            others = naming.get(model, [])
            told = f"{model} announced {wanted[model].announced}" if model in wanted else f"{model} was never announced"
            beside = f", that of {', '.join(others[:3])} names it" if others else ""
            yield _change(
                LifeCycle.DOCUMENTED_IN_PART if others else LifeCycle.ANNOUNCED_NOT_DOCUMENTED,
                next(iter(named.values())),
                document,
                f"{told}, the enum of {endpoint_of(operation)} lacks it{beside}",
                since=wanted[model].announced if model in wanted else document.day,
                model=model,
                known=wanted.get(model),
            )


def _unknown(found: Sequence[Mention], document: Document) -> Iterator[Change]:
    for one in _once(found):
        known = catalogue.models().get(one.model)
        if known is None or known.announced > document.until:
            told = f"only announced {known.announced}" if known else "nothing announced it"
            change = partial(
                _change, LifeCycle.DOCUMENTED_UNKNOWN, one, document, f"{one.model}: {told}", since=document.day
            )
            yield change(odd=OddOneOut.OURS, known=known)


def _announced(day: date) -> list[Announcement]:
    return list(catalogue.available(day).values())


def _once(found: Sequence[Mention]) -> list[Mention]:
    """Return one mention of each model a way of naming it and an operation."""
    return list({(one.model, one.operation, one.how): one for one in reversed(found)}.values())[::-1]


def _change(
    kind: LifeCycle,
    at: Mention,
    document: Document,
    detail: str,
    *,
    since: date,
    model: str | None = None,
    severity: Severity = Severity.RISKY,
    odd: OddOneOut = OddOneOut.DOCS,
    known: Announcement | None = None,
) -> Change:
    return Change(
        kind,
        endpoint_of(at.operation),
        at.pointer,
        detail,
        since=since,
        source=document.name,
        model=model or at.model,
        severity=severity,
        odd_one_out=odd,
        other_source=known.sources[0] if known else catalogue.SOURCE,
        as_of=document.until,
    )
