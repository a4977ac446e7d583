"""The checks: clauses applied to the exchanges of scenarios, collected by pytest from the modules here.

A rule is one judgement under one clause. It becomes one check for every scenario that serves it: that is known from
what the scenarios declare, before anything is sent. The sentence of a check is that of its clause, which stands in the
ledger and nowhere else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from conformance.contract import ledger, schemas
from conformance.evidence.api import PREFLIGHT
from conformance.judge import answers, shapes
from conformance.scenarios import scenarios
from conformance.vocabulary import Check, Clause, CouldNotCheck, Exchange, Finding, Judgement, NotApplicable, Run

OfExchange = Callable[[Exchange, Run], Iterator[Finding]]
Conversation = tuple[Exchange, ...]
# Where a chat is answered, whole and in a stream.
ANSWERS = ("chat.completions", "chat.stream")


@dataclass(frozen=True)
class ExchangeRule:
    """A judgement that needs one exchange and nothing else: it also serves evidence that was recorded elsewhere.

    Without ``endpoints`` it is on every answer, whatever was asked.
    """

    clause: Clause
    endpoints: tuple[str, ...] | None
    judge: OfExchange


@dataclass(frozen=True)
class Rule:
    """What a module offers to pytest under a name that begins with ``test_``, and the checks that it stands for."""

    name: str
    checks: tuple[Check, ...]
    alone: ExchangeRule | None = None
    status_of: str | None = None
    __test__ = False


def rule_of_exchange(clause: str, *endpoints: str) -> Callable[[OfExchange], Rule]:
    """Make a function a rule on every exchange of these endpoints that succeeded.

    An exchange that did not succeed is could-not-check, with what came instead. So is a scenario that never asked.
    """

    def make(function: OfExchange) -> Rule:
        def judge(conversation: Conversation, run: Run) -> Iterator[Finding]:
            exchanges = asked(conversation, endpoints)
            for exchange in exchanges:
                answers.success(exchange, run)
            return _each(clause, function, exchanges, run)

        alone = ExchangeRule(ledger.clauses()[clause], endpoints, function)
        return _rule(function.__name__, clause, calling(*endpoints), judge, alone)

    return make


def rule_of_answer(clause: str) -> Callable[[OfExchange], Rule]:
    """Make a function a rule on every chat answer that succeeded: whole, or what the chunks of a stream add up to."""

    def make(function: OfExchange) -> Rule:
        def of_whole(exchange: Exchange, run: Run) -> Iterator[Finding]:
            return function(answers.whole(exchange), run)

        of_whole.__name__ = function.__name__
        rule = rule_of_exchange(clause, *ANSWERS)(of_whole)
        return replace(rule, checks=tuple(replace(check, endpoints=ANSWERS) for check in rule.checks))

    return make


def rule_of_response(clause: str) -> Callable[[OfExchange], Rule]:
    """Make a function a rule on every answer of the API in every scenario, whatever its status.

    An answer to a preflight is none: it comes from whatever stands in front of the API.
    """

    def make(function: OfExchange) -> Rule:
        def judge(conversation: Conversation, run: Run) -> Iterator[Finding]:
            exchanges = tuple(each for each in asked(conversation, None) if each.endpoint != PREFLIGHT)
            for exchange in exchanges:
                answers.response(exchange)
            return _each(clause, function, exchanges, run)

        alone = ExchangeRule(ledger.clauses()[clause], None, function)
        return _rule(function.__name__, clause, scenarios(), judge, alone)

    return make


def rule_of_conversation(clause: str, *names: str) -> Callable[[Judgement], Rule]:
    """Make a function a rule on all the exchanges of these scenarios together."""

    def make(function: Judgement) -> Rule:
        return _rule(function.__name__, clause, names, function)

    return make


def rule_of_status(clause: str, endpoint: str) -> Rule:
    """Return the rule that a legal request to an endpoint succeeds."""
    expected = " or ".join(map(str, ledger.endpoints()[endpoint].success))

    def judge(conversation: Conversation, run: Run) -> Iterator[Finding]:
        for exchange in asked(conversation, (endpoint,)):
            code = answers.status(exchange, run)
            if code not in answers.success_of(exchange):
                yield Finding("status", expected, f"{code}: {answers.message(exchange)}")

    return replace(_rule("test_status", clause, calling(endpoint), judge), status_of=endpoint)


def rule_of_shape(schema: str) -> Rule:
    """Return the rule of a schema: a check for each of its clauses in each scenario whose answers have that shape."""
    known = ledger.endpoints().items()
    endpoints = tuple(name for name, endpoint in known if endpoint.answer == schema)
    return Rule(
        "test_shape",
        tuple(
            replace(
                check_of(clause, name, "test_shape", judgement_of_shape(clause, schema, endpoints)), endpoints=endpoints
            )
            for name in calling(*endpoints)
            for clause in schemas.clauses_of(schema)
        ),
    )


def judgement_of_shape(clause: str, schema: str, endpoints: tuple[str, ...]) -> Judgement:
    """Return the judgement of one clause of a schema over the answers of these endpoints."""

    def judge(conversation: Conversation, run: Run) -> Iterator[Finding]:
        looked = False
        for exchange in asked(conversation, endpoints):
            answers.success(exchange, run)
            for where, value in answers.values(exchange):
                shape = shape_of(exchange, where, schema, value)
                looked = looked or clause in shape.looked_at
                for finding in shape.findings.get(clause, ()):
                    yield Finding(" ".join(filter(None, (where, finding.where))), finding.expected, finding.actual)
        if not looked:
            raise nothing_for(clause, conversation, "no answer here has what this clause speaks of")

    return judge


def nothing_for(clause: str, conversation: Conversation, excuse: str) -> NotApplicable | CouldNotCheck:
    """Return what to raise where answers have nothing that a clause speaks of.

    That is no excuse in a scenario that exists to show it.
    """
    scenario = scenarios().get(conversation[0].scenario)
    shows = scenario.shows if scenario else None
    if shows and (clause == shows or clause.startswith(f"{shows}.")):
        return CouldNotCheck(Finding("", f"an answer with what {clause} speaks of", excuse))
    return NotApplicable(excuse)


def shape_of(exchange: Exchange, where: str, schema: str, value: object) -> shapes.Shape:
    """Return what a schema says of a body, examined once for all its clauses."""
    known = exchange.__dict__.setdefault("shapes", {})
    if (where, schema) not in known:
        known[where, schema] = shapes.examine(schema, value)
    shape: shapes.Shape = known[where, schema]
    return shape


def asked(conversation: Conversation, endpoints: tuple[str, ...] | None) -> Conversation:
    """Return the exchanges of these endpoints that were meant to succeed; raises CouldNotCheck where there is none."""
    if not conversation:
        raise CouldNotCheck(Finding("", "an exchange", "the scenario made none"))
    found = tuple(
        exchange
        for exchange in conversation
        if endpoints is None or (exchange.endpoint in endpoints and not exchange.refused)
    )
    if not found:
        last = conversation[-1]
        came = last.failure or (f"status {last.response.status}" if last.response else "nothing")
        raise CouldNotCheck(
            Finding(
                "", f"the scenario to ask {' or '.join(endpoints or ())}", f"it ended at {last.endpoint} with {came}"
            )
        )
    return found


def check_of(clause: str, scenario: str, name: str, judge: Judgement) -> Check:
    """Return a check; raises KeyError where the ledger does not know the clause."""
    return Check(ledger.clauses()[clause], scenario, name, judge)


def calling(*endpoints: str) -> list[str]:
    """Return the scenarios that ask one of these endpoints for an answer."""
    return [name for name, scenario in scenarios().items() if set(endpoints) & set(scenario.calls)]


def _each(clause: str, function: OfExchange, exchanges: Conversation, run: Run) -> Iterator[Finding]:
    looked, excuse = False, ""
    for exchange in exchanges:
        try:
            yield from function(exchange, run)
            looked = True
        except NotApplicable as reason:
            excuse = str(reason)
    if not looked:
        raise nothing_for(clause, exchanges, excuse)


def _rule(name: str, clause: str, names: Iterable[str], judge: Judgement, alone: ExchangeRule | None = None) -> Rule:
    return Rule(name, tuple(check_of(clause, scenario, name, judge) for scenario in names), alone)


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule of every module here."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(rule for module in modules for rule in vars(module).values() if isinstance(rule, Rule))


@cache
def status_clauses() -> dict[str, str]:
    """Return the clause of the status of each endpoint that has one."""
    return {rule.status_of: rule.checks[0].clause.id for rule in rules() if rule.status_of and rule.checks}


def all_checks() -> tuple[Check, ...]:
    """Return every check of every rule."""
    return tuple(check for rule in rules() for check in rule.checks)


def exchange_rules(endpoint: str) -> list[ExchangeRule]:
    """Return the rules that one exchange of an endpoint can be judged by alone."""
    found = [rule.alone for rule in rules() if rule.alone]
    return [rule for rule in found if rule.endpoints is None or endpoint in rule.endpoints]


def checks_by_clause() -> dict[Clause, list[Check]]:
    """Return the checks of every clause of the ledger; excluded clauses have none."""
    found: dict[Clause, list[Check]] = {clause: [] for clause in ledger.clauses().values()}
    for check in all_checks():
        found[check.clause].append(check)
    return found
