"""What the contract says of a member of an answer: the clause of the ledger at its place in the schemas."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from conformance.contract import ledger, schemas
from conformance.contract.schemas import Node
from conformance.judge import verdict
from conformance.vocabulary import Clause, Kind, Target

_TOGETHER = ("allOf", "anyOf", "oneOf")
Place = tuple[str, Node]
# Pointers come from the wire, too.
_KEPT = 4096


@lru_cache(maxsize=_KEPT)
def declared(schema: str, pointer: str) -> str | None:
    """Return the clause that says what a member is, or None where none does; ``*`` stands for each item."""
    found = (node["x-clause"] for _, node in _at(schema, pointer) if "x-clause" in node)
    return next(found, None)


@lru_cache(maxsize=_KEPT)
def required(schema: str, pointer: str) -> str | None:
    """Return the clause that says that a member must be there, or None where none does."""
    above, _, name = pointer.rpartition("/")
    found = (
        node["x-clause"] for _, node in _at(schema, above) if name in node.get("required", ()) and "x-clause" in node
    )
    return next(found, None)


def promised(clause: str | None, target: Target) -> Clause | None:
    """Return a clause where the target is held to it: what only traffic shows is no promise."""
    row = ledger.clauses()[clause] if clause else None
    return None if row is None or row.kind is Kind.OBSERVED or verdict.not_promised(row, target) else row


def _at(schema: str, pointer: str) -> list[Place]:
    """Return every node of the schemas that speaks of the value at a pointer."""
    nodes = list(_parts(schema, schemas.documents()[schema]))
    for token in pointer.split("/")[1:]:
        nodes = [part for home, node in nodes for below in _below(node, token) for part in _parts(home, below)]
    return nodes


def _below(node: Node, token: str) -> Iterator[object]:
    if token == "*":  # noqa: S105 - each item
        yield node.get("items")
    else:
        yield node.get("properties", {}).get(token)


def _parts(home: str, node: object) -> Iterator[Place]:
    """Yield a node and all that says something about the same value."""
    if not isinstance(node, dict):
        return
    yield home, node
    if "$ref" in node:
        yield from _parts(*schemas.resolve(home, node["$ref"]))
    for keyword in _TOGETHER:
        for part in node.get(keyword, ()):
            yield from _parts(home, part)
