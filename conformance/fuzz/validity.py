"""What is surely wrong with a request: by the schemas and the catalogue, and silent where they may be too strict."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance import catalogue
from conformance.catalogue import ParameterRule
from conformance.contract import ledger
from conformance.judge import shapes
from conformance.vocabulary import CouldNotCheck, Exchange, find

# Real traffic shows that an effort nobody knows is taken for none.
_LENIENT = frozenset({"reasoning_effort"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong with a request: the parameter (empty: the whole body), a pointer to it, what was due.

    ``missing`` names the member that is not there.
    """

    parameter: str
    where: str
    expected: str
    actual: Any
    missing: str = ""


def wrongs(exchange: Exchange) -> tuple[Wrong, ...]:
    """Return what is surely wrong with the body of a request, nothing where its endpoint takes none."""
    endpoint = ledger.endpoints().get(exchange.endpoint)
    if endpoint is None or endpoint.request is None:
        return ()
    try:
        asked = exchange.asked
    except CouldNotCheck as refusal:
        return (Wrong("", "", refusal.finding.expected, refusal.finding.actual),)
    found = tuple(_by_schema(endpoint.request, asked))
    return found or tuple(_by_catalogue(asked))


def _by_schema(name: str, asked: Any) -> Iterator[Wrong]:  # noqa: ANN401 - any JSON value
    for where, missing, message in shapes.errors(name, _told(asked)):
        tokens = where.split("/")[1:]
        parameter = missing if missing and not tokens else (tokens[0] if tokens else "")
        if parameter not in _LENIENT:
            actual = "nothing there" if missing else find(asked, where)
            yield Wrong(parameter, where, message, actual, missing)


def _told(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value without the members that are null: to a server they are as good as not there."""
    if isinstance(value, dict):
        return {name: _told(inner) for name, inner in value.items() if inner is not None}
    return [_told(item) for item in value] if isinstance(value, list) else value


def _by_catalogue(asked: dict[str, Any]) -> Iterator[Wrong]:
    family = catalogue.family_of(str(asked.get("model")))
    if family is None:
        return
    modes = [catalogue.rules_for(family.id, mode) for mode in catalogue.modes(family.id)]
    for parameter in modes[0]:
        value = asked.get(parameter)
        rules = [mode[parameter] for mode in modes if parameter in mode]
        if isinstance(value, bool | int | float) and len(rules) == len(modes) and all(_breaks(value, r) for r in rules):
            yield Wrong(parameter, f"/{parameter}", " or ".join(sorted({_allowed(rule) for rule in rules})), value)


def _breaks(value: float, rule: ParameterRule) -> bool:
    """Tell whether a value is surely not allowed: where the sources disagree, it is not."""
    if rule.only:
        return value != json.loads(rule.only) and value not in [json.loads(text) for text in rule.disputed]
    return not rule.minimum <= value <= rule.maximum


def _allowed(rule: ParameterRule) -> str:
    return rule.only or f"{rule.minimum:g} to {rule.maximum:g}"
