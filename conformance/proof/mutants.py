"""Mutants of a body, made from its schema: the smallest changes that break one node which states something.

Nothing here knows a clause by name. A node of a schema says what a value must be, so it also says what is wrong: a
member that it requires taken away, a type that it does not name, a value outside its enum. A change is kept where the
node, read alone, refuses it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import jsonschema_rs

from conformance.contract import schemas
from conformance.contract.schemas import Node
from conformance.vocabulary import find

# The smallest value of each type that JSON knows.
SMALLEST: dict[str, Any] = {
    "null": None, "boolean": True, "integer": 1, "number": 0.5, "string": "", "array": [], "object": {},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A body that breaks one node of a schema: ``clause`` is the nearest above the node.

    ``node`` places the node in its schema file, ``where`` the change in the body (both JSON pointers), and ``change``
    says in a few words what was done.
    """

    clause: str
    node: str
    where: str
    change: str
    body: Any = field(compare=False)


Place = Callable[[Any], Any]


def mutants(schema: str, body: Any) -> Iterator[Mutant]:  # noqa: ANN401 - any JSON value
    """Yield the mutants of a body that obeys a schema, each node of the schema beside each value that it speaks of."""
    root = schemas.documents()[schema]
    yield from _visit(schema, "", root, body, "", root.get("x-clause", ""), lambda value: copy.deepcopy(value))


def _visit(home: str, node_at: str, node: Any, value: Any, where: str, clause: str, put: Place) -> Iterator[Mutant]:  # noqa: ANN401
    """Yield the mutants of one value by one node and those below; ``put`` returns the whole body with another value."""
    if not isinstance(node, dict):
        return
    clause = node.get("x-clause", clause)
    for change, wrong in _wrong(node, value):
        if refuses(home, node_at, wrong):
            yield Mutant(clause, f"{home}.json#{node_at}", where, change, put(wrong))
    if "$ref" in node:
        there, referred = schemas.resolve(home, node["$ref"])
        at = node["$ref"].partition("#")[2]
        yield from _visit(there, at, referred, value, where, clause, put)
    for number, part in enumerate(node.get("allOf", ())):
        yield from _visit(home, f"{node_at}/allOf/{number}", part, value, where, clause, put)
    if value is not ... and "anyOf" in node:
        yield from _alternatives(home, node_at, node, value, where, clause, put)
    if "if" in node and value is not ... and _validator(home, f"{node_at}/if", frozenset()).is_valid(value):
        yield from _visit(home, f"{node_at}/then", node.get("then"), value, where, clause, put)
    if isinstance(value, dict):
        yield from _members(home, node_at, node, value, where, clause, put)
    if isinstance(value, list) and "items" in node:
        for index, item in enumerate(value):
            yield from _visit(
                home, f"{node_at}/items", node["items"], item, f"{where}/{index}", clause, _below(put, value, index)
            )


def _alternatives(
    home: str,
    node_at: str,
    node: Node,
    value: Any,  # noqa: ANN401
    where: str,
    clause: str,
    put: Place,
) -> Iterator[Mutant]:
    """Yield the mutants of a value by the alternatives that it obeys, as far as no other takes them."""
    for number, part in enumerate(node["anyOf"]):
        at = f"{node_at}/anyOf/{number}"
        if _validator(home, at, frozenset()).is_valid(value):
            for mutant in _visit(home, at, part, value, where, clause, copy.copy):
                if refuses(home, node_at, mutant.body):
                    yield replace(mutant, body=put(mutant.body))


def _members(
    home: str, node_at: str, node: Node, value: dict[str, Any], where: str, clause: str, put: Place
) -> Iterator[Mutant]:
    for name, below in node.get("properties", {}).items():
        at, place = f"{node_at}/properties/{_escaped(name)}", _below(put, value, name)
        # A member that is not there is given the wrong way.
        yield from _visit(home, at, below, value.get(name, ...), f"{where}/{_escaped(name)}", clause, place)
    known = node.get("properties", {})
    for name in value if isinstance(node.get("additionalProperties"), dict) else ():
        if name not in known:
            yield from _visit(
                home, f"{node_at}/additionalProperties", node["additionalProperties"], value[name],
                f"{where}/{_escaped(name)}", clause, _below(put, value, name),
            )  # fmt: skip


def _below(put: Place, value: Any, token: Any) -> Place:  # noqa: ANN401
    def place(wrong: Any) -> Any:  # noqa: ANN401
        changed = copy.copy(value)
        changed[token] = wrong
        return put(changed)

    return place


def _wrong(node: Node, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield what a node may refuse in the place of a value (``...``: of nothing), each with what was done."""
    if isinstance(value, dict):
        for name in node.get("required", ()):
            if name in value:
                yield f"without {name}", {member: kept for member, kept in value.items() if member != name}
    if node.keys() & {"type", "const", "enum", "anyOf", "oneOf"}:
        yield from ((f"{name} in its place", smallest) for name, smallest in SMALLEST.items())
    for allowed in [node["const"]] if "const" in node else node.get("enum", [])[:1]:
        yield "a value that is not listed", _beside(allowed)
    if isinstance(value, str):
        yield from _texts(node, value)
    for bound, step in (("minimum", -1), ("maximum", 1)):
        if bound in node:
            yield f"one beyond the {bound}", node[bound] + step
    if isinstance(value, list):
        yield from _lists(node, value)


def _beside(allowed: Any) -> Any:  # noqa: ANN401
    """Return a value of the same type that is another one."""
    if isinstance(allowed, bool):
        return not allowed
    return f"{allowed}~" if isinstance(allowed, str) else allowed + 1 if isinstance(allowed, int | float) else [allowed]


def _texts(node: Node, value: str) -> Iterator[tuple[str, str]]:
    if "minLength" in node:
        yield "one character too short", value[: node["minLength"] - 1]
    if "maxLength" in node:
        yield "one character too long", (value + "~" * node["maxLength"])[: node["maxLength"] + 1]
    if "pattern" in node:
        candidates = (f"~{value}", f"{value}~", value.swapcase(), value[1:], "")
        matching = re.compile(node["pattern"])
        yield from (("text of another pattern", text) for text in candidates if not matching.search(text))


def _lists(node: Node, value: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    if "minItems" in node:
        yield "one item too few", value[: node["minItems"] - 1]
    if "maxItems" in node and value:
        yield "one item too many", (value * (node["maxItems"] + 1))[: node["maxItems"] + 1]
    if node.get("uniqueItems") and value:
        yield "its first item twice", [value[0], *value]


def refuses(home: str, node_at: str, value: Any) -> bool:  # noqa: ANN401
    """Tell whether a node of a schema file refuses a value by itself, whatever the nodes below it say."""
    return value is not ... and not _validator(home, node_at, _BELOW).is_valid(value)


# Keywords that lead to other nodes: each of those is broken on its own account.
_BELOW = frozenset({"$ref", "allOf", "properties", "items", "additionalProperties", "if", "then"})


@cache
def _validator(home: str, node_at: str, without: frozenset[str]) -> Any:  # noqa: ANN401 - the type is not exported
    document = schemas.documents()[home]
    own = {word: said for word, said in find(document, node_at).items() if word not in without}
    # Alternatives may refer to what stands elsewhere, here or in another file.
    own |= {"$id": f"{document['$id']}.node", "$defs": document.get("$defs", {})}
    registry = jsonschema_rs.Registry([(other["$id"], other) for other in schemas.documents().values()])
    return jsonschema_rs.validator_for(own, registry=registry, offline=True)


def _escaped(token: str) -> str:
    return token.replace("~", "~0").replace("/", "~1")
