"""What answers cost: the usage that each tells, and the catalogue's price for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from conformance import catalogue, strictjson
from conformance.catalogue import gateways
from conformance.judge import answers
from conformance.vocabulary import CouldNotCheck, Exchange, Price, Target, find

Usage = dict[str, Any]
MILLION = 1_000_000
CHATS = ("chat.completions", "chat.stream", "openrouter.chat", "aimlapi.chat", "compatible.chat")


def price_of(model: str) -> Price:
    """Return the price of a model; an unknown one is taken for the dearest."""
    known = catalogue.models().get(model)
    prices = [other.price for other in catalogue.models().values() if other.price]
    return (known and known.price) or max(prices, key=lambda price: price.output)


def unpriced(target: Target, model: str) -> str | None:
    """Return the currency that a target bills in, where no price of a model is known in it; else None.

    A host of which no currency is known is taken to bill as the vendor does.
    """
    host = gateways.host_of(target.canonical_url)
    return host.currency if host and host.currency not in ("", price_of(model).currency) else None


def usages(exchanges: Iterable[Exchange]) -> Iterator[tuple[Usage, float]]:
    """Yield the usage that each answer tells, with the share of the price that it is billed at."""
    for exchange in exchanges:
        if exchange.response is None or exchange.response.status != 200:
            continue
        if exchange.endpoint in CHATS:
            if isinstance(usage := find(_whole(exchange), "/usage"), dict):
                yield usage, 1.0
        elif exchange.endpoint == "batches.output":
            for line in exchange.response.body.split(b"\n"):
                if isinstance(usage := find(_parsed(line), "/response/body/usage"), dict):
                    yield usage, catalogue.batch_share()


def is_silent(exchange: Exchange) -> bool:
    """Tell whether nobody knows what a chat cost: its answer tells no usage, or one to it was lost on the way."""
    if exchange.endpoint not in CHATS or not exchange.request.method:
        return False
    if exchange.response is None or any(attempt.failure for attempt in exchange.attempts):
        return True
    return exchange.response.status == 200 and not any(True for _ in usages([exchange]))


def _whole(exchange: Exchange) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return answers.whole(exchange).json
    except CouldNotCheck:
        return None


def _parsed(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return strictjson.loads(line)
    except strictjson.NotStrictJSON:
        return None


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 2**53


def count(usage: Usage, name: str) -> int:
    """Return a count of a usage, nothing where it is no count."""
    value = usage.get(name)
    return value if _is_count(value) else 0


def is_told(usage: Usage) -> bool:
    """Tell whether a usage has the counts that are paid for: one without them says nothing about what it cost."""
    counts = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
    return all(map(_is_count, counts))


def cost_of(usage: Usage, price: Price) -> float:
    """Return what a usage costs; tokens that were read from the cache are cheaper."""
    cached, prompt = count(usage, "cached_tokens"), count(usage, "prompt_tokens")
    fresh, completion = max(0, prompt - cached), count(usage, "completion_tokens")
    return (cached * price.cache_hit + fresh * price.input + completion * price.output) / MILLION


def spent(told: Iterable[tuple[Usage, float]], model: str) -> float:
    """Return what usages cost at the catalogue's price of a model, nothing where it has none."""
    known = catalogue.models().get(model)
    return sum(cost_of(usage, known.price) * share for usage, share in told) if known and known.price else 0.0
