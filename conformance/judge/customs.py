"""How the vendor's streams are told, though no document says so: what may be otherwise one day, and is then seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance import sse, strictjson
from conformance.judge.chunks import error_in, place
from conformance.judge.grammar import Notes, whole
from conformance.judge.shapes import shown
from conformance.sse import Event

_BEGINNING = {"role": "assistant", "content": ""}


def read(body: bytes, *, cut: bool = False) -> Notes:
    """Return what is to be said of the customs in a streamed answer; never raises."""
    notes, thoughts = Notes(), dict[int | None, str]()
    for number, (event, chunk) in enumerate(_chunks(body, cut=cut)):
        choices = chunk["choices"]
        notes.looked_at.add("stream.fingerprint-told")
        if ("system_fingerprint" in chunk) is not bool(choices):
            expected = f"{'a' if choices else 'no'} system_fingerprint"
            notes.illegal("stream.fingerprint-told", place(event), expected, ", ".join(chunk))
        for position, choice in enumerate(choices):
            if isinstance(choice, dict) and isinstance(choice.get("delta"), dict):
                _choice(choice, place(event, f"/choices/{position}/delta"), notes, first=number == 0)
                _thoughts(choice, place(event, f"/choices/{position}/delta"), notes, thoughts)
    return notes


def _chunks(body: bytes, *, cut: bool) -> Iterator[tuple[Event, dict[str, Any]]]:
    """Yield the events that are chunks with a list of choices; of all others the grammar speaks."""
    for event in sse.parse(body, cut=cut).events:
        try:
            value = strictjson.loads(event.data)
        except strictjson.NotStrictJSON:
            continue
        if isinstance(value, dict) and isinstance(value.get("choices"), list) and not error_in(value):
            yield event, value


def _choice(choice: dict[str, Any], where: str, notes: Notes, *, first: bool) -> None:
    expected: list[tuple[str, dict[str, str]]] = [("stream.first-empty", _BEGINNING)] if first else []
    if isinstance(choice.get("finish_reason"), str):
        expected.append(("stream.finish-empty", {}))
    for clause, delta in expected:
        notes.looked_at.add(clause)
        if choice["delta"] != delta:
            notes.illegal(clause, where, str(shown(delta)), str(choice["delta"]))


def _thoughts(choice: dict[str, Any], where: str, notes: Notes, thoughts: dict[int | None, str]) -> None:
    """Look at the last piece of reasoning where the answer begins; ``thoughts`` holds it for each choice."""
    delta, index = choice["delta"], whole(choice.get("index"))
    if isinstance(piece := delta.get("reasoning_content"), str):
        thoughts[index] = piece
    if index in thoughts and (delta.get("content") or delta.get("tool_calls")):
        notes.looked_at.add("stream.reasoning-ends")
        if last := thoughts.pop(index):
            notes.illegal("stream.reasoning-ends", where, "an empty piece of reasoning before it", last)
