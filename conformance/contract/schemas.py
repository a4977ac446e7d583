"""The schemas: loaded once, linked to each other by ``$ref``, closed to the network, and asked for their clauses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from conformance import rows, shipped

Node = dict[str, Any]

# Keywords under which a schema says something about the same value; the others lead to members, items or alternatives.
SAME_VALUE = ("allOf",)


@cache
def documents() -> dict[str, Node]:
    """Return every schema file by name (``chat.completion``); raises ConfigurationError where there is none."""
    found = {path.stem: _load(path.read_text(encoding="utf-8"), path.name) for path in sorted(_files())}
    if not found:
        raise rows.ConfigurationError(f"no schemas in {shipped.folder('schemas')}; the installation is broken")
    return found


def _files() -> Iterator[Any]:
    return (path for path in shipped.folder("schemas").glob("*.json") if path.name != "openapi.json")


def _load(text: str, name: str) -> Node:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise rows.ConfigurationError(f"schemas/{name}: {error}") from None
    if not isinstance(document, dict) or "$id" not in document:
        raise rows.ConfigurationError(f"schemas/{name}: a schema is an object with an $id")
    return document


def resolve(name: str, reference: str) -> tuple[str, Node]:
    """Return the schema file and the node that a ``$ref`` in schema ``name`` points at."""
    file, _, pointer = reference.partition("#")
    home = file.removesuffix(".json") if file else name
    node: Any = documents()[home]
    for token in pointer.split("/")[1:]:
        node = node[token]
    return home, node


@cache
def clauses_of(name: str) -> tuple[str, ...]:
    """Return the ids of the clauses that a schema bears, those of the schemas it refers to included, in order.

    Alternatives (``anyOf``, ``oneOf``) are one statement: what is inside them belongs to the clause around them.
    """
    found: dict[str, None] = {}
    _collect(name, documents()[name], found)
    return tuple(found)


def _collect(name: str, node: Any, found: dict[str, None]) -> None:  # noqa: ANN401 - any part of a schema
    if not isinstance(node, dict):
        return
    if "x-clause" in node:
        found[node["x-clause"]] = None
    if "$ref" in node:
        _collect(*resolve(name, node["$ref"]), found)
    for keyword in SAME_VALUE:
        for part in node.get(keyword, ()):
            _collect(name, part, found)
    for member in node.get("properties", {}).values():
        _collect(name, member, found)
    for keyword in ("items", "additionalProperties"):
        _collect(name, node.get(keyword), found)
