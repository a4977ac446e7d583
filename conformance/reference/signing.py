"""The request signature: headers on a chat answer whose request bore a nonce, and ``POST /v1/signatures/verify``."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from conformance.reference.answers import Answer, Call, invalid
from conformance.reference.state import Service

PREFIX = "reqsigv1_"
_TEXTS = ("nonce", "model", "signature")


def headers(call: Call, model: str) -> dict[str, str]:
    """Return the headers that sign a request, none where it bears no nonce, an empty one or several."""
    nonce = call.headers.get("x-msh-request-nonce", "").strip()
    if not nonce or "," in nonce:
        return {}
    timestamp = int(call.service.clock() * 1000)
    return {
        "Msh-Request-Timestamp": str(timestamp),
        "Msh-Request-Signature": sign(call.service, nonce, timestamp, model),
    }


def sign(service: Service, nonce: str, timestamp: int, model: str) -> str:
    """Return the signature of a request: the same values get the same one, and nothing is kept of them."""
    signed = "\n".join((service.name("signing"), nonce, str(timestamp), model))
    digest = hashlib.sha256(signed.encode("utf-8", "replace")).digest()
    return PREFIX + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def verify(call: Call) -> Answer:
    """Answer whether a signature is that of the other three values."""
    asked = call.members()
    _check(asked)
    signature = sign(call.service, asked["nonce"], asked["timestamp"], asked["model"])
    return Answer({"valid": signature == asked["signature"]}, headers={"Cache-Control": "no-store"})


def _check(asked: dict[str, Any]) -> None:
    for name in _TEXTS:
        if not isinstance(asked.get(name), str) or not asked[name]:
            raise invalid(f"Invalid request: {name} must be a string that is not empty")
    timestamp = asked.get("timestamp")
    if type(timestamp) is not int or timestamp < 1:
        raise invalid("Invalid request: timestamp must be a positive integer")
