"""Recorded evidence as exchanges: what is carried over of it, and how what cannot be carried is told."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from conformance import strictjson
from conformance.evidence.recorded.places import is_error, place, place_request
from conformance.evidence.redact import RESPONSE_HEADERS
from conformance.evidence.signatures import NONCE
from conformance.vocabulary import Exchange, Headers, Request, Response, header

Part = TypeVar("Part")

BODY_LIMIT = 64 * 1024 * 1024
SCENARIO = "recorded"
UNPLACED = "nothing in it looks like an answer of this API; --endpoint says which it is"
NOTHING_ASKED = Request("", "")
# A body is carried decompressed.
KEPT = RESPONSE_HEADERS - {"content-encoding"}
KEPT_OF_REQUESTS = KEPT | {NONCE.lower()}


class UnreadableError(Exception):
    """A file, or a part of one, cannot be taken as evidence; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request and its answer as a recorder wrote them down; headers are all that were recorded."""

    method: str
    url: str
    asked: bytes
    asked_headers: Headers
    status: int
    headers: Headers
    body: bytes
    made_at: datetime | None = None
    cut: bool = False
    refused: bool = False


def unreadable(file: str, step: str, why: str) -> Exchange:
    """Return the exchange that stands for evidence which cannot be judged."""
    return Exchange(SCENARIO, step, "unknown", NOTHING_ASKED, None, None, failure=why, file=file)


def carry(file: str, step: str, endpoint: str, response: Response, request: Request = NOTHING_ASKED) -> Exchange:
    """Return the exchange for an answer of which no more is known than that it is of this endpoint."""
    return Exchange(SCENARIO, step, endpoint, request, response, None, file=file)


def carry_json(file: str, step: str, endpoint: str, raw: bytes, value: object) -> Exchange:
    """Return the exchange for a bare body that has been read already; the status of an error is unknown, so 0."""
    exchange = carry(file, step, endpoint, Response(0 if is_error(value) else 200, (), raw))
    exchange.__dict__["json"] = value
    return exchange


def carry_entries(
    file: str, parts: Iterable[Part], entry_of: Callable[[Part], Entry], endpoint: str | None
) -> Iterator[Exchange]:
    """Yield one exchange for each part of a recording; ``entry_of`` reads a part and raises UnreadableError."""
    for number, part in enumerate(parts, 1):
        step = f"entry {number}"
        try:
            yield _carry_entry(file, step, entry_of(part), endpoint)
        except UnreadableError as error:
            yield unreadable(file, step, str(error))


def _carry_entry(file: str, step: str, entry: Entry, given: str | None) -> Exchange:
    endpoint = place_request(entry.method, entry.url) or given or _place_bytes(entry.body)
    request = Request(entry.method, _without_login(entry.url), kept(entry.asked_headers, KEPT_OF_REQUESTS), entry.asked)
    if endpoint is None:
        return replace(unreadable(file, step, UNPLACED), request=request)
    response = Response(entry.status, kept(entry.headers), entry.body, entry.cut)
    return replace(carry(file, step, endpoint, response, request), made_at=entry.made_at, refused=entry.refused)


def _place_bytes(raw: bytes) -> str | None:
    try:
        return place(strictjson.loads(raw))
    except strictjson.NotStrictJSON:
        return None


def _without_login(url: str) -> str:
    try:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return ""


def kept(headers: Headers, allowed: frozenset[str] = KEPT) -> Headers:
    """Return the headers that may be carried over.

    The length of a compressed answer is not that of the body which is carried, so it is left out.
    """
    names = allowed - {"content-length"} if header(headers, "content-encoding") else allowed
    return tuple((name, value) for name, value in headers if name.lower() in names)


def inflated(body: bytes, encoding: str) -> bytes:
    """Return a recorded body without its content encoding; raises UnreadableError past BODY_LIMIT bytes.

    Many recorders decompress the body and leave the header: what reads as text is taken to be decompressed.
    """
    if encoding.strip().lower() in ("", "identity") or _is_text(body):
        return body
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        raise UnreadableError(f"the body is compressed with {encoding[:20]!r}, which cannot be opened here")
    reader = zlib.decompressobj(wbits=47)  # 47: either of the zlib and gzip headers
    try:
        text = reader.decompress(body, BODY_LIMIT + 1)
    except zlib.error:
        raise UnreadableError(f"the body is said to be compressed with {encoding}, and is not") from None
    if len(text) > BODY_LIMIT:
        raise UnreadableError(f"the compressed body is larger than {BODY_LIMIT >> 20} MiB")
    if not reader.eof or reader.unused_data:
        raise UnreadableError("the compressed body is cut short, or goes on after its end")
    return text


def _is_text(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def table(value: object, name: str) -> Mapping[str, Any]:
    """Return a recorded value that must be a mapping; raises UnreadableError."""
    if not isinstance(value, dict):
        raise UnreadableError(f"{name} is missing or not a mapping")
    return value


def text(value: object, name: str) -> str:
    """Return a recorded value that must be a text, one that can be written down again; raises UnreadableError."""
    if not isinstance(value, str):
        raise UnreadableError(f"{name} is missing or not a text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise UnreadableError(f"{name} holds half of a character") from None
    return value


def status(value: object) -> int:
    """Return a recorded HTTP status; raises UnreadableError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 100 <= value <= 599:
        raise UnreadableError("the status of the answer is missing or not an HTTP status")
    return value


def octets(value: object, name: str) -> bytes:
    """Return a recorded body, text or bytes or nothing, as bytes; raises UnreadableError."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise UnreadableError(f"{name} is not a text")
    return value.encode("utf-8", "surrogatepass")


def unbase64(value: object, name: str) -> bytes:
    """Return the bytes of a text in base64; raises UnreadableError."""
    try:
        return base64.b64decode(text(value, name), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError(f"{name} is not base64") from None


def serialized(value: object) -> bytes:
    """Return a body that the recorder had parsed as the bytes of its JSON; raises UnreadableError."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError, RecursionError):
        raise UnreadableError("the parsed body holds a value that is not JSON") from None


def pairs(headers: object) -> Headers:
    """Return recorded headers, a mapping of names to values or a list of name and value; raises UnreadableError."""
    if headers is None:
        return ()
    if isinstance(headers, dict):
        found = [(name, one) for name, many in headers.items() for one in (many if isinstance(many, list) else [many])]
    elif isinstance(headers, list):
        found = [(table(each, "a header").get("name"), each.get("value")) for each in headers]
    else:
        raise UnreadableError("the headers are neither a mapping nor a list")
    return tuple((text(name, "the name of a header"), _header_value(value)) for name, value in found)


def _header_value(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, int) and abs(value) < 1 << 64:
        return str(value)
    return text(value, "the value of a header")


def moment(value: object) -> datetime | None:
    """Return a recorded time, ISO 8601 or already read, in UTC; None where it is none."""
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(when, datetime):
            return None
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
