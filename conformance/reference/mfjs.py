"""Moonshot's flavour of JSON Schema: which schemas of tools and answers are taken, and what the others break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.reference.answers import Refused, invalid

# The facts are those of https://github.com/MoonshotAI/walle/blob/main/docs/mfjs-spec.md.
_FORBIDDEN = (
    "title", "$comment", "format", "prefixItems", "unevaluatedItems", "exclusiveMinimum", "exclusiveMaximum",
    "minContains", "maxContains",
)  # fmt: skip
_SCHEMAS_BY_NAME = ("properties", "patternProperties", "$defs")
_SCHEMAS_IN_A_ROW = ("anyOf", "oneOf", "allOf")
_ONE_SCHEMA = ("items", "additionalProperties", "not")


def check(schema: Mapping[str, Any], what: str) -> None:
    """Raise Refused where a schema breaks a rule; ``what`` names the member of the request that it stands in."""
    for place, node in _nodes(schema):
        broken = _broken(node, root=place == "")
        if broken:
            raise _refused(what, place, broken)


def _refused(what: str, place: str, broken: str) -> Refused:
    where = f"At path '{place.removeprefix('.')}': " if place else ""
    return invalid(f"Invalid request: {what} is not a valid moonshot flavored json schema, details: <{where}{broken}>")


def _nodes(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every schema in a schema with its place, the outer ones first, in the order in which they are written."""
    todo: list[tuple[str, Any]] = [("", schema)]
    while todo:
        place, node = todo.pop()
        if isinstance(node, dict):
            yield place, node
            todo.extend(reversed(list(_children(place, node))))


def _children(place: str, node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword, value in node.items():
        if keyword in _SCHEMAS_BY_NAME and isinstance(value, dict):
            yield from ((f"{place}.{keyword}.{name}", child) for name, child in value.items())
        elif keyword in _SCHEMAS_IN_A_ROW and isinstance(value, list):
            yield from ((f"{place}.{keyword}.{position}", child) for position, child in enumerate(value))
        elif keyword in _ONE_SCHEMA:
            yield f"{place}.{keyword}", value


def _broken(node: Mapping[str, Any], *, root: bool) -> str:
    for keyword in _FORBIDDEN:
        if keyword in node:
            return f"{keyword} is not supported"
    if "$defs" in node and not root:
        return "$defs is allowed at the root only"
    reference = node.get("$ref", "#")
    if not isinstance(reference, str) or not reference.startswith("#"):
        return "$ref must point into the same schema"
    if "anyOf" in node and "type" in node:
        return "type must stand inside the branches of anyOf, not beside it"
    return _broken_enum(node["enum"]) if "enum" in node else ""


def _broken_enum(members: object) -> str:
    kinds = {type(member) for member in members} if isinstance(members, list) else set()
    if kinds == {str} or (kinds and kinds <= {int, float}):
        return ""
    return "enum must hold texts or numbers only, and not both"
