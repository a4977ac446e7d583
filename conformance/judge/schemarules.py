"""The rules of MFJS about one node of a JSON Schema: small functions, in a table by keyword."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from conformance.catalogue.mfjs import Rule

JSON: TypeAlias = Any
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Whole:
    """The schema that is examined, the rules of the day, the keywords that they forbid, and what never ends in it."""

    root: Mapping[str, Any]
    rules: Mapping[str, Rule]
    forbidden: Mapping[str, str]
    endless: frozenset[str]


@dataclass(frozen=True, slots=True)
class Node:
    """One schema within the whole: its place, and how many ``properties`` lie above it."""

    schema: Mapping[str, Any]
    where: str
    depth: int
    whole: Whole

    @property
    def root(self) -> bool:
        """Tell whether it is the whole schema."""
        return self.schema is self.whole.root


def shown(value: object) -> str:
    """Return a value as a person reads it, bounded and without what a terminal would obey."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!r} and {len(value) - _SHOWN} characters more"
    if isinstance(value, dict | list):
        kind, parts = ("object", "members") if isinstance(value, dict) else ("array", "items")
        return f"an {kind} of {len(value)} {parts}"
    return json.dumps(value)[:_SHOWN]


def pointer(where: str, *names: str) -> str:
    """Return the JSON pointer (RFC 6901) to what lies below ``where`` under these names."""
    return where + "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names)


def kind_of(value: object) -> str:
    """Return the JSON type of a value; an integer is a number."""
    kinds = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def parts(value: object, where: str) -> Iterator[tuple[str, Any]]:
    """Yield the pointer and the value of every member or item; nothing of any other value."""
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield from ((pointer(where, str(name)), part) for name, part in named)


# One function a rule: it yields where, what was expected and what was there.

Told = Iterator[tuple[str, str, str]]
Judge = Callable[[Node, JSON, str, Rule], Told]


def _not_empty(_node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    if value == []:
        yield where, "at least one item", "none"


def _type_name(_node: Node, value: JSON, where: str, rule: Rule) -> Told:
    kinds = list(parts(value, where)) if isinstance(value, list) else [(where, value)]
    for place, kind in kinds:
        if not isinstance(kind, str) or kind not in rule.names:
            yield place, f"one of {', '.join(rule.names)}", shown(kind)


def _type_beside_anyof(node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    if "anyOf" in node.schema:
        yield where, "no type beside anyOf", shown(value)


def _at_root(node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    if not node.root:
        yield where, "only at the root", shown(value)


def _defs_name(_node: Node, value: JSON, where: str, rule: Rule) -> Told:
    for name in value:
        if not re.fullmatch(rule.pattern, name, re.DOTALL):
            yield pointer(where, name), "a name without a slash", shown(name)


def _subschemas(_node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    for place, part in parts(value, where):
        if not isinstance(part, dict):
            yield place, "an object", shown(part)


def _defs_end(node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    for name in value:
        if node.root and f"#/$defs/{name}" in node.whole.endless:
            yield pointer(where, name), "a finite value that obeys it", "recursion without an end"


def _ref_internal(_node: Node, value: JSON, where: str, rule: Rule) -> Told:
    if not re.fullmatch(rule.pattern, value, re.DOTALL):
        yield where, "# or #/$defs/NAME", shown(value)


def _ref_resolves(node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    if not re.fullmatch(node.whole.rules["ref-internal"].pattern, value, re.DOTALL):
        return
    place: Any = node.whole.root
    for name in value.split("/")[1:]:
        place = place.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        yield where, "a definition that is there", shown(value)


def _ref_siblings(node: Node, _value: JSON, where: str, rule: Rule) -> Told:
    beside = [name for name in node.schema if name not in (*rule.names, "$ref")]
    if beside:
        yield where, f"beside it only {', '.join(rule.names)}", shown(", ".join(beside))


def _property_names(_node: Node, value: JSON, where: str, rule: Rule) -> Told:
    for name in value:
        if name in rule.names:
            yield pointer(where, name), f"a name other than {', '.join(rule.names)}", shown(name)


def _depth(node: Node, value: JSON, where: str, rule: Rule) -> Told:
    if value and node.depth + 1 > rule.limit:
        yield where, f"at most {rule.limit} levels of properties", f"level {node.depth + 1}"


def _required_names(_node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    for place, name in parts(value, where):
        if not isinstance(name, str):
            yield place, "a string", shown(name)


def _required_undefined(node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    properties = node.schema.get("properties")
    for place, name in parts(value, where):
        if isinstance(name, str) and not (isinstance(properties, dict) and name in properties):
            yield place, "the name of a property", shown(name)


def _branches(_node: Node, value: JSON, where: str, rule: Rule) -> Told:
    if len(value) > rule.limit:
        yield where, f"at most {rule.limit} branches", f"{len(value)}"


def _enum_kinds(_node: Node, value: JSON, where: str, rule: Rule) -> Told:
    for place, item in parts(value, where):
        if kind_of(item) not in rule.names:
            yield place, " or ".join(rule.names), shown(item)


def _enum_mixed(_node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    kinds = {kind_of(item) for item in value}
    if {"number", "string"} <= kinds:
        yield where, "numbers or strings alone", "both"


def _enum_type(node: Node, value: JSON, where: str, _rule: Rule) -> Told:
    kinds = node.schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not all(isinstance(kind, str) and kind in node.whole.rules["type-name"].names for kind in kinds):
        return
    for place, item in parts(value, where):
        whole = kind_of(item) == "number" and float(item).is_integer()
        if kind_of(item) not in kinds and not (whole and "integer" in kinds):
            yield place, f"a value of type {' or '.join(kinds)}", shown(item)


def _enum_items(_node: Node, value: JSON, where: str, rule: Rule) -> Told:
    if len(value) > rule.limit:
        yield where, f"at most {rule.limit} values", f"{len(value)}"


def _enum_characters(_node: Node, value: JSON, where: str, rule: Rule) -> Told:
    size = sum(len(str(item)) for item in value if kind_of(item) in ("number", "string"))
    if len(value) > rule.above and size > rule.limit:
        yield where, f"at most {rule.limit} characters", f"{size}"


def _bounds(node: Node, value: JSON, where: str, rule: Rule) -> Told:
    keyword = where.rpartition("/")[2]
    if kind_of(value) != "number":
        yield where, "a number", shown(value)
    for lower, upper in rule.pairs:
        other = node.schema.get(upper)
        if keyword == lower and kind_of(other) == kind_of(value) == "number" and value > other:
            yield where, f"at most {upper}, {shown(other)}", shown(value)


_BOUNDS: tuple[tuple[str, Judge], ...] = (("bounds", _bounds),)
JUDGES: Mapping[str, tuple[tuple[str, Judge], ...]] = {
    "type": (("not-empty", _not_empty), ("type-name", _type_name), ("type-beside-anyof", _type_beside_anyof)),
    "$defs": (
        ("defs-at-root", _at_root),
        ("defs-name", _defs_name),
        ("subschema-object", _subschemas),
        ("ref-ends", _defs_end),
    ),
    "$id": (("defs-at-root", _at_root),),
    "$ref": (("ref-internal", _ref_internal), ("ref-resolves", _ref_resolves), ("ref-siblings", _ref_siblings)),
    "properties": (("property-names", _property_names), ("subschema-object", _subschemas), ("depth", _depth)),
    "required": (("required-names", _required_names), ("required-undefined", _required_undefined)),
    "anyOf": (("not-empty", _not_empty), ("anyof-branches", _branches), ("subschema-object", _subschemas)),
    "enum": (
        ("not-empty", _not_empty),
        ("enum-kinds", _enum_kinds),
        ("enum-mixed", _enum_mixed),
        ("enum-type", _enum_type),
        ("enum-items", _enum_items),
        ("enum-characters", _enum_characters),
    ),
    **dict.fromkeys(("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"), _BOUNDS),
}
