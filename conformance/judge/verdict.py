"""The one place that turns what a check yielded or raised into a verdict."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from datetime import date

from conformance.judge.shapes import shown
from conformance.vocabulary import (
    Check,
    Clause,
    CouldNotCheck,
    Exchange,
    Finding,
    Kind,
    Level,
    NotApplicable,
    Run,
    Status,
    Target,
    Unpromised,
    Verdict,
    Waiver,
)

FINDINGS_KEPT = 20


def reach(check: Check, exchanges: tuple[Exchange, ...], run: Run) -> Verdict:
    """Run one check and return its verdict; whatever the check raises becomes part of it."""
    findings: list[Finding] = []
    status, reason = Status.PASS, ""
    if excused := not_promised(check.clause, run.target):
        return _verdict(check, exchanges, Status.NOT_APPLICABLE, [], excused)
    try:
        reason = _collect(check.judge(exchanges, run), findings)
    except CouldNotCheck as refusal:
        status, reason = Status.COULD_NOT_CHECK, str(shown(str(refusal)))
        if not findings:
            findings = [refusal.finding]
            return _verdict(check, exchanges, status, findings, reason)
    except NotApplicable as excuse:
        if not findings:
            return _verdict(check, exchanges, Status.NOT_APPLICABLE, [], str(shown(str(excuse))))
    except Exception:  # noqa: BLE001 - a check that breaks is an error of ours, and must be seen as one
        return _verdict(check, exchanges, Status.ERROR, findings, traceback.format_exc(limit=-4))
    wrong, excused = illegal(findings, check.clause, run.target)
    if findings and not wrong and status is Status.PASS:
        return _verdict(check, exchanges, Status.NOT_APPLICABLE, [], excused)
    findings = wrong
    if findings:
        status = broken(check.clause)
        day = run.day(exchanges[-1]) if exchanges else run.started.date()
        if waiver := waiver_of(check.clause, day, run.target):
            status, reason = Status.WAIVED, f"{waiver.reason} ({waiver.owner}, {waiver.link}, until {waiver.expires})"
    return _verdict(check, exchanges, status, findings, reason)


def _collect(judging: Iterator[Finding], findings: list[Finding]) -> str:
    """Gather the findings of a judgement; return the remark that it ends with, such as a rate, or nothing."""
    while True:
        try:
            findings.append(next(judging))
        except StopIteration as end:
            return str(shown(end.value)) if end.value else ""


def waiver_of(clause: Clause, day: date, target: Target) -> Waiver | None:
    """Return a target's waiver for a clause, unless it had expired on the day that is judged."""
    waivers = (waiver for waiver in target.waivers if waiver.clause == clause.id and day <= waiver.expires)
    return next(waivers, None)


def not_promised(clause: Clause, target: Target) -> str | None:
    """Return why a clause does not speak of a target, with the page that says so, or None where it does.

    What only real traffic shows was seen at the vendor's own hosts, and is no promise of anybody else.
    """
    if clause.kind is Kind.OBSERVED and not target.official:
        return f"only traffic of the vendor's own hosts shows this, and {target.name} is none of them"
    row = _row(clause, target)
    return None if row is None or row.besides else _otherwise(row, target)


def illegal(findings: list[Finding], clause: Clause, target: Target) -> tuple[list[Finding], str]:
    """Return the findings but those of values that are legal at a target besides, and why those are none."""
    row = _row(clause, target)
    if row is None or not row.besides:
        return findings, ""
    return [finding for finding in findings if finding.actual not in row.besides], _otherwise(row, target)


def _row(clause: Clause, target: Target) -> Unpromised | None:
    return next((row for row in target.unpromised if clause.id in row.clauses), None)


def _otherwise(row: Unpromised, target: Target) -> str:
    return f"{target.name} promises otherwise: {row.reason} ({row.source}, read {row.read})"


def broken(clause: Clause) -> Status:
    """Return what a broken clause comes to: only a MUST fails a run."""
    return Status.FAIL if clause.level is Level.MUST else Status.WARN


def clean(finding: Finding) -> Finding:
    """Return a finding whose texts are short and can be written anywhere: what it quotes came from the wire."""
    return Finding(str(shown(finding.where)), str(shown(finding.expected)), shown(finding.actual))


def _verdict(
    check: Check, exchanges: tuple[Exchange, ...], status: Status, findings: list[Finding], reason: str
) -> Verdict:
    endpoints = [exchange.endpoint for exchange in exchanges]
    endpoint = check.clause.endpoint if check.clause.endpoint != "*" or not endpoints else endpoints[-1]
    if check.endpoints:
        endpoint = next((name for name in endpoints if name in check.endpoints), check.endpoints[0])
    kept = tuple(clean(finding) for finding in findings[:FINDINGS_KEPT])
    if len(findings) > FINDINGS_KEPT:
        kept += (Finding("", "no further finding", f"{len(findings) - FINDINGS_KEPT} more"),)
    return Verdict(check.clause, check.scenario, endpoint, status, kept, (), reason)
