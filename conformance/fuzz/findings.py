"""What was found: for each clause and endpoint how often it held, and the smallest request that broke it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.contract import ledger
from conformance.fuzz import validity
from conformance.fuzz.rules import RULES
from conformance.judge import answers, verdict
from conformance.runner.file_judge import FileJudge
from conformance.runner.tally import Evidence
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable, Run, Status, Verdict

Place = tuple[str, str]
_BROKEN = (Status.FAIL, Status.WARN, Status.WAIVED)


@dataclass(frozen=True, slots=True)
class Broken:
    """One request that broke a clause, with those before it that it needs."""

    findings: tuple[Finding, ...]
    exchanges: tuple[Exchange, ...]
    reason: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """How much there is to read: requests, then bytes."""
        asked = [len(each.request.url) + len(each.request.body) for each in self.exchanges]
        return len(asked), sum(asked)


@dataclass(slots=True)
class Told:
    """What one clause came to at one endpoint so far."""

    looked: int = 0
    broken: int = 0
    smallest: Broken | None = None


class Unkept(Evidence):
    """Evidence that nobody keeps: which exchanges are shown is known only in the end."""

    def __init__(self) -> None: ...

    def number(self, exchange: Exchange) -> int:  # noqa: ARG002 - the base's signature
        """Return no number."""
        return 0


def judged(exchange: Exchange, run: Run) -> Iterator[Verdict]:
    """Yield what every clause that speaks of one exchange comes to: those of the contract, and those of any request."""
    if exchange.response is not None and exchange.endpoint != "unknown":
        alone = FileJudge(run, Unkept())
        alone.add(exchange)
        yield from alone.verdicts("")
    wrongs = validity.wrongs(exchange)
    for rule in RULES:
        if rule.endpoints and exchange.endpoint not in rule.endpoints:
            continue
        try:
            found = tuple(map(verdict.clean, rule.judge(exchange, wrongs)))
        except (NotApplicable, CouldNotCheck):
            continue
        yield broken_or_held(rule.clause, exchange.endpoint, found, run)


def broken_or_held(clause: str, endpoint: str, found: tuple[Finding, ...], run: Run) -> Verdict:
    """Return the verdict on a clause that was looked at."""
    row = ledger.clauses()[clause]
    if not found:
        return Verdict(row, "fuzz", endpoint, Status.PASS)
    waiver = verdict.waiver_of(row, run.as_of or run.started.date(), run.target)
    status = Status.WAIVED if waiver else verdict.broken(row)
    return Verdict(row, "fuzz", endpoint, status, found, reason=waiver.reason if waiver else "")


@dataclass
class Findings:
    """Everything that was found, and what each endpoint answered: how often no answer (0), and each status.

    ``broken_off`` is why the run ended before its time, empty where it did not.
    """

    run: Run
    broken_off: str = ""
    told: dict[Place, Told] = field(default_factory=dict)
    came: dict[str, Counter[int]] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    crashes: dict[Place, str] = field(default_factory=dict)

    def add(self, exchange: Exchange) -> None:
        """Judge an exchange, and keep what is new."""
        status = exchange.response.status if exchange.response else 0
        self.came.setdefault(exchange.endpoint, Counter())[status] += 1
        if answers.accepted(exchange):
            self.accepted.add(exchange.endpoint)
        for reached in judged(exchange, self.run):
            self.keep(reached, (exchange,))

    def keep(self, reached: Verdict, exchanges: tuple[Exchange, ...]) -> None:
        """Count one verdict; of those that broke a clause the smallest is kept."""
        place = (reached.clause.id, reached.endpoint)
        if reached.status is Status.ERROR:
            self.crashes.setdefault(place, reached.reason)
        if reached.status not in (*_BROKEN, Status.PASS):
            return
        told = self.told.setdefault(place, Told())
        told.looked += 1
        if reached.status in _BROKEN:
            told.broken += 1
            found = Broken(reached.findings, exchanges, reached.reason)
            if told.smallest is None or found.size < told.smallest.size:
                told.smallest = found

    def breaking(self) -> list[tuple[Place, Broken]]:
        """Return every place where a clause was broken, with its smallest request."""
        return [(place, told.smallest) for place, told in self.told.items() if told.smallest]

    def doubt(self, endpoint: str) -> str:
        """Return why what held in every answer of an endpoint does not say that it holds there, or nothing.

        A refusal of everything keeps any rule on refusals, and says nothing about a request.
        """
        came = self.came.get(endpoint, Counter())
        if came[0]:
            return f"{came[0]} of {came.total()} requests got no answer"
        if endpoint not in self.accepted:
            told = ", ".join(f"{times} times {status}" for status, times in came.most_common(3))
            return f"none of {came.total()} requests succeeded: {told}"
        return self.broken_off

    def verdict(self, place: Place, numbers: tuple[int, ...], doubt: str = "") -> Verdict:
        """Return what a clause comes to at an endpoint.

        ``numbers`` are those of the exchanges that are shown; where there is a ``doubt``, it cannot have held.
        """
        clause, endpoint = place
        told, row = self.told.get(place, Told()), ledger.clauses()[clause]
        if crash := self.crashes.get(place):
            return Verdict(row, f"fuzz of {endpoint}", endpoint, Status.ERROR, (), numbers, crash)
        if told.smallest is None:
            held = f"it held in {told.looked} answers"
            if doubt:
                return Verdict(row, f"fuzz of {endpoint}", endpoint, Status.COULD_NOT_CHECK, reason=f"{held}; {doubt}")
            return Verdict(row, f"fuzz of {endpoint}", endpoint, Status.PASS, reason=held)
        found = told.smallest.findings
        if told.broken > 1:
            found += (Finding("", "no further finding", f"{told.broken - 1} more of {told.looked} answers"),)
        status = broken_or_held(clause, endpoint, found, self.run).status
        return Verdict(row, f"fuzz of {endpoint}", endpoint, status, found, numbers, told.smallest.reason)
