"""Moonshot's flavour of JSON Schema: which schemas of tools and answers are refused, and in what words.

Most of what the flavour leaves out is taken all the same, and dropped before the model sees it: titles, formats,
exclusive bounds, and keywords that nobody knows. Refused is what is written wrongly or refers elsewhere and, until that
was eased, what contradicts itself. Source: https://github.com/MoonshotAI/walle/blob/main/docs/validation-principles.md,
read 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from conformance.catalogue import mfjs
from conformance.reference.answers import Refused, invalid

Schema = Mapping[str, Any]
Rule = Callable[[Schema, Schema], str]
"""Tells what is broken in a schema, given the definitions at the root; nothing where all is well."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "null": (type(None),),
    "array": (list,), "object": (dict,),
}  # fmt: skip
_SHAPES: Mapping[str, tuple[str, ...]] = {
    "type": ("string", "array"), "properties": ("object",), "required": ("array",), "items": ("object",),
    "additionalProperties": ("boolean", "object"), "anyOf": ("array",), "enum": ("array",), "$ref": ("string",),
    "$defs": ("object",), "$id": ("string",), "description": ("string",), "pattern": ("string",),
}  # fmt: skip

_BESIDE_REFERENCE = ("description", "title", "$defs", "$id")
# Keywords that are read wherever they stand, also where a property of that name was meant.
_KEYWORDS = frozenset({"$defs", "$ref", "anyOf", "required", "additionalProperties"})


def check(schema: Schema, what: str, day: date) -> None:
    """Raise Refused where a schema breaks a rule that is in force on a day.

    ``what`` names the member of the request that the schema stands in.
    """
    known = mfjs.rules(day)
    refused = [rule for name, rule in _DATED.items() if name in known and known[name].effect is mfjs.Effect.REFUSED]
    rules = (*_ALWAYS, *refused)
    for place, node in _nodes(schema):
        for rule in rules:
            broken = rule(node, schema.get("$defs", {})) if isinstance(node, dict) else "a schema must be an object"
            if broken:
                raise _refused(what, place.removeprefix("."), broken)
    if schema and schema.get("type") != "object" and "$ref" not in schema and what.endswith("parameters"):
        raise _refused(what, "", "type must be object")
    if not _ends(schema, schema, frozenset({"#"})):
        raise _refused(what, "", "the schema is recursive without an end")


def _refused(what: str, place: str, broken: str) -> Refused:
    return invalid(
        f"Invalid request: {what} is not a valid moonshot flavored json schema, details: <At path"
        f" '{place or 'root'}': {broken}>"
    )


def _ends(node: Schema, root: Schema, within: frozenset[str]) -> bool:
    """Tell whether a value that the schema asks for can come to an end; ``within`` are the references followed."""
    reference = node.get("$ref")
    if isinstance(reference, str):
        known = root if reference == "#" else root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
        return reference not in within and _ends(known, root, within | {reference})
    branches = node.get("anyOf")
    if branches and not any(_ends(branch, root, within) for branch in branches):
        return False
    properties = node.get("properties", {})
    wanted = [properties[name] for name in node.get("required", []) if name in properties]
    return all(_ends(below, root, within) for below in wanted)


def _nodes(schema: Schema) -> Iterator[tuple[str, object]]:
    """Yield every schema in a schema with its place, the outer ones first, in the order in which they are written."""
    todo: list[tuple[str, object]] = [("", schema)]
    while todo:
        place, node = todo.pop()
        yield place, node
        if isinstance(node, dict):
            todo.extend(reversed(list(_children(place, node))))


def _children(place: str, node: Schema) -> Iterator[tuple[str, object]]:
    for keyword, value in node.items():
        if keyword in ("properties", "$defs"):
            yield from ((f"{place}.{keyword}.{name}", child) for name, child in value.items())
        elif keyword == "anyOf":
            yield from ((f"{place}.anyOf.{position}", child) for position, child in enumerate(value))
        elif keyword == "items" or (keyword == "additionalProperties" and isinstance(value, dict)):
            yield f"{place}.{keyword}", value


def _shape(node: Schema, _definitions: Schema) -> str:
    for keyword, kinds in _SHAPES.items():
        if keyword in node and not any(_is(node[keyword], kind) for kind in kinds):
            return f"{keyword} must be of type {' or '.join(kinds)}"
        if keyword in ("type", "anyOf", "enum") and node.get(keyword) == []:
            return f"{keyword} cannot be empty"
    if not all(isinstance(name, str) for name in node.get("required", [])):
        return "items in required array must be strings"
    return ""


def _type(node: Schema, _definitions: Schema) -> str:
    unknown = [kind for kind in _types(node) if not isinstance(kind, str) or kind not in _TYPES]
    return f"invalid type in type: {str(unknown[0])[:40]}" if unknown else ""


def _properties(node: Schema, _definitions: Schema) -> str:
    taken = [name for name in node.get("properties", {}) if name in _KEYWORDS]
    return f"a property must not be called {taken[0]}" if taken else ""


def _reference(node: Schema, definitions: Schema) -> str:
    if any("/" in name for name in node.get("$defs", {})):
        return "$defs property names cannot contain '/'"
    reference = node.get("$ref", "#")
    if reference != "#" and not reference.startswith("#/$defs/"):
        return "$ref must be a reference that starts with #/$defs/"
    known = reference == "#" or reference.removeprefix("#/$defs/") in definitions
    return "" if known else f"invalid $ref path: {reference[:100]}"


def _type_beside_any_of(node: Schema, _definitions: Schema) -> str:
    beside = "anyOf" in node and "type" in node
    return "when using anyOf, type should be defined in anyOf items instead of the parent schema" if beside else ""


def _beside_reference(node: Schema, _definitions: Schema) -> str:
    beside = [name for name in node if name not in (*_BESIDE_REFERENCE, "$ref")] if "$ref" in node else []
    return f"when using $ref, {beside[0]} should be defined in the referenced schema" if beside else ""


def _required(node: Schema, _definitions: Schema) -> str:
    lacking = [name for name in node.get("required", []) if name not in node.get("properties", {})]
    return f"required property {lacking[0][:100]} is not defined in properties" if lacking else ""


def _enum(node: Schema, _definitions: Schema) -> str:
    types = _types(node)
    wrong = [value for value in node.get("enum", []) if types and not any(_is(value, kind) for kind in types)]
    return f"enum value ({str(wrong[0])[:100]}) does not match any type in [{', '.join(types)}]" if wrong else ""


def _types(node: Schema) -> list[Any]:
    types = node.get("type", [])
    return types if isinstance(types, list) else [types]


def _is(value: object, kind: str) -> bool:
    # In Python a boolean is an integer, in JSON it is none.
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


# Each may trust that those before it found nothing.
_ALWAYS: tuple[Rule, ...] = (_shape, _type, _properties, _reference)
# By the ids of the catalogue, which tells until when each was refused.
_DATED: Mapping[str, Rule] = {
    "type-beside-anyof": _type_beside_any_of,
    "ref-siblings": _beside_reference,
    "required-undefined": _required,
    "enum-type": _enum,
}
