"""The model ids that a document names in its samples, defaults and enums, operation by operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance.drift.canonical import METHODS, Node

# An id as the vendor's own host has it; gateways put a name of theirs before it, and are not meant here.
_ID = re.compile(r"(?:kimi|moonshot)-[0-9a-z][0-9a-z.-]{0,80}")
_WORDS = {"example": "sample", "examples": "sample", "default": "default", "enum": "enum", "const": "enum"}
# A place as its name and the place that it lies in: pointers to every node of a hostile document would fill the memory.
Place = tuple[Any, str] | None
# In all operations together; every one of them may refer to the whole of a document.
_VISITS = 2_000_000
# A published document has 60; each operation that names some is held against all that others name.
_MENTIONS = 1000
_NAME = 200


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a document names a model: the operation it serves, how (``sample``, ``default`` or ``enum``)."""

    model: str
    operation: str
    how: str
    pointer: str


def mentions(document: Node) -> list[Mention]:
    """Return every mention in a document that ``canonical.read`` could read; raises ValueError on too many."""
    walk = _Walk(document)
    servers = document.get("servers") or [{"url": ""}]
    base = urlsplit(servers[0]["url"]).path.rstrip("/")
    for path, item in document["paths"].items():
        for method in (method for method in METHODS if method in item):
            walk.begin(f"{method.upper()} {base}{path}")
            for part in ("parameters", method):
                if part in item:
                    walk.visit(item[part], (((None, "paths"), path), part))
    return walk.found


class _Walk:
    """Walks the nodes of one operation after the other, each node once an operation, and follows references."""

    def __init__(self, document: Node) -> None:
        self.document = document
        self.found: list[Mention] = []
        self.visits = 0
        self.begin("")

    def begin(self, operation: str) -> None:
        self.operation = operation
        self.seen: set[str] = set()

    def visit(self, node: Any, place: Place) -> None:  # noqa: ANN401 - any part of a document
        todo = [(node, place, "")]
        while todo:
            node, place, how = todo.pop()
            self.visits += 1
            if self.visits > _VISITS:
                raise ValueError(f"more than {_VISITS} nodes to look at")
            if isinstance(node, str) and how and _ID.fullmatch(node):
                self.found.append(Mention(node, self.operation, how, _pointer(place)))
                if len(self.found) > _MENTIONS:
                    raise ValueError(f"models are named in more than {_MENTIONS} places")
            todo.extend(reversed(list(self.inside(node, place, how))))

    def inside(self, node: Any, place: Place, how: str) -> Iterator[tuple[Any, Place, str]]:  # noqa: ANN401
        if isinstance(node, list):
            yield from ((item, (place, str(number)), how) for number, item in enumerate(node))
        elif isinstance(node, dict):
            # Below ``properties`` a name is a member's own: one may be called ``default``.
            own = place is not None and place[1] == "properties"
            for name, value in node.items():
                yield value, (place, name), how or ("" if own else _WORDS.get(name, ""))
            if not how and isinstance(node.get("$ref"), str):
                yield from self.referred(node["$ref"])

    def referred(self, reference: str) -> Iterator[tuple[Any, Place, str]]:
        file, _, pointer = reference.partition("#")
        if file or pointer in self.seen:
            return
        self.seen.add(pointer)
        node: Any = self.document
        place: Place = None
        for token in pointer.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            node, place = node.get(name) if isinstance(node, dict) else None, (place, name)
        yield node, place, ""


def _pointer(place: Place) -> str:
    names = []
    while place is not None:
        place, name = place
        names.append(name[:_NAME].replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{name}" for name in reversed(names))
