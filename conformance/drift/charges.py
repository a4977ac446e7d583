"""What each side asks for an answer and for a token, beside the vendor's price."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from conformance import catalogue
from conformance.drift.facts import Cell, unknown
from conformance.drift.sides import CHATS, Side, values
from conformance.judge import answers, costs
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Price, find

VENDORS = "1.00"
# Where gateways tell what an answer cost, in USD, and what a token costs; and how many were read from a cache.
_MONEY = ("/usage/cost", "/meta/usage/usd_spent")
_PER_TOKEN = ("/pricing/prompt", "/pricing/completion")
_CACHED = ("/cached_tokens", "/prompt_tokens_details/cached_tokens")
# What a gateway rounds.
_SLACK = 0.005


def charged(side: Side) -> Cell:
    """Return what the answers say that they cost, as a multiple of the vendor's price for the same tokens.

    Where an answer does not tell how many tokens were read from a cache, any number of them may have been.
    """
    told = [(usage, cost) for one in side.answered() for usage, cost in _costs(one)]
    known = catalogue.models().get(side.announced or "")
    if not told:
        return Cell(VENDORS, "the vendor's price") if side.official else unknown("no answer tells what it cost")
    bounds = [_bounds(usage, known.price) for usage, _ in told] if known and known.price else []
    total, least, most = sum(cost for _, cost in told), sum(low for low, _ in bounds), sum(high for _, high in bounds)
    if not most:
        return unknown("the catalogue has no price of this model")
    if least * (1 - _SLACK) <= total <= most * (1 + _SLACK):
        return Cell(VENDORS, f"{total:.6f} USD, the vendor's price")
    times = total / (least if total < least else most)
    return Cell(f"{times:.2f}", f"{total:.6f} USD, {times:.2f} times the vendor's price")


def _bounds(usage: costs.Usage, price: Price) -> tuple[float, float]:
    cached = [count for where in _CACHED if (count := find(usage, where)) is not ABSENT]
    possible = cached[:1] or [costs.count(usage, "prompt_tokens"), 0]
    prices = [costs.cost_of(usage | {"cached_tokens": count}, price) for count in possible]
    return min(prices), max(prices)


def _costs(exchange: Exchange) -> Iterator[tuple[costs.Usage, float]]:
    """Yield the usage of an answer and the money that it tells, where it tells both."""
    if exchange.endpoint not in CHATS:
        return
    with suppress(CouldNotCheck):
        said = answers.whole(exchange)
        usage = said.at("/usage", dict)
        costly = [said.at(where, float) for where in _MONEY if find(said.json, where) is not ABSENT]
        if costly and 0 <= costly[0] < costs.MILLION:
            yield usage, costly[0]


def listed(side: Side) -> Cell:
    """Return the price in the list of models; at the vendor's own hosts, which list none, that of the catalogue."""
    known = catalogue.models().get(side.announced or "")
    if side.official and known and known.price:
        price = _price(known.price.input, known.price.output)
        return Cell(price, f"{price} (the catalogue's)")
    lists = [exchange for exchange in side.answered() if exchange.endpoint.endswith(("models", "models.list"))]
    data = [find(value, "/data") for exchange in lists for value in values(exchange)]
    entries = [entry for each in data if isinstance(each, list) for entry in each]
    told = [_pricing(entry) for entry in entries if find(entry, "/id") == side.model]
    price = next(filter(None, told), "")
    return Cell.of(price) if price else unknown("the list of models tells no price")


def _pricing(entry: object) -> str | None:
    try:
        prices = [float(find(entry, where)) * costs.MILLION for where in _PER_TOKEN]
    except (TypeError, ValueError):
        return None
    return _price(*prices) if all(0 <= price < costs.MILLION for price in prices) else None


def _price(prompt: float, completion: float) -> str:
    return f"{prompt:.2f} / {completion:.2f} USD per million tokens"
