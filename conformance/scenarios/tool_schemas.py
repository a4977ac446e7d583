"""Schemas of tools outside Moonshot's subset: which of its rules the target enforces."""

import json
from datetime import date

from conformance.catalogue import mfjs
from conformance.evidence.api import Api
from conformance.scenarios import scenario
from conformance.scenarios.chat import HELLO


def probes(day: date) -> dict[str, str]:
    """Return the schemas that must be refused on a day, as JSON texts, by the rule that each breaks and no other."""
    return {
        name: rule.example
        for name, rule in mfjs.rules(day).items()
        if rule.effect is mfjs.Effect.REFUSED and rule.example
    }


def with_parameters(text: str) -> list[dict[str, object]]:
    """Return tools whose one function has these parameters."""
    return [{"type": "function", "function": {"name": "get_weather", "parameters": json.loads(text)}}]


@scenario("tools.schema-rules", control="tools.none")
def schema_rules(api: Api) -> None:
    """Bring along a tool for each rule, whose parameters break it."""
    for text in probes(api.day).values():
        api.chat(HELLO, tools=with_parameters(text), refused=True)
