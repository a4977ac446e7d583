"""Every clause that is checked can be broken: by a lie of the reference server, or by a smallest change of a body."""

import copy
import fnmatch
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from conformance.checks.test_refusals import envelope_of
from conformance.contract import ledger, schemas
from conformance.judge import answers, shapes
from conformance.reference import create_app, faults
from conformance.reference.serving import running
from conformance.scenarios.batches import input_lines
from conformance.vocabulary import CouldNotCheck, Exchange

MODELS = ("kimi-k2.6", "kimi-k2.7-code", "kimi-k3")
# Rules of schemas that nobody holds to any more.
EASED = {f"tools.schema.{rule}" for rule in ("enum-type", "ref-siblings", "required-undefined", "type-beside-anyof")}
WRONG = (None, True, -1, 1.5, "", "x", [], {}, [None], {"x": None})


def bodies(exchange: Exchange) -> Iterator[tuple[str, Any]]:
    """Yield the JSON values of an exchange with the schemas that judge them."""
    if exchange.response is None:
        return
    if exchange.response.status >= 400:
        error = exchange.json
        if isinstance(error.get("error"), dict):
            error = error | {"error": error["error"] | {"code": "x"}}
        yield str(envelope_of(exchange)), error
        return
    endpoint = ledger.endpoints()[exchange.endpoint]
    if endpoint.answer is None:
        return
    if endpoint.events:
        frames = exchange.response.body.split(b"\n\n")
        yield from ((endpoint.answer, json.loads(frame[6:])) for frame in frames if frame.startswith(b"data: {"))
    else:
        yield from ((endpoint.answer, value) for _, value in answers.values(exchange))


def mutants(value: Any) -> Iterator[Any]:
    """Yield copies of a value, each with one thing changed: a member left out, or something else in its place."""
    yield from WRONG
    for path in paths(value):
        for wrong in (..., *WRONG):
            changed = copy.deepcopy(value)
            *above, last = path
            place = changed
            for token in above:
                place = place[token]
            if wrong is ...:
                del place[last]
            else:
                place[last] = wrong
            yield changed


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every member, and of the first item of every list."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for token, below in items:
        yield (*above, token)
        yield from paths(below, (*above, token))


@pytest.fixture(scope="module")
def runs(ran):
    return {model: ran(mode="reference", model=model) for model in MODELS}


@pytest.fixture(scope="module")
def killed_by_mutants(runs):
    killed: set[str] = set()
    alive = {name: set(schemas.clauses_of(name)) for name in schemas.documents()}
    said = [exchange for told in runs.values() for each in told.session.run.conversations.values() for exchange in each]
    samples = [pair for exchange in said for pair in bodies(exchange)]

    class Line:
        model, smallest = "kimi-k2.6", {}

    samples += [("batch.input.line", json.loads(line)) for line in input_lines(Line).splitlines()]
    for schema, value in samples:
        if not alive[schema] & shapes.examine(schema, value).looked_at:
            continue
        for mutant in mutants(value):
            try:
                found = set(shapes.examine(schema, mutant).findings)
            except CouldNotCheck:
                continue
            killed |= found
            alive[schema] -= found
    return killed


@pytest.fixture(scope="module")
def killed_by_lies(runs):
    looked = {model: told.came_to("pass") for model, told in runs.items()}
    found = set()
    for fault in faults().values():
        known = set().union(*(looked[model] for model in fault.models or MODELS[:1]))
        for pattern in fault.breaks:
            found |= set(fnmatch.filter(known, pattern)) if "*" in pattern else {pattern}
    return found


def test_there_are_more_than_170_clauses():
    assert len([clause for clause in ledger.clauses().values() if clause.excluded is None]) >= 170


def test_every_clause_that_is_checked_is_broken_by_a_lie_or_a_mutant(killed_by_lies, killed_by_mutants):
    # What holds for any request is broken in test_fuzz.
    asked = {name: clause for name, clause in ledger.clauses().items() if "fuzz" not in clause.tags}
    checked = {name for name, clause in asked.items() if clause.excluded is None}
    assert checked - killed_by_lies - killed_by_mutants == EASED


def test_the_rules_of_schemas_that_were_eased_are_broken_by_a_lie_of_that_time(ran, key):
    day = date(2026, 9, 3)
    with running(create_app(as_of=day, fault=["tool-schemas-unchecked"])) as url:
        told = ran(target=f"moonshot={url}", mode="live", select="tools.schema", as_of=day)
    assert told.came_to("warn") >= EASED


def test_no_lie_is_needed_for_what_a_schema_states(killed_by_mutants):
    borne = {clause for name in schemas.documents() for clause in schemas.clauses_of(name)}
    assert borne - killed_by_mutants == set()
