"""One run of the OpenAI SDK against a target, from its settings to its last record."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import openai

from conformance import __version__, catalogue
from conformance.clients.asking import plan
from conformance.clients.comparison import Kind
from conformance.clients.expressible import expressible
from conformance.clients.retries import retries
from conformance.clients.table import Row, Table, record
from conformance.clients.through import Surroundings, Through
from conformance.clients.transport import Bridge, sdk
from conformance.evidence.client import Client
from conformance.evidence.redact import Redactor
from conformance.evidence.runfile import Record, RunFile, exchange_record
from conformance.judge import answers
from conformance.runner import provenance, spending
from conformance.runner.conduct import Conducted, costs, unfit
from conformance.runner.session import counts, exit_status
from conformance.runner.settings import Settings
from conformance.runner.spending import Budget
from conformance.vocabulary import CouldNotCheck, Exchange, Mode, Run, Scenario, Status

# Records as a run file has them. A run file it is not: it has no verdicts.
EXCHANGES = "exchanges.ndjson"


class ClientsSession:
    """Asks through the SDK, compares, and writes.

    ``transport`` is the innermost one: by default httpx's own, or in the mode reference the app in this process.
    """

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._redactor = Redactor(settings.target.key_variable, settings.key)
        offline = settings.mode is Mode.REFERENCE
        self._client = Client(
            settings.target,
            self._redactor,
            transport=transport or (_reference(settings) if offline else None),
            sleep=(lambda _: None) if offline else time.sleep,
        )
        self._sleep: Callable[[float], None] = (lambda _: None) if offline else time.sleep
        self._bridge = Bridge(self._client, settings.key)
        self._table = Table()
        self._budget = Budget(settings.model, settings.max_cost)
        self._conversations: dict[str, tuple[Exchange, ...]] = {}
        self._stop: str | None = None
        self._started = datetime.now(UTC)

    @property
    def _run(self) -> Run:
        known = self._settings
        return Run(__version__, known.target, known.mode, known.model, self._started, conversations=self._conversations)

    def run(self, tell: Callable[[str], None] = lambda _: None) -> Record:
        """Ask everything, and return the document that ``--json`` prints; its schema is schemas/clients.json."""
        for row in expressible(self._settings.target):
            self._table.add(row)
        try:
            with sdk(self._bridge) as client:
                around = Surroundings(client, self._bridge, self._table, self._run)
                for scenario in plan():
                    self._ask(scenario, around, tell)
        finally:
            self._client.close()
        for row in retries():
            self._table.add(row)
        return self._document()

    def write(self, texts: dict[str, str], out: Path) -> None:
        """Write texts by the names of their files, and the exchanges to one that ``judge`` reads."""
        for name, text in texts.items():
            (out / name).write_text(self._redactor.text(text) + "\n", encoding="utf-8", newline="\n")
        runfile = RunFile(out / EXCHANGES, self._redactor)
        for number, exchange in enumerate(self._exchanges(), 1):
            runfile.write("exchange", exchange_record(number, exchange))
        runfile.close()

    def _exchanges(self) -> list[Exchange]:
        return [exchange for conversation in self._conversations.values() for exchange in conversation]

    def _ask(self, scenario: Scenario, around: Surroundings, tell: Callable[[str], None]) -> None:
        if reason := unfit(scenario, self._settings):
            self._pass_over(scenario, Kind.NOT_APPLICABLE, reason)
        elif reason := self._stop or self._unpaid(scenario) or self._budget.reserve(scenario):
            self._pass_over(scenario, Kind.COULD_NOT_CHECK, reason)
        else:
            tell(scenario.name)
            self._ask_now(scenario, Through(around, self._client, scenario.name, self._settings.model, **self._ways()))

    def _unpaid(self, scenario: Scenario) -> str | None:
        balance = spending.available(self._run, "balance.read")
        return "not asked: the balance is used up" if balance is not None and balance <= 0 and costs(scenario) else None

    def _ask_now(self, scenario: Scenario, api: Through) -> None:
        try:
            try:
                scenario.ask(api)
            except CouldNotCheck as miss:
                self._miss(scenario, str(miss))
            finally:
                api.clean_up()
        finally:
            self._conversations[scenario.name] = tuple(api.exchanges)
            self._budget.settle(scenario, api.exchanges)
        self._learn(api.exchanges)

    def _ways(self) -> dict[str, Any]:
        family = catalogue.family_of(self._settings.model)
        smallest = dict(family.smallest_call) if family else {"max_completion_tokens": 128}
        return {"smallest": smallest, "think": dict(family.think) if family else {}, "sleep": self._sleep}

    def _pass_over(self, scenario: Scenario, kind: Kind, reason: str) -> None:
        endpoint = scenario.calls[0] if scenario.calls else "chat.completions"
        what, named = f"scenario {scenario.name}", (scenario.name,)
        self._table.add(Row(endpoint, what, kind, "not asked", "", Status(kind.value), reason, scenarios=named))

    def _miss(self, scenario: Scenario, reason: str) -> None:
        if not self._table.has_missed(scenario.name):
            self._pass_over(scenario, Kind.COULD_NOT_CHECK, reason)

    def _learn(self, exchanges: list[Exchange]) -> None:
        """Learn from the first answer whether anything else is worth asking."""
        first = exchanges[0] if exchanges and len(self._conversations) == 1 else None
        if first is not None and not answers.accepted(first):
            told = f"status {first.response.status}: {answers.message(first)}" if first.response else first.failure
            self._stop = f"not asked: {told}"

    def _document(self) -> Record:
        settings, said = self._settings, provenance.of(self._settings, Conducted(dict(self._conversations)))
        rows = [record(row) for row in self._table.rows()]
        kinds = Counter(row["kind"] for row in rows)
        return {
            "suite": __version__,
            "client": {"name": "openai", "version": openai.__version__},
            "target": settings.target.name,
            "base_url": settings.target.canonical_url,
            "key_variable": settings.target.key_variable,
            "mode": settings.mode.value,
            "provenance": said.kind,
            "provenance_sentence": said.sentence,
            "as_of": self._started.date().isoformat(),
            "model": settings.model,
            "started": self._started.isoformat(timespec="seconds"),
            "kinds": {kind.value: kinds[kind.value] for kind in Kind},
            "counts": counts(rows),
            "spend": spending.of(self._run),
            "exit": int(exit_status([{"status": row["status"], "level": "MUST"} for row in rows])),
            "rows": rows,
        }


def _reference(settings: Settings) -> httpx.BaseTransport:
    from conformance.reference import create_app
    from conformance.reference.inprocess import InProcess

    return InProcess(create_app(fault=settings.faults))
