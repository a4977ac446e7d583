"""A key among bytes of any kind, in any spelling and under any escapes; and a reader that undoes them to look for it.

The reader is written from the other side than the gate that it tests: it undoes what a client of such an answer would
undo, in any order, and knows nothing of how the gate looks.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote_to_bytes

from conformance.evidence.redact import Redactor

KEY = "canary+Leak/5f8e2d7c1b9a4063~Zq"
REDACTOR = Redactor("CANARY_KEY", KEY)
Spelling = Callable[[bytes], bytes]


def _each(form: str) -> Spelling:
    return lambda text: "".join(form.format(byte) for byte in text).encode()


def _odd(form: str) -> Spelling:
    """Return the escapes of every character that is no letter or digit, and of every third one that is."""

    def escaped(text: bytes) -> bytes:
        return b"".join(
            form.format(byte).encode() if place % 3 == 0 or not chr(byte).isalnum() else bytes([byte])
            for place, byte in enumerate(text)
        )

    return escaped


def _base64(shift: int) -> Spelling:
    return lambda text: base64.b64encode(b"x" * shift + text + b"yz")


SPELLINGS: tuple[Spelling, ...] = (
    bytes, lambda text: text[::-1], lambda text: text.hex().encode(), lambda text: text.hex().upper().encode(),
    *map(_base64, range(3)), lambda text: base64.urlsafe_b64encode(b"~" + text),
)  # fmt: skip
ESCAPES: tuple[Spelling, ...] = (
    bytes, lambda text: quote(text, safe="").encode(), _each("%{:02X}"), _odd("%{:02x}"), _each("\\u{:04x}"),
    _odd("\\u{:04X}"), _each("\\x{:02x}"), _odd("&#{};"), _each("&#x{:X};"), lambda text: text.replace(b"/", b"\\/"),
    lambda text: html.escape(text.decode("latin-1")).replace("/", "&#x2F;").replace("+", "&#43;").encode("latin-1"),
    lambda text: json.dumps(text.decode("latin-1"))[1:-1].encode(),
    lambda text: text.decode("latin-1").encode("utf-16-le"),
)  # fmt: skip


def parts(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what stands before a spelling of the key, the spelling, and what stands behind it.

    The first three bytes choose the spelling and the escapes around it, the others are what it stands among.
    """
    spelling, first, second = (data[place] if place < len(data) else 0 for place in range(3))
    told = SPELLINGS[spelling % len(SPELLINGS)](KEY.encode())
    for chosen in (first, second):
        told = ESCAPES[chosen % len(ESCAPES)](told)
    around = data[3:]
    return around[: len(around) // 2], told, around[len(around) // 2 :]


def streamed(text: bytes, size: int) -> bytes:
    """Return a stream that tells a text in pieces of some characters."""
    letters = text.decode("utf-8", "replace")
    pieces = [letters[start : start + size] for start in range(0, len(letters), size)]
    chunks = ({"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces)
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode()


def leaks(body: bytes) -> list[str]:
    """Return in which forms a reader finds the key, or a good part of its base64, in a body."""
    return sorted({name for text in _undone(body, 2) for name, form in FORMS.items() if form in text})


def _forms() -> Iterator[tuple[str, bytes]]:
    plain = KEY.encode()
    yield "plain", plain
    yield "reversed", plain[::-1]
    yield "hex", plain.hex().encode()
    yield "HEX", plain.hex().upper().encode()
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield f"{encode.__name__}, {shift} before", encode(b"\0" * shift + plain)[4:-4]


FORMS = dict(_forms())
_BACKSLASH = re.compile(rb"\\(?:u00([0-9a-fA-F]{2})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_PLAIN = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}


def _unescaped(text: bytes) -> bytes:
    def letter(found: re.Match[bytes]) -> bytes:
        digits = found[1] or found[2]
        return bytes.fromhex(digits.decode()) if digits else _PLAIN.get(found[3], found[3])

    return _BACKSLASH.sub(letter, text)


def _of_a_page(text: bytes) -> bytes:
    return html.unescape(text.decode("latin-1")).encode("latin-1", "replace")


READERS: tuple[Spelling, ...] = (unquote_to_bytes, _unescaped, _of_a_page, lambda text: text.replace(b"\0", b""))


def _undone(text: bytes, depth: int) -> set[bytes]:
    found = {text}
    edge = found
    for _ in range(depth):
        edge = {reader(known) for known in edge for reader in READERS} - found
        found = found | edge
    return found
