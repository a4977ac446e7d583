"""Trials: one thing made wrong on purpose, and what a run then said of it."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from conformance.evidence.runfile import RunFile
from conformance.judge import shapes, verdict
from conformance.proof import bench
from conformance.proof.bench import COMPLAINTS
from conformance.proof.bodies import Body, bodies, judged_by
from conformance.proof.mutants import Mutant, mutants
from conformance.reference import faults
from conformance.runner.file_judge import FileJudge
from conformance.runner.session import Exit, exit_status
from conformance.runner.tally import Evidence
from conformance.vocabulary import Exchange, Request, Response, Status, Verdict

# Where the input of a batch is judged: no service answers with it.
INPUT = "batches.input"
# How a run must end, by the effect that the row of a lie tells.
EXIT: Mapping[str, Exit] = {
    "fail": Exit.DOES_NOT_CONFORM, "warn": Exit.CONFORMS, "could-not-check": Exit.COULD_NOT_CHECK,
    "none": Exit.CONFORMS,
}  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One wrong thing and what came of it.

    ``what`` names a lie, or a node of a schema and what was done there; ``where`` is the scenario with its step (empty:
    all of a run), and ``model`` the model that was asked. It must break ``breaks``, and may break ``also``; ``broken``
    are those of the first that failed or, being no MUST, warned. ``elsewhere`` are other clauses that complained, of
    something that was not touched. ``allowed`` marks what the contract accepts. ``exit`` tells how the run with a lie
    ended, and ``deserved`` how its row says that it must. ``crash`` is what a check of ours broke with.
    """

    what: str
    model: str
    where: str
    breaks: frozenset[str]
    also: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()
    allowed: bool = False
    exit: int = 0
    deserved: int = 0
    crash: str = ""

    @property
    def is_lie(self) -> bool:
        """Tell whether the reference server lied, and not a body was changed."""
        return not self.where

    @property
    def unchecked(self) -> bool:
        """Tell whether it is a lie that leaves nothing to check."""
        return self.deserved == Exit.COULD_NOT_CHECK

    @property
    def killed(self) -> bool:
        """Tell whether it was noticed for what it is: a mutant by one clause, a lie as its row says.

        That is by each clause that the row names, of which there is one unless nothing is left to check, and by how the
        run ended: a MUST that only warns has not been noticed for what it is.
        """
        if self.crash or not self.is_lie:
            return bool(self.broken) and not self.crash
        named = bool(self.breaks) or self.unchecked
        return named and self.broken == self.breaks and self.exit == self.deserved


def of_lie(name: str, model: str, day: date | None = None) -> Trial:
    """Return what a run came to against a server that tells a lie, to one model on one day."""
    lie = faults()[name]
    known = looked_at(model, day or bench.day_of(model))
    elsewhere = frozenset().union(*(looked_at(other, bench.day_of(other)) for other in lie.models or (model,)))
    breaks = frozenset(clause for pattern in lie.breaks for clause in named(pattern, known, elsewhere))
    found = bench.ask(model, day or bench.day_of(model), [name], lie.mode).judge(bench.checks())
    records = [{"status": one.status.value, "level": one.clause.level.value} for one in found]
    trial = Trial(f"fault {name}", model, "", breaks, allowed=lie.effect == "none", exit=int(exit_status(records)),
                  deserved=int(EXIT[lie.effect]))  # fmt: skip
    return _came_to(trial, found, "")


@cache
def looked_at(model: str, day: date) -> frozenset[str]:
    """Return the clauses that an honest run for a model looks at."""
    honest = bench.honest(model) if day == bench.day_of(model) else bench.ask(model, day)
    return frozenset(one.clause.id for one in honest.judge(bench.checks()) if one.status is Status.PASS)


def named(pattern: str, known: Iterable[str], elsewhere: frozenset[str]) -> list[str]:
    """Return the clauses that a row of the lies names in the run for one model.

    A pattern stands for all that such a run looks at. A clause that is looked at for another model alone is not meant;
    one that is looked at for none, unless there is something wrong, is.
    """
    if "*" in pattern:
        return fnmatch.filter(known, pattern)
    return [pattern] if pattern in known or pattern not in elsewhere else []


def of_scenario(model: str, scenario: str) -> Iterator[Trial]:
    """Yield what became of each mutant of each answer in a scenario, as an honest server gave it."""
    honest = bench.honest(model)
    conversation = honest.run.conversations[scenario]
    held = (check.clause for check in bench.checks_of(scenario))
    judged = {clause.id for clause in held if not verdict.not_promised(clause, honest.run.target)}
    for position, exchange in enumerate(conversation):
        for mutant, changed in changes_of(exchange):
            if mutant.clause in judged:  # else nothing here is held against that schema
                told = (*conversation[:position], changed, *conversation[position + 1 :])
                trial = _of(mutant, model, f"{scenario}, step {exchange.step}", exchange, changed)
                yield trial if trial.allowed else _came_to(trial, honest.judge_instead(scenario, told), mutant.where)


def of_input_lines(model: str) -> Iterator[Trial]:
    """Yield what became of each mutant of a line of a batch's input, which only recorded evidence holds."""
    honest = bench.honest(model)
    uploaded = next(each for each in honest.run.conversations["batches.complete"] if each.endpoint == "files.create")
    line = next(part for part in uploaded.request.body.split(b"\n") if part.startswith(b'{"custom_id"'))
    given = Exchange("recorded", "line 1", INPUT, Request("", ""), Response(200, (), line), None)
    for mutant, changed in changes_of(given):
        judging = FileJudge(honest.run, Evidence(RunFile(None)))
        judging.add(changed)
        trial = _of(mutant, model, "a file with the input of a batch", given, changed)
        yield trial if trial.allowed else _came_to(trial, judging.verdicts("input.jsonl"), mutant.where)


def changes_of(exchange: Exchange) -> Iterator[tuple[Mutant, Exchange]]:
    """Yield the mutants of an exchange; of events, lines and items of lists, the first and the last are changed."""
    found: dict[tuple[str, str, str], list[tuple[Mutant, Body]]] = {}
    for body in bodies(exchange):
        for mutant in mutants(body.schema, body.value):
            alike = found.setdefault((mutant.clause, mutant.node, mutant.change), [])
            alike[1:] = [(mutant, body)] if alike else []
            alike[:1] = alike[:1] or [(mutant, body)]
    for alike in found.values():
        yield from ((mutant, body.put(mutant.body)) for mutant, body in alike)


def _of(mutant: Mutant, model: str, where: str, before: Exchange, changed: Exchange) -> Trial:
    """Return the trial of a mutant; one that makes another kind of answer breaks what the schema of that kind says."""
    schema = judged_by(changed)
    refused = shapes.broken(str(schema), mutant.body)
    breaks = frozenset({mutant.clause}) if schema == judged_by(before) else refused
    return Trial(f"{mutant.node} {mutant.change}", model, where, breaks, also=refused - breaks, allowed=not refused)


def _came_to(trial: Trial, verdicts: Iterable[Verdict], touched: str) -> Trial:
    complaints = [one for one in verdicts if one.status in COMPLAINTS]
    complained = {one.clause.id: one for one in complaints}
    crashed = [one.reason for one in complaints if one.status is Status.ERROR]
    broken = trial.breaks & complained.keys()
    others = complained.keys() - trial.breaks - trial.also
    elsewhere = frozenset(clause for clause in others if trial.is_lie or not _touches(complained[clause], touched))
    return replace(trial, broken=broken, elsewhere=elsewhere, crash=crashed[0] if crashed else "")


def _touches(verdict: Verdict, place: str) -> bool:
    """Tell whether a complaint is of a place in the body that was changed, or of one around or in it."""
    told = [finding.where.partition("/") for finding in verdict.findings]
    pointers = [slash + rest for _, slash, rest in told]
    return any(place.startswith(pointer) or pointer.startswith(place) for pointer in pointers)
