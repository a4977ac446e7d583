"""What the clauses come to in a recorded file, exchange by exchange, and the evidence that their findings speak of."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.evidence.runfile import RunFile, exchange_record
from conformance.judge import shapes, verdict
from conformance.runner.attribution import attributed
from conformance.vocabulary import Clause, CouldNotCheck, Exchange, Finding, Run, Status, Verdict


@dataclass
class Tally:
    """What one clause came to in one file so far."""

    looked: bool = False
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    exchanges: list[int] = field(default_factory=list)
    missed: CouldNotCheck | None = None
    excuse: str = ""
    crash: str = ""

    def verdict(self, clause: Clause, endpoint: str, file: str, run: Run) -> Verdict:
        """Return the verdict that the tally comes to."""
        wrong, besides = verdict.illegal(self.findings, clause, run.target)
        status, findings, reason = Status.PASS, tuple(wrong), ""
        if self.crash:
            status, reason = Status.ERROR, self.crash
        elif excused := verdict.not_promised(clause, run.target):
            return Verdict(clause, "recorded", endpoint, Status.NOT_APPLICABLE, reason=excused, file=file)
        elif self.findings and not wrong and not self.more:
            status, reason = Status.NOT_APPLICABLE, besides
        elif self.findings:
            status = verdict.broken(clause)
            waiver = verdict.waiver_of(clause, run.as_of or run.started.date(), run.target)
            status, reason = (Status.WAIVED, waiver.reason) if waiver else (status, reason)
        elif self.missed:
            status, reason = Status.COULD_NOT_CHECK, str(shapes.shown(str(self.missed)))
            findings = (self.missed.finding,)
        elif not self.looked:
            status, reason = Status.NOT_APPLICABLE, self.excuse
        if self.more:
            findings += (Finding("", "no further finding", f"{self.more} more"),)
        told = Verdict(clause, "recorded", endpoint, status, findings, tuple(self.exchanges), reason, file)
        return attributed(told, run.target)


def placed(exchange: Exchange, finding: Finding) -> Finding:
    """Return a finding whose place names the part of the file, where it has more than one."""
    where = " ".join(filter(None, ("" if exchange.step == "1" else exchange.step, finding.where)))
    return verdict.clean(Finding(where, finding.expected, finding.actual))


class Evidence:
    """Writes the exchanges that findings speak of to the run file, each once."""

    def __init__(self, runfile: RunFile) -> None:
        self._runfile = runfile
        self._written = 0
        self._last: Exchange | None = None

    def number(self, exchange: Exchange) -> int:
        """Return the number of an exchange in the run file, which it is written to if it is not there yet."""
        if self._last is not exchange:
            self._written += 1
            record = exchange_record(self._written, exchange)
            self._runfile.write("exchange", record | {"file": printable(str(exchange.file))})
            self._last = exchange
        return self._written


def printable(path: str) -> str:
    """Return a path as text that can be written anywhere, whatever bytes its name has."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
