"""Event streams as the WHATWG's HTML standard reads them, from bytes; what it would pass over in silence is kept.

A browser ignores a line that is no field and drops an event that never ended: to a client these are lost words, so
they are told as ``Broken``. Nothing here raises, whatever the bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MARK = b"\xef\xbb\xbf"
# Of each kind: a body of another sort altogether has as many broken lines as lines.
BROKEN_KEPT = 20
_SHOWN = 120
_END = re.compile(rb"\r\n|\n|\r(?=[^\n])")
_LAST_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its number from 1, the byte offsets of its first line and just behind it, and what it says."""

    number: int
    offset: int
    end: int
    data: str
    type: str = "message"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """What is no event stream: a ``line`` that is no field, bytes that are not ``utf-8``, an event that is ``cut``."""

    offset: int
    expected: str
    actual: str
    kind: str


@dataclass(frozen=True, slots=True)
class EventStream:
    """The events of a body in order, and the first broken places of each kind."""

    events: tuple[Event, ...]
    broken: tuple[Broken, ...]


def parse(body: bytes, *, cut: bool = False) -> EventStream:
    """Return the events of a whole body; ``cut`` tells that we stopped reading it, so that its end is no fault."""
    parser = Parser()
    events = parser.feed(body)
    end = parser.close(cut=cut)
    return EventStream((*events, *end.events), end.broken)


@dataclass(slots=True)
class _Pending:
    """An event whose blank line has not come yet."""

    offset: int | None = None
    data: list[str] = field(default_factory=list)
    type: str = ""


class Parser:
    """Reads an event stream piece by piece; however it was split, the events are the same as those of the whole.

    It keeps none of them: a stream may have a million.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._number = 0
        self._broken: list[Broken] = []
        self._pieces: list[bytes] = []
        self._offset = 0
        self._pending = _Pending()
        self._id = ""

    def feed(self, piece: bytes) -> list[Event]:
        """Return the events that this piece completed; a carriage return at its end waits for what follows it."""
        waiting = self._pieces and self._pieces[-1].endswith(b"\r")
        if piece:
            self._pieces.append(piece)
        if waiting or b"\n" in piece or b"\r" in piece:
            text = b"".join(self._pieces)
            rest = self._returns(text, _END) if b"\r" in text else self._blocks(text)
            self._pieces = [rest] if rest else []
        told, self._events = self._events, []
        return told

    def close(self, *, cut: bool = False) -> EventStream:
        """Return the events that the end completed, and every broken place; ``cut`` tells that the end is ours."""
        rest = self._returns(b"".join(self._pieces), _LAST_END)
        if self._offset == 0 and rest.startswith(MARK):
            self._offset, rest = len(MARK), rest.removeprefix(MARK)
        if not cut:
            self._unended(rest)
        return EventStream(tuple(self._events), tuple(self._broken))

    def _unended(self, rest: bytes) -> None:
        text = b"" if rest.startswith(b":") else rest
        if text or self._pending.offset is not None:
            offset = self._offset if self._pending.offset is None else self._pending.offset
            shown = "\n".join([*self._pending.data, text[:_SHOWN].decode("utf-8", "replace")])
            self._break(offset, "an event that ends with a blank line", shown, "cut")

    def _blocks(self, text: bytes) -> bytes:
        *blocks, rest = text.split(b"\n\n")
        if len(blocks) and self._offset == 0 and blocks[0].startswith(MARK):
            self._offset, blocks[0] = len(MARK), blocks[0].removeprefix(MARK)
        for block in blocks:
            if block.startswith(b"data: ") and b"\n" not in block and self._pending.offset is None:
                try:
                    data = block[6:].decode("utf-8")
                except UnicodeDecodeError:
                    pass
                else:
                    end = self._offset + len(block) + 2
                    self._number += 1
                    self._events.append(Event(self._number, self._offset, end, data, "message", self._id))
                    self._offset = end
                    continue
            for line in block.split(b"\n"):
                self._line(line, len(line) + 1)
            self._line(b"", 1)
        *lines, rest = rest.split(b"\n")
        for line in lines:
            self._line(line, len(line) + 1)
        return rest

    def _returns(self, text: bytes, end_of_line: re.Pattern[bytes]) -> bytes:
        begun = 0
        for found in end_of_line.finditer(text):
            self._line(text[begun : found.start()], found.end() - begun)
            begun = found.end()
        return text[begun:]

    def _line(self, line: bytes, size: int) -> None:
        if self._offset == 0 and line.startswith(MARK):
            self._offset, size, line = len(MARK), size - len(MARK), line.removeprefix(MARK)
        if line:
            self._field(line)
            self._offset += size
        else:
            self._offset += size
            self._dispatch()

    def _field(self, line: bytes) -> None:
        name, colon, value = self._text(line).partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._pending.data.append(value)
        elif name == "event":
            self._pending.type = value
        elif name == "id":
            self._id = self._id if "\0" in value else value
        elif name not in ("retry", "") or not (name or colon):
            self._break(self._offset, "a field (data, event, id, retry) or a comment", name + colon + value, "line")
            return
        if name and self._pending.offset is None:
            self._pending.offset = self._offset

    def _text(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            wrong = line[error.start : error.start + 8].hex(" ")
            self._break(self._offset + error.start, "UTF-8", f"bytes {wrong}", "utf-8")
            return line.decode("utf-8", "replace")

    def _dispatch(self) -> None:
        done, self._pending = self._pending, _Pending()
        if done.data and done.offset is not None:
            self._number += 1
            data, kind = "\n".join(done.data), done.type or "message"
            self._events.append(Event(self._number, done.offset, self._offset, data, kind, self._id))

    def _break(self, offset: int, expected: str, actual: str, kind: str) -> None:
        if sum(broken.kind == kind for broken in self._broken) < BROKEN_KEPT:
            self._broken.append(Broken(offset, expected, actual[:_SHOWN], kind))
