"""Lies about signatures: who is said to have signed what, and in which words."""

from __future__ import annotations

from typing import Any

from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.lies.registry import LIES, Lie, change_asked, in_answer, in_body, in_call, lie
from conformance.reference.signing import PREFIX, sign

_VERIFY = "signatures.verify"
_CHAT = "chat.completions"


@in_body("every-signature-valid", _VERIFY)
def _(body: dict[str, Any]) -> None:
    body["valid"] = True


@in_body("no-signature-valid", _VERIFY)
def _(body: dict[str, Any]) -> None:
    body["valid"] = False


# What is signed, and asked about, in place of a value that a lie does not look at.
_UNSEEN: dict[str, Any] = {"nonce": "any", "timestamp": 1, "model": "any"}


def _signed_with(call: Call, honest: Handler, instead: dict[str, Any]) -> Answer:
    """Answer a chat with the signature of other values than its own."""
    answer = honest(call)
    if call.operation == _CHAT and "Msh-Request-Signature" in answer.headers:
        signed = {
            "nonce": call.headers["x-msh-request-nonce"],
            "timestamp": int(answer.headers["Msh-Request-Timestamp"]),
            "model": call.members()["model"],
        }
        answer.headers["Msh-Request-Signature"] = sign(call.service, **signed | instead)
    return answer


def _blind_to(name: str) -> Lie:
    unseen = {name: _UNSEEN[name]}

    def told(call: Call, honest: Handler) -> Answer:
        if call.operation == _VERIFY:
            change_asked(call, lambda asked: asked.update(unseen if name in asked else {}))
        return _signed_with(call, honest, unseen)

    return told


LIES.update({f"signature-blind-to-{name}": _blind_to(name) for name in _UNSEEN})


@lie("other-model-signed")
def _(call: Call, honest: Handler) -> Answer:
    return _signed_with(call, honest, {"model": "moonshot-v1-8k"})


@lie("signature-valid-once")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _VERIFY and answer.status == 200 and answer.body["valid"]:
        call.service.drawn[_VERIFY] += 1
        answer.body["valid"] = call.service.drawn[_VERIFY] == 1
    return answer


@in_answer("wrong-signature-not-found", _VERIFY)
def _(answer: Answer) -> None:
    if answer.status == 200 and not answer.body["valid"]:
        answer.status = 404


@in_body("valid-as-string", _VERIFY)
def _(body: dict[str, Any]) -> None:
    body["valid"] = str(body["valid"]).lower()


@in_body("valid-missing", _VERIFY)
def _(body: dict[str, Any]) -> None:
    body["is_valid"] = body.pop("valid")


@in_answer("signature-cached", _VERIFY)
def _(answer: Answer) -> None:
    if answer.status == 200:
        answer.headers["Cache-Control"] = "max-age=3600"


@in_answer("signature-headers-missing", _CHAT)
def _(answer: Answer) -> None:
    for name in ("Msh-Request-Timestamp", "Msh-Request-Signature"):
        answer.headers.pop(name, None)


def _prefixed(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: PREFIX + text for name, text in asked.items() if name == "signature" and isinstance(text, str)}


@lie("signature-without-prefix")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation == _VERIFY:
        change_asked(call, lambda asked: asked.update(_prefixed(asked)))
    answer = honest(call)
    if signature := answer.headers.get("Msh-Request-Signature"):
        answer.headers["Msh-Request-Signature"] = signature.removeprefix(PREFIX)
    return answer


@lie("signature-timestamp-in-seconds")
def _(call: Call, honest: Handler) -> Answer:
    answer = _signed_with(call, honest, {"timestamp": call.service.now()})
    if "Msh-Request-Timestamp" in answer.headers:
        answer.headers["Msh-Request-Timestamp"] = str(call.service.now())
    return answer


@in_call("empty-nonce-signed", _CHAT)
def _(call: Call) -> None:
    if call.headers.get("x-msh-request-nonce") == "":
        call.headers = {**call.headers, "x-msh-request-nonce": "none"}


@in_call("nonce-of-another-signed", _CHAT)
def _(call: Call) -> None:
    if call.headers.get("x-msh-request-nonce"):
        call.headers = {**call.headers, "x-msh-request-nonce": "of-somebody-else"}


@lie("incomplete-signature-answered")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _VERIFY and answer.status == 400:
        return Answer({"valid": False}, headers=answer.headers | {"Cache-Control": "no-store"})
    return answer


@in_call("signatures-for-everybody", _VERIFY)
def _(call: Call) -> None:
    call.trusted = True
