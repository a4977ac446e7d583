"""What a run of the fuzzer leaves behind: the evidence of what broke a clause, the verdicts, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from conformance import __version__
from conformance.contract import ledger
from conformance.evidence.runfile import Record, RunFile, exchange_record, verdict_record
from conformance.fuzz.allowance import Allowance
from conformance.fuzz.findings import Findings, Place
from conformance.fuzz.rules import KEY_REQUIRED, RULES, SCHEMATHESIS
from conformance.runner import provenance
from conformance.runner.conduct import Conducted
from conformance.runner.session import counts, exit_status
from conformance.runner.settings import Settings
from conformance.vocabulary import Exchange, Status, Verdict

# What a file holds is not known when it is asked for.
_OF_FILES = ("batches.input", "batches.output", "batches.errors", "unknown")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run of the fuzzer was asked to do."""

    settings: Settings
    max_requests: int
    seed: int


def write(
    runfile: RunFile,
    asked: Asked,
    findings: Findings,
    allowance: Allowance,
    first: Exchange | None,
    refused: str | None,
) -> None:
    """Write every record of a run, and close its file; ``refused`` is why nothing was asked."""
    runfile.write("run", _header(asked, first, findings.run.started))
    numbers: dict[int, int] = {}
    shown = [each for _, broken in findings.breaking() for each in broken.exchanges]
    for exchange in ([first] if first else []) + shown:
        if id(exchange) not in numbers:
            numbers[id(exchange)] = len(numbers) + 1
            runfile.write("exchange", exchange_record(numbers[id(exchange)], exchange))
    why = refused or allowance.reached or "no request that was made asked for this"
    verdicts = [
        runfile.write("verdict", verdict_record(reached))
        for reached in _verdicts(asked.settings, findings, numbers, why, asked_at_all=refused is None)
    ]
    end = {"counts": counts(verdicts), "spend": _spend(allowance), "stale": [], "exit": int(exit_status(verdicts))}
    runfile.write("end", end)
    runfile.close()


def _verdicts(
    settings: Settings, findings: Findings, numbers: dict[int, int], why: str, *, asked_at_all: bool
) -> Iterator[Verdict]:
    """Yield a verdict on each clause that was looked at, and on each that the fuzzer is there for."""
    own = dict.fromkeys(_places(settings))
    places = own | dict.fromkeys([*findings.told, *findings.crashes])
    order = {clause: position for position, clause in enumerate(ledger.clauses())}
    for place in sorted(places, key=lambda place: (order[place[0]], place[1])):
        row, told = ledger.clauses()[place[0]], findings.told.get(place)
        if told or place in findings.crashes:
            broken = told.smallest.exchanges if told and told.smallest else ()
            doubt = findings.doubt(place[1]) if place in own else ""
            yield findings.verdict(place, tuple(numbers[id(exchange)] for exchange in broken), doubt)
        elif asked_at_all and (came := findings.came.get(place[1])):
            reason = f"none of {came.total()} answers has what this clause speaks of"
            yield Verdict(row, f"fuzz of {place[1]}", place[1], Status.NOT_APPLICABLE, reason=reason)
        else:
            yield Verdict(row, f"fuzz of {place[1]}", place[1], Status.COULD_NOT_CHECK, reason=why)


def _spend(allowance: Allowance) -> Record:
    return {
        "requests": allowance.requests,
        "prompt_tokens": allowance.prompt_tokens,
        "completion_tokens": allowance.completion_tokens,
        "usd": None if allowance.currency else round(allowance.usd, 6),
        "paid_requests": allowance.paid_requests,
    }


def _header(asked: Asked, first: Exchange | None, started: datetime) -> Record:
    settings = asked.settings
    said = provenance.of(settings, Conducted({"fuzz": (first,)} if first else {}))
    return {
        "suite": __version__,
        "target": settings.target.name,
        "base_url": settings.target.canonical_url,
        "key_variable": settings.target.key_variable,
        "mode": "fuzz",
        "provenance": said.kind,
        "provenance_sentence": said.sentence,
        "as_of": (settings.as_of or started.date()).isoformat(),
        "model": settings.model,
        "select": f"--seed {asked.seed} --max-requests {asked.max_requests}",
        "started": started.isoformat(timespec="seconds"),
    }


def _places(settings: Settings) -> Iterator[Place]:
    """Yield what the fuzzer is there to look at: each of its clauses at each endpoint that the target has."""
    known = [name for name, row in ledger.endpoints().items() if name in settings.target.endpoints]
    asked = [name for name in known if name not in _OF_FILES]
    for rule in RULES:
        yield from ((rule.clause, endpoint) for endpoint in asked if not rule.endpoints or endpoint in rule.endpoints)
    for clause in (*SCHEMATHESIS.values(), KEY_REQUIRED):
        yield from ((clause, endpoint) for endpoint in asked)
