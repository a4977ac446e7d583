"""Values that a JSON Schema accepts: plain, short, and always the same to the same schema."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.reference import patterns

Schema = Mapping[str, Any]

_DEEPEST = 24
_DEEPEST_OPTIONAL = 6
_MOST_VALUES = 5000
_LONGEST = 1000
_MOST_ITEMS = 100


def instance(schema: Schema, asked: str = "") -> Any:  # noqa: ANN401 - JSON is any value
    """Return a value that a schema of the usual kind accepts; what it does not understand it ignores.

    A property that is a text gets what is ``asked`` for it in so many words, as in "the city of Paris".
    """
    return _Maker(schema, asked).value(schema)


@dataclass(slots=True)
class _Maker:
    """Makes one value; ``left`` is how many parts it may still have, since a schema may contain itself."""

    root: Schema
    asked: str
    left: int = _MOST_VALUES

    def value(self, schema: Schema, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - JSON is any value
        """Return a value for a schema that stands under a property's name."""
        self.left -= 1
        if self.left < 0 or depth > _DEEPEST:
            return None
        for keyword in ("const", "default"):
            if keyword in schema:
                return schema[keyword]
        if _said(schema, "enum", list, []):
            return schema["enum"][0]
        inner = self._referred(schema)
        if inner is not None:
            return self.value(inner, name, depth + 1)
        kind = _kind(schema, depth)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind in ("integer", "number"):
            return _number(schema, whole=kind == "integer")
        return {"boolean": True, "null": None}.get(kind, _text(schema, name, self.asked))

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties = _said(schema, "properties", dict, {})
        wanted = _said(schema, "required", list, []) or (list(properties) if depth <= _DEEPEST_OPTIONAL else [])
        known = [name for name in wanted if isinstance(name, str) and isinstance(properties.get(name), dict)]
        return {name: self.value(properties[name], name, depth + 1) for name in known}

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        least = _said(schema, "minItems", int, 1 if depth <= _DEEPEST_OPTIONAL else 0)
        count = min(least, _said(schema, "maxItems", int, _MOST_ITEMS), _MOST_ITEMS, self.left)
        items = _said(schema, "items", dict, {})
        return [self.value(items, name, depth + 1) for _ in range(count)]

    def _referred(self, schema: Schema) -> Schema | None:
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            found: Any = self.root
            for name in reference.split("/")[1:]:
                found = found.get(name, {}) if isinstance(found, dict) else {}
            return found if isinstance(found, dict) else {}
        branches = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        return branches[0] if isinstance(branches, list) and branches and isinstance(branches[0], dict) else None


def _said(schema: Schema, keyword: str, kind: type | tuple[type, ...], otherwise: Any) -> Any:  # noqa: ANN401 - JSON is any value
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


def _number(schema: Schema, *, whole: bool) -> float:
    least: float = _said(schema, "minimum", (int, float), min(1, _said(schema, "maximum", (int, float), 1)))
    return math.ceil(least) if whole else least


def _text(schema: Schema, name: str, asked: str) -> str:
    pattern = _said(schema, "pattern", str, "")
    matching = patterns.matching(pattern) if pattern else None
    if matching is not None:
        return matching
    text = (_asked_for(name, asked) or "text").ljust(min(_said(schema, "minLength", int, 0), _LONGEST), ".")
    return text[: max(0, _said(schema, "maxLength", int, _LONGEST))]


def _asked_for(name: str, asked: str) -> str | None:
    words = re.escape(name).replace("_", "[_ ]")
    found = re.search(rf"\b{words} of ([A-Z]\w*)", asked) if name else None
    return found.group(1) if found else None
