"""The gate that every exchange passes before anything is kept: an allow-list of headers, and no key in any spelling.

Redaction changes evidence, so it changes as little as it can: a secret becomes a name in brackets, the rest stays byte
for byte.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from conformance.vocabulary import Headers

# Everything that is not named here is dropped: what a service adds tomorrow is not known to be harmless.
# A signature and its nonce are made to be shown to others: they tell that Kimi was asked, and not by whom.
REQUEST_HEADERS = frozenset(
    {
        "accept", "accept-encoding", "content-type", "content-length", "user-agent", "x-msh-request-nonce", "origin",
        "access-control-request-method", "access-control-request-headers",
    }
)  # fmt: skip
RESPONSE_HEADERS = frozenset(
    {
        "content-type", "content-length", "content-encoding", "transfer-encoding", "date", "retry-after",
        "x-retry-after", "msh-cooldown-seconds", "msh-request-id", "x-msh-trace-id", "msh-trace-mode",
        "msh-context-cache-token-saved", "x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining",
        "x-ratelimit-reset", "x-kimi-reference", "location", "cache-control", "msh-request-timestamp",
        "msh-request-signature", "access-control-allow-origin", "access-control-allow-methods",
        "access-control-allow-headers", "vary",
    }
)  # fmt: skip
# Account, key and project ids as the service writes them into messages (contract: errors of kind 429).
_ACCOUNT = re.compile(rb"\b(ak|org|proj)-[0-9A-Za-z]{6,}")
# A character as a URL, a JSON text, a page or a literal may write it.
_ESCAPE = re.compile(
    rb"%([0-9A-Fa-f]{2})|\\u00([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})|&#[xX]0{0,4}([0-9A-Fa-f]{2});|&#0{0,4}([0-9]{2,3});"
    rb"|\\([/\\])|&amp;"
)
# What UTF-16 has between two of them.
_NULL = re.compile(rb"\0")
_HEXADECIMAL, _DECIMAL = range(1, 5), 5
# What may be the beginning of such an escape, at the end of a text.
_UNENDED = re.compile(
    rb"(?:%[0-9A-Fa-f]?|\\(?:u0{0,2}[0-9A-Fa-f]?|x[0-9A-Fa-f]?)?|&(?:#[xX]?[0-9A-Fa-f]*|a(?:mp?)?)?)\Z"
)
_LONGEST_ESCAPE = 10
# An escape may be escaped again, as by a JSON text that a JSON text quotes.
_LAYERS = 6
_KEY = re.compile(rb"\bsk-[0-9A-Za-z_-]{12,}")
# A text that a stream tells piece by piece.
_PIECE = re.compile(rb'"(content|reasoning_content|arguments)"\s*:\s*"([^"\\]*+(?:\\.[^"\\]*+)*+)"')
# A shorter secret would stand in ordinary text by chance; no vendor issues one.
SHORTEST_SECRET = 8
# What stands in evidence where the key stood.
MARK = "[redacted: the key]"


@dataclass(frozen=True)
class Redactor:
    """Removes one target's key, whose variable is called ``variable``, from whatever is to be kept."""

    variable: str
    secret: str = field(repr=False)

    def body(self, body: bytes, *, cut: bool = False) -> bytes:
        """Return a body without the key, in plain, base64 or hex, escaped for a URL or JSON, and without account ids.

        Nor is the key in what the chunks of a stream add up to.
        ``cut`` says that it goes on: it may end in the beginning of the key.
        """
        body = _replaced(body, [(*place, MARK.encode()) for place in self._places(body, cut=cut)])
        body = _replaced(body, sorted(self._in_pieces(body)))
        body = _KEY.sub(b"sk-[redacted]", body)
        return _ACCOUNT.sub(rb"\1-[redacted]", body)

    def text(self, text: str) -> str:
        """Return a text without the key and without account ids."""
        return self.body(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def headers(self, headers: Headers, allowed: frozenset[str]) -> Headers:
        """Return the headers that are on the allow-list, their values without the key."""
        return tuple((name.lower(), self.text(value)) for name, value in headers if name.lower() in allowed)

    def _in_pieces(self, body: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Yield the places of a key of which each chunk of a stream has a part, and what is to stand there."""
        told: dict[bytes, list[tuple[int, int]]] = {}
        for found in _PIECE.finditer(body) if b"data:" in body else ():
            told.setdefault(found[1], []).append(found.span(2))
        for places in told.values():
            text = b"".join(body[start:end] for start, end in places)
            yield from _shares(places, self._places(text))

    def _places(self, text: bytes, *, cut: bool = False) -> list[tuple[int, int]]:
        """Return where the key stands in a text, in any spelling and under escapes of escapes; in order, and apart."""
        found: list[tuple[int, int]] = []
        layers = [text]
        for _ in range(_LAYERS if self._spellings else 0):
            # What stood before an escaped key may have taken its first two letters into an escape of its own.
            sought = self._spellings if len(layers) == 1 else self._beheaded
            places = [*_found(sought, layers[-1]), *(self._beginning(layers[-1]) if cut else ())]
            for layer in layers[-2::-1] if places else ():
                places = _traced(layer, places)
            found += places
            layers.append(_undone(layers[-1]))
            if layers[-1] == layers[-2]:
                break
        return _apart(found)

    def _beginning(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Yield where the beginning of the key stands at the end of a text that was cut there."""
        unended = _UNENDED.search(text, max(0, len(text) - _LONGEST_ESCAPE))
        end = unended.start() if unended else len(text)
        for spelling in self._spellings:
            for size in range(len(spelling) - 1, SHORTEST_SECRET - 1, -1):
                if text.endswith(spelling[:size], 0, end):
                    yield end - size, len(text)
                    return

    @cached_property
    def _spellings(self) -> tuple[bytes, ...]:
        if not self.secret:
            return ()
        plain = self.secret.encode()
        found = {plain, plain[::-1], plain.hex().encode(), plain.hex().upper().encode()}
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found |= set(_aligned(plain, encode))
        return tuple(sorted(found, key=len, reverse=True))

    @cached_property
    def _beheaded(self) -> tuple[bytes, ...]:
        return (*self._spellings, *(each[2:] for each in self._spellings if len(each) > SHORTEST_SECRET + 2))


def _found(sought: Iterable[bytes], text: bytes) -> Iterator[tuple[int, int]]:
    for each in sought:
        start = text.find(each)
        while start >= 0:
            yield start, start + len(each)
            start = text.find(each, start + len(each))


def _replaced(body: bytes, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Return a body with other bytes at some places, which are in order and apart."""
    kept, behind = [], 0
    for start, end, shown in changes:
        kept += [body[behind:start], shown]
        behind = end
    return b"".join([*kept, body[behind:]])


def _apart(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return places in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _undone(text: bytes) -> bytes:
    """Return a text without one layer of escapes; null bytes go at once, as a body may be nothing else."""
    return text.replace(b"\0", b"") if b"\0" in text else _ESCAPE.sub(_unescaped, text)


def _traced(text: bytes, places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return where in a text stands what stands at these places once its escapes are undone."""
    at, moved = [], [0]
    for found in (_NULL if b"\0" in text else _ESCAPE).finditer(text):
        at.append(found.start() - moved[-1])
        moved.append(moved[-1] + len(found[0]) - len(_unescaped(found)))
    return [(start + moved[bisect_left(at, start)], end + moved[bisect_left(at, end)]) for start, end in places]


def _shares(places: list[tuple[int, int]], parts: list[tuple[int, int]]) -> Iterator[tuple[int, int, bytes]]:
    """Yield what each piece has of parts of all of them together; the name of what stood there goes to the first."""
    ends = list(accumulate(end - start for start, end in places))
    for begun, ended in parts:
        for index in range(bisect_right(ends, begun), bisect_left(ends, ended) + 1):
            start, end = places[index]
            before = ends[index] - (end - start)
            shown = MARK.encode() if before <= begun else b""
            yield start + max(0, begun - before), start + min(end - start, ended - before), shown


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found.lastindex is None:
        return b"&" if found[0] == b"&amp;" else b""
    told = found[found.lastindex]
    if found.lastindex == _DECIMAL:
        return bytes([int(told)]) if int(told) < 256 else found[0]
    return bytes.fromhex(told.decode()) if found.lastindex in _HEXADECIMAL else told


def _aligned(plain: bytes, encode: Callable[[bytes], bytes]) -> list[bytes]:
    """Return the base64 texts that a secret shows at each of its three positions inside a longer text."""
    found = []
    for shift, start in enumerate((0, 2, 3)):
        text = encode(b"\0" * shift + plain)
        found.append(text[start : (shift + len(plain)) // 3 * 4])
    return found
