"""Who answered, by the signatures in recorded answers: each is asked about at the host that must have made it.

A signature tells that Kimi accepted a request with this nonce and model at that moment, and no more: not that the
answer beside it is Kimi's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance import rows
from conformance.catalogue import gateways
from conformance.checks import ANSWERS
from conformance.checks.clocks import SKEW
from conformance.evidence import signatures
from conformance.evidence.api import Api
from conformance.evidence.client import Client
from conformance.evidence.redact import Redactor
from conformance.judge import answers
from conformance.runner.session import Exit
from conformance.runner.settings import settings
from conformance.scenarios.signatures import VERIFY
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Mode


class Proof(StrEnum):
    """What became of a signature."""

    VALID = "valid"
    INVALID = "invalid"
    UNSIGNED = "unsigned"
    COULD_NOT_CHECK = "could-not-check"


@dataclass(frozen=True, slots=True)
class Verified:
    """One answer, what became of its signature, why, and what was asked about it (nothing where it is unsigned)."""

    exchange: Exchange
    proof: Proof
    reason: str
    told: dict[str, Any] | None = None


def eligible(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """Yield the chats that asked for a signature and were answered."""
    for exchange in exchanges:
        if exchange.endpoint in ANSWERS and answers.accepted(exchange) and signatures.nonce_of(exchange):
            yield exchange


def ask(target: str, exchanges: Iterable[Exchange]) -> list[Verified]:
    """Return what becomes of the signature of each answer; raises rows.ConfigurationError, as for a key that lacks."""
    asking = settings(target=target, mode=Mode.LIVE.value)
    if VERIFY not in asking.target.endpoints:
        raise rows.ConfigurationError(f"{asking.target.name} signs nothing; ask moonshot or moonshot-cn")
    client = Client(asking.target, Redactor(asking.target.key_variable, asking.key))
    try:
        api = Api(client, VERIFY, asking.model, asking.key, smallest={})
        return [verify(exchange, api) for exchange in exchanges]
    finally:
        client.close()


def verify(exchange: Exchange, api: Api) -> Verified:
    """Return what becomes of the signature of an answer, where the host behind ``api`` is asked about it."""
    try:
        told = asked_about(exchange)
    except CouldNotCheck as missing:
        return Verified(exchange, Proof.UNSIGNED, str(missing))
    asked = api.call(VERIFY, json=told)
    try:
        valid = _valid(asked)
    except CouldNotCheck as refused:
        return Verified(exchange, Proof.COULD_NOT_CHECK, str(refused), told)
    if not valid:
        return Verified(exchange, Proof.INVALID, "the host says that it did not sign this", told)
    if exchange.made_at is None:
        return Verified(exchange, Proof.VALID, "the recording does not tell when it was asked", told)
    seconds = told["timestamp"] / 1000 - exchange.made_at.timestamp()
    if abs(seconds) > SKEW + exchange.seconds:
        return Verified(exchange, Proof.INVALID, f"signed {seconds:+.0f} s from when this was asked: another's", told)
    return Verified(exchange, Proof.VALID, "signed when this was asked", told)


def asked_about(exchange: Exchange) -> dict[str, Any]:
    """Return what to ask about an answer; a gateway sends on the id by which the vendor knows the model.

    Raises CouldNotCheck where it is not signed.
    """
    told = signatures.signed(exchange)
    known = gateways.find(told["model"])
    return told | ({"model": known.model} if known else {})


def _valid(asked: Exchange) -> bool:
    answer = answers.response(asked)
    if answer.status != 200:
        raise CouldNotCheck(Finding("status", "200", f"{answer.status}: {answers.message(asked)}"))
    return asked.at("/valid", bool)


def exit_status(told: list[Verified]) -> Exit:
    """Return what the proofs come to: only where each answer is signed, and nothing is wrong, is anything proven."""
    proofs = {one.proof for one in told}
    if Proof.INVALID in proofs:
        return Exit.DOES_NOT_CONFORM
    return Exit.CONFORMS if proofs == {Proof.VALID} else Exit.COULD_NOT_CHECK
