"""The roll call: asks a target for its list of models, and each model that matters for one token."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from conformance import catalogue
from conformance.catalogue import gateways
from conformance.drift import seen
from conformance.drift.lifecycle import AHEAD
from conformance.evidence.api import Api
from conformance.evidence.client import Client, json_bytes
from conformance.judge import answers
from conformance.judge.costs import CHATS
from conformance.runner import spending
from conformance.runner.conduct import Conductor
from conformance.runner.settings import Settings
from conformance.vocabulary import CouldNotCheck, Exchange, Mode, Request, Scenario, Spending, Target

SCENARIO = "models.callable"
# A model that was retired longer ago is not asked: that it is gone was seen.
LATELY = timedelta(days=max(AHEAD))
# Of listed models that nothing announced, so many are asked.
STRANGERS = 10
# The most that one call may cost: a model that thinks counts up to 130 tokens before the prompt.
_CALL = Scenario(SCENARIO, lambda _: None, ("chat.completions",), Spending(1, 150, 1))
_GREETING = {"role": "user", "content": "hello"}


@dataclass
class RollCall:
    """What was said, and what it cost: requests that are billed, and US dollars as far as the answers tell."""

    answered_by: str
    exchanges: list[Exchange] = field(default_factory=list)
    paid_requests: int = 0
    usd: float = 0.0

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return sum(1 + len(one.attempts) for one in self.exchanges if one.request.method)

    @property
    def spend(self) -> dict[str, int | float]:
        """What was sent and what it cost, as the document of ``drift`` tells it."""
        return {"requests": self.requests, "paid_requests": self.paid_requests, "usd": round(self.usd, 6)}


def ask(settings: Settings, tell: Callable[[str], None] = lambda _: None) -> RollCall:
    """Ask for the list of models, the balance, and each model that matters, within what it may cost.

    A model that was not asked is an exchange without an answer, which says why.
    """
    asking = _Asking(settings)
    try:
        asking.free()
        models = matter(asking.told.exchanges, settings)
        tell(_estimate(models, settings))
        for model in models:
            asking.call(model)
    finally:
        asking.client.close()
    return asking.told


def matter(exchanges: Sequence[Exchange], settings: Settings) -> list[str]:
    """Return the ids to ask for: of what is announced, lately retired or listed, where the target has one for it."""
    day = settings.as_of or date.today()
    wanted = [
        name
        for name, known in catalogue.models().items()
        if known.available(day) or (known.retired and known.retired < day <= known.retired + LATELY)
    ]
    listed = _listed(exchanges, settings.target)
    strangers = [name for name in listed if name not in catalogue.models()][:STRANGERS]
    announced = [name for name in listed if name in catalogue.models()]
    return _ids(dict.fromkeys([*wanted, *announced, *strangers]), settings.target)


def _listed(exchanges: Iterable[Exchange], target: Target) -> list[str]:
    for exchange in exchanges:
        if exchange.endpoint == "models.list":
            try:
                return list(seen.listed(exchange, target))
            except CouldNotCheck:
                return []
    return []


def _ids(models: Iterable[str], target: Target) -> list[str]:
    if target.official:
        return list(models)
    host = gateways.host_of(target.canonical_url)
    return [own for name in models if host and (own := host.id_of(name))]


def _estimate(models: Sequence[str], settings: Settings) -> str:
    most = sum(spending.most(_CALL, model) for model in models)
    limit = f"--max-cost is {settings.max_cost:g} USD"
    return f"asks {len(models)} models for one token each, which may cost {most:.4f} USD at the most; {limit}"


class _Asking:
    """Asks one after the other, and stops as soon as it is known that asking is in vain."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.client: Client = Conductor(settings).client()
        in_process = settings.mode is Mode.REFERENCE
        self.told = RollCall("the reference server" if in_process else settings.target.base_url)
        self.stop: str | None = None

    def free(self) -> None:
        """Ask what costs nothing: the list, and the balance, which tells the kind of account."""
        for endpoint in ("models.list", "balance"):
            if endpoint in self.settings.target.endpoints and not self.stop:
                self._keep(self._api(self.settings.model, endpoint).call(endpoint))

    def call(self, model: str) -> None:
        """Ask a model for one token, unless that is in vain or may cost too much."""
        most = spending.most(_CALL, model)
        if reason := self.stop or self._too_dear(most):
            body = json_bytes({"model": model})
            self.told.exchanges.append(
                Exchange(SCENARIO, "0", CHATS[0], Request("", "", (), body), None, None, failure=reason)
            )
            return
        exchange = self._api(model, SCENARIO).chat(_GREETING, max_completion_tokens=1)
        self.told.paid_requests += spending.may_be_billed(exchange)
        self.told.usd += spending.charged([exchange], model, most)
        self._keep(exchange)

    def _too_dear(self, most: float) -> str | None:
        limit = self.settings.max_cost
        if self.settings.mode is Mode.REFERENCE or self.told.usd + most <= limit:
            return None
        return f"not asked: it may cost {most:.4f} USD, and --max-cost is {limit:g} USD, {self.told.usd:.4f} are spent"

    def _api(self, model: str, scenario: str) -> Api:
        known = seen.announced_as(model, self.settings.target)
        family = catalogue.family_of(known or model)
        smallest = dict(family.smallest_call) if family else {}
        return Api(self.client, scenario, model, self.settings.key, smallest=smallest, day=self.settings.as_of)

    def _keep(self, exchange: Exchange) -> None:
        self.told.exchanges.append(replace(exchange, step=str(len(self.told.exchanges) + 1)))
        answer = exchange.response
        if answer is None and exchange.endpoint == "models.list":
            self.stop = f"not asked: {exchange.failure}"
        elif answer and answer.status == 401:
            self.stop = f"not asked: the key was refused with 401: {answers.message(exchange)}"
        elif answer and answer.status == 429 and "quota" in answers.kind_of_error(exchange):
            self.stop = f"not asked: the account has no credit: {answers.message(exchange)}"
