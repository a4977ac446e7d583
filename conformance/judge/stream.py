"""A stream of chunks against its grammar, in one pass: what may follow what, and what all of it adds up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance import sse, strictjson
from conformance.contract import ledger
from conformance.judge import shapes
from conformance.judge.chunks import Chunks, error_in, place
from conformance.judge.grammar import Choice, Notes, differing, whole
from conformance.sse import Event
from conformance.vocabulary import CouldNotCheck, Finding, Level

DONE = "[DONE]"
GRAMMAR: tuple[str, ...] = (
    "stream.framing", "stream.utf-8", "stream.whole", "stream.json", "stream.error", "stream.done",
    "stream.nothing-after-done", "stream.id.constant", "stream.created.constant", "stream.model.constant",
    "stream.role.first", "stream.role.once", "stream.role.same", "stream.reasoning-first", "stream.appended",
    "stream.tool.order", "stream.tool.begin", "stream.tool.id-once", "stream.tool.name-once", "stream.tool.appended",
    "stream.tool.arguments-json", "stream.finish.told", "stream.finish.once", "stream.finish.last",
    "stream.usage.on-finish", "stream.usage.ordinary", "stream.usage.chunk", "stream.usage.agree",
    "stream.choices.empty", "stream.accumulates",
)  # fmt: skip
_FRAMING = {"line": "stream.framing", "utf-8": "stream.utf-8", "cut": "stream.whole"}
_CONSTANT = (("id", str), ("created", int), ("model", str))
# Of a body that is read at once: no more events are held than so many bytes have.
_BLOCK = 64 * 1024
_KINDS = {"reasoning_content": "reasoning", "content": "content", "tool_calls": "tool"}
# These have clauses of their own in a stream, which may weigh less there.
_JUDGED_APART = {"chat.message.role", "chat.usage", "chat.choice.finish-reason-value"}


@dataclass(frozen=True)
class Transcript:
    """What a stream said, and what is to be said of it.

    ``findings`` are by clause: of the grammar the first illegal step, of the schema each up to a limit. ``looked_at``
    are the clauses that had something to look at, ``unknown`` the members that no schema knows. ``completion`` is the
    sum of the chunks as a whole answer has it, with nothing filled in, None where there was no chunk. ``error`` is the
    message of an error inside the stream. ``firsts`` are the events with the first ``reasoning``, ``content`` and
    ``tool``, the ``first`` chunk, and the ``last`` event. ``unchecked`` is what could not be checked, and why.
    """

    findings: Mapping[str, tuple[Finding, ...]]
    looked_at: frozenset[str]
    unknown: tuple[str, ...]
    completion: dict[str, Any] | None
    error: str | None
    firsts: Mapping[str, Event]
    unchecked: tuple[Finding, ...] = ()


def read(body: bytes, *, include_usage: bool | None, cut: bool = False) -> Transcript:
    """Return the transcript of a streamed answer; never raises.

    ``include_usage`` is what the request asked for, None where it is not known; ``cut`` tells that we stopped reading.
    """
    reading = _Reading(Chunks(), include_usage=include_usage)
    notes, parser = reading.notes, sse.Parser()
    for start in range(0, len(body), _BLOCK):
        for event in parser.feed(body[start : start + _BLOCK]):
            reading.take(event)
    end = parser.close(cut=cut)
    for event in end.events:
        reading.take(event)
    if body:
        notes.looked_at |= {"stream.framing", "stream.utf-8"} | (set() if cut else {"stream.whole"})
    for broken in end.broken:
        notes.illegal(_FRAMING[broken.kind], f"byte {broken.offset}", broken.expected, broken.actual)
    reading.close(f"end (byte {len(body)})", cut=cut)
    return reading.transcript()


@dataclass
class _Reading:
    """The state between two chunks."""

    chunks: Chunks
    include_usage: bool | None
    notes: Notes = field(default_factory=Notes)
    choices: dict[int | None, Choice] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    usage: Any = None
    error: str | None = None
    done: Event | None = None
    empty: Event | None = None
    ending: bool = False
    finished: bool = False
    last: Event | None = None
    final: Event | None = None
    previous: object = None
    completion: dict[str, Any] | None = None
    firsts: dict[str, Event] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Take the next event; of those behind the end only the first is told."""
        self.final = event
        if self.done is not None:
            self.notes.illegal("stream.nothing-after-done", place(event), "nothing", event.data)
            return
        if event.data == DONE:
            self.done = event
            return
        told = event.type == "error"
        try:
            value = strictjson.loads(event.data) if told else self.chunks.read(event)
        except strictjson.NotStrictJSON as broken:
            expected = f"strict JSON or {DONE} ({shapes.shown(str(broken))})"
            self.notes.illegal("stream.json", place(event), expected, event.data)
            value = event.data
        error = error_in(value)
        if told or error:
            self._fail(event, error or value)
        if isinstance(value, dict) and not told and not (error and "choices" not in value):
            self._chunk(event, value)

    def _fail(self, event: Event, error: object) -> None:
        message = error.get("message", error) if isinstance(error, dict) else error
        if self.error is None:
            self.error = str(shapes.shown(str(message)))
        self.notes.illegal("stream.error", place(event), "no error", str(message))

    def _chunk(self, event: Event, value: dict[str, Any]) -> None:
        self.firsts.setdefault("first", event)
        if value is not self.previous:  # else it differs in one text alone
            self._constants(event, value)
        self.previous = value
        if self.empty is not None:
            expected, follower = f"nothing but {DONE} after a chunk without a choice", f"event {event.number}"
            self.notes.illegal("stream.choices.empty", place(self.empty, "/choices"), expected, follower)
        self.last = event
        usage, choices = value.get("usage"), value.get("choices")
        if isinstance(usage, dict):
            self.usage = dict(usage)
        self.ending = choices == [] and isinstance(usage, dict)
        if not isinstance(choices, list):
            return
        self.notes.looked_at.add("stream.choices.empty")
        if not choices:
            self._without_choice(event, usage)
        for number, choice in enumerate(choices):
            if isinstance(choice, dict):
                index = whole(choice.get("index"))
                taken = self.choices.get(index)
                if taken is None:
                    taken = self.choices[index] = Choice(index)
                for kind in taken.take(event, f"/choices/{number}", choice, self.notes):
                    if _KINDS[kind] not in self.firsts:
                        self.firsts[_KINDS[kind]] = event
                self.finished = self.finished or taken.finish is not None
        if choices and not self.finished:
            self.notes.looked_at.add("stream.usage.ordinary")
            if isinstance(usage, dict):
                self.notes.illegal("stream.usage.ordinary", place(event, "/usage"), "null or nothing yet", usage)

    def _constants(self, event: Event, value: dict[str, Any]) -> None:
        for member, kind in _CONSTANT:
            told = value.get(member)
            if type(told) is kind:
                known = self.head.setdefault(member, told)
                if self.last is not None:
                    self.notes.looked_at.add(f"stream.{member}.constant")
                if told != known:
                    self.notes.illegal(
                        f"stream.{member}.constant", place(event, f"/{member}"), str(shapes.shown(known)), told
                    )
        for member in ("object", "system_fingerprint"):
            if value.get(member) is not None:
                self.head.setdefault(member, value[member])

    def _without_choice(self, event: Event, usage: object) -> None:
        self.empty = event
        if not isinstance(usage, dict):
            self.notes.illegal("stream.choices.empty", place(event, "/choices"), "a choice", "none, and no usage")
        elif self.include_usage is False:
            self.notes.illegal("stream.choices.empty", place(event, "/choices"), "a choice", "none, only a usage")

    def close(self, end: str, *, cut: bool) -> None:
        """Judge what can be judged only at the end."""
        ended = not cut and self.error is None
        if self.final is not None:
            self.firsts["last"] = self.final
            self.notes.looked_at |= {"stream.json", "stream.error"}
        if self.done is not None:
            self.notes.looked_at |= {"stream.done", "stream.nothing-after-done"}
        elif ended:
            self.notes.illegal("stream.done", end, DONE, self.final.data if self.final else "no event")
        for choice in self.choices.values():
            choice.close(self.notes, ended=ended, where=end)
        self._usages(end, ended=ended)
        if self.last is not None:
            self.completion = dict(self._sum())
        if ended:
            self._accumulates(end)

    def _usages(self, end: str, *, ended: bool) -> None:
        if self.include_usage and ended:
            self.notes.looked_at.add("stream.usage.chunk")
            if not self.ending:
                where = end if self.last is None else place(self.last)
                self.notes.illegal(
                    "stream.usage.chunk", where, "choices: [] and a usage", "another last chunk, or none"
                )
        for choice in self.choices.values():
            if choice.usage is not None and self.usage is not None:
                self.notes.looked_at.add("stream.usage.agree")
                for count in differing(choice.usage, self.usage):
                    expected = f"{count} {shapes.shown(choice.usage[count])}, as in choice {choice.index}"
                    self.notes.illegal("stream.usage.agree", f"/usage/{count}", expected, self.usage[count])

    def _sum(self) -> Iterator[tuple[str, Any]]:
        for member, told in self.head.items():
            yield member, "chat.completion" if (member, told) == ("object", "chat.completion.chunk") else told
        yield "choices", [choice.sum() for choice in self.choices.values()]
        told_there = [choice.usage for choice in self.choices.values() if choice.usage is not None]
        for usage in [self.usage, *told_there]:
            if usage is not None:
                yield "usage", usage
                return

    def _accumulates(self, end: str) -> None:
        if self.completion is None:
            self.notes.illegal("stream.accumulates", end, "at least one chunk", "none")
            return
        try:
            found = shapes.examine("chat.completion", self.completion).findings
        except CouldNotCheck as refusal:
            self.chunks.unchecked.append(refusal.finding)
            return
        self.notes.looked_at.add("stream.accumulates")
        for clause, (first, *_) in found.items():
            if clause not in _JUDGED_APART and ledger.clauses()[clause].level is Level.MUST:
                self.notes.illegal("stream.accumulates", first.where, f"{first.expected} ({clause})", first.actual)

    def transcript(self) -> Transcript:
        """Return what was gathered."""
        findings = self.notes.findings | {clause: tuple(kept) for clause, kept in self.chunks.findings.items()}
        looked_at = frozenset(self.notes.looked_at) | frozenset(self.chunks.looked_at) | frozenset(findings)
        return Transcript(
            findings, looked_at, tuple(self.chunks.unknown), self.completion, self.error, self.firsts,
            tuple(self.chunks.unchecked),
        )  # fmt: skip
