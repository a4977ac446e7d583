"""Where the JSON values stand in an exchange, each with the schema that judges it, and how another one is put there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.checks.test_refusals import envelope_of
from conformance.contract import ledger
from conformance.vocabulary import Exchange, Response


@dataclass(frozen=True)
class Body:
    """One JSON value of an exchange: ``put`` returns the exchange with another value in its place."""

    schema: str
    value: Any
    put: Callable[[Any], Exchange]


def bodies(exchange: Exchange) -> Iterator[Body]:
    """Yield the JSON values of an answer of the reference server: one, one a line, or one an event."""
    answer = exchange.response
    endpoint = ledger.endpoints().get(exchange.endpoint)
    if answer is None or (answer.status < 400 and (endpoint is None or endpoint.answer is None)):
        return
    if answer.status >= 400:
        yield from _parts(exchange, answer, envelope_of(exchange) or "error", b"", b"")
    elif endpoint and endpoint.events:
        yield from _parts(exchange, answer, str(endpoint.answer), b"\n\n", b"data: ")
    elif endpoint:
        yield from _parts(exchange, answer, str(endpoint.answer), b"\n" if endpoint.lines else b"", b"")


def _parts(exchange: Exchange, answer: Response, schema: str, end: bytes, begin: bytes) -> Iterator[Body]:
    """Yield the values of a body whose parts are ended by ``end`` (empty: it is one part) and begin with ``begin``."""
    parts = answer.body.split(end) if end else [answer.body]
    for number, part in enumerate(parts):
        if not part.startswith(begin + b"{"):
            continue

        def put(value: Any, number: int = number) -> Exchange:  # noqa: ANN401 - any JSON value
            told = begin + json.dumps(value, ensure_ascii=False).encode()
            changed = end.join([*parts[:number], told, *parts[number + 1 :]])
            return replace(exchange, response=replace(answer, body=changed, pieces=()))

        yield Body(schema, json.loads(part.removeprefix(begin)), put)
