"""The doctor's own requests: a preflight without the key, what is free, and in the end one chat that is paid for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import httpx

from conformance import catalogue
from conformance.doctor.examination import examine, failed
from conformance.doctor.network import PREFLIGHT_HEADERS
from conformance.doctor.steps import PREFLIGHT, Seen, Step
from conformance.evidence.api import Api
from conformance.evidence.client import Client
from conformance.evidence.connections import Connections
from conformance.evidence.redact import Redactor
from conformance.scenarios import scenarios
from conformance.vocabulary import Exchange

PAID = "chat.one-word"
SCENARIOS = ("models.list", "balance.read", PAID)
NAME = "doctor"


@dataclass(frozen=True)
class Examined:
    """What the doctor found, and everything that was asked."""

    steps: dict[str, Step]
    seen: Seen


def visit(
    seen: Seen, *, transport: httpx.BaseTransport | None = None, sleep: Callable[[float], None] = time.sleep
) -> Examined:
    """Ask step by step, until one fails; nothing is asked behind it, and nothing without a key."""
    found = examine(seen)
    if failed(found):
        return Examined(found, seen)
    connections = Connections()
    key = (seen.held or "").strip()
    # Three requests bear the key, which is what the least of accounts may ask in a minute.
    target = replace(seen.target, requests_per_minute=None)
    redactor = Redactor(target.key_variable, key)
    client = Client(target, redactor, transport=transport, connections=connections, sleep=sleep)
    try:
        for said in _asked(client, seen, key, sleep):
            seen = replace(seen, said=seen.said + said, connection=seen.connection or connections.last)
            found = examine(seen)
            if failed(found):
                break
    finally:
        client.close()
    return Examined(found, seen)


def _asked(client: Client, seen: Seen, key: str, sleep: Callable[[float], None]) -> Iterator[tuple[Exchange, ...]]:
    yield (preflight(client),)
    for name in SCENARIOS:
        asked = scenarios()[name]
        if set(asked.calls) <= seen.target.endpoints:
            smallest = seen.target.smallest or catalogue.smallest_call(seen.model)
            api = Api(client, NAME, seen.model, key, smallest=smallest, day=seen.day, sleep=sleep)
            asked.ask(api)
            yield tuple(api.exchanges)


def preflight(client: Client) -> Exchange:
    """Ask what a browser asks ahead of a chat; without the key, and once."""
    request = client.request("OPTIONS", "/chat/completions", headers=PREFLIGHT_HEADERS, key=None)
    return client.exchange(NAME, PREFLIGHT, PREFLIGHT, request, refused=False, attempts=1)
