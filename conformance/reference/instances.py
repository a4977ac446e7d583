"""Values that a JSON Schema accepts: plain, short, and always the same to the same schema."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from conformance.reference import patterns

Schema = Mapping[str, Any]

_DEEPEST = 6
_LONGEST = 1000
_MOST_ITEMS = 100


def instance(schema: Schema, asked: str = "", root: Schema | None = None, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - JSON is any value
    """Return a value that a schema of the usual kind accepts; what it does not understand it ignores.

    A property that is a text gets what is ``asked`` for it in so many words, as in "the city of Paris". ``name`` is the
    property that the schema stands under, ``root`` the schema that its references are read in.
    """
    root = schema if root is None else root
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if said(schema, "enum", list, []):
        return schema["enum"][0]
    inner = _referred(schema, root)
    if inner is not None and depth < _DEEPEST:
        return instance(inner, asked, root, name, depth + 1)
    kind = _kind(schema, depth)
    if kind == "object":
        return _object(schema, asked, root, depth)
    if kind == "array":
        return _array(schema, asked, root, name, depth)
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    return {"boolean": True, "null": None}.get(kind, _text(schema, asked, name))


def said(schema: Schema, keyword: str, kind: type | tuple[type, ...], otherwise: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """Return what a schema says under a keyword, or ``otherwise`` where that is missing or of another kind."""
    value = schema.get(keyword)
    return value if isinstance(value, kind) and not isinstance(value, bool) else otherwise


def _kind(schema: Schema, depth: int) -> str:
    kind = schema.get("type")
    if isinstance(kind, list) and kind:
        kind = kind[0]
    if isinstance(kind, str):
        return kind
    return "object" if "properties" in schema or depth == 0 else "array" if "items" in schema else "string"


def _object(schema: Schema, asked: str, root: Schema, depth: int) -> dict[str, Any]:
    properties = said(schema, "properties", dict, {})
    wanted = said(schema, "required", list, []) or list(properties)
    known = [name for name in wanted if isinstance(name, str) and isinstance(properties.get(name), dict)]
    if depth >= _DEEPEST:
        return {}
    return {name: instance(properties[name], asked, root, name, depth + 1) for name in known}


def _array(schema: Schema, asked: str, root: Schema, name: str, depth: int) -> list[Any]:
    if depth >= _DEEPEST:
        return []
    item = instance(said(schema, "items", dict, {}), asked, root, name, depth + 1)
    return [item] * min(said(schema, "minItems", int, 1), said(schema, "maxItems", int, _MOST_ITEMS), _MOST_ITEMS)


def _number(schema: Schema, *, whole: bool) -> float:
    least: float = said(schema, "minimum", (int, float), min(1, said(schema, "maximum", (int, float), 1)))
    return math.ceil(least) if whole else least


def _text(schema: Schema, asked: str, name: str) -> str:
    pattern = said(schema, "pattern", str, "")
    matching = patterns.matching(pattern) if pattern else None
    if matching is not None:
        return matching
    text = (_asked_for(name, asked) or "text").ljust(min(said(schema, "minLength", int, 0), _LONGEST), ".")
    return text[: max(0, said(schema, "maxLength", int, _LONGEST))]


def _asked_for(name: str, asked: str) -> str | None:
    words = re.escape(name).replace("_", "[_ ]")
    found = re.search(rf"\b{words} of ([A-Z]\w*)", asked) if name else None
    return found.group(1) if found else None


def _referred(schema: Schema, root: Schema) -> Schema | None:
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        found: Any = root
        for name in reference.split("/")[1:]:
            found = found.get(name, {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict) else {}
    branches = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    return branches[0] if isinstance(branches, list) and branches and isinstance(branches[0], dict) else None
