"""One document against another: what each says that the other does not, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.drift.canonical import Said


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two documents say different things of one aspect; None where one says nothing.

    ``at`` are the names that lead to the place. The aspect ``there`` is whether a document knows the place at all, and
    then what it says of it is not told again.
    """

    at: tuple[str, ...]
    aspect: str
    ours: object
    theirs: object


def differences(ours: Said, theirs: Said, at: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield the differences of two forms, the nearest to the root first."""
    for aspect in sorted({*ours.says, *theirs.says}):
        if ours.says.get(aspect) != theirs.says.get(aspect):
            yield Difference(at, aspect, ours.says.get(aspect), theirs.says.get(aspect))
    for name in dict.fromkeys([*ours.parts, *theirs.parts]):
        here = (*at, name)
        mine, other = ours.parts.get(name), theirs.parts.get(name)
        if mine is None or other is None:
            yield Difference(here, "there", _known(mine), _known(other))
        else:
            yield from differences(mine, other, here)


def _known(said: Said | None) -> str | None:
    if said is None:
        return None
    if "forbidden" in said.says:
        return "forbidden"
    return "required" if said.says.get("required") else "known"
