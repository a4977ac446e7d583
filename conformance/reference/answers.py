"""What goes in and out of the reference server: calls, answers, and the four error envelopes of the service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance import strictjson
from conformance.reference.state import Service

JSON = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a multipart form: its name and its bytes."""

    filename: str
    content: bytes


@dataclass(slots=True)
class Call:
    """One request as the server sees it: ``headers`` by lower-case name, ``item`` the id in its path.

    ``trusted`` lets it pass without a key; only a lie sets it.
    """

    operation: str
    method: str
    path: str
    service: Service
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    item: str = ""
    body: bytes = b""
    form: Mapping[str, str | Upload] | None = None
    trusted: bool = False

    def members(self) -> dict[str, Any]:
        """Return the JSON object in the body; raises Refused where there is none."""
        try:
            value = strictjson.loads(self.body)
        except strictjson.NotStrictJSON as error:
            raise Refused(Answer(gateway(3, "非法输入", str(error) if self.body.strip() else "EOF"), 400)) from None
        if not isinstance(value, dict):
            raise invalid("Invalid request: the body must be a JSON object")
        return value


@dataclass(slots=True)
class Stream:
    """A stream of server-sent events, in the order in which they are sent.

    A frame is a chunk, sent as ``data:`` and its JSON, or bytes that are sent as they are. ``pause`` is in seconds
    before each frame but the first.
    """

    frames: list[dict[str, Any] | bytes]
    pause: float = 0.0

    def encoded(self) -> Iterator[bytes]:
        """Yield the bytes of each frame."""
        for frame in self.frames:
            yield frame if isinstance(frame, bytes) else b"data: " + _json(frame) + b"\n\n"


@dataclass(slots=True)
class Answer:
    """One answer: ``delay`` is in seconds.

    ``body`` is any JSON value, a stream of events, or bytes that are sent as they are.
    """

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = JSON
    delay: float = 0.0

    def encoded(self) -> bytes:
        """Return the bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return b"".join(self.body.encoded()) if isinstance(self.body, Stream) else _json(self.body)


def _json(value: object) -> bytes:
    # A lone surrogate is legal in JSON and has no UTF-8 form.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


Handler = Callable[[Call], Answer]


class Refused(Exception):
    """Raised by whatever turns a request down; bears the answer that says so."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.body}")
        self.answer = answer


def refusal(status: int, kind: str, message: str) -> Refused:
    """Return a refusal in the envelope of the API: an object under ``error``."""
    return Refused(Answer({"error": {"message": message, "type": kind}}, status))


def invalid(message: str) -> Refused:
    """Return the refusal of a request that asks for what cannot be."""
    return refusal(400, "invalid_request_error", message)


def not_found(message: str) -> Refused:
    """Return the refusal of a request that names what is not there."""
    return refusal(404, "resource_not_found_error", message)


def gateway(code: int, message: str, error: str, **more: str) -> dict[str, Any]:
    """Return the envelope of the gateway in front of the API, in which ``error`` is a text."""
    members = {"code": code, "error": error, "message": message, "scode": hex(code), "status": False, **more}
    return {name: members[name] for name in sorted(members)}


def data(value: dict[str, Any]) -> Answer:
    """Return a success in the envelope of the account and tokenizer operations."""
    return Answer({"code": 0, "data": value, "scode": "0x0", "status": True})
