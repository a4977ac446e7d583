"""Asking whether a signature is Kimi's own: of an answer that was given, and of what somebody made of it."""

from typing import Any

from conformance.evidence import signatures
from conformance.evidence.api import Api
from conformance.scenarios import scenario
from conformance.scenarios.refusals import WRONG_KEY
from conformance.vocabulary import CouldNotCheck, Exchange, Finding

VERIFY = "signatures.verify"
OTHER_NONCE = "00000000-0000-4000-8000-000000000000"
# What nobody signed, and has the form of what was.
UNSIGNED: dict[str, Any] = {
    "nonce": OTHER_NONCE, "timestamp": 1786338000123, "model": "kimi-k2.6", "signature": "reqsigv1_kimiconformance",
}  # fmt: skip


@scenario("signatures.verify", VERIFY, control="chat.one-word", follows=True)
def verify(api: Api) -> None:
    """Ask about the signature of chat.one-word, then with each of its values changed, then as it was again."""
    told = _signed(api.control)
    for changed in ({}, *others(told), {}):
        api.call(VERIFY, json=told | changed)


def _signed(said: tuple[Exchange, ...]) -> dict[str, Any]:
    if not said:
        raise CouldNotCheck(Finding("", "a signed answer", "none was asked for"))
    return signatures.signed(said[-1])


def others(told: dict[str, Any]) -> list[dict[str, Any]]:
    """Return another value for each of the four."""
    model = "kimi-k3" if told["model"] != "kimi-k3" else "kimi-k2.6"
    # In the middle: at its end an encoding may have bits that mean nothing.
    text = told["signature"]
    half = len(text) // 2
    letter = "A" if text[half] != "A" else "B"
    signature = text[:half] + letter + text[half + 1 :]
    return [
        {"nonce": OTHER_NONCE}, {"timestamp": told["timestamp"] + 1}, {"model": model}, {"signature": signature},
    ]  # fmt: skip


@scenario("refusals.signature-incomplete", refusal="signature-incomplete", control="signatures.verify")
def incomplete(api: Api) -> None:
    """Ask about a signature without one of its four values, each once."""
    for name in UNSIGNED:
        api.call(VERIFY, json={other: value for other, value in UNSIGNED.items() if other != name}, refused=True)


@scenario("refusals.signature-bad-key", refusal="signature-bad-key", control="signatures.verify")
def bad_key(api: Api) -> None:
    """Ask about a signature with a key that nobody has."""
    api.call(VERIFY, json=UNSIGNED, key=WRONG_KEY, refused=True)
