"""The gate that every exchange passes before anything is kept: an allow-list of headers, and no key in any spelling.

Redaction changes evidence, so it changes as little as it can: a secret becomes a name in brackets, the rest stays byte
for byte.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

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

        ``cut`` says that it goes on: it may end in the beginning of the key.
        """
        if cut:
            body = self._without_beginning(body)
        for spelling in self._spellings:
            body = body.replace(spelling, MARK.encode())
        plain = _ESCAPE.sub(_unescaped, body)
        if any(spelling in plain for spelling in self._spellings):
            body = self._escaped.sub(MARK.encode(), body)
        body = _KEY.sub(b"sk-[redacted]", body)
        return _ACCOUNT.sub(rb"\1-[redacted]", body)

    def text(self, text: str) -> str:
        """Return a text without the key and without account ids."""
        return self.body(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    def headers(self, headers: Headers, allowed: frozenset[str]) -> Headers:
        """Return the headers that are on the allow-list, their values without the key."""
        return tuple((name.lower(), self.text(value)) for name, value in headers if name.lower() in allowed)

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
