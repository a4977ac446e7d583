"""The score: every trial there is, side by side, and what all of them together prove of each clause."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

from conformance import __version__, catalogue, targets
from conformance.contract import ledger
from conformance.proof import bench, trials
from conformance.proof.trials import Trial
from conformance.reference import faults
from conformance.runner.conduct import unfit
from conformance.scenarios import scenarios
from conformance.vocabulary import Clause, Fault, Mode, Status

Job = Callable[[], "list[Trial] | list[Alarm]"]
# The tag of clauses about any request at all: each is broken in the tests of fuzz.
FUZZ = "fuzz"
QUIET = frozenset({Status.PASS, Status.NOT_APPLICABLE})


@dataclass(frozen=True)
class Alarm:
    """A verdict against an honest server, or against a behaviour that only looks like a fault."""

    about: str
    clause: str
    scenario: str
    status: str


@dataclass(frozen=True)
class Score:
    """What the trials came to."""

    trials: tuple[Trial, ...]
    alarms: tuple[Alarm, ...]
    seconds: float

    @property
    def mutants(self) -> list[Trial]:
        """What was made wrong: what the contract allows all the same is not counted."""
        return [trial for trial in self.trials if not trial.allowed]

    @property
    def survivors(self) -> list[Trial]:
        """What was made wrong and not noticed for what it is."""
        return [trial for trial in self.mutants if not trial.killed]

    @property
    def noisy(self) -> list[Trial]:
        """What was noticed, beside complaints of something else."""
        return [trial for trial in self.mutants if trial.killed and trial.elsewhere]

    @property
    def proven(self) -> set[str]:
        """The clauses that something was made to break, and that failed."""
        return {clause for trial in self.mutants for clause in trial.broken}

    @property
    def unproven(self) -> list[str]:
        """The clauses that nothing was seen to break."""
        return [clause.id for clause in provable() if clause.id not in self.proven]

    @property
    def is_green(self) -> bool:
        """Tell whether every clause can fail, nothing survived, and nobody was slandered."""
        return not (self.survivors or self.unproven or self.alarms)


def provable() -> list[Clause]:
    """Return the clauses that a run checks; others say in the ledger why not, or are looked at by fuzz alone."""
    return [clause for clause in ledger.clauses().values() if clause.excluded is None and FUZZ not in clause.tags]


def models() -> list[str]:
    """Return every model that was ever announced, and the gateways, each of which is asked for its own model.

    First comes the one that is asked by default, last those that are gone.
    """
    known, first = catalogue.models(), targets.load("moonshot").model
    ordered = sorted(known, key=lambda model: (model != first, known[model].retired is not None))
    return [*ordered, *bench.GATEWAYS]


def measure() -> Score:
    """Run every trial in processes of their own, as many at once as there are processors, and return the score."""
    begun = time.monotonic()
    found: list[Trial] = []
    wrong: list[Alarm] = []
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for told in pool.map(_do, jobs()):
            for one in told:
                if isinstance(one, Trial):
                    found.append(one)
                else:
                    wrong.append(one)
    slandered = [alarm for trial in found for alarm in alarms_of(trial)]
    return Score(tuple(found), (*wrong, *slandered), time.monotonic() - begun)


def _do(job: Job) -> list[Trial] | list[Alarm]:
    return job()


def jobs() -> list[Job]:
    """Return what is to be done, the longest first: a run that waits for time to pass, scenarios, lies, honest runs."""
    waiting = [name for name, lie in faults().items() if lie.mode is Mode.LIVE]
    names = [*waiting, *(name for name in faults() if name not in waiting)]
    return [
        *(partial(mutants_of, model, scenario) for model, scenario in asked()),
        partial(input_lines, models()[0]),
        *(partial(told_by, name) for name in names),
        *(partial(alarms, model) for model in models()),
    ]


def asked() -> Iterator[tuple[str, str]]:
    """Yield every scenario with the first model that it applies to."""
    for scenario in scenarios().values():
        fitting = (model for model in models() if unfit(scenario, bench.asking(model)) is None)
        for model in fitting:
            yield model, scenario.name
            break


def mutants_of(model: str, scenario: str) -> list[Trial]:
    """Return the trials of the mutants of a scenario's answers."""
    return list(trials.of_scenario(model, scenario))


def input_lines(model: str) -> list[Trial]:
    """Return the trials of the mutants of a batch's input."""
    return list(trials.of_input_lines(model))


def told_by(name: str) -> list[Trial]:
    """Return the trials of a lie: to each model in whose answers it shows, and on each day on which it broke more."""
    lie: Fault = faults()[name]
    told_to = lie.models or models()[:1]
    now = [trials.of_lie(name, model) for model in told_to]
    return now + [trials.of_lie(name, told_to[0], day) for day in lie.days]


def alarms(model: str) -> list[Alarm]:
    """Return the verdicts against an honest server that is asked for a model."""
    found = bench.honest(model).judge(bench.checks())
    about = f"honest server, {model}"
    return [Alarm(about, one.clause.id, one.scenario, one.status.value) for one in found if one.status not in QUIET]


def alarms_of(trial: Trial) -> list[Alarm]:
    """Return the complaints about what is legal, or about what leaves nothing to look at; so is a run ended by it."""
    if not trial.is_lie or not (trial.allowed or trial.unchecked):
        return []
    about = f"{trial.what}, {trial.model}"
    found = [Alarm(about, clause, "", "complaint") for clause in sorted(trial.elsewhere)]
    ended_otherwise = trial.allowed and trial.exit != trial.deserved
    return found or ([Alarm(about, "", "", f"exit {trial.exit}")] if ended_otherwise else [])


def document(score: Score) -> dict[str, Any]:
    """Return the score as ``selftest --json`` prints it (schemas/selftest.json)."""
    return {
        "suite": __version__,
        "as_of": bench.today().isoformat(),
        "clauses": len(provable()),
        "clauses_killable": len(provable()) - len(score.unproven),
        "clauses_excluded": sum(clause.excluded is not None for clause in ledger.clauses().values()),
        "clauses_of_fuzz": sum(FUZZ in clause.tags for clause in ledger.clauses().values()),
        "mutants": len(score.mutants),
        "lies": sum(trial.is_lie for trial in score.mutants),
        "changes": len({trial.what for trial in score.mutants if not trial.is_lie}),
        "killed": len(score.mutants) - len(score.survivors),
        "survivors": [shown(trial) for trial in score.survivors],
        "false_alarms": [vars(alarm) for alarm in score.alarms],
        "unproven": score.unproven,
        "equivalent": [shown(trial) for trial in score.trials if trial.allowed and not trial.is_lie],
        "noisy": [shown(trial) for trial in score.noisy],
        "models": models(),
        "seconds": round(score.seconds, 1),
        "groups": groups(score),
    }


def shown(trial: Trial) -> dict[str, Any]:
    """Return a trial as a row of the document."""
    return {
        "mutant": trial.what,
        "model": trial.model,
        "where": trial.where,
        "breaks": sorted(trial.breaks),
        "broken": sorted(trial.broken),
        "elsewhere": sorted(trial.elsewhere),
        "exit": trial.exit,
        "deserved": trial.deserved,
        "crash": trial.crash,
    }


def groups(score: Score) -> list[dict[str, Any]]:
    """Return for each group of clauses (the first word of their ids) how many there are, and what was made to break."""
    of_clauses = Counter(group(clause.id) for clause in provable())
    proven = Counter(group(clause) for clause in score.proven)
    made, lies, killed = Counter[str](), Counter[str](), Counter[str]()
    for trial in score.mutants:
        mine = {group(clause) for clause in trial.breaks}
        made.update(mine)
        lies.update(mine if trial.is_lie else ())
        killed.update(mine if trial.killed else ())
    return [
        {"group": name, "clauses": count, "killable": proven[name], "mutants": made[name], "lies": lies[name],
         "killed": killed[name]}
        for name, count in of_clauses.items()
    ]  # fmt: skip


def group(clause: str) -> str:
    """Return the group of a clause."""
    return clause.partition(".")[0]
