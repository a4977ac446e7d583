"""What to enter in a front end for a target and a model, and which parameters of its requests the model refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from conformance import catalogue
from conformance.catalogue import ParameterRule, gateways
from conformance.catalogue.frontends import Frontend
from conformance.vocabulary import Target

# What a rule is said to hold for, by the mode that the model is in.
_WHILE = {"thinking": "while it thinks", "plain": "while it does not think"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a front end under its own name, and what to enter there."""

    field: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What a model takes for one parameter, and what to do about it in a front end.

    ``sends`` is the JSON text that the front end sends unasked; None where no source tells that it sends any.
    """

    parameter: str
    takes: str
    sends: str | None
    do: str
    refused: bool
    source: str


def entries(frontend: Frontend, target: Target, model: str) -> list[Entry]:
    """Return what to enter, field by field, with a word in place of the key; the key itself is never asked for."""
    facts = _facts(target, model) | {
        "drop": json.dumps([one.parameter for one in advice(frontend, model) if one.refused])
    }
    return [Entry(row.field.format(**facts), row.value.format(**facts), row.note) for row in frontend.settings]


def _facts(target: Target, model: str) -> dict[str, str]:
    known = gateways.find(model)
    announced = catalogue.models()[known.model] if known else None
    thinks = catalogue.families()[announced.family].thinks if announced else ""
    return {
        "base_url": target.base_url,
        "model": model,
        "key": "<your key>",
        "variable": target.key_variable,
        "context": str(announced.context) if announced and announced.context else "not known",
        "image": _word("image" in announced.modalities if announced else None),
        "thinking": {"never": "no", "always": "yes, always", "optionally": "yes"}.get(thinks, "not known"),
    }


def gone(target: Target, model: str, day: date) -> str | None:
    """Return what to say of a model that the vendor has retired, or None where it is to be had."""
    known, host = gateways.find(model), gateways.host_of(target.canonical_url)
    announced = catalogue.models()[known.model] if known else None
    if announced is None or announced.retired is None or day <= announced.retired or (host and not host.official):
        return None
    use = gateways.replacement(announced.id, day)
    return f"{model} was retired on {announced.retired}" + (f"; use {use.id}" if use else "")


def _word(known: bool | None) -> str:  # noqa: FBT001 - a fact and no switch
    return "not known" if known is None else "yes" if known else "no"


def advice(frontend: Frontend, model: str) -> list[Advice]:
    """Return the parameters that a model does not take freely, in the order of the catalogue.

    None where the catalogue does not know the model.
    """
    known = gateways.find(model)
    if known is None:
        return []
    family = catalogue.models()[known.model].family
    rules = {mode: catalogue.rules_for(family, mode) for mode in catalogue.modes(family)}
    return list(_advice(frontend, rules))


def _advice(frontend: Frontend, rules: dict[str, dict[str, ParameterRule]]) -> Iterator[Advice]:
    for parameter in next(iter(rules.values())):
        of_modes = {mode: known[parameter] for mode, known in rules.items()}
        sent = frontend.sends.get(parameter)
        refusing = [mode for mode, rule in of_modes.items() if sent is not None and not rule.takes(_number(sent))]
        source = next(iter(of_modes.values())).source
        yield Advice(parameter, _takes(of_modes), sent, _do(sent, refusing, of_modes), bool(refusing), source)


def _takes(rules: dict[str, ParameterRule]) -> str:
    allowed = {mode: f"{rule.allowed} alone" if rule.only else rule.allowed for mode, rule in rules.items()}
    if len(set(allowed.values())) == 1:
        return next(iter(allowed.values()))
    return ", ".join(f"{words} {_WHILE[mode]}" for mode, words in allowed.items())


def _do(sent: str | None, refusing: list[str], rules: dict[str, ParameterRule]) -> str:
    if sent is None:
        return "leave it out, or set it so"
    if not refusing:
        return f"it sends {sent}, which is taken"
    when = "" if len(refusing) == len(rules) else f" {' and '.join(_WHILE[mode] for mode in refusing)}"
    return f"it sends {sent}, which is refused{when}: leave it out"


def _number(text: str) -> float:
    return float(json.loads(text))
