"""Published documents in the order of their days: what changed for good, and what only came and went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from conformance.drift.canonical import Said
from conformance.drift.documents import Difference, differences
from conformance.drift.grading import grade
from conformance.drift.published import Document, endpoint_of
from conformance.judge.shapes import shown
from conformance.vocabulary import Change, OddOneOut, Severity

# So many values of an enum are told, and so much of a name: both come from the document.
_VALUES = 20
_NAME = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One difference from one document to the next."""

    found: Difference
    before: Document
    after: Document


def changes(documents: Sequence[Document]) -> Iterator[Change]:
    """Yield what changed from the first document to the last, and each flap: what came back to what it had been."""
    for steps in _by_place(documents):
        lasting, flaps = _sorted(steps)
        for flap in flaps:
            yield _flap(flap)
            lasting += _meanwhile(flap)
        yield from (_change(one, documents[-1]) for one in lasting)
    yield from _versions(documents)


def _by_place(documents: Sequence[Document]) -> Iterator[list[Step]]:
    places: dict[tuple[tuple[str, ...], str], list[Step]] = {}
    for before, after in pairwise(documents):
        for found in differences(before.form, after.form):
            places.setdefault((found.at, found.aspect), []).append(Step(found, before, after))
    return iter(places.values())


def _sorted(steps: Sequence[Step]) -> tuple[list[Step], list[list[Step]]]:
    """Return the steps that lead from the first value to the last, and the detours that led back to their beginning."""
    lasting: list[Step] = []
    flaps: list[list[Step]] = []
    for step in steps:
        lasting.append(step)
        back = next((at for at, one in enumerate(lasting) if one.found.ours == step.found.theirs), None)
        if back is not None:
            flaps.append(lasting[back:])
            del lasting[back:]
    return lasting, flaps


def _meanwhile(flap: Sequence[Step]) -> list[Step]:
    """Return what changed inside a place while it was gone: no document that lacks it tells that."""
    before, after = flap[0].before, flap[-1].after
    old, new = _inside(before.form, flap[0].found.at), _inside(after.form, flap[0].found.at)
    if flap[0].found.aspect != "there" or old is None or new is None:
        return []
    return [Step(found, before, after) for found in differences(old, new, flap[0].found.at)]


def _inside(form: Said, at: Sequence[str]) -> Said | None:
    for name in at:
        if name not in form.parts:
            return None
        form = form.parts[name]
    return form


def _change(step: Step, last: Document) -> Change:
    found = step.found
    kind = "changed" if found.aspect != "there" else "added" if found.ours is None else "removed"
    return replace(_at(step, last), kind=f"document-{kind}", detail=_told(found), severity=grade(found))


def _flap(steps: Sequence[Step]) -> Change:
    first, end = steps[0].after.day, steps[-1].after.day
    detail = f"{_told(steps[0].found)} on {first}, and back as it was on {end}"
    flap = replace(_at(steps[0], steps[-1].after), kind="flap", detail=detail, severity=Severity.RISKY)
    return replace(
        flap, odd_one_out=OddOneOut.DOCS, source=steps[0].after.name, other_source=steps[-1].after.name, as_of=end
    )


def _at(step: Step, last: Document) -> Change:
    operation, *place = step.found.at
    return Change(
        "",
        endpoint_of(operation),
        "".join(f"/{name[:_NAME]}" for name in place),
        "",
        since=step.after.day,
        source=step.after.name,
        other_source=step.before.name,
        as_of=last.until,
    )


def _told(found: Difference) -> str:
    if found.aspect == "there":
        return f"added ({found.theirs})" if found.ours is None else f"removed (was {found.ours})"
    if isinstance(found.ours, tuple) and isinstance(found.theirs, tuple):
        told = {"added": _beside(found.theirs, found.ours), "removed": _beside(found.ours, found.theirs)}
        return f"{found.aspect}: {'; '.join(f'{word} {_value(values)}' for word, values in told.items() if values)}"
    return f"{found.aspect}: {_value(found.ours)} became {_value(found.theirs)}"


def _beside(values: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    known = frozenset(others)
    return tuple(value for value in values if value not in known)


def _value(value: object) -> str:
    if value is None:
        return "none"
    values = value if isinstance(value, tuple) else (value,)
    more = [f"{len(values) - _VALUES} more"] if len(values) > _VALUES else []
    return ", ".join([*(str(shown(str(one))) for one in values[:_VALUES]), *more])


def _versions(documents: Sequence[Document]) -> Iterator[Change]:
    """Yield a change for each document that means something else under the version of the one before it."""
    for before, after in pairwise(documents):
        if before.version == after.version and any(True for _ in differences(before.form, after.form)):
            yield Change(
                "version-unchanged",
                "document",
                "/info/version",
                f"means something else than the document before it, and is version {after.version} still",
                since=after.day,
                source=after.name,
                odd_one_out=OddOneOut.DOCS,
                other_source=before.name,
                as_of=documents[-1].until,
            )
