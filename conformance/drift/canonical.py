"""What an OpenAPI document says, in canonical form: references resolved, alternatives joined, no order, no prose.

Two documents mean the same where their forms are equal. What one member asks of another (``if`` without ``then``,
``not``, ``dependentSchemas``) is no part of the form.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from conformance import strictjson

Node = Mapping[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# What is said of a value beside its type and its values; the form keeps it as it stands.
_KEPT = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "default", "deprecated",
)  # fmt: skip
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
_EVENTS = "text/event-stream"
# References let a short document say endlessly much; the longest published one reads 900 schemas, 4 deep.
READ_LIMIT = 100_000
DEPTH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Said:
    """One place of a document: what is said of it, by aspect, and the places in it, by name.

    Names are ``POST /v1/files`` in a document, ``request``, ``200`` and ``query limit`` in an operation, media types
    and ``header Retry-After`` in an answer, and in a body its members, ``*`` for all that bear no name.
    """

    says: Mapping[str, object] = field(default_factory=dict)
    parts: Mapping[str, Said] = field(default_factory=dict)


def read(document: Node, files: Mapping[str, Node] | None = None) -> Said:
    """Return the form of a document; ``files`` are those that it refers to beside itself, by name.

    Raises ValueError where a reference leads nowhere or a document asks for too much, and whatever a node of another
    shape than OpenAPI's makes it stumble over.
    """
    files = {"": document, **(files or {})}
    servers = document.get("servers") or [{"url": ""}]
    base = urlsplit(servers[0]["url"]).path.rstrip("/")
    found: dict[str, Said] = {}
    for path, item in document.get("paths", {}).items():
        shared = item.get("parameters", [])
        for method in (method for method in METHODS if method in item):
            found[f"{method.upper()} {base}{path}"] = _Reader(files).operation(item[method], shared)
    return Said({}, found)


class _Reader:
    """Reads the parts of one document; ``home`` is the file that a node stands in, as references are relative."""

    def __init__(self, files: Mapping[str, Node]) -> None:
        self.files = files
        self.document = files[""]
        self.open: list[tuple[str, str]] = []
        self.read = 0

    def operation(self, node: Node, shared: Sequence[Node]) -> Said:
        parts = {}
        for parameter in (self.resolved(one) for one in [*shared, *node.get("parameters", ())]):
            said = self.schema(parameter.get("schema", True), "")
            parts[f"{parameter['in']} {parameter['name']}"] = _required(said, parameter.get("required", False))
        if "requestBody" in node:
            parts["request"] = Said({}, self.content(self.resolved(node["requestBody"])))
        for status, answer in node.get("responses", {}).items():
            parts[status] = self.answer(self.resolved(answer))
        return Said({"key": self.keys(node)}, parts)

    def answer(self, node: Node) -> Said:
        headers = {name: self.resolved(header) for name, header in node.get("headers", {}).items()}
        named = {f"header {name}": self.schema(header.get("schema", True), "") for name, header in headers.items()}
        return Said({}, named | self.content(node))

    def content(self, node: Node) -> dict[str, Said]:
        found = {}
        for media_type, content in node.get("content", {}).items():
            schema = content.get("schema", True)
            found[media_type] = self.schema(_event(self.resolved(schema)) if media_type == _EVENTS else schema, "")
        return found

    def keys(self, node: Node) -> tuple[str, ...]:
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        wanted = {name for one in node.get("security", self.document.get("security", ())) for name in one}
        known = [self.resolved(schemes[name]) for name in wanted if name in schemes]
        return tuple(sorted(f"{scheme['type']} {scheme.get('scheme', '')}".strip() for scheme in known))

    def resolved(self, node: Any) -> Any:  # noqa: ANN401 - any part of a document
        return self.follow(node["$ref"], "")[1] if isinstance(node, Mapping) and "$ref" in node else node

    def follow(self, reference: str, home: str) -> tuple[str, Any]:
        file, _, pointer = reference.partition("#")
        home = file or home
        node: Any = self.files.get(home)
        try:
            for token in pointer.split("/")[1:]:
                node = node[token.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError):
            node = None
        if node is None:
            raise ValueError(f"the reference {reference} leads nowhere")
        return home, node

    def schema(self, node: Any, home: str) -> Said:  # noqa: ANN401 - an object or a boolean
        if isinstance(node, bool):
            return Said() if node else Said({"forbidden": True})
        self.read += 1
        if self.read > READ_LIMIT or len(self.open) > DEPTH_LIMIT:
            raise ValueError(f"more than {READ_LIMIT} schemas to read, or references {DEPTH_LIMIT} deep")
        own = self.own(node, home)
        together = [own]
        if "$ref" in node and (home, node["$ref"]) not in self.open:
            # A schema that holds itself says nothing new the second time.
            self.open.append((home, node["$ref"]))
            there, target = self.follow(node["$ref"], home)
            together.append(self.schema(target, there))
            self.open.pop()
        together += [self.schema(part, home) for part in node.get("allOf", ())]
        for word in ("anyOf", "oneOf"):
            if word in node:
                together.append(_either([self.schema(part, home) for part in node[word]], own))
        if "then" in node or "else" in node:
            together.append(_either([self.schema(node.get(word, True), home) for word in ("then", "else")], own))
        return _both(together)

    def own(self, node: Node, home: str) -> Said:
        says: dict[str, object] = {word: _canonical(node[word]) for word in _KEPT if word in node}
        values = node["enum"] if "enum" in node else [node["const"]] if "const" in node else None
        types = node.get("type", sorted({_type(value) for value in values}) if values else [])
        types = {*([types] if isinstance(types, str) else types), *(["null"] if types and node.get("nullable") else [])}
        if types:
            says["type"] = tuple(sorted(_texts(types)))
        if values is not None:
            says["values"] = tuple(sorted(strictjson.canonical(value) for value in values))
        if node.get("additionalProperties") is False:
            says["closed"] = True
        return Said(says, self.members(node, home))

    def members(self, node: Node, home: str) -> dict[str, Said]:
        found = {name: self.schema(member, home) for name, member in node.get("properties", {}).items()}
        for word, name in (("items", "*"), ("additionalProperties", "*"), ("propertyNames", "(name)")):
            if isinstance(node.get(word), Mapping) and node[word]:
                found[name] = self.schema(node[word], home)
        required = node.get("required", ())
        names = dict.fromkeys([*found, *_texts(required)])
        return {name: _required(found.get(name, Said()), name in required) for name in names}


def _event(schema: Node) -> Any:  # noqa: ANN401 - any schema
    """Return what is said of the JSON in an event, where a document describes the event around it."""
    data = schema.get("properties", {}).get("data", {})
    inner = [part["contentSchema"] for part in [data, *data.get("anyOf", ())] if "contentSchema" in part]
    return inner[0] if inner else schema


def _texts(values: Any) -> list[str]:  # noqa: ANN401 - any part of a document
    """Return the names of types or of members; raises ValueError where they are none."""
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"{str(values)[:40]} are no names")
    return list(values)


def _required(said: Said, required: bool) -> Said:  # noqa: FBT001 - of a member
    says = {aspect: value for aspect, value in said.says.items() if aspect != "required"}
    return replace(said, says=says | ({"required": True} if required else {}))


def _canonical(value: object) -> object:
    """Return a value that is equal to what means the same in JSON: 1.0 is 1, and the rest is told as a text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int | float | str) else strictjson.canonical(value)


def _type(value: object) -> str:
    return _TYPES.get(type(value), "null")


def _both(said: Sequence[Said]) -> Said:
    """Return what holds where all of these hold."""
    says: dict[str, object] = {}
    for one in said:
        for aspect, value in one.says.items():
            narrower = aspect in ("type", "values") and aspect in says
            says[aspect] = _common(says[aspect], value) if narrower else value
    return Said(says, {name: _both(parts) for name, parts in _gathered(said)})


def _common(left: Any, right: Any) -> tuple[str, ...]:  # noqa: ANN401 - tuples of texts
    kept = frozenset(right)
    return tuple(item for item in left if item in kept)


def _either(said: Sequence[Said], beside: Said | None = None) -> Said:
    """Return what holds where one of these holds, and what is said ``beside`` them.

    A member is required where each that may have members requires it. One that some do not name is told as the others
    have it, unless it is named beside them: then they narrow it for some cases only.
    """
    says: dict[str, object] = {}
    for aspect in dict.fromkeys(aspect for one in said for aspect in one.says):
        values = [one.says[aspect] for one in said if aspect in one.says]
        if len(values) == len(said):
            says[aspect] = _joined(aspect, values)
    objects = [one for one in said if "object" in one.says.get("type", ("object",))]  # type: ignore[operator]
    parts = {}
    for name, known in _gathered(said):
        if beside and name in beside.parts and len(known) < len(said):
            known.append(Said())
        everywhere = all(name in one.parts and one.parts[name].says.get("required") for one in objects)
        parts[name] = _required(_either(known), bool(objects) and everywhere)
    return Said(says, parts)


def _joined(aspect: str, values: Sequence[Any]) -> object:
    if aspect in ("type", "values"):
        return tuple(sorted({item for value in values for item in value}))
    different = sorted({str(value) for value in values})
    return values[0] if len(different) == 1 else " or ".join(different)


def _gathered(said: Iterable[Said]) -> Iterator[tuple[str, list[Said]]]:
    found: dict[str, list[Said]] = {}
    for one in said:
        for name, part in one.parts.items():
            found.setdefault(name, []).append(part)
    return iter(found.items())
