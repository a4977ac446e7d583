"""Schemas that a request brought along: hostile text as much as the answer that is held against them.

A validator follows every reference and every branch; a few lines of schema can ask it for more steps than there is
time, or more depth than there is stack. So the steps are counted before it begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from conformance.contract.schemas import Node
from conformance.judge.shapes import shown
from conformance.vocabulary import CouldNotCheck, Finding, find

# An honest schema of a hundred members takes some hundreds of steps; the vendor takes none of so many parts.
STEPS_LIMIT = 50_000
PARTS_LIMIT = 5_000
_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000)
# What a schema says of the value itself, of each of its parts, and of the parts that it names.
_OF_ITSELF = ("not", "if", "then", "else")
_OF_ITSELF_ALL = ("allOf", "anyOf", "oneOf", "dependentSchemas", "dependencies")
_OF_PARTS = ("items", "additionalItems", "unevaluatedItems", "contains", "additionalProperties",
             "unevaluatedProperties", "propertyNames")  # fmt: skip
_READS_TEXTS = {"pattern", "format", "patternProperties", "propertyNames"}


def complaint(schema: Node, value: object) -> str | None:
    """Return what a schema that a request brought along has against a value, or None.

    Raises CouldNotCheck where it is no schema, refers to anything outside itself, has more than PARTS_LIMIT parts, asks
    for more than STEPS_LIMIT steps, or for a pattern that takes too many of its own.
    """
    _require_bounded(schema)
    try:
        _Steps(schema).take(schema, value)
        validator = jsonschema_rs.validator_for(schema, offline=True, pattern_options=_PATTERNS)
        first = next(iter(validator.iter_errors(value)), None)
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError) as error:
        raise _unchecked("a JSON Schema", str(error)) from None
    if first is None:
        return None
    if isinstance(first.kind, jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded):
        raise _unchecked("patterns that can be checked", "one that asks for too many steps")
    return str(shown(first.message))


def _unchecked(expected: str, actual: str) -> CouldNotCheck:
    return CouldNotCheck(Finding("", expected, shown(actual)))


def _require_bounded(schema: Node) -> None:
    # The compiler of a validator descends without looking at its stack.
    todo: list[Any] = [schema]
    for _ in range(PARTS_LIMIT):
        if not todo:
            return
        todo.extend(part for part in _parts(todo.pop()) if isinstance(part, dict | list))
    raise _unchecked(f"a schema of at most {PARTS_LIMIT} parts", "a larger one")


@dataclass
class _Steps:
    """Counts the steps that a validator may take at the most; raises CouldNotCheck past STEPS_LIMIT."""

    root: Node
    taken: int = 0

    def take(self, node: object, value: object) -> None:
        """Take the steps for a schema and a value, and for all that lies below both."""
        self.taken += 1
        if self.taken > STEPS_LIMIT:
            raise _unchecked(f"a schema that can be checked in {STEPS_LIMIT} steps", "one that asks for more")
        if isinstance(node, dict):
            if _READS_TEXTS & node.keys():
                self.taken += sum(len(text) for text in (value, *_names(value)) if isinstance(text, str))
            for below, part in self._below(node, value):
                self.take(below, part)

    def _below(self, node: Node, value: object) -> Iterator[tuple[object, object]]:
        _require_plain(node, below=node is not self.root)
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield find(self.root, unquote(reference[1:])), value
        yield from ((node[name], value) for name in _OF_ITSELF if name in node)
        for name in _OF_ITSELF_ALL:
            yield from ((part, value) for part in _parts(node.get(name)))
        yield from _of_parts(node, value)


def _require_plain(node: Node, *, below: bool) -> None:
    """Raise CouldNotCheck where a name of its own, or a reference to one, could lead to another place than it says."""
    if below and any(isinstance(node.get(name), str) for name in ("$id", "id")):
        raise _unchecked("a schema with names only at its root", "one that has its own $id")
    reference = node.get("$ref", "#")
    plain = not isinstance(reference, str) or reference == "#" or reference.startswith("#/")
    if not plain or node.keys() & {"$dynamicRef", "$recursiveRef"}:
        raise _unchecked("references to places in the schema", str(reference))


def _of_parts(node: Node, value: object) -> Iterator[tuple[object, object]]:
    for name in _OF_PARTS:
        if isinstance(node.get(name), dict):
            yield from ((node[name], part) for part in _parts(value))
    for name in ("items", "prefixItems"):
        if isinstance(node.get(name), list) and isinstance(value, list):
            yield from zip(node[name], value, strict=False)
    for pattern in _parts(node.get("patternProperties")):
        yield from ((pattern, part) for part in _parts(value))
    named = node.get("properties")
    if isinstance(named, dict) and isinstance(value, dict):
        yield from ((named[name], value[name]) for name in named if name in value)


def _parts(value: Any) -> list[Any]:  # noqa: ANN401 - JSON is any value
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _names(value: object) -> list[str]:
    return list(value) if isinstance(value, dict) else []
