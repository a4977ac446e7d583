"""The request signature of Kimi: what asks for it, and the four values of an exchange that ``signatures.verify`` takes.

Sources: https://platform.kimi.ai/docs/api/signatures-verify
"""

from __future__ import annotations

from typing import Any

from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Headers, header, member

NONCE = "X-Msh-Request-Nonce"
TIMESTAMP = "Msh-Request-Timestamp"
SIGNATURE = "Msh-Request-Signature"
# Digits of the largest number of 64 bits.
_LONGEST = 19


def asked_for(nonce: str | None) -> Headers:
    """Return the header that asks for a signature, or none for None."""
    return () if nonce is None else ((NONCE, nonce),)


def nonce_of(exchange: Exchange) -> str | None:
    """Return the nonce that a request bore, or None."""
    return header(exchange.request.headers, NONCE)


def timestamp_of(exchange: Exchange) -> int:
    """Return the milliseconds since 1970 at which an answer was signed; raises CouldNotCheck where it tells none."""
    said = exchange.header(TIMESTAMP) or ""
    if not (said.isascii() and said.isdigit() and len(said) <= _LONGEST):
        raise CouldNotCheck(Finding(f"header {TIMESTAMP}", "milliseconds since 1970", said or "no such header"))
    return int(said)


def signed(exchange: Exchange) -> dict[str, Any]:
    """Return what ``signatures.verify`` is to be asked about an exchange; raises CouldNotCheck where a part lacks."""
    nonce, signature = nonce_of(exchange), exchange.header(SIGNATURE)
    if not nonce:
        raise CouldNotCheck(Finding("request", f"a header {NONCE}", "none"))
    if not signature:
        raise CouldNotCheck(Finding(f"header {SIGNATURE}", "a signature", "no such header"))
    timestamp, model = timestamp_of(exchange), member(exchange.asked, "/model", str)
    return {"nonce": nonce, "timestamp": timestamp, "model": model, "signature": signature}
