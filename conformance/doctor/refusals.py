"""What a refusal means for whoever sees it, and what to do about it; refusals.toml has the facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from conformance import rows
from conformance.doctor.steps import Step
from conformance.judge import answers
from conformance.vocabulary import CouldNotCheck, Exchange, Status

_PATH = Path(__file__).parent / "refusals.toml"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a status means, or a status with one type of error; refusals.toml explains each field."""

    status: int
    says: str
    advice: str
    source: str
    read: date
    type: str = ""


@cache
def meanings() -> dict[tuple[int, str], Meaning]:
    """Return the meanings by status and type; raises rows.ConfigurationError on a row that is wrong."""
    found = [rows.read(Meaning, table, _PATH.name) for table in rows.tables(_PATH, "refusal")]
    return {(row.status, row.type): row for row in found}


def refused(what: str, exchange: Exchange) -> Step:
    """Return the step that failed because what was asked did not succeed."""
    said = exchange.response
    try:
        answers.response(exchange)
    except CouldNotCheck as found:
        return Step(Status.FAIL, f"{what} got no answer of an API: {found.finding.actual}.", "Try again later.")
    status = said.status if said else 0
    known = meanings().get((status, answers.kind_of_error(exchange))) or meanings().get((status, ""))
    told = answers.message(exchange)
    if known:
        return Step(Status.FAIL, f"{what} {known.says} ({told}).", known.advice, known.source)
    return Step(Status.FAIL, f"{what} was answered with {status} ({told}).", "Try again later.")
