"""Refusals: each is judged by status, envelope, type and the thing named, and only beside a request that was accepted.

Without that positive control a dead port, a refused key or a server that says no to everything would look right.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from conformance.checks import Conversation, Rule, check_of, shape_of
from conformance.contract import ledger, schemas
from conformance.judge import answers
from conformance.scenarios import refusals as asked_for
from conformance.scenarios import scenarios
from conformance.vocabulary import (
    ABSENT,
    Check,
    CouldNotCheck,
    Exchange,
    Finding,
    Judgement,
    NotApplicable,
    Refusal,
    Run,
    Scenario,
    find,
)

# What stands in the place of a name in braces: the thing that does not exist.
NAMES = {"model": asked_for.NO_MODEL, "file_id": asked_for.NO_FILE, "batch_id": asked_for.NO_BATCH}

Part = Callable[[Exchange, Refusal, Run], Iterator[Finding]]


def controlled(part: Part, scenario: Scenario) -> Judgement:
    """Return a judgement of a refusal that looks at its positive control first."""

    def judge(conversation: Conversation, run: Run) -> Iterator[Finding]:
        refusal = ledger.refusals()[str(scenario.refusal)]
        looked, excuse = False, ""
        for exchange in refused(conversation):
            require_control(exchange, scenario, run)
            code = status_of(exchange)
            if part is not status and code not in refusal.status:
                excuse = f"it was answered with {code}, which the clause of the status speaks of"
                continue
            looked = True
            for finding in part(exchange, refusal, run):
                yield replace(finding, where=f"step {exchange.step} {finding.where}")
        if not looked:
            raise NotApplicable(excuse)

    return judge


def require_control(exchange: Exchange, scenario: Scenario, run: Run) -> None:
    """Raise CouldNotCheck unless the control shows that the same endpoint accepts a request that is right.

    A route that does not exist has no such request; there the list of models shows that anybody is at home.
    """
    control = run.conversations.get(str(scenario.control), ())
    endpoint = exchange.endpoint if exchange.endpoint != "unknown" else "models.list"
    if not any(answers.accepted(other) and other.endpoint == endpoint for other in control):
        expected = f"{endpoint} to succeed in {scenario.control}, as the positive control"
        raise CouldNotCheck(Finding("", expected, outcome(control)))


def status_of(exchange: Exchange) -> int:
    """Return the status of a refusal; raises CouldNotCheck where it speaks of the hour and not of the request."""
    code = answers.response(exchange).status
    if code in answers.PASSING:
        raise CouldNotCheck(Finding("status", "a refusal", f"{code}: {answers.message(exchange)}"))
    return code


def outcome(conversation: Conversation) -> str:
    """Return in a few words what became of a scenario."""
    if not conversation:
        return "it was not asked"
    last = conversation[-1]
    return last.failure or (f"status {last.response.status}" if last.response else "no answer")


def refused(conversation: Conversation) -> Conversation:
    """Return the exchanges that were made to be refused; raises CouldNotCheck where there is none or no answer."""
    found = tuple(exchange for exchange in conversation if exchange.refused)
    if not found:
        raise CouldNotCheck(Finding("", "a request that is to be refused", f"none was made: {outcome(conversation)}"))
    for exchange in found:
        answers.response(exchange)
    return found


def status(exchange: Exchange, refusal: Refusal, _run: Run) -> Iterator[Finding]:
    """Yield a finding where the status is another than the refusal's."""
    if (code := status_of(exchange)) not in refusal.status:
        expected = " or ".join(map(str, refusal.status))
        yield Finding("status", expected, f"{code}: {answers.message(exchange)}")


def envelope(exchange: Exchange, refusal: Refusal, _run: Run) -> Iterator[Finding]:
    """Yield a finding where the body has none of the refusal's envelopes; what is inside is the schemas' business."""
    if (there := envelope_of(exchange)) not in refusal.envelopes:
        yield Finding("", f"an error as in schema {' or '.join(refusal.envelopes)}", there or str(exchange.json))


def kind(exchange: Exchange, refusal: Refusal, _run: Run) -> Iterator[Finding]:
    """Yield a finding where the type of the error is another than the refusal's."""
    said = exchange.at("/error/type", str)
    if said not in refusal.types:
        yield Finding("/error/type", " or ".join(refusal.types), said)


def names(exchange: Exchange, refusal: Refusal, _run: Run) -> Iterator[Finding]:
    """Yield a finding where the message does not name what is wrong."""
    thing = re.sub(r"\{(\w+)\}", lambda found: NAMES[found[1]], refusal.names or "")
    said = exchange.at("/error/message", str)
    if not re.search(rf"(?<!\w){re.escape(thing)}(?!\w)", said):
        yield Finding("/error/message", f"a message that names {thing}", said)


def message(exchange: Exchange, refusal: Refusal, _run: Run) -> Iterator[Finding]:
    """Yield a finding where the message has other words than real traffic shows."""
    said = exchange.at("/error/message", str)
    if not re.fullmatch(refusal.pattern or "", said):
        yield Finding("/error/message", f"text that matches {refusal.pattern}", said)


def code(exchange: Exchange, _refusal: Refusal, _run: Run) -> Iterator[Finding]:
    """Yield a finding where the code of the error is another than the status."""
    if (said := exchange.at("/error/code", int)) != status_of(exchange):
        yield Finding("/error/code", f"{status_of(exchange)}, the status", said)


PARTS: dict[str, Part] = {
    "status": status, "envelope": envelope, "type": kind, "names": names, "message": message, "code": code,
}  # fmt: skip


def _checks() -> Iterator[Check]:
    for name, scenario in scenarios().items():
        for part, judge in PARTS.items():
            clause = ledger.clause_of(str(scenario.refusal), part)
            if clause in ledger.clauses():
                yield check_of(clause, name, "test_refusal", controlled(judge, scenario))


test_refusal = Rule("test_refusal", tuple(_checks()))


def judgement_of_envelope(clause: str, schema: str) -> Judgement:
    """Return the judgement of one clause of an error schema over the refusals that have that envelope."""

    def judge(conversation: Conversation, _run: Run) -> Iterator[Finding]:
        looked = False
        for exchange in refused(conversation):
            if status_of(exchange) < 400:
                raise NotApplicable("nothing was refused, which the clause of the status speaks of")
            if schema_of(exchange) != schema:
                continue
            shape = shape_of(exchange, "", schema, exchange.json)
            looked = looked or clause in shape.looked_at
            yield from shape.findings.get(clause, ())
        if not looked:
            raise NotApplicable("no refusal here has what this clause speaks of")

    return judge


def envelope_of(exchange: Exchange) -> str | None:
    """Return the schema of an error body's envelope: the gateway's has a text in ``error``, beside a code.

    Those of OpenRouter and AIMLAPI, which is flat, are told by whom they are expected of.
    """
    error, code = find(exchange.json, "/error"), find(exchange.json, "/code")
    if isinstance(error, dict):
        return "openrouter.error" if "openrouter.error" in expected_envelopes(exchange) else "error"
    if find(exchange.json, "/statusCode") is not ABSENT and "aimlapi.error" in expected_envelopes(exchange):
        return "aimlapi.error"
    if isinstance(error, str) and isinstance(code, int):
        return "error.gateway" if error == "url.not_found" else "error.malformed"
    return None


def schema_of(exchange: Exchange) -> str:
    """Return the schema that judges an error body: of its envelope, or where it has none, of the one that it lacks."""
    return envelope_of(exchange) or (*expected_envelopes(exchange), "error")[0]


def expected_envelopes(exchange: Exchange) -> tuple[str, ...]:
    """Return the schemas that the refusal may have which an exchange provokes; none where it provokes none."""
    scenario = scenarios().get(exchange.scenario)
    refusal = ledger.refusals().get(str(scenario.refusal)) if scenario else None
    return refusal.envelopes if refusal else ()


def _shape_checks(schema: str) -> Iterator[Check]:
    for name, scenario in scenarios().items():
        expected = ledger.refusals()[scenario.refusal].envelopes if scenario.refusal else ()
        if schema in expected:
            for clause in schemas.clauses_of(schema):
                yield check_of(clause, name, "test_shape", judgement_of_envelope(clause, schema))


test_shape = Rule("test_shape", tuple(_shape_checks("error")))
test_gateway_shape = Rule("test_gateway_shape", tuple(_shape_checks("error.gateway")))
test_malformed_shape = Rule("test_malformed_shape", tuple(_shape_checks("error.malformed")))
test_openrouter_shape = Rule("test_openrouter_shape", tuple(_shape_checks("openrouter.error")))
test_aimlapi_shape = Rule("test_aimlapi_shape", tuple(_shape_checks("aimlapi.error")))
