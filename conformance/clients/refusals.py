"""What the SDK makes of a refusal: the exception, and what of the error it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import openai

from conformance.clients.comparison import Difference, Kind, compare
from conformance.clients.table import Row, weighed
from conformance.vocabulary import CouldNotCheck, Exchange, Status, Target, find

_SCHEMA = "error"


def rows(exchange: Exchange, error: openai.APIStatusError, target: Target, broken: frozenset[str]) -> Iterator[Row]:
    """Yield the class of the exception, and what became of each member of the error."""
    status = exchange.response.status if exchange.response else 0
    yield Row(exchange.endpoint, f"refusal {status}", Kind.REFUSED, str(status), type(error).__name__)
    for each in _differences(exchange, error):
        row = weighed(each, "refusal", exchange.endpoint, _SCHEMA, target, broken)
        yield replace(row, status=Status.PASS) if _is_framed(each) else row


def _differences(exchange: Exchange, error: openai.APIStatusError) -> Iterator[Difference]:
    """Compare the members that an exception of the SDK has with those of the error."""
    seen = {"message": error.message, "type": error.type, "code": error.code, "param": error.param}
    for each in compare(_error(exchange), seen, "/error"):
        name = each.where.rpartition("/")[2]
        if each.kind is Kind.HIDDEN and isinstance(error.body, dict) and name in error.body:
            yield replace(each, sdk="only in body")
        elif not isinstance(seen.get(name), str | None):
            yield replace(each, kind=Kind.MISTYPED, sdk=f"{each.sdk}, declared as Optional[str]")
        else:
            yield each


def _error(exchange: Exchange) -> dict[str, Any]:
    """Return the error as the envelope of this API has it, empty where there is none."""
    try:
        inner = find(exchange.json, "/error")
    except CouldNotCheck:
        return {}
    return inner if isinstance(inner, dict) else {}


def _is_framed(each: Difference) -> bool:
    """Tell whether a text is still whole, with a few words of the SDK before it."""
    return each.kind is Kind.CONVERTED and len(each.wire) > len('""') and each.sdk.endswith(each.wire.lstrip('"'))
