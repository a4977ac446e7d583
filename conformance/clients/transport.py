"""What stands between the OpenAI SDK and our client: a transport for the SDK that sends on what it is asked.

So the limits, the redaction and the evidence are those of every run, and the SDK never sees the key: it is given a name
in its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
import openai

from conformance.evidence.client import ATTEMPTS, Client
from conformance.vocabulary import Exchange, Headers

PLACEHOLDER = "the-key"
# Our client says these itself.
_OURS = frozenset({"host", "accept-encoding", "connection", "content-length", "authorization"})
# They speak of the bytes on the wire, of which the SDK gets none.
_OF_THE_WIRE = frozenset({"content-length", "content-encoding", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Step:
    """What the next request of the SDK is made for: whoever sends it must say so, and the SDK does not know."""

    scenario: str
    number: str
    endpoint: str
    refused: bool


@dataclass
class Bridge(httpx2.BaseTransport):
    """Sends on the requests of the SDK, and keeps what each came to, with the headers that the SDK gave it.

    ``added`` are headers that an answer gets before the SDK sees it; ``attempts`` is how often a request is sent at the
    most. Raises httpx2.ConnectError where there was no answer. ``crash`` is what broke on our side: the SDK may take it
    for a fault of the wire.
    """

    client: Client
    key: str = field(repr=False)
    added: Headers = ()
    attempts: int = ATTEMPTS
    step: Step = Step("", "0", "unknown", False)
    exchanges: list[Exchange] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    crash: Exception | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return what the target answers, as our client keeps it."""
        try:
            exchange = self._exchange(request)
        except Exception as error:
            self.crash = error
            raise
        return _answer(exchange, request, self.added)

    def _exchange(self, request: httpx2.Request) -> Exchange:
        base = str(httpx2.URL(self.client.target.base_url))
        given = {name: value for name, value in request.headers.items() if name not in _OURS}
        said = request.headers.get("authorization", "")
        key = self.key if said == f"Bearer {PLACEHOLDER}" else said.removeprefix("Bearer ") or None
        sent = self.client.request(
            request.method,
            str(request.url).removeprefix(base.rstrip("/")),
            body=request.read(),
            headers=tuple(given.items()),
            key=key,
        )
        step = self.step
        exchange = self.client.exchange(
            step.scenario, step.number, step.endpoint, sent, refused=step.refused, attempts=self.attempts
        )
        self.exchanges.append(exchange)
        self.headers.append(given)
        return exchange


def _answer(exchange: Exchange, request: httpx2.Request, added: Headers) -> httpx2.Response:
    answer = exchange.response
    if answer is None:
        raise httpx2.ConnectError(exchange.failure or "no answer", request=request)
    kept = [pair for pair in answer.headers if pair[0].lower() not in _OF_THE_WIRE]
    return httpx2.Response(answer.status, headers=[*kept, *added], content=answer.body, request=request)


@contextmanager
def sdk(bridge: Bridge, *, retries: int = 0) -> Iterator[openai.OpenAI]:
    """Yield the SDK with a base URL and a key, and nothing else: no variable of the environment has a say in it."""
    with _without("OPENAI_"):
        client = openai.OpenAI(
            base_url=bridge.client.target.base_url,
            api_key=PLACEHOLDER,
            max_retries=retries,
            http_client=httpx2.Client(transport=bridge, trust_env=False, follow_redirects=False),
        )
        with client:
            yield client


@contextmanager
def _without(prefix: str) -> Iterator[None]:
    hidden = {name: value for name, value in os.environ.items() if name.startswith(prefix)}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)
