"""A value as the wire has it beside what the SDK makes of it, member by member."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from conformance.vocabulary import ABSENT


class Kind(StrEnum):
    """What becomes of a thing between the wire and whoever uses the SDK."""

    SAME = "same"
    HIDDEN = "hidden"
    FILLED_IN = "filled-in"
    CONVERTED = "converted"
    MISTYPED = "mistyped"
    ADDED = "added"
    NOT_EXPRESSIBLE = "not-expressible"
    REFUSED = "refused"
    CRASHED = "crashed"
    COULD_NOT_CHECK = "could-not-check"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one value: ``where`` is its JSON pointer, in which ``*`` stands for each item of a list.

    ``wire`` and ``sdk`` are its JSON text on each side, or words where a side does not have it.
    """

    kind: Kind
    where: str
    wire: str
    sdk: str


def compare(wire: object, shown: object, where: str = "") -> Iterator[Difference]:
    """Yield what became of a value and of all that is in it; ``wire`` may be ABSENT."""
    if wire is ABSENT:
        yield Difference(Kind.FILLED_IN, where, "nothing", text(shown))
    elif isinstance(shown, BaseModel) and isinstance(wire, dict):
        yield from _members(wire, shown, where)
    elif isinstance(shown, dict) and isinstance(wire, dict):
        for name in dict.fromkeys([*wire, *shown]):
            yield from _member(wire, shown, name, where)
    elif isinstance(shown, list) and isinstance(wire, list):
        yield from _items(wire, shown, where)
    else:
        yield Difference(Kind.SAME if _equal(wire, shown) else Kind.CONVERTED, where, text(wire), text(shown))


def _members(wire: dict[str, Any], shown: BaseModel, where: str) -> Iterator[Difference]:
    extra = shown.model_extra or {}
    for name, field in type(shown).model_fields.items():
        told, value = wire.get(field.alias or name, ABSENT), getattr(shown, name)
        place = f"{where}/{_token(field.alias or name)}"
        if told is not ABSENT and not _is_of(type(shown), name, value):
            declared = f"{text(value)}, declared as {_said(field.annotation)}"
            yield Difference(Kind.MISTYPED, place, text(told), declared)
        else:
            yield from compare(told, value, place)
    known = {field.alias or name for name, field in type(shown).model_fields.items()}
    for name, told in wire.items():
        if name not in known:
            there = name in extra and _equal(told, extra[name])
            words = "only in model_extra" if there else "nowhere"
            yield Difference(Kind.HIDDEN, f"{where}/{_token(name)}", text(told), words)


def _member(wire: dict[str, Any], shown: dict[str, Any], name: str, where: str) -> Iterator[Difference]:
    place = f"{where}/{_token(name)}"
    if name in shown:
        yield from compare(wire.get(name, ABSENT), shown[name], place)
    else:
        yield Difference(Kind.HIDDEN, place, text(wire[name]), "nowhere")


def _items(wire: list[Any], shown: list[Any], where: str) -> Iterator[Difference]:
    if len(wire) != len(shown):
        yield Difference(Kind.CONVERTED, where, f"{len(wire)} items", f"{len(shown)} items")
    for told, value in zip(wire, shown, strict=False):
        yield from compare(told, value, f"{where}/*")


def _equal(wire: object, shown: object) -> bool:
    """Tell whether two values are the same JSON: 1, 1.0 and true are not."""
    if isinstance(shown, BaseModel):
        return False
    if isinstance(wire, dict) and isinstance(shown, dict):
        return wire.keys() == shown.keys() and all(_equal(wire[name], shown[name]) for name in wire)
    if isinstance(wire, list) and isinstance(shown, list):
        return len(wire) == len(shown) and all(map(_equal, wire, shown))
    return type(wire) is type(shown) and wire == shown


@cache
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    annotation: Any = model.model_fields[name].annotation
    return TypeAdapter(annotation)


def _is_of(model: type[BaseModel], name: str, value: object) -> bool:
    """Tell whether a value is what the SDK says that it is; pydantic itself is asked, which the SDK does not do."""
    try:
        _adapter(model, name).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _said(annotation: object) -> str:
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return name.replace("typing.", "")


def text(value: object) -> str:
    """Return a value as JSON, or as Python writes what JSON does not have."""
    return json.dumps(value, ensure_ascii=False, default=repr)


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
