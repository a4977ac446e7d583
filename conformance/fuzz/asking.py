"""Requests as they go out: through the client of every run, with few tokens to produce, and each within its limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from conformance import strictjson
from conformance.contract import ledger
from conformance.evidence.client import ATTEMPTS, Client, json_bytes
from conformance.fuzz import validity
from conformance.fuzz.allowance import Allowance, Stop
from conformance.fuzz.document import MOST_TOKENS
from conformance.fuzz.leftovers import CREATING
from conformance.vocabulary import Exchange, Headers

# So many requests in a row without an answer are no finding about one of them: nobody is there.
SILENCE = 3
_PATHS = tuple(
    (endpoint.method, re.compile(re.sub(r"\\{\w+\\}", "[^/?]+", re.escape(endpoint.path)) + r"/?(\?.*)?"), name)
    for name, endpoint in ledger.endpoints().items()
)
CAPS = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request below the base URL; ``key`` is None where it goes without one."""

    method: str
    path: str
    headers: Headers
    body: bytes
    key: str | None


class Asker:
    """Sends requests, and hands every exchange to ``keep``; ``phase`` is the scenario that it is kept under."""

    def __init__(self, client: Client, allowance: Allowance, keep: Callable[[Exchange], None]) -> None:
        self._client = client
        self._keep = keep
        self._silent = 0
        self.allowance = allowance
        self.phase = "fuzz.key"

    def ask(self, sent: Sent) -> Exchange:
        """Send a request; raises Stop where it may not be made, and ValueError where no HTTP client could send it."""
        if self._silent >= SILENCE:
            self.allowance.reached = f"{SILENCE} requests in a row got no answer"
            raise Stop
        endpoint = endpoint_of(sent.method, sent.path)
        body, tokens = capped(sent.body) if endpoint == "chat.completions" else (sent.body, MOST_TOKENS)
        request = self._client.request(sent.method, sent.path, body=body, headers=sent.headers, key=sent.key)
        wanted = self.allowance.take(endpoint, len(body), tokens)
        # Each attempt is a request; one was just set aside.
        attempts = min(ATTEMPTS, max(1, self.allowance.left - (endpoint in CREATING)))
        exchange = self._client.exchange(self.phase, "1", endpoint, request, refused=False, attempts=attempts)
        exchange = named(exchange)
        self.allowance.settle(wanted, exchange)
        self._silent = self._silent + 1 if exchange.response is None else 0
        self._keep(exchange)
        return exchange

    def clean_up(self, key: str) -> None:
        """Take away what is left on the account; each of these requests was kept back for it."""
        for name, (method, path) in list(self.allowance.leftovers.owed.items()):
            del self.allowance.leftovers.owed[name]
            self.allowance.share = 1
            self.ask(Sent(method, path, (), b"", key))


def named(exchange: Exchange) -> Exchange:
    """Return an exchange under the endpoint of what it asks for, which for a chat stands in its body."""
    if exchange.endpoint == "chat.completions" and _members(exchange.request.body).get("stream") is True:
        exchange = replace(exchange, endpoint="chat.stream")
    return replace(exchange, refused=bool(validity.wrongs(exchange)))


def endpoint_of(method: str, path: str) -> str:
    """Return the endpoint that a path leads to."""
    return next((name for verb, form, name in _PATHS if verb == method and form.fullmatch(path)), "unknown")


def capped(body: bytes) -> tuple[bytes, int]:
    """Return the body of a chat that asks for few tokens, and for how many; what is no such number stays as it is."""
    asked = _members(body)
    if "messages" not in asked:
        return body, MOST_TOKENS
    answers = asked["n"] if type(asked.get("n")) is int and 1 <= asked["n"] <= 5 else 1
    told = [name for name in CAPS if asked.get(name) is not None]
    caps = {name: MOST_TOKENS for name in told if _is_number(asked[name]) and asked[name] > MOST_TOKENS}
    if not told:
        caps = {CAPS[0]: MOST_TOKENS}
    return (json_bytes(asked | caps) if caps else body), MOST_TOKENS * answers


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _members(body: bytes) -> dict[str, Any]:
    try:
        value = strictjson.loads(body)
    except strictjson.NotStrictJSON:
        return {}
    return value if isinstance(value, dict) else {}
