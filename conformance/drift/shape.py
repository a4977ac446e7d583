"""What the answers of an endpoint look like: the facts of each, and how often each set of facts was seen.

A shape is nothing but counted samples, so that shapes are merged by adding, in any order, and whatever is asked of them
is worked out from all of them together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from conformance import sse, strictjson
from conformance.contract import ledger
from conformance.judge import answers
from conformance.vocabulary import CouldNotCheck, Exchange, Finding

Place = tuple[str, ...]
# A member has a name; what has another form is an id that stands as a key, and all such keys are one place.
_NAME = re.compile(r"[A-Za-z_-]{1,60}\d{0,2}")
# What may be a value of an enum; any other text is one that is written freely.
_WORD = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}")
FREE = ""
ANY = "*"
# A chat answer has about 60 facts, a long stream 100,000 nodes.
_FACTS = 2000
_NODES = 2_000_000
# Of one request; a batch has 200,000 lines, and a sample of them tells the same.
_LINES = 500


class Fact(NamedTuple):
    """What holds of a place: that it is ``there``, has an ``inside``, a ``type``, or a ``value`` (FREE for free text).

    Every number is an ``integer``; one with a fraction is a ``number``, too.
    """

    place: Place
    aspect: str
    value: str = ""


Sample = frozenset[Fact]


@dataclass(frozen=True, slots=True)
class Shape:
    """How often each sample was seen, by the request that it answered: scenario and step."""

    seen: Mapping[tuple[str, Sample], int] = field(default_factory=dict)

    def merged(self, other: Shape) -> Shape:
        """Return what was seen here and there."""
        return Shape(Counter(self.seen) + Counter(other.seen))

    def accepts(self, sample: Sample) -> bool:
        """Tell whether every fact of a sample was seen before."""
        return sample <= {fact for _, known in self.seen for fact in known}


def of(exchange: Exchange) -> Shape:
    """Return the shape of one answer; raises CouldNotCheck where it says nothing of the endpoint or is no JSON.

    A status is the first member of a place. Each entry of a list, and each line, is a sample of its own; a stream is
    one sample, since how many chunks it has is chance.
    """
    answer = answers.response(exchange)
    refusal = exchange.refused and answer.status < 500 and answer.status not in answers.NOT_NOW
    if not answers.accepted(exchange) and not refusal:
        raise CouldNotCheck(Finding("status", "an answer about the request", answer.status))
    root = (str(answer.status),)
    head = {Fact((), "there"), Fact((), "inside"), Fact(root, "there")}
    asked = f"{exchange.scenario} {exchange.step}"
    first, *others = _bodies(exchange, root)
    if len(first.union(*others)) > _FACTS:
        raise CouldNotCheck(Finding("", f"at most {_FACTS} facts in all entries", "more"))
    return Shape(Counter([(asked, frozenset(first | head)), *((asked, frozenset(one)) for one in others)]))


def _bodies(exchange: Exchange, root: Place) -> Iterator[set[Fact]]:
    endpoint = ledger.endpoints().get(exchange.endpoint)
    if answers.accepted(exchange) and endpoint and not endpoint.answer:
        yield set()
    elif answers.accepted(exchange) and endpoint and endpoint.events:
        yield facts(_chunks(exchange), root, flat=True)
    elif answers.accepted(exchange) and endpoint and endpoint.lines:
        yield set()
        lines = islice(answers.values(exchange), _LINES)
        yield from (facts(value, (*root, ANY)) for _, value in lines)
    else:
        yield from _entries(exchange.json, root)


def _entries(body: Any, root: Place) -> Iterator[set[Fact]]:  # noqa: ANN401 - JSON is any value
    entries = body.get("data") if isinstance(body, dict) else None
    if not isinstance(entries, list):
        yield facts(body, root)
        return
    # How many entries there are is no presence of anything, so nothing is said of what is inside.
    yield facts(body | {"data": []}, root) - {Fact((*root, "data"), "inside")}
    yield from (facts(entry, (*root, "data", ANY)) for entry in entries[:_LINES])


def _chunks(exchange: Exchange) -> list[Any]:
    found = []
    for event in sse.parse(answers.response(exchange).body).events:
        try:
            found.append(strictjson.loads(event.data))
        except strictjson.NotStrictJSON:  # its end, or what the grammar complains of
            continue
    return found


def facts(value: Any, root: Place, *, flat: bool = False) -> set[Fact]:  # noqa: ANN401 - JSON is any value
    """Return the facts of a JSON value; with ``flat`` those of all items of an array together.

    Raises CouldNotCheck where there are too many.
    """
    found: set[Fact] = set()
    todo = [(item, root) for item in value] if flat else [(value, root)]
    nodes = 0
    while todo:
        node, place = todo.pop()
        nodes += 1
        found.update(_own(node, place))
        if len(found) > _FACTS or nodes > _NODES:
            raise CouldNotCheck(Finding("", f"at most {_FACTS} facts in {_NODES} nodes", "more"))
        if isinstance(node, dict):
            todo.extend((child, (*place, name if _NAME.fullmatch(name) else ANY)) for name, child in node.items())
        elif isinstance(node, list):
            todo.extend((item, (*place, ANY)) for item in node)
    return found


def _own(node: Any, place: Place) -> Iterator[Fact]:  # noqa: ANN401 - JSON is any value
    yield Fact(place, "there")
    yield Fact(place, "type", _type(node))
    if isinstance(node, dict | list):
        yield Fact(place, "inside")
    elif isinstance(node, float) and not node.is_integer():
        yield Fact(place, "type", "number")
    elif isinstance(node, str):
        yield Fact(place, "value", node if _WORD.fullmatch(node) else FREE)


def _type(node: object) -> str:
    return "null" if node is None else _TYPES[type(node)]


_TYPES = {bool: "boolean", int: "integer", float: "integer", str: "string", list: "array", dict: "object"}
