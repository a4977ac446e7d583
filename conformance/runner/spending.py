"""What a run may cost, does cost, and did cost: in tokens, in money, and by the balance before and after."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from conformance.judge import answers
from conformance.judge.costs import CHATS, MILLION, cost_of, count, is_told, price_of, spent, unpriced, usages
from conformance.vocabulary import CouldNotCheck, Exchange, Run, Scenario, Spending


def most(scenario: Scenario, model: str) -> float:
    """Return the most that a scenario may cost, in the currency of the catalogue's prices."""
    return cost_in(scenario.spends, model)


def cost_in(spends: Spending, model: str) -> float:
    """Return what paid requests cost at the most, in the currency of the catalogue's prices."""
    price = price_of(model)
    return (spends.prompt_tokens * price.input + spends.completion_tokens * price.output) / MILLION


def estimate(scenarios: Iterable[Scenario], model: str, limit: float, currency: str | None = None) -> str:
    """Return in one sentence what a run may cost at the most, beside its limit.

    ``currency`` is that of a target where no price is known in it: then it is told in tokens.
    """
    paid = [scenario.spends for scenario in scenarios if scenario.spends.requests]
    requests = sum(spends.requests for spends in paid)
    if currency:
        prompt, completion = sum(each.prompt_tokens for each in paid), sum(each.completion_tokens for each in paid)
        tokens = f"{requests} paid requests to {model}, {prompt} + {completion} tokens"
        return f"at the most {tokens}; prices in {currency} are not known here, so no --max-cost but 0 can be kept"
    cost = sum(cost_in(spends, model) for spends in paid)
    return f"may cost {cost:.4f} USD at the most: {requests} paid requests to {model}; --max-cost is {limit:g} USD"


class Budget:
    """Keeps a run within its limit: what was spent, and what those may still spend that are being asked.

    Where no price is known in the ``currency`` of a target, it keeps nothing back, unless nothing at all may be spent.
    """

    def __init__(self, model: str, limit: float, currency: str | None = None) -> None:
        self._model = model
        self._limit = math.inf if currency and limit > 0 else limit
        self._reserved: dict[str, float] = {}
        self._spent = 0.0
        self._settled = threading.Condition()

    def reserve(self, scenario: Scenario) -> str | None:
        """Set aside the most that a scenario may cost; return why it must not be asked where that is too much.

        Where it is too much only because of what others may still spend, that is waited for. A request that must be
        refused costs nothing, unless it is answered: once the limit is passed, none is made.
        """
        cost = most(scenario, self._model)
        with self._settled:
            self._settled.wait_for(lambda: self._would_be(cost) <= self._limit or self._spent + cost > self._limit)
            if self._would_be(cost) > self._limit:
                limit = f"--max-cost is {self._limit:g} USD for the run"
                return f"not asked: it may cost {cost:.4f} USD, and {limit}, of which {self._spent:.4f} are spent"
            self._reserved[scenario.name] = cost
        return None

    def _would_be(self, cost: float) -> float:
        return self._spent + sum(self._reserved.values()) + cost

    def settle(self, scenario: Scenario, exchanges: Sequence[Exchange]) -> None:
        """Replace what was set aside by what the answers tell, or keep it where one tells nothing.

        A request that was to be refused and was answered is paid for like any other.
        """
        with self._settled:
            cost = reserved = self._reserved.get(scenario.name, 0.0)
        try:
            cost = charged(exchanges, self._model, reserved)
        finally:  # whatever happens, others are waiting for what was set aside
            with self._settled:
                self._reserved.pop(scenario.name, None)
                self._spent += cost
                self._settled.notify_all()


PAID = (*CHATS, "batches.create")


def charged(exchanges: Sequence[Exchange], model: str, most: float) -> float:
    """Return what exchanges with a model cost by the usage that they tell; ``most`` where one tells nothing."""
    price = price_of(model)
    told = [cost_of(usage, price) * share for usage, share in usages(exchanges) if is_told(usage)]
    paid = sum(each.endpoint in PAID and may_be_billed(each) for each in exchanges)
    return sum(told) if len(told) >= paid else max(sum(told), most)


def may_be_billed(exchange: Exchange) -> bool:
    """Tell whether a request may be billed: nobody knows what became of one that failed or that nobody answered."""
    return exchange.response is None or not 300 <= exchange.response.status < 500


def of(run: Run) -> dict[str, Any]:
    """Return what a run sent and what it cost: requests, tokens, money by the usage and by the balance.

    Where no price of the model is known, the money is 0, and None where the target bills in another currency.
    """
    asked = [exchange for exchange in answers.everything(run) if exchange.request.method]
    told = list(usages(asked))
    return {
        "requests": sum(1 + len(exchange.attempts) for exchange in asked),
        "prompt_tokens": sum(count(usage, "prompt_tokens") for usage, _ in told),
        "completion_tokens": sum(count(usage, "completion_tokens") for usage, _ in told),
        "usd": None if unpriced(run.target, run.model) else round(spent(told, run.model), 6),
        "paid_requests": len(told),
        "balance_before": available(run, "balance.read"),
        "balance_after": available(run, "balance.after"),
    }


def available(run: Run, scenario: str) -> float | None:
    """Return the balance that a scenario found, or None where it found none."""
    for exchange in run.conversations.get(scenario, ()):
        try:
            return exchange.at("/data/available_balance", float)
        except CouldNotCheck:
            continue
    return None
