"""Where the JSON values stand in an exchange, each with the schema that judges it, and how another one is put there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.checks.test_refusals import schema_of
from conformance.contract import ledger
from conformance.vocabulary import Exchange, Response


@dataclass(frozen=True)
class Body:
    """One JSON value of an exchange: ``put`` returns the exchange with another value in its place."""

    schema: str
    value: Any
    put: Callable[[Any], Exchange]


def judged_by(exchange: Exchange) -> str | None:
    """Return the schema that judges the answer of an exchange, or its parts; None where none does."""
    if exchange.response and exchange.response.status >= 400:
        return schema_of(exchange)
    endpoint = ledger.endpoints().get(exchange.endpoint)
    return endpoint.answer if endpoint else None


def bodies(exchange: Exchange) -> Iterator[Body]:
    """Yield the JSON values of an answer of the reference server: one, one a line, or one an event."""
    answer, schema = exchange.response, judged_by(exchange)
    if answer is None or schema is None:
        return
    endpoint = ledger.endpoints().get(exchange.endpoint)
    if answer.status < 400 and endpoint and endpoint.events:
        yield from _parts(exchange, answer, schema, b"\n\n", b"data: ")
    else:
        yield from _parts(exchange, answer, schema, b"\n" if endpoint and endpoint.lines else b"", b"")


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
