"""What was seen of the models of a target: which are listed, with what, and which answered when they were asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from conformance.catalogue import gateways
from conformance.contract import ledger
from conformance.judge import account, answers
from conformance.judge.costs import CHATS
from conformance.judge.shapes import shown
from conformance.vocabulary import ABSENT, Account, CouldNotCheck, Exchange, Finding, Target, find

Entry = dict[str, Any]
# A model of a list: its place in it, and what it says.
Listed = tuple[str, Entry]


@dataclass(frozen=True, slots=True)
class Call:
    """What asking a model came to: ``answered`` is None where that could not be checked, and ``why`` says why."""

    answered: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one source saw of the models up to a day, by the ids under which they were announced.

    ``listed`` is None where no list was seen, ``unlisted`` says why; ``account`` is the kind of account that asked.
    """

    source: str
    day: date
    listed: Mapping[str, Listed] | None = None
    calls: Mapping[str, Call] = field(default_factory=dict)
    account: Account | None = None
    unlisted: str = ""


def of(exchanges: Sequence[Exchange], target: Target, day: date, source: str) -> Seen:
    """Return what exchanges show of the models of a target; the last list that can be read counts."""
    lists: list[dict[str, Listed]] = []
    unlisted = ""
    for exchange in exchanges:
        if exchange.endpoint == "models.list" and not exchange.refused:
            try:
                lists.append(listed(exchange, target))
            except CouldNotCheck as refusal:
                unlisted = str(shown(str(refusal)))
    known = account.kind_of(exchanges, target)
    return Seen(source, day, lists[-1] if lists else None, calls(exchanges, target), known, unlisted)


def listed(exchange: Exchange, target: Target) -> dict[str, Listed]:
    """Return the models of a list by the ids under which they were announced; raises CouldNotCheck where it is none.

    A gateway's other models are none of ours, and left out.
    """
    answer = answers.response(exchange)
    if answer.status not in answers.success_of(exchange):
        raise CouldNotCheck(Finding("", "a list of models", f"{answer.status}: {answers.message(exchange)}"))
    places = [f"/data/{number}" for number in range(len(exchange.at("/data", list)))]
    found = {exchange.at(f"{where}/id", str): (where, exchange.at(where, dict)) for where in places}
    return {name: entry for id_, entry in found.items() if (name := announced_as(id_, target))}


def announced_as(model: str, target: Target) -> str | None:
    """Return the id under which a model was announced that a target knows by another, or None where none is known."""
    if target.official:
        return model
    known = gateways.ids().get(model)
    return known.model if known else None


def calls(exchanges: Iterable[Exchange], target: Target) -> dict[str, Call]:
    """Return what asking each model came to: one answer shows that it can be called, whatever else was refused."""
    found: dict[str, Call] = {}
    for exchange in exchanges:
        model = _asked(exchange, target) if exchange.endpoint in CHATS else None
        if model is not None:
            found[model] = min(found.get(model, _NOTHING), _call(exchange), key=_weight)
    return found


_NOTHING = Call(None, "not asked")


def _weight(call: Call) -> int:
    return (True, False, None).index(call.answered) if call is not _NOTHING else 3


def _asked(exchange: Exchange, target: Target) -> str | None:
    """Return the announced model that a chat asks for, or None where its request does not tell."""
    with suppress(CouldNotCheck):
        model = find(exchange.asked, "/model")
        return announced_as(model, target) if isinstance(model, str) else None
    return None


def _call(exchange: Exchange) -> Call:
    if exchange.response is None:
        return Call(None, exchange.failure or "no answer")
    try:
        answer = answers.response(exchange)
        if answer.status not in answers.success_of(exchange):
            told = f"{answer.status}: {answers.message(exchange)}"
            return Call(False if _is_no_such_model(exchange, answer.status) else None, str(shown(told)))
        if find(answers.whole(exchange).json, "/choices/0") is ABSENT:
            raise CouldNotCheck(Finding("/choices", "a choice", "none"))
    except CouldNotCheck as refusal:
        return Call(None, str(shown(str(refusal))))
    return Call(True)


def _is_no_such_model(exchange: Exchange, status: int) -> bool:
    """Tell whether a refusal says that there is no such model: it may be of the account, the key or the hour."""
    row = ledger.refusals()["unknown-model"]
    named = "model" in answers.message(exchange).lower()
    return status in row.status and answers.kind_of_error(exchange) in row.types and named
