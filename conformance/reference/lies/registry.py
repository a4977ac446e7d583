"""How a lie is told: it stands between the caller and the honest server, and may change what either of them says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from conformance.reference import account
from conformance.reference.answers import Answer, Call, Handler, Refused

Lie = Callable[[Call, Handler], Answer]
"""Answers a call in its own way, with the honest handler at hand."""

LIES: dict[str, Lie] = {}

Told = TypeVar("Told", bound=Callable[..., object])


def lie(name: str) -> Callable[[Lie], Lie]:
    """Register a lie that answers calls itself."""

    def register(told: Lie) -> Lie:
        LIES[name] = told
        return told

    return register


def in_call(name: str, *operations: str) -> Callable[[Told], Told]:
    """Register a lie that changes calls of some operations (none: of all) before the honest server hears them."""

    def register(change: Told) -> Told:
        def told(call: Call, honest: Handler) -> Answer:
            if not operations or call.operation in operations:
                change(call)
            return honest(call)

        LIES[name] = told
        return change

    return register


def in_asked(name: str, *operations: str) -> Callable[[Told], Told]:
    """Register a lie that changes the JSON object of requests before the honest server reads it."""

    def register(change: Told) -> Told:
        def told(call: Call, honest: Handler) -> Answer:
            if call.operation in operations:
                change_asked(call, change)
            return honest(call)

        LIES[name] = told
        return change

    return register


def in_answer(name: str, *operations: str) -> Callable[[Told], Told]:
    """Register a lie that changes answers, refusals too, of some operations (none: of all)."""

    def register(change: Told) -> Told:
        def told(call: Call, honest: Handler) -> Answer:
            answer = honest(call)
            if not operations or call.operation in operations:
                change(answer)
            return answer

        LIES[name] = told
        return change

    return register


def in_body(name: str, *operations: str) -> Callable[[Told], Told]:
    """Register a lie that changes the JSON object of successful answers of some operations (none: of all)."""

    def register(change: Told) -> Told:
        def change_body(answer: Answer) -> None:
            if answer.status == 200 and isinstance(answer.body, dict):
                change(answer.body)

        in_answer(name, *operations)(change_body)
        return change

    return register


def change_asked(call: Call, change: Callable[..., object]) -> None:
    """Change the JSON object of a request in place; what is none is left alone."""
    try:
        asked: dict[str, Any] = call.members()
    except Refused:
        return
    change(asked)
    call.body = json.dumps(asked).encode()


def refused_once(call: Call, honest: Handler, answer: Answer) -> Answer:
    """Return a refusal where something is asked for the first time, and an honest answer from then on."""
    asked_for = f"{call.method} {call.path}"
    call.service.drawn[asked_for] += 1
    if call.service.drawn[asked_for] > 1:
        return honest(call)
    answer.headers = account.trace(call.service) | answer.headers
    return answer
