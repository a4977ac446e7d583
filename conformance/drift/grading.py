"""How much a difference of two documents weighs, after the rules that readers of oasdiff know.

What narrows a request or widens an answer breaks those who relied on the older document, and so does a removal. What
an answer may no longer be, and what a request may be beside, harms nobody.
"""

from __future__ import annotations

import math
from typing import Any

from conformance.drift.documents import Difference
from conformance.vocabulary import Severity

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SETS = ("type", "values", "key")
# Whether another pattern lets more through or less is not to be told; nor what another default changes.
_UNCLEAR = ("pattern", "multipleOf", "default")


def grade(found: Difference) -> Severity:
    """Return how much it weighs that a document says ``theirs`` where an older one said ``ours``."""
    if found.aspect == "there":
        return _appeared(found) if found.ours is None else _vanished(found)
    if found.aspect in _UNCLEAR:
        return Severity.RISKY
    narrower, wider = _effect(found)
    if _is_asked(found.at):
        return Severity.BREAKING if narrower else Severity.HARMLESS
    if wider:
        # A client that switches over the known values meets another one; whoever shows them does not.
        return Severity.RISKY if found.aspect == "values" else Severity.BREAKING
    return Severity.HARMLESS


def _is_asked(at: tuple[str, ...]) -> bool:
    """Tell whether a place is part of what a client sends: the operation itself, a parameter, or a request."""
    return len(at) < 2 or not at[1].isascii() or not (at[1][:1].isdigit() or at[1] == "default")


def _appeared(found: Difference) -> Severity:
    asked = len(found.at) > 1 and _is_asked(found.at)
    return Severity.BREAKING if asked and found.theirs in ("required", "forbidden") else Severity.HARMLESS


def _vanished(found: Difference) -> Severity:
    if found.ours == "forbidden":
        return Severity.HARMLESS
    refusal = len(found.at) == 2 and not _is_asked(found.at) and not found.at[1].startswith("2")
    return Severity.RISKY if refusal else Severity.BREAKING


def _effect(found: Difference) -> tuple[bool, bool]:
    """Return whether less is allowed than before, and whether more is."""
    before, after = found.ours, found.theirs
    if found.aspect == "deprecated":
        return False, False
    if found.aspect in _SETS:
        return _of_sets(found.aspect, before, after)
    if found.aspect in _LOWER or found.aspect in _UPPER:
        sign = 1 if found.aspect in _LOWER else -1
        old, new = (_bound(value, sign) for value in (before, after))
        # Alternatives with bounds of their own are told as a text, of which nobody knows which is the narrower.
        return (True, True) if math.isnan(old) or math.isnan(new) else (new > old, new < old)
    return bool(after), bool(before)


def _of_sets(aspect: str, before: Any, after: Any) -> tuple[bool, bool]:  # noqa: ANN401 - tuples of texts, or None
    if aspect == "key":
        return bool(after) and before != after, bool(before) and not after
    if before is None or after is None:
        return before is None, after is None
    old, new = (_types(value) if aspect == "type" else set(value) for value in (before, after))
    return bool(old - new), bool(new - old)


def _types(value: tuple[str, ...]) -> set[str]:
    return {*value, *(["integer"] if "number" in value else [])}


def _bound(value: object, sign: int) -> float:
    if value is None:
        return -math.inf
    return sign * value if isinstance(value, int | float) else math.nan
