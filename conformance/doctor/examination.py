"""The steps in their order: the first that fails is explained, and nothing can be said of those behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.doctor import account, keys, network
from conformance.doctor.steps import Seen, Step, record, unknown
from conformance.vocabulary import Status

STEPS: Mapping[str, Callable[[Seen], Step]] = {
    "key": keys.key,
    "dns": network.dns,
    "connection": network.connection,
    "tls": network.tls,
    "answer": network.answer,
    "clock": network.clock,
    "cors": network.cors,
    "accepted": account.accepted,
    "balance": account.balance,
    "models": account.models,
    "call": account.call,
}
# Where one of these fails, nothing that is asked can succeed; a run goes on in spite of the others.
IN_THE_WAY = ("key", "dns", "connection", "tls", "answer", "accepted")


def examine(seen: Seen) -> dict[str, Step]:
    """Return what every step comes to."""
    found: dict[str, Step] = {}
    broken = ""
    for name, judge in STEPS.items():
        found[name] = unknown(f"The step {broken} failed before.") if broken else judge(seen)
        if found[name].status is Status.FAIL:
            broken = name
    return found


def failed(found: Mapping[str, Step]) -> str | None:
    """Return the name of the step that failed, or None."""
    return next((name for name, step in found.items() if step.status is Status.FAIL), None)


def records(found: Mapping[str, Step]) -> list[dict[str, Any]]:
    """Return the steps as run files and reports have them."""
    return [record(name, step) for name, step in found.items()]
