"""What the SDK sends, beside what it was given to send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.clients.comparison import Difference, Kind, compare
from conformance.clients.table import ANY, Row
from conformance.vocabulary import CouldNotCheck, Exchange, Status


def rows(exchange: Exchange, given: dict[str, Any], headers: dict[str, str]) -> Iterator[Row]:
    """Yield what became of a request on its way, and the headers that the SDK gave it."""
    for name, value in headers.items():
        yield Row(ANY, f"request header {name}", Kind.ADDED, value, "nobody gave it")
    if given:
        yield from (_row(exchange.endpoint, each) for each in compare(given, _asked(exchange)))


def _asked(exchange: Exchange) -> object:
    try:
        return exchange.asked
    except CouldNotCheck:
        return {}


def _row(endpoint: str, each: Difference) -> Row:
    """Return a difference as a row: compare() took what was given for the wire, and what was sent for what is shown."""
    what = f"request {each.where}"
    if each.kind is Kind.FILLED_IN:
        return Row(endpoint, what, Kind.ADDED, each.sdk, "nobody gave it")
    if each.kind is Kind.HIDDEN:
        return Row(endpoint, what, Kind.HIDDEN, "nothing", each.wire, Status.WARN)
    return Row(endpoint, what, each.kind, each.sdk, each.wire, Status.PASS if each.kind is Kind.SAME else Status.WARN)
