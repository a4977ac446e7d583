"""Runs the scenarios of a selection: cheapest first, each once, live ones side by side within the target's limits."""

from __future__ import annotations

import math
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as time_of_day

import httpx

from conformance import catalogue
from conformance.catalogue.gateways import host_of, other_regions
from conformance.contract import ledger
from conformance.evidence.api import Api
from conformance.evidence.cassette import Cassette, path_of
from conformance.evidence.client import Client
from conformance.evidence.redact import Redactor
from conformance.judge import answers
from conformance.judge.costs import CHATS, unpriced
from conformance.runner.doctor import Doctor
from conformance.runner.settings import Settings
from conformance.runner.spending import Budget
from conformance.scenarios import BALANCES, scenarios
from conformance.vocabulary import CouldNotCheck, Exchange, Mode, Request, Scenario

RECORDED = uuid.UUID("7d1f0c52-3b86-4e0a-9c41-5a2e8f6b7c90")


@dataclass
class Conducted:
    """What the scenarios came to: their exchanges, crashes of ours, and the cassettes that were played."""

    conversations: dict[str, tuple[Exchange, ...]] = field(default_factory=dict)
    crashes: dict[str, str] = field(default_factory=dict)
    cassettes: dict[str, Cassette] = field(default_factory=dict)


def stages(scenarios: list[Scenario]) -> Iterator[list[Scenario]]:
    """Yield the scenarios that may be asked side by side, stage after stage.

    The first one goes alone: a dead host or a refused key is known before anything else is sent. The last are those
    that follow others, as the second look at the balance. Between them the balance comes first, for which all wait
    that is paid; then what others are held against, and then what has most to ask one after the other, as far as it
    declares that.
    """
    rest = [scenario for scenario in scenarios[1:] if not scenario.follows]
    controls = {scenario.control for scenario in scenarios}
    rest.sort(key=lambda each: (each.name not in BALANCES, each.name not in controls, -_length(each)))
    yield scenarios[:1]
    yield rest
    yield [scenario for scenario in scenarios[1:] if scenario.follows]


def _length(scenario: Scenario) -> float:
    """Return how many requests a scenario declares; one that declares none may make any number."""
    return max(len(scenario.calls), scenario.spends.requests, scenario.refusal is not None) or math.inf


def needed(names: Iterable[str]) -> list[Scenario]:
    """Return the scenarios of these names and their positive controls, in the order in which they are run."""
    wanted = set(names)
    wanted |= {str(scenarios()[name].control) for name in wanted if scenarios()[name].control}
    wanted |= {str(scenarios()[name].control) for name in wanted if scenarios()[name].follows}
    return [scenario for name, scenario in scenarios().items() if name in wanted]


def endpoints_of(scenario: Scenario) -> list[str]:
    """Return the endpoints that a scenario asks, as it declares them."""
    refusal = [ledger.clauses()[ledger.clause_of(scenario.refusal, "status")].endpoint] if scenario.refusal else []
    return [*scenario.calls, *refusal]


def unfit(scenario: Scenario, settings: Settings) -> str | None:
    """Return why a scenario does not apply to the target and the model, or None where it does."""
    for endpoint in endpoints_of(scenario):
        if endpoint not in settings.target.endpoints:
            return f"{settings.target.name} has no endpoint {endpoint}"
    for feature in scenario.needs:
        if reason := catalogue.lacks(settings.model, feature):
            return reason
    return unfit(scenarios()[scenario.control], settings) if scenario.control else None


def clock_of(settings: Settings) -> Callable[[], float]:
    """Return the clock of a run: the real one, but where the reference server is set to a day, noon of it and on.

    Who asks it must go by the same clock, or its moments would be taken for wrong ones.
    """
    if settings.mode is not Mode.REFERENCE or settings.as_of is None:
        return time.time
    noon, started = datetime.combine(settings.as_of, time_of_day(12), UTC).timestamp(), time.monotonic()
    return lambda: noon + time.monotonic() - started


def nonce_for(scenario: Scenario, mode: Mode) -> str:
    """Return what a scenario has signed: live what nobody can know before, else the same as when it was recorded."""
    return str(uuid.uuid4() if mode is Mode.LIVE else uuid.uuid5(RECORDED, scenario.name))


def costs(scenario: Scenario) -> bool:
    """Tell whether a scenario costs money, or would if what it asks wrongly were answered."""
    return scenario.spends.requests > 0 or bool(scenario.control and costs(scenarios()[scenario.control]))


class Conductor:
    """Runs scenarios within the limits of a target, and stops asking as soon as it is known that asking is in vain."""

    def __init__(
        self, settings: Settings, tell: Callable[[str], None] = lambda _: None, doctor: Doctor | None = None
    ) -> None:
        self._settings = settings
        self._tell = tell
        self._doctor = doctor
        self.done = Conducted()
        self._stop: str | None = doctor.in_the_way({}) if doctor else None
        self._broke: str | None = None
        self._budget = Budget(settings.model, settings.max_cost, unpriced(settings.target, settings.model))
        self._balance_known = threading.Event()
        self._redactor = Redactor(settings.target.key_variable, settings.key)
        self._clock = clock_of(settings)

    def run(self, wanted: list[Scenario]) -> Conducted:
        """Run the scenarios and return what they came to."""
        fitting = [scenario for scenario in wanted if unfit(scenario, self._settings) is None]
        if self._settings.mode is Mode.REPLAY:
            for scenario in fitting:
                cassette = Cassette(path_of(self._settings.cassettes, scenario.name))
                self.done.cassettes[scenario.name] = cassette
                self._ask(scenario, self._client(cassette), self._settings.as_of or cassette.day)
            return self.done
        if not any(scenario.name in BALANCES for scenario in fitting):
            self._balance_known.set()
        client = self.client()
        try:
            first, *rest = stages(fitting)
            self._ask_side_by_side(first, client)
            if self._doctor:
                in_the_way = self._doctor.after_the_first(client, self.done.conversations)
                self._stop = self._stop or in_the_way
            for stage in rest:
                self._ask_side_by_side(stage, client)
        finally:
            client.close()
        return self.done

    def _ask_side_by_side(self, stage: list[Scenario], client: Client) -> None:
        with ThreadPoolExecutor(self._threads()) as pool:
            try:
                list(pool.map(lambda scenario: self._ask(scenario, client, self._settings.as_of), stage))
            except BaseException:
                # What is being asked comes to its end and cleans up; what still waits for its turn is not asked.
                self._stop = "not asked: the run was interrupted"
                raise

    def _threads(self) -> int:
        return 1 if self._settings.mode is Mode.REFERENCE else max(1, self._settings.target.concurrency)

    def client(self) -> Client:
        """Return a client that asks the target in its mode; whoever asks for it must close it."""
        return self._client(self._transport())

    def _client(self, transport: httpx.BaseTransport | None) -> Client:
        offline = self._settings.mode in (Mode.REPLAY, Mode.REFERENCE)
        return Client(
            self._settings.target,
            self._redactor,
            transport=transport,
            connections=self._doctor.connections if self._doctor else None,
            clock=self._clock,
            sleep=(lambda _: None) if offline else time.sleep,
        )

    def _transport(self) -> httpx.BaseTransport | None:
        if self._settings.mode is not Mode.REFERENCE:
            return None
        from conformance.reference import create_app, gateways
        from conformance.reference.inprocess import InProcess

        day, lies = self._settings.as_of, self._settings.faults
        host = host_of(self._settings.target.canonical_url)
        profile = host.id if host and host.id in gateways.names() else None
        return InProcess(create_app(as_of=day, clock=self._clock, fault=lies, profile=profile))

    def _ask(self, scenario: Scenario, client: Client, day: date | None) -> None:
        try:
            self._ask_now(scenario, client, day)
        finally:
            if scenario.name in BALANCES:
                self._balance_known.set()

    def _ask_now(self, scenario: Scenario, client: Client, day: date | None) -> None:
        if reason := self._reason_not_to(scenario):
            self.done.conversations[scenario.name] = (not_asked(scenario, reason),)
            return
        known, target = self._settings.alike or self._settings.model, self._settings.target
        family = catalogue.family_of(known)
        offline = self._settings.mode in (Mode.REPLAY, Mode.REFERENCE)
        api = Api(
            client,
            scenario.name,
            self._settings.model,
            self._settings.key,
            smallest=target.smallest or catalogue.smallest_call(known),
            think=target.think or (dict(family.think) if family and not target.smallest else {}),
            day=day,
            nonce=nonce_for(scenario, self._settings.mode),
            control=self.done.conversations.get(str(scenario.control), ()),
            sleep=(lambda _: None) if offline else time.sleep,
        )
        try:
            self._tell(scenario.name)
            scenario.ask(api)
        except CouldNotCheck:
            pass  # the exchange that kept the scenario from going on is kept, and says why
        except Exception:  # noqa: BLE001 - a scenario that breaks is an error of ours, and becomes the verdict of its checks
            self.done.crashes[scenario.name] = self._redactor.text(traceback.format_exc(limit=-4))
        try:
            api.clean_up()
        except Exception:  # noqa: BLE001 - as above
            self.done.crashes.setdefault(scenario.name, self._redactor.text(traceback.format_exc(limit=-4)))
        self.done.conversations[scenario.name] = tuple(api.exchanges)
        self._budget.settle(scenario, api.exchanges)
        self._learn(api.exchanges)

    def _reason_not_to(self, scenario: Scenario) -> str | None:
        if self._stop:
            return self._stop
        if not costs(scenario) or self._settings.mode in (Mode.REPLAY, Mode.REFERENCE):
            return None
        self._balance_known.wait()
        reason = self._in_vain() or self._budget.reserve(scenario)
        if reason is None and (reason := self._in_vain()):  # it became known while this waited for money
            self._budget.settle(scenario, ())
        return reason

    def _in_vain(self) -> str | None:
        return self._stop or self._broke

    def _key_is_taken(self, exchanges: Iterable[Exchange]) -> bool:
        return any(answers.takes_the_key(exchange, self._settings.target) for exchange in exchanges)

    def _learn(self, exchanges: list[Exchange]) -> None:
        for exchange in exchanges:
            if self._settings.mode is Mode.REPLAY or exchange.refused:
                continue
            before = [other for said in list(self.done.conversations.values()) for other in said]
            if exchange.response is None and not any(map(answers.accepted, before)):
                self._stop = f"not asked: {exchange.failure}"
            elif exchange.response and exchange.response.status == 401 and not self._key_is_taken(before):
                why = answers.message(exchange) + other_regions(self._settings.target.canonical_url)
                self._stop = f"not asked: the key was refused with 401: {why}"
            elif exchange.response and _is_out_of_credit(exchange, official=self._settings.target.official):
                self._broke = f"not asked: the account has no credit: {answers.message(exchange)}"
            elif exchange.endpoint == "balance" and answers.accepted(exchange) and _empty(exchange):
                self._broke = "not asked: the balance is used up"


def not_asked(scenario: Scenario, reason: str) -> Exchange:
    """Return the exchange that stands for a scenario which was not run, with the reason."""
    endpoint = scenario.calls[0] if scenario.calls else "unknown"
    return Exchange(scenario.name, "0", endpoint, Request("", ""), None, None, failure=reason)


def _is_out_of_credit(exchange: Exchange, *, official: bool) -> bool:
    """Tell whether a refusal says that the account is empty: with 429 at the vendor's, with 402 or 403 at gateways."""
    status = exchange.response.status if exchange.response else 0
    if official:
        return status == 429 and "quota" in answers.kind_of_error(exchange)
    return status in (402, 403) and exchange.endpoint in CHATS


def _empty(exchange: Exchange) -> bool:
    try:
        return exchange.at("/data/available_balance", float) <= 0
    except CouldNotCheck:
        return False
