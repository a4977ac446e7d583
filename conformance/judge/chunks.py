"""The chunks of a stream as values, and what the schema says of them, at the speed of a wire.

Most chunks of a stream differ in one text alone. Two data texts that are equal but for one JSON string are the same
value but for that string; and where the schema asks nothing of it but to be a string, it says the same of both. So a
chunk that differs from an earlier one only in a content, a reasoning or the arguments of a call is neither parsed nor
validated again: the text alone is read, by the reader of strings that reads all JSON.
"""

from __future__ import annotations

from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from conformance import strictjson
from conformance.judge import shapes
from conformance.sse import Event
from conformance.vocabulary import CouldNotCheck, Finding, find

SCHEMA = "chat.chunk"
# Where a text stands that grows from chunk to chunk, and what stands before it in the JSON of a chunk.
GROWING = {
    "reasoning_content": "/choices/0/delta",
    "content": "/choices/0/delta",
    "arguments": "/choices/0/delta/tool_calls/0/function",
}
_MARKS = tuple((f'"{name}":{blank}"', name) for name in GROWING for blank in ("", " "))
# A stream has a handful; one whose chunks all differ costs no more memory than this.
SKELETONS_KEPT = 64
STRUCTURES_KEPT = 1024
FINDINGS_KEPT = 50


class _Skeleton:
    """A chunk with a hole: ``holder[member]`` is the text that differs."""

    def __init__(self, value: Any, holder: dict[str, Any], member: str, broken: frozenset[str]) -> None:  # noqa: ANN401 - JSON is any value
        self.value, self.holder, self.member, self.broken = value, holder, member, broken


class Chunks:
    """Reads the data of events one after the other, and gathers what the schema says of all of them.

    ``unchecked`` holds what the validators could not say.
    """

    def __init__(self) -> None:
        self.findings: dict[str, list[Finding]] = {}
        self.unknown: dict[str, None] = {}
        self.looked_at: set[str] = set()
        self.unchecked: list[Finding] = []
        self._skeletons: dict[tuple[str, str], _Skeleton] = {}
        self._structures: set[object] = set()
        self._marks = _MARKS

    def read(self, event: Event) -> Any:  # noqa: ANN401 - JSON is any value
        """Return the value of an event's data, good until the next call; raises NotStrictJSON where it is none."""
        hole = self._hole(event.data)
        if hole is None:
            return self._whole(event)[0]
        start, text, end, name = hole
        key = event.data[:start], event.data[end:]
        skeleton = self._skeletons.get(key)
        if skeleton is None:
            value, broken = self._whole(event)
            if broken is not None and len(self._skeletons) < SKELETONS_KEPT:
                self._keep(key, name, broken)
            return value
        skeleton.holder[skeleton.member] = text
        if not self._is_told(skeleton.broken):
            self._judge(event, skeleton.value)
        return skeleton.value

    def _hole(self, data: str) -> tuple[int, str, int, str] | None:
        for mark in self._marks:
            start = data.find(mark[0]) + len(mark[0]) - 1
            if start >= len(mark[0]) - 1 and data[start + 1 : start + 2] != '"':
                try:
                    text, end = scanstring(data, start + 1, True)
                except ValueError:
                    return None
                if mark is not self._marks[0]:
                    self._marks = (mark, *(other for other in self._marks if other is not mark))
                return start, text, end, mark[1]
        return None

    def _keep(self, key: tuple[str, str], name: str, broken: frozenset[str]) -> None:
        value, other = (strictjson.loads(f"{key[0]}{shown}{key[1]}") for shown in ('""', '"x"'))
        holder = find(value, GROWING[name])
        # What looks like the beginning of a member may be something else: only what moves with the text is that text.
        pointer = f"{GROWING[name]}/{name}"
        if (find(value, pointer), find(other, pointer)) == ("", "x"):
            self._skeletons[key] = _Skeleton(value, holder, name, broken)

    def _whole(self, event: Event) -> tuple[Any, frozenset[str] | None]:
        value = strictjson.loads(event.data)
        if error_in(value) and "choices" not in value:
            return value, None
        return value, self._judge(event, value)

    def _judge(self, event: Event, value: object) -> frozenset[str] | None:
        structure = _structure(value)
        new = structure not in self._structures and len(self._structures) < STRUCTURES_KEPT
        try:
            broken = frozenset[str]() if shapes.valid(SCHEMA, value) else shapes.broken(SCHEMA, value)
            if new or not self._is_told(broken):
                self._examine(event, value)
                self._structures.add(structure)
        except CouldNotCheck as refusal:
            self.unchecked += [_placed(event, refusal.finding)] if len(self.unchecked) < FINDINGS_KEPT else []
            return None
        return broken

    def _is_told(self, clauses: frozenset[str]) -> bool:
        return all(len(self.findings.get(clause, ())) >= FINDINGS_KEPT for clause in clauses)

    def _examine(self, event: Event, value: object) -> None:
        shape = shapes.examine(SCHEMA, value)
        self.looked_at |= shape.looked_at
        self.unknown.update(dict.fromkeys(shape.unknown))
        for clause, complaints in shape.findings.items():
            kept = self.findings.setdefault(clause, [])
            kept.extend(_placed(event, complaint) for complaint in complaints[: FINDINGS_KEPT - len(kept)])


def error_in(value: object) -> object:
    """Return the error that stands in place of a chunk or beside its choices, or None."""
    return value.get("error") or None if isinstance(value, dict) else None


def place(event: Event, pointer: str = "") -> str:
    """Return the place of a finding: ``event 7 (byte 2130) /choices/0/delta``."""
    return f"event {event.number} (byte {event.offset}) {pointer}".rstrip()


def _placed(event: Event, finding: Finding) -> Finding:
    return Finding(place(event, finding.where), finding.expected, finding.actual)


def _structure(value: object) -> object:
    if isinstance(value, dict):
        return tuple((name, _structure(member)) for name, member in value.items())
    if isinstance(value, list):
        return (list, *map(_structure, value))
    return type(value)
