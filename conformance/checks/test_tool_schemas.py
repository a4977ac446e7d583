"""Schemas of tools outside Moonshot's subset: a map of the rules that a target enforces, and nobody fails by it."""

import json
from collections.abc import Iterator

from conformance.checks import Conversation, Rule, check_of
from conformance.checks.test_refusals import refused, require_control
from conformance.contract import ledger
from conformance.judge import answers
from conformance.scenarios import scenarios, tool_schemas
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Judgement, NotApplicable, Run, find

NAME = "tools.schema-rules"
PREFIX = "tools.schema."


def probe_of(conversation: Conversation, text: str) -> Exchange:
    """Return the exchange that sent a schema; raises CouldNotCheck where none did."""
    for exchange in refused(conversation):
        if find(exchange.asked, "/tools/0/function/parameters") == json.loads(text):
            return exchange
    raise CouldNotCheck(Finding("", f"a request with the parameters {text}", "none was made"))


def judgement_of_rule(rule: str) -> Judgement:
    """Return the judgement that a target refuses a tool which breaks a rule."""

    def judge(conversation: Conversation, run: Run) -> Iterator[Finding]:
        last = refused(conversation)[-1]
        known = tool_schemas.probes(run.day(last))
        if rule not in known:
            raise NotApplicable(f"on {run.day(last)} no such schema was refused")
        probe = probe_of(conversation, known[rule])
        require_control(probe, scenarios()[NAME], run)
        if (code := answers.status(probe, run)) != 400:
            yield Finding(f"step {probe.step} status", f"400 to the parameters {known[rule]}", code)

    return judge


def _rules() -> list[str]:
    return [name.removeprefix(PREFIX) for name in ledger.clauses() if name.startswith(PREFIX)]


test_schema_rules = Rule(
    "test_schema_rules",
    tuple(check_of(f"{PREFIX}{rule}", NAME, "test_schema_rules", judgement_of_rule(rule)) for rule in _rules()),
)
