"""What one chunk may say after another, and what all of them add up to.

Nothing is filled in: what no chunk said is absent from the sum. A clause about a member compares only what has the
right type; that it must have it is the schema's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from conformance import strictjson
from conformance.judge.chunks import place
from conformance.judge.shapes import shown
from conformance.sse import Event
from conformance.vocabulary import Finding

# So many pieces, each of which begins with the one before it, do not come about by chance.
_MANY = 4
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens")


class Notes:
    """The findings of the grammar: of each clause the first illegal step only, as the later ones may follow from it."""

    def __init__(self) -> None:
        self.findings: dict[str, tuple[Finding, ...]] = {}
        self.looked_at: set[str] = set()

    def illegal(self, clause: str, where: str, expected: str, actual: object) -> None:
        """Keep a finding, if it is the first of its clause."""
        self.looked_at.add(clause)
        if clause not in self.findings:
            self.findings[clause] = (Finding(where, expected, shown(actual)),)


class Call:
    """One tool call while its fragments come in."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.told: dict[str, str] = {}
        self.fragments = 0
        self.pieces: list[str] = []
        self.last = ""

    def take(self, event: Event, where: str, fragment: dict[str, Any], notes: Notes) -> None:
        """Take one fragment."""
        self.fragments += 1
        self.last = self.last or place(event, where)
        function = fragment.get("function")
        function = function if isinstance(function, dict) else {}
        told = {"id": fragment.get("id"), "type": fragment.get("type"), "name": function.get("name")}
        if self.fragments == 1:
            missing = [
                name for name, value in told.items() if not isinstance(value, str) or (name, value) == ("name", "")
            ]
            notes.looked_at.add("stream.tool.begin")
            if missing:
                notes.illegal("stream.tool.begin", place(event, where), "id, type and name", f"no {', '.join(missing)}")
        for name, value in told.items():
            if not isinstance(value, str):
                continue
            if name in self.told and name != "type" and value:
                notes.illegal(f"stream.tool.{name}-once", place(event, where), f"no further {name}", value)
            self.told.setdefault(name, value)
        piece = function.get("arguments")
        if isinstance(piece, str):
            self.pieces.append(piece)
            self.last = place(event, f"{where}/function/arguments") if piece else self.last

    def end(self, notes: Notes, *, complete: bool) -> None:
        """Judge the arguments as a whole; those of an answer that was not finished are none."""
        if self.fragments > 1:
            notes.looked_at |= {f"stream.tool.{name}-once" for name in ("id", "name") if name in self.told}
        pieces = [piece for piece in self.pieces if piece]
        text = "".join(pieces)
        if len(pieces) > 1:
            notes.looked_at.add("stream.tool.appended")
            if not _is_object(text) and _is_whole_again(pieces):
                notes.illegal("stream.tool.appended", self.last, "what comes after the text so far", pieces[-1])
        if self.pieces and complete:
            notes.looked_at.add("stream.tool.arguments-json")
            if not _is_object(text):
                notes.illegal("stream.tool.arguments-json", self.last, "the text of a JSON object", text)

    def sum(self) -> dict[str, Any]:
        """Return the call as a whole answer has it."""
        function = {"name": self.told["name"]} if "name" in self.told else {}
        function |= {"arguments": "".join(self.pieces)} if self.pieces else {}
        head = {name: self.told[name] for name in ("id", "type") if name in self.told}
        return {"index": self.index} | head | ({"function": function} if function else {})


def _is_object(text: str) -> bool:
    try:
        return isinstance(strictjson.loads(text), dict)
    except strictjson.NotStrictJSON:
        return False


def _is_whole_again(pieces: list[str]) -> bool:
    # A piece that is an object of its own may still be an inner one, so it must also begin as the arguments began, and
    # go on from the piece before it, or be all of them together.
    *before, last = pieces
    again = last == "".join(before) or last.startswith(before[-1])
    return again and last.startswith(before[0]) and _is_object(last)


class Choice:
    """One choice while its deltas come in."""

    def __init__(self, index: int | None) -> None:
        self.index = index
        self.deltas = 0
        self.role: str | None = None
        self.texts: dict[str, list[str]] = {"content": [], "reasoning_content": []}
        self.null: set[str] = set()
        self.calls: dict[int, Call] = {}
        self.finish: str | None = None
        self.usage: Any = None
        self.answering = False

    def take(self, event: Event, where: str, choice: dict[str, Any], notes: Notes) -> set[str]:
        """Take what a chunk says of this choice, and return the kinds of text in it."""
        delta = choice.get("delta")
        said: set[str] = set()
        if isinstance(delta, dict):
            self._role(event, f"{where}/delta", delta, notes)
            said = self._text(event, f"{where}/delta", delta, notes)
            if said and self.finish is not None:
                notes.illegal("stream.finish.last", place(event, f"{where}/delta"), "nothing after the end", delta)
        self._end(event, where, choice, notes)
        return said

    def _role(self, event: Event, where: str, delta: dict[str, Any], notes: Notes) -> None:
        role, self.deltas = delta.get("role"), self.deltas + 1
        if role is None and self.deltas > 1:
            return
        notes.looked_at.add("stream.role.first")
        if not isinstance(role, str):
            if self.deltas == 1:
                notes.illegal("stream.role.first", place(event, where), "a role", shown(", ".join(delta) or "none"))
            return
        if self.deltas > 1:
            notes.illegal("stream.role.once", place(event, f"{where}/role"), "no further role", role)
        if self.role is None:
            self.role = role
            return
        notes.looked_at.add("stream.role.same")
        if role != self.role:
            notes.illegal("stream.role.same", place(event, f"{where}/role"), str(shown(self.role)), role)

    def _text(self, event: Event, where: str, delta: dict[str, Any], notes: Notes) -> set[str]:
        said = set()
        for name, pieces in self.texts.items():
            piece = delta.get(name)
            if isinstance(piece, str):
                pieces.append(piece)
                if piece:
                    said.add(name)
            elif piece is None and name in delta:
                self.null.add(name)
        fragments = delta.get("tool_calls")
        if isinstance(fragments, list) and fragments:
            said.add("tool_calls")
            for number, fragment in enumerate(fragments):
                self._fragment(event, f"{where}/tool_calls/{number}", fragment, notes)
        if self.answering and "reasoning_content" in said:
            notes.illegal(
                "stream.reasoning-first", place(event, f"{where}/reasoning_content"),
                "no reasoning after content or a tool call", delta["reasoning_content"],
            )  # fmt: skip
        self.answering = self.answering or "content" in said or "tool_calls" in said
        return said

    def _fragment(self, event: Event, where: str, fragment: object, notes: Notes) -> None:
        index = whole(fragment.get("index")) if isinstance(fragment, dict) else None
        if index is None or not isinstance(fragment, dict):
            return
        notes.looked_at.add("stream.tool.order")
        if index not in self.calls:
            if index != len(self.calls):
                expected = f"at most {len(self.calls)}, the next"
                notes.illegal("stream.tool.order", place(event, f"{where}/index"), expected, index)
            self.calls[index] = Call(index)
        self.calls[index].take(event, where, fragment, notes)

    def _end(self, event: Event, where: str, choice: dict[str, Any], notes: Notes) -> None:
        usage = choice.get("usage")
        reason = choice.get("finish_reason")
        if isinstance(usage, dict):
            self.usage = usage
            if reason is None and self.finish is None:
                notes.illegal("stream.usage.ordinary", place(event, f"{where}/usage"), "null or nothing yet", usage)
        if not isinstance(reason, str):
            return
        if self.finish is not None:
            notes.illegal("stream.finish.once", place(event, f"{where}/finish_reason"), "no further end", reason)
            return
        self.finish = reason
        notes.looked_at |= {"stream.finish.once", "stream.finish.last", "stream.usage.on-finish"}
        if not isinstance(usage, dict):
            notes.illegal("stream.usage.on-finish", place(event, where), "the member 'usage'", ", ".join(choice))

    def close(self, notes: Notes, *, ended: bool, where: str) -> None:
        """Judge what can be judged only at the end; ``ended`` tells that the stream came to an end of its own."""
        if self.role is not None and self.deltas > 1:
            notes.looked_at.add("stream.role.once")
        if self.answering and any(self.texts["reasoning_content"]):
            notes.looked_at.add("stream.reasoning-first")
        for name, told in self.texts.items():
            pieces = [piece for piece in told if piece]
            if len(pieces) >= _MANY:
                notes.looked_at.add("stream.appended")
                if all(len(later) > len(piece) and later.startswith(piece) for piece, later in pairwise(pieces)):
                    expected = "what comes after the text so far"
                    notes.illegal("stream.appended", f"choice {self.index} {name}", expected, pieces[-1])
        if ended:
            notes.looked_at.add("stream.finish.told")
            if self.finish is None:
                notes.illegal("stream.finish.told", where, f"a finish_reason of choice {self.index}", "none")
        for call in self.calls.values():
            call.end(notes, complete=self.finish not in (None, "length"))

    def sum(self) -> dict[str, Any]:
        """Return the choice as a whole answer has it."""
        message: dict[str, Any] = {} if self.role is None else {"role": self.role}
        for name, pieces in self.texts.items():
            if pieces or name in self.null:
                message[name] = "".join(pieces) if pieces else None
        if self.calls:
            message["tool_calls"] = [call.sum() for call in self.calls.values()]
        told: dict[str, Any] = {} if self.index is None else {"index": self.index}
        told |= {"message": message} if self.deltas else {}
        return told | ({} if self.finish is None else {"finish_reason": self.finish})


def whole(value: object) -> int | None:
    """Return an integer that is not negative, also where it is written as 1.0, or None."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def differing(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    """Yield the counts that two usages tell differently."""
    return (name for name in _COUNTS if name in one and name in other and one[name] != other[name])
