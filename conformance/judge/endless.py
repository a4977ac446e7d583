"""Schemas that only an endless value obeys: recursion that nothing ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def endless(root: Mapping[str, Any]) -> frozenset[str]:
    """Return the references, ``#`` and ``#/$defs/NAME``, to what no finite value obeys.

    A reference to anything else is taken to end: whether it leads anywhere is another rule's business.
    """
    definitions = root.get("$defs")
    waiting: dict[str, Any] = {"#": root}
    if isinstance(definitions, dict):
        waiting |= {f"#/$defs/{name}": node for name, node in definitions.items()}
    while ended := [reference for reference, node in waiting.items() if _ends(node, waiting)]:
        for reference in ended:
            del waiting[reference]
    return frozenset(waiting)


def _ends(node: object, waiting: Mapping[str, Any]) -> bool:
    if not isinstance(node, dict):
        return True
    reference, branches = node.get("$ref"), node.get("anyOf")
    if isinstance(reference, str) and reference in waiting:
        return False
    if isinstance(branches, list) and branches and not any(_ends(branch, waiting) for branch in branches):
        return False
    return all(_ends(part, waiting) for part in _indispensable(node))


def _indispensable(node: Mapping[str, Any]) -> list[Any]:
    kinds = node.get("type")
    if isinstance(kinds, list) and len(kinds) > 1:
        return []  # a value of the other type may end it
    parts: list[Any] = []
    required, properties, least = node.get("required"), node.get("properties"), node.get("minItems")
    if isinstance(required, list) and isinstance(properties, dict) and kinds in (None, "object", ["object"]):
        parts = [properties[name] for name in required if isinstance(name, str) and name in properties]
    if isinstance(least, int | float) and least >= 1 and kinds in ("array", ["array"]):
        parts.append(node.get("items"))
    return parts
