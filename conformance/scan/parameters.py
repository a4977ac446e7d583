"""Which members of a call, or of an object, its model refuses; catalogue/parameters.toml has the facts."""

from __future__ import annotations

import json
from collections.abc import Iterator

from conformance import catalogue
from conformance.catalogue import ParameterRule
from conformance.scan.tree import Group, Member

# Where clients put what they do not know themselves.
_EXTRA = ("extra_body", "model_kwargs", "optional_params")
_LONGEST = 40
_WORDS = {"True": True, "False": False, "true": True, "false": False}


def refused(group: Group, model: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield the offset, what is wrong, what to use, and the source of each parameter that a model refuses for certain.

    That is: in every mode that the request may be in. A value about which the sources disagree is not certain.
    """
    family = catalogue.models()[model].family
    modes = _modes(group, family)
    for member in _passed(group):
        rules = [rule for mode in modes if (rule := catalogue.rules_for(family, mode).get(member.name))]
        value = member.literal()
        number = _number(value.value) if value and not value.text else None
        if not value or number is None or not rules or not all(_refuses(rule, number) for rule in rules):
            continue
        allowed = " or ".join(dict.fromkeys(rule.allowed for rule in rules))
        what = f"{model} refuses {member.name} {value.value}: it takes {allowed} alone"
        yield value.at, what, f"leave {member.name} out", rules[0].source


def _passed(group: Group) -> Iterator[Member]:
    for member in group.members:
        if member.passed:
            yield member
        if member.name in _EXTRA:
            yield from (inner for extra in member.groups for inner in extra.members)


def _modes(group: Group, family: str) -> tuple[str, ...]:
    """Return the modes that a request may be in: one, where it says itself whether to think."""
    modes = catalogue.modes(family)
    thinking = next((member for member in _passed(group) if member.name == "thinking"), None)
    if thinking is None or len(modes) == 1:
        return modes
    kind = next((inner.literal() for one in thinking.groups if (inner := one.named("type"))), None)
    told = {"enabled": ("thinking",), "disabled": ("plain",)}
    return told.get(kind.value, modes) if kind and kind.text else modes


def _number(text: str) -> float | None:
    if len(text) > _LONGEST:
        return None
    try:
        return float(_WORDS.get(text, text))
    except ValueError:
        return None


def _refuses(rule: ParameterRule, value: float) -> bool:
    return not rule.takes(value) and value not in [float(json.loads(one)) for one in rule.disputed]
