"""Schema errors to findings: one body is validated once, and each error belongs to the nearest clause above it."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs

from conformance.contract import schemas
from conformance.contract.schemas import Node
from conformance.vocabulary import CouldNotCheck, Finding

# A clause has been looked at only where its words can apply: "has an id" says nothing of a string.
_SPEAKS_OF: Mapping[str, type | tuple[type, ...]] = {
    "required": dict,
    "properties": dict,
    "pattern": str,
    "minLength": str,
    "minimum": (int, float),
    "maximum": (int, float),
    "items": list,
    "minItems": list,
}
_SHOWN = 200
# Of one clause in one body; a list of a million broken entries is no clearer for a million findings.
_EXPLAINED = 50
# What a terminal would obey in place of showing it.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a schema says of one body: findings by clause, the clauses that were looked at, members it does not know."""

    findings: Mapping[str, tuple[Finding, ...]]
    looked_at: frozenset[str]
    unknown: tuple[str, ...]


@cache
def _fast(name: str) -> Any:  # noqa: ANN401 - the validator's type is not exported
    registry = jsonschema_rs.Registry([(node["$id"], node) for node in schemas.documents().values()])
    return jsonschema_rs.validator_for(schemas.documents()[name], registry=registry, offline=True)


@cache
def _slow(name: str) -> Any:  # noqa: ANN401 - keeps the import of jsonschema out of runs without a finding
    import jsonschema
    import referencing
    import referencing.exceptions

    def refuse(uri: str) -> Any:  # noqa: ANN401
        raise referencing.exceptions.NoSuchResource(uri)

    nodes = schemas.documents().values()
    registry: Any = referencing.Registry(retrieve=refuse)  # type: ignore[call-arg]
    registry = registry.with_resources([(node["$id"], referencing.Resource.from_contents(node)) for node in nodes])
    return jsonschema.Draft202012Validator(schemas.documents()[name], registry=registry)


def valid(name: str, body: object) -> bool:
    """Tell whether a body obeys a schema; raises CouldNotCheck where it is nested too deep to tell."""
    try:
        return bool(_fast(name).is_valid(body))
    except (ValueError, RecursionError) as error:
        raise CouldNotCheck(Finding("", "a value that can be validated", shown(str(error)))) from None


def broken(name: str, body: object) -> frozenset[str]:
    """Return the clauses that a body breaks, unexplained; raises CouldNotCheck where it cannot be validated."""
    try:
        return frozenset(_clause_at(name, error.evaluation_path) for error in _fast(name).iter_errors(body))
    except (ValueError, RecursionError) as error:
        raise CouldNotCheck(Finding("", "a value that can be validated", shown(str(error)))) from None


def errors(name: str, body: object) -> Iterator[tuple[str, str, str]]:
    """Yield where a body breaks a schema (a JSON pointer), the member that is missing there or nothing, and how.

    Raises CouldNotCheck where it cannot be validated.
    """
    try:
        for error in _fast(name).iter_errors(body):
            missing = error.kind.property if error.kind.name == "required" else ""
            yield _pointer(error.instance_path), missing, str(shown(error.message))
    except (ValueError, RecursionError) as error:
        raise CouldNotCheck(Finding("", "a value that can be validated", shown(str(error)))) from None


def examine(name: str, body: object) -> Shape:
    """Return what the schema ``name`` says of a parsed body; raises CouldNotCheck where it cannot be validated."""
    findings = {} if valid(name, body) else _explain(name, body)
    seen = _Walk()
    seen.visit(name, schemas.documents()[name], body, "")
    return Shape(findings, frozenset(seen.clauses) | frozenset(findings), tuple(seen.unknown()))


def _explain(name: str, body: object) -> dict[str, tuple[Finding, ...]]:
    found: dict[str, list[Finding]] = {}
    for error in itertools.islice(_slow(name).iter_errors(body), _EXPLAINED * len(schemas.clauses_of(name))):
        complaints = found.setdefault(_clause_at(name, list(error.absolute_schema_path)), [])
        if len(complaints) < _EXPLAINED:
            complaints.append(_finding(error))
    if not found:
        raise CouldNotCheck(Finding("", "validators that agree", f"they disagree about schema {name}"))
    return {clause: tuple(complaints) for clause, complaints in found.items()}


def _clause_at(name: str, path: list[Any]) -> str:
    node: Any = schemas.documents()[name]
    clause = node.get("x-clause", "")
    for token in path:
        if token == "if":  # noqa: S105 - what a condition leads to stands beside it, under "then"
            continue
        # jsonschema leaves out the step through a reference, and jsonschema-rs tells it.
        while isinstance(node, dict) and "$ref" in node and (token == "$ref" or token not in node):  # noqa: S105
            name, node = schemas.resolve(name, node["$ref"])
            clause = node.get("x-clause", clause)
            if token == "$ref":  # noqa: S105
                break
        else:
            node = node[token]
        if isinstance(node, dict) and "x-clause" in node:
            clause = node["x-clause"]
    if not clause:
        raise CouldNotCheck(Finding("", "a schema whose nodes bear clauses", f"schema {name} has none at {path}"))
    return str(clause)


def _finding(error: Any) -> Finding:  # noqa: ANN401 - jsonschema.ValidationError, imported late
    where = _pointer(error.absolute_path)
    rule, value, actual = error.validator, error.validator_value, error.instance
    if rule == "required":
        missing = [member for member in value if member not in actual]
        return Finding(where, f"the member {missing[0]!r}", f"members {shown(', '.join(actual) or 'none')}")
    expected = {
        "type": f"JSON type {' or '.join([value] if isinstance(value, str) else value)}" if rule == "type" else "",
        "const": shown(value),
        "enum": f"one of {shown(value)}",
        "minimum": f"at least {value}",
        "pattern": f"text that matches {value}",
        "minLength": f"at least {value} character(s)",
        "minItems": f"at least {value} item(s)",
        "anyOf": f"one of {len(value) if isinstance(value, list) else 0} shapes",
    }.get(rule, error.message)
    return Finding(where, str(shown(expected)), shown(actual))


def _pointer(path: Iterable[str | int]) -> str:
    return "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in path)


def shown(value: object, limit: int = _SHOWN) -> object:
    """Return a value as a finding shows it: numbers, booleans and null as they are, all else as short text."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = _UNSEEN.sub(lambda found: f"\\x{ord(found[0]):02x}", str(value))
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


class _Walk:
    """Walks a body beside its schema, and notes which clauses had something to look at and which members none knows."""

    def __init__(self) -> None:
        self.clauses: set[str] = set()
        self._members: dict[str, dict[str, Any]] = {}
        self._known: dict[str, set[str]] = {}

    def visit(self, name: str, node: Node | bool, value: object, where: str) -> None:  # noqa: FBT001
        if isinstance(node, bool):
            return
        if "x-clause" in node and _speaks_of(node, value):
            self.clauses.add(node["x-clause"])
        if "$ref" in node:
            home, referred = schemas.resolve(name, node["$ref"])
            self.visit(home, referred, value, where)
        for part in node.get("allOf", ()):
            self.visit(name, part, value, where)
        if isinstance(value, dict) and "properties" in node:
            self._members[where] = value
            self._known.setdefault(where, set()).update(node["properties"])
            for member, below in node["properties"].items():
                if member in value:
                    self.visit(name, below, value[member], f"{where}/{member}")
        if isinstance(value, list) and "items" in node:
            for index, item in enumerate(value):
                self.visit(name, node["items"], item, f"{where}/{index}")

    def unknown(self) -> Iterator[str]:
        for where, members in self._members.items():
            yield from (f"{where}/{member}" for member in members if member not in self._known[where])


def _speaks_of(node: Node, value: object) -> bool:
    words = [word for word in node if word in _SPEAKS_OF]
    if not words or {"type", "const", "enum", "$ref", "anyOf"} & node.keys():
        return True
    return any(isinstance(value, _SPEAKS_OF[word]) for word in words)
