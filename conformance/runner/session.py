"""One run from its settings to its last record: conducts, judges check by check, counts, and says how to exit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import IntEnum
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.contract import ledger
from conformance.doctor import examination
from conformance.drift import standing
from conformance.evidence.cassette import path_of, write
from conformance.evidence.client import NoRecording
from conformance.evidence.redact import Redactor
from conformance.evidence.runfile import Record, RunFile, exchange_record, verdict_record
from conformance.judge import answers, verdict
from conformance.judge.costs import unpriced
from conformance.runner import changes, nightly, provenance, spending, timing
from conformance.runner.attribution import attributed
from conformance.runner.conduct import Conducted, Conductor, needed, unfit
from conformance.runner.doctor import Doctor
from conformance.runner.progress import Progress
from conformance.runner.settings import Settings
from conformance.scenarios import scenarios
from conformance.vocabulary import (
    Check,
    Mode,
    Run,
    Status,
    Verdict,
)


class Exit(IntEnum):
    """What a run's exit status says."""

    CONFORMS = 0
    DOES_NOT_CONFORM = 1
    USAGE = 2
    COULD_NOT_CHECK = 3
    SUITE_FAILED = 4
    STALE = 5


# Of several runs: where the suite failed nothing is known of a target; a broken MUST is certain, and no gap elsewhere
# mends it; a gap may hide one; what is stale was at least looked at. Wrong usage ends a command before any run.
_WORST_FIRST = (Exit.SUITE_FAILED, Exit.DOES_NOT_CONFORM, Exit.COULD_NOT_CHECK, Exit.STALE, Exit.USAGE, Exit.CONFORMS)


def worst(codes: Iterable[int]) -> Exit:
    """Return the exit status of several runs together: that of the worst of them."""
    return min(map(Exit, codes), key=_WORST_FIRST.index)


class RunSession:
    """Conducts a selection once, then judges it check by check; every record goes to the run file as it is made."""

    def __init__(self, settings: Settings, out: Path | None, shown: Progress | None = None) -> None:
        self.settings = settings
        self.out = out
        self._shown = shown or Progress(lambda _: None)
        redactor = Redactor(settings.target.key_variable, settings.key)
        self._runfile = RunFile(out / "run.ndjson" if out else None, redactor)
        self._done = Conducted()
        self._doctor = Doctor(settings) if settings.mode in (Mode.LIVE, Mode.RECORD) else None
        self._numbers: dict[int, int] = {}
        self.run = Run(__version__, settings.target, settings.mode, settings.model, datetime.now(UTC), settings.as_of)

    @property
    def records(self) -> list[Record]:
        """Every record so far."""
        return self._runfile.records

    def conduct(self, checks: list[Check]) -> None:
        """Ask everything that these checks and their controls need, and keep what was said.

        What the target does not promise is not asked for.
        """
        promised = (check for check in checks if not verdict.not_promised(check.clause, self.settings.target))
        wanted = needed(check.scenario for check in promised)
        fitting = [scenario for scenario in wanted if unfit(scenario, self.settings) is None]
        currency = unpriced(self.settings.target, self.settings.model)
        self._shown.announce(spending.estimate(fitting, self.settings.model, self.settings.max_cost, currency))
        conductor = Conductor(self.settings, self._shown.tell, self._doctor)
        self._done = conductor.done
        try:
            conductor.run(wanted)
        except BaseException:  # what an interrupted run has spent is spent: it keeps what it got for it
            self._keep()
            self._runfile.close()
            raise
        self._keep()
        if self.settings.mode is Mode.RECORD:
            self._record()

    def _keep(self) -> None:
        self.run = replace(self.run, conversations=self._done.conversations)
        self._runfile.write("run", self._header())
        for step in examination.records(self._doctor.steps(self._done.conversations)) if self._doctor else ():
            self._runfile.write("doctor", step)
        for conversation in (self._doctor.asked if self._doctor else (), *self._done.conversations.values()):
            for exchange in conversation:
                self._numbers[id(exchange)] = len(self._numbers) + 1
                self._runfile.write("exchange", exchange_record(self._numbers[id(exchange)], exchange))

    def judge(self, check: Check) -> Record:
        """Judge one check and return its record."""
        exchanges = self._done.conversations.get(check.scenario, ())
        reached = reach(check, self._done, self.run, self.settings)
        places = check.endpoints or (check.clause.endpoint,)
        kept = [exchange for exchange in exchanges if id(exchange) in self._numbers]
        looked = [self._numbers[id(exchange)] for exchange in kept if exchange.endpoint in places or "*" in places]
        numbers = tuple(looked or [self._numbers[id(exchange)] for exchange in kept])
        reached = attributed(replace(reached, exchanges=numbers), self.run.target, self.run.model, check)
        return self._runfile.write("verdict", verdict_record(reached))

    def finish(self) -> Record:
        """Write the changes and the last record, with the counts, what was spent, and the exit status; return that."""
        found = nightly.of(self.run, changes.of(self.run, self._done.cassettes), self._header(), self.settings.since)
        for one in found.standings:
            self._runfile.write("change", standing.record(one))
        for exchange, times in timing.of(self.run):
            place = {"exchange": self._numbers[id(exchange)], "scenario": exchange.scenario}
            self._runfile.write("timing", place | times)
        verdicts = [record for record in self.records if record["kind"] == "verdict"]
        stale = [*self._stale(verdicts), *found.stale]
        end = {
            "counts": counts(verdicts),
            "spend": self.spend(),
            "stale": stale,
            "exit": int(exit_status(verdicts, stale=bool(stale), drifted=nightly.drifted(self.records))),
            "notes": list(found.notes),
        }
        record = self._runfile.write("end", end)
        self._runfile.close()
        return record

    def _header(self) -> Record:
        said = provenance.of(self.settings, self._done)
        days = {(exchange.made_at or self.run.started).date() for exchange in answers.everything(self.run)}
        return {
            "suite": __version__,
            "target": self.settings.target.name,
            "base_url": self.settings.target.canonical_url,
            "key_variable": self.settings.target.key_variable,
            "mode": self.settings.mode.value,
            "provenance": said.kind,
            "provenance_sentence": said.sentence,
            "as_of": (self.settings.as_of or max(days, default=self.run.started.date())).isoformat(),
            "model": self.settings.model,
            "select": self.settings.select,
            "started": self.run.started.isoformat(timespec="seconds"),
        } | ({"since": [one.file for one in self.settings.since]} if self.settings.since else {})

    def _record(self) -> None:
        said = provenance.of(self.settings, self._done)
        for name, conversation in self._done.conversations.items():
            answered = [exchange for exchange in conversation if exchange.response is not None]
            if not answered or name in self._done.crashes:
                continue
            metadata = {
                "provenance": said.kind,
                "answered_by": self.settings.target.base_url,
                "recorded_on": self.run.started.date().isoformat(),
                "suite": __version__,
                "target": self.settings.target.name,
                "model": self.settings.model,
                "scenario": name,
            } | ({"as_of": self.settings.as_of.isoformat()} if self.settings.as_of else {})
            write(path_of(self.settings.cassettes, name), answered, metadata)

    def spend(self) -> dict[str, Any]:
        """Return what was sent and what it cost, as the answers tell it; the doctor's preflight is sent, too."""
        told = spending.of(self.run)
        return told | {"requests": told["requests"] + (len(self._doctor.asked) if self._doctor else 0)}

    def _old_recordings(self, allowed: int) -> Iterator[str]:
        today = self.settings.as_of or self.run.started.date()
        for name, cassette in self._done.cassettes.items():
            with suppress(NoRecording):
                recorded_on = cassette.metadata.get("recorded_on", "")
                try:
                    age = (today - date.fromisoformat(recorded_on)).days
                except ValueError:
                    yield f"the recording of {name} does not say of which day it is"
                    continue
                if age > allowed:
                    yield f"the recording of {name} is {age} days old; the target allows {allowed}"

    def _stale(self, verdicts: list[Record]) -> Iterator[str]:
        if self.settings.target.recordings_days is not None:
            yield from self._old_recordings(self.settings.target.recordings_days)
        day = date.fromisoformat(self.records[0]["as_of"]) if self.records else self.run.started.date()
        for waiver in self.settings.target.waivers:
            if waiver.clause not in ledger.clauses():
                yield f"the waiver for {waiver.clause} is for a clause that the ledger does not know"
            elif waiver.expires < day:
                yield f"the waiver for {waiver.clause} expired on {waiver.expires} (owner {waiver.owner})"
            elif _holds(waiver.clause, verdicts):
                yield f"the waiver for {waiver.clause} is no longer needed: the clause holds (owner {waiver.owner})"


def reach(check: Check, done: Conducted, run: Run, settings: Settings) -> Verdict:
    """Return what a check comes to: also where its scenario does not apply, or broke."""
    if reason := unfit(scenarios()[check.scenario], settings):
        return Verdict(check.clause, check.scenario, check.clause.endpoint, Status.NOT_APPLICABLE, reason=reason)
    if crash := done.crashes.get(check.scenario):
        return Verdict(check.clause, check.scenario, check.clause.endpoint, Status.ERROR, reason=crash)
    return verdict.reach(check, done.conversations.get(check.scenario, ()), run)


def _holds(clause: str, verdicts: list[Record]) -> bool:
    """Tell whether a clause was looked at and held wherever it was."""
    told = {record["status"] for record in verdicts if record["clause"] == clause}
    return Status.PASS in told and Status.WAIVED not in told


def counts(verdicts: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many verdicts there are of each status, under the names that results.json uses."""
    told = Counter(record["status"] for record in verdicts)
    return {status.value.replace("-", "_"): told[status.value] for status in Status}


def exit_status(verdicts: list[dict[str, Any]], *, stale: bool = False, drifted: bool = False) -> Exit:
    """Return what the verdicts come to: an error of ours outweighs a fail, a fail what could not be checked.

    ``drifted`` tells of a new breaking change since an earlier run.
    """
    told = {record["status"] for record in verdicts}
    if Status.ERROR in told:
        return Exit.SUITE_FAILED
    if Status.FAIL in told or drifted:
        return Exit.DOES_NOT_CONFORM
    if stale:
        return Exit.STALE
    missed = any(record["status"] == Status.COULD_NOT_CHECK and record["level"] == "MUST" for record in verdicts)
    if missed or not told & {Status.PASS, Status.WARN, Status.WAIVED}:
        return Exit.COULD_NOT_CHECK
    return Exit.CONFORMS
