"""The gate that every exchange passes before anything is kept: an allow-list of headers, and no key in any spelling.

Redaction changes evidence, so it changes as little as it can: a secret becomes a name in brackets, the rest stays byte
for byte.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from conformance.vocabulary import Headers

# Everything that is not named here is dropped: what a service adds tomorrow is not known to be harmless.
REQUEST_HEADERS = frozenset({"accept", "accept-encoding", "content-type", "content-length", "user-agent"})
RESPONSE_HEADERS = frozenset(
    {
        "content-type", "content-length", "content-encoding", "transfer-encoding", "date", "retry-after",
        "x-retry-after", "msh-cooldown-seconds", "msh-request-id", "x-msh-trace-id", "msh-trace-mode",
        "msh-context-cache-token-saved", "x-request-id", "x-ratelimit-limit", "x-ratelimit-remaining",
        "x-ratelimit-reset", "x-kimi-reference", "location",
    }
)  # fmt: skip
# Account, key and project ids as the service writes them into messages (contract: errors of kind 429).
_ACCOUNT = re.compile(rb"\b(ak|org|proj)-[0-9A-Za-z]{6,}")
# A character as a URL or a JSON text may write it.
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})|\\u00([0-9A-Fa-f]{2})|\\/")
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
        if cut:
            body = self._without_beginning(body)
        for spelling in self._spellings:
            body = body.replace(spelling, MARK.encode())
        plain = _ESCAPE.sub(_unescaped, body)
        if any(spelling in plain for spelling in self._spellings):
            body = self._escaped.sub(MARK.encode(), body)
        for start, end, shown in sorted(self._in_pieces(body), reverse=True):
            body = body[:start] + shown + body[end:]
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
            plain = _ESCAPE.sub(_unescaped, text)
            if any(spelling in plain for spelling in self._spellings):
                for found in self._escaped.finditer(text):
                    yield from _shares(places, *found.span())

    def _without_beginning(self, body: bytes) -> bytes:
        for spelling in self._spellings:
            for size in range(len(spelling) - 1, SHORTEST_SECRET - 1, -1):
                if body.endswith(spelling[:size]):
                    return body[:-size] + MARK.encode()
        return body

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
    def _escaped(self) -> re.Pattern[bytes]:
        """The spellings with any of their characters escaped: slow, so it is used only where there is something."""
        return re.compile(b"|".join(b"".join(map(_however, spelling)) for spelling in self._spellings))


def _shares(places: list[tuple[int, int]], begun: int, ended: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield what each piece has of a part of all of them together; the name of what stood there goes to the first."""
    ends = list(accumulate(end - start for start, end in places))
    first = bisect_right(ends, begun)
    for (start, end), total in zip(places[first:], ends[first:], strict=True):
        before = total - (end - start)
        if before >= ended:
            return
        shown = MARK.encode() if before <= begun else b""
        yield start + max(0, begun - before), start + min(end - start, ended - before), shown


def _unescaped(found: re.Match[bytes]) -> bytes:
    digits = found[1] or found[2]
    return bytes.fromhex(digits.decode()) if digits else b"/"


def _however(letter: int) -> bytes:
    """Return a pattern for a character as it is, or as a URL or a JSON text may write it."""
    slash = rb"\\/|" if letter == ord("/") else b""
    return b"(?:%%(?i:%02x)|\\\\u00(?i:%02x)|%s%s)" % (letter, letter, slash, re.escape(bytes([letter])))


def _aligned(plain: bytes, encode: Callable[[bytes], bytes]) -> list[bytes]:
    """Return the base64 texts that a secret shows at each of its three positions inside a longer text."""
    found = []
    for shift, start in enumerate((0, 2, 3)):
        text = encode(b"\0" * shift + plain)
        found.append(text[start : (shift + len(plain)) // 3 * 4])
    return found
