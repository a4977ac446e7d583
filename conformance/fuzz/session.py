"""One run of the fuzzer from its settings to its last record."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from conformance import __version__
from conformance.contract import ledger
from conformance.evidence.client import Client
from conformance.evidence.redact import Redactor
from conformance.evidence.runfile import Record, RunFile, exchange_record, verdict_record
from conformance.fuzz import phases
from conformance.fuzz.allowance import Allowance, Stop
from conformance.fuzz.asking import Asker, Sent
from conformance.fuzz.bridge import Bridge
from conformance.fuzz.document import document
from conformance.fuzz.findings import Broken, Findings, Place, broken_or_held, judged
from conformance.fuzz.generation import generate
from conformance.fuzz.rules import KEY_REQUIRED, RULES, SCHEMATHESIS
from conformance.fuzz.smaller import smaller
from conformance.judge import answers
from conformance.runner import provenance
from conformance.runner.conduct import Conducted, clock_of
from conformance.runner.session import counts, exit_status
from conformance.runner.settings import Settings
from conformance.scenarios.refusals import WRONG_KEY
from conformance.vocabulary import Exchange, Finding, Mode, Run, Status, Verdict

DEFAULT_MAX_REQUESTS = 500
# Kept back for making findings smaller.
_FOR_SMALLER = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run of the fuzzer was asked to do."""

    settings: Settings
    max_requests: int = DEFAULT_MAX_REQUESTS
    seed: int = 0


class FuzzSession:
    """Asks, judges and writes; ``transport`` is the innermost one, httpx's own where there is none."""

    def __init__(self, asked: Asked, out: Path | None, transport: httpx.BaseTransport | None = None) -> None:
        self._asked = asked
        self._settings = settings = asked.settings
        self.started = datetime.now(UTC)
        run = Run(__version__, settings.target, settings.mode, settings.model, self.started, settings.as_of)
        redactor = Redactor(settings.target.key_variable, settings.key)
        offline = settings.mode is Mode.REFERENCE
        self._client = Client(
            settings.target,
            redactor,
            transport=transport,
            clock=clock_of(settings),
            sleep=(lambda _: None) if offline else time.sleep,
        )
        self._runfile = RunFile(out / "run.ndjson" if out else None, redactor)
        self._first: Exchange | None = None
        self._unguarded: dict[str, Exchange] = {}
        self._guarded: set[str] = set()
        self.findings = Findings(run)
        self.allowance = Allowance(settings.model, asked.max_requests, settings.max_cost)
        self.asker = Asker(self._client, self.allowance, self._keep)

    @property
    def records(self) -> list[Record]:
        """Every record so far."""
        return self._runfile.records

    def run(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Ask as much as is allowed, and write what came of it."""
        refused = self._key_is_refused()
        try:
            if refused is None:
                self._ask_everything(tell)
                tell("making the findings smaller")
                self._make_smaller()
        finally:
            self._clean_up()
            self._client.close()
            self._write(refused)

    def _keep(self, exchange: Exchange) -> None:
        self._first = self._first or exchange
        self.findings.add(exchange)
        if answers.accepted(exchange) and exchange.endpoint not in self._guarded:
            self._unguarded.setdefault(exchange.endpoint, exchange)

    def _key_is_refused(self) -> str | None:
        """Return why nothing can be checked: what a server answers to a key that it refuses says nothing."""
        self.allowance.share = 1
        try:
            said = self.asker.ask(Sent("GET", "/models", (), b"", self._settings.key))
        except Stop:
            return self.allowance.reached
        self.findings.run = replace(self.findings.run, conversations={"fuzz.key": (said,)})
        if answers.accepted(said):
            return None
        came = f"{said.response.status}: {answers.message(said)}" if said.response else said.failure
        return f"not asked: the list of models, asked with the key, came to {came}"

    def _ask_everything(self, tell: Callable[[str], None]) -> None:
        whole = document(self._settings.model)
        bridge = Bridge(self.asker, self._settings.key)
        operations = [name for name in _operations(whole) if name in self._settings.target.endpoints]
        kept = min(_FOR_SMALLER, self._asked.max_requests // 10)
        for part, share in phases.shares(list(phases.parts(operations))):
            self.asker.phase = f"fuzz.{part.phase}"
            self.allowance.share = requests = math.ceil(max(0, self.allowance.left - kept) * share)
            tell(f"{part.phase} {part.operation or 'file, batch, cancel, retrieve, delete'}: {requests} requests")
            if requests:
                generate(part, whole, bridge, self.findings, seed=self._asked.seed, requests=requests)
            self._ask_without_the_key()
            self._clean_up()

    def _ask_without_the_key(self) -> None:
        """Ask each operation that was answered once more without the key, and with another."""
        for endpoint, exchange in list(self._unguarded.items()):
            del self._unguarded[endpoint]
            self._guarded.add(endpoint)
            self.asker.phase = "fuzz.without-key"
            for key in (None, WRONG_KEY):
                if (said := self._again(exchange, exchange.request.body, key)) is not None:
                    found = () if not answers.accepted(said) else (Finding("status", "401", "an answer"),)
                    reached = broken_or_held(KEY_REQUIRED, endpoint, found, self.findings.run)
                    self.findings.keep(reached, (said,))

    def _again(self, exchange: Exchange, body: bytes, key: str | None) -> Exchange | None:
        """Send a request again, with another body or key; None where no request may follow."""
        request = exchange.request
        path = request.url.removeprefix(self._settings.target.canonical_url)
        headers = tuple(pair for pair in request.headers if pair[0] == "content-type")
        self.allowance.share = 2
        try:
            return self.asker.ask(Sent(request.method, path, headers, body, key))
        except Stop:
            return None

    def _make_smaller(self) -> None:
        self.asker.phase = "fuzz.smaller"
        for place, broken in self.findings.breaking():
            if len(broken.exchanges) == 1 and place[0] != KEY_REQUIRED and broken.exchanges[0].request.body:
                self._make_one_smaller(place, broken)
        self._clean_up()

    def _make_one_smaller(self, place: Place, broken: Broken) -> None:
        first = broken.exchanges[0]

        def breaks(body: bytes) -> bool:
            said = self._again(first, body, self._settings.key)
            if said is None or said.endpoint != first.endpoint:
                return False
            if place[0] not in SCHEMATHESIS.values():
                return any(
                    (each.clause.id, each.endpoint) == place and each.findings for each in judged(said, self.findings.run)
                )
            if same := _alike(said, first):
                row = broken_or_held(place[0], place[1], broken.findings, self.findings.run)
                self.findings.keep(row, (said,))
            return same

        smaller(first.request.body, breaks)

    def _clean_up(self) -> None:
        phase, self.asker.phase = self.asker.phase, "fuzz.clean-up"
        try:
            self.asker.clean_up(self._settings.key)
        except Stop:
            pass
        finally:
            self.asker.phase = phase

    def _write(self, refused: str | None) -> None:
        self._runfile.write("run", self._header())
        numbers: dict[int, int] = {}
        shown = [each for _, broken in self.findings.breaking() for each in broken.exchanges]
        for exchange in ([self._first] if self._first else []) + shown:
            if id(exchange) not in numbers:
                numbers[id(exchange)] = len(numbers) + 1
                self._runfile.write("exchange", exchange_record(numbers[id(exchange)], exchange))
        for reached in self._verdicts(refused, numbers):
            self._runfile.write("verdict", verdict_record(reached))
        verdicts = [record for record in self.records if record["kind"] == "verdict"]
        spend = {
            "requests": self.allowance.requests,
            "prompt_tokens": self.allowance.prompt_tokens,
            "completion_tokens": self.allowance.completion_tokens,
            "usd": round(self.allowance.usd, 6),
            "paid_requests": self.allowance.paid_requests,
        }
        end = {"counts": counts(verdicts), "spend": spend, "stale": [], "exit": int(exit_status(verdicts))}
        self._runfile.write("end", end)
        self._runfile.close()

    def _verdicts(self, refused: str | None, numbers: dict[int, int]) -> Iterator[Verdict]:
        findings = self.findings
        places = {place: None for place in _places(self._settings)} | dict.fromkeys([*findings.told, *findings.crashes])
        order = {clause: position for position, clause in enumerate(ledger.clauses())}
        for place in sorted(places, key=lambda place: (order[place[0]], place[1])):
            row, told = ledger.clauses()[place[0]], findings.told.get(place)
            if told or place in findings.crashes:
                broken = told.smallest.exchanges if told and told.smallest else ()
                yield findings.verdict(place, tuple(numbers[id(exchange)] for exchange in broken))
            elif refused is None and (asked := findings.asked.get(place[1])):
                reason = f"none of {asked} answers has what this clause speaks of"
                yield Verdict(row, "fuzz", place[1], Status.NOT_APPLICABLE, reason=reason)
            else:
                reason = refused or self.allowance.reached or "no request that was made asked for this"
                yield Verdict(row, "fuzz", place[1], Status.COULD_NOT_CHECK, reason=reason)

    def _header(self) -> Record:
        settings, said = self._settings, provenance.of(
            self._settings, Conducted({"fuzz": (self._first,)} if self._first else {})
        )
        return {
            "suite": __version__,
            "target": settings.target.name,
            "base_url": settings.target.canonical_url,
            "key_variable": settings.target.key_variable,
            "mode": "fuzz",
            "provenance": said.kind,
            "provenance_sentence": said.sentence,
            "as_of": (settings.as_of or self.started.date()).isoformat(),
            "model": settings.model,
            "select": f"--seed {self._asked.seed} --max-requests {self._asked.max_requests}",
            "started": self.started.isoformat(timespec="seconds"),
        }


def _operations(whole: dict[str, object]) -> list[str]:
    from conformance.fuzz.document import statuses

    return list(statuses(whole))


def _places(settings: Settings) -> Iterator[Place]:
    """Yield what the fuzzer is there to look at: each of its clauses at each endpoint that the target has."""
    known = [name for name, row in ledger.endpoints().items() if name in settings.target.endpoints]
    asked = [name for name in known if not name.startswith("batches.output") and name not in ("unknown", "batches.errors")]
    for rule in RULES:
        yield from ((rule.clause, endpoint) for endpoint in asked if not rule.endpoints or endpoint in rule.endpoints)
    for clause in (*SCHEMATHESIS.values(), KEY_REQUIRED):
        yield from ((clause, endpoint) for endpoint in asked)


def _alike(said: Exchange, first: Exchange) -> bool:
    """Tell whether two answers are of one kind: for what schemathesis judges, that is what can be told again."""
    if said.response is None or first.response is None:
        return False
    kinds = (said.response.status, said.header("content-type")), (first.response.status, first.header("content-type"))
    return kinds[0] == kinds[1]
