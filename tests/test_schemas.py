"""The schemas: valid in the dialect that they name, closed to the network, and obeyed by our own requests."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from jsonschema_specifications import REGISTRY

from conformance import strictjson
from conformance.contract import ledger, schemas
from conformance.judge import shapes
from conformance.scenarios import scenarios
from conformance.vocabulary import CouldNotCheck

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAMES = sorted(schemas.documents())
# What one model does not take, what one part of a request says of another, and what is only seen to be refused.
MORE_THAN_A_SCHEMA_SAYS = {
    *("unknown-model", "gateway-id", "thinking-off", "required-thinking", "named-thinking", "named-disputed"),
    *("temperature", "temperature-disputed", "top-p", "n", "presence-penalty", "frequency-penalty", "logprobs"),
    *("tool-id-unknown", "tool-id-duplicated", "tool-name-duplicated", "tools-in-messages-duplicated"),
    *("image-by-url", "logit-bias"),
}
# Where the value of a keyword is one schema, a list of them, or a mapping to them.
ONE = {
    "items",
    "additionalProperties",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "unevaluatedProperties",
}
LISTS = {"allOf", "anyOf", "oneOf", "prefixItems"}
MAPPINGS = {"properties", "patternProperties", "$defs", "dependentSchemas"}


def keywords() -> set[str]:
    """Every keyword that a vocabulary of the dialect defines."""
    names = ("core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content")
    found = [REGISTRY.contents(f"https://json-schema.org/draft/2020-12/meta/{name}") for name in names]
    return {keyword for vocabulary in found for keyword in vocabulary["properties"]}


def nodes(node: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a schema, with its place."""
    if not isinstance(node, dict):
        return
    yield where, node
    for word, value in node.items():
        if word in ONE:
            yield from nodes(value, f"{where}/{word}")
        elif word in LISTS:
            for index, part in enumerate(value):
                yield from nodes(part, f"{where}/{word}/{index}")
        elif word in MAPPINGS:
            for name, part in value.items():
                yield from nodes(part, f"{where}/{word}/{name}")


@pytest.mark.parametrize("name", NAMES)
class TestEverySchema:
    def test_it_names_its_dialect_and_is_valid_in_it(self, name):
        document = schemas.documents()[name]
        assert document["$schema"] == DIALECT
        jsonschema.Draft202012Validator.check_schema(document)

    def test_it_says_what_it_is_and_where_it_lies(self, name):
        document = schemas.documents()[name]
        assert document["$id"] == f"https://kimi-conformance.invalid/schemas/{name}.json"
        assert document["title"]

    def test_it_uses_no_word_that_its_dialect_does_not_know(self, name):
        known = keywords() | {"x-clause"}
        assert [
            (where, set(node) - known) for where, node in nodes(schemas.documents()[name]) if set(node) - known
        ] == []

    def test_every_reference_leads_to_a_node_of_ours(self, name):
        for where, node in nodes(schemas.documents()[name]):
            if "$ref" in node:
                assert "://" not in node["$ref"], where
                _, found = schemas.resolve(name, node["$ref"])
                assert isinstance(found, dict), where

    def test_a_node_that_refers_to_another_says_nothing_else_of_the_value(self, name):
        silent = {"$ref", "x-clause", "title", "description", "$comment"}
        assert [
            where for where, node in nodes(schemas.documents()[name]) if "$ref" in node and set(node) - silent
        ] == []

    def test_it_forbids_no_member_that_it_does_not_know_unless_it_is_our_own_output(self, name):
        ours = name in (
            "run",
            "runfile.line",
            "clauses",
            "selftest",
            "drift",
            "doctor",
            "side-by-side",
            "clients",
            "frontend",
        )
        closed = [
            where for where, node in nodes(schemas.documents()[name]) if node.get("additionalProperties") is False
        ]
        assert bool(closed) == ours


def answers() -> list[str]:
    named = {endpoint.answer for endpoint in ledger.endpoints().values() if endpoint.answer}
    return sorted(named | {name for refusal in ledger.refusals().values() for name in refusal.envelopes})


@pytest.mark.parametrize("name", answers())
class TestEveryAnswer:
    def test_its_root_bears_a_clause_so_that_no_error_is_without_one(self, name):
        assert "x-clause" in schemas.documents()[name]

    def test_each_of_its_clauses_stands_in_the_ledger(self, name):
        assert set(schemas.clauses_of(name)) <= set(ledger.clauses())

    def test_each_of_its_clauses_is_reached_from_its_root(self, name):
        borne = {node["x-clause"] for _, node in nodes(schemas.documents()[name]) if "x-clause" in node}
        assert borne <= set(schemas.clauses_of(name))

    @pytest.mark.parametrize("body", [None, True, 7, "text", []])
    def test_what_is_no_object_breaks_the_clause_of_its_root(self, name, body):
        assert set(shapes.examine(name, body).findings) == {schemas.documents()[name]["x-clause"]}


@pytest.fixture(scope="module")
def conducted(ran):
    return [ran(mode="reference", model=model).session.run for model in ("kimi-k2.6", "kimi-k2.7-code", "kimi-k3")]


class TestRequests:
    def test_every_request_that_a_scenario_makes_to_succeed_obeys_its_schema(self, conducted):
        seen = set()
        for run in conducted:
            for exchange in (exchange for said in run.conversations.values() for exchange in said):
                row = ledger.endpoints().get(exchange.endpoint)
                schema = row.request if row else None
                if schema and not exchange.refused:
                    assert shapes.valid(schema, exchange.asked), (exchange.scenario, exchange.asked)
                    seen.add(schema)
        assert seen == {row.request for row in ledger.endpoints().values() if row.request}

    def test_a_refusal_is_provoked_by_one_thing_alone(self, conducted):
        run = conducted[0]
        (window,) = [exchange for exchange in run.conversations["refusals.bad-window"] if exchange.refused]
        assert not shapes.valid("batch.request", window.asked)
        assert shapes.valid("batch.request", window.asked | {"completion_window": "24h"})
        (malformed,) = run.conversations["refusals.malformed-body"]
        with pytest.raises(CouldNotCheck):
            _ = malformed.asked

    def test_a_chat_that_must_be_refused_breaks_the_schema_unless_that_is_more_than_a_schema_can_say(self, conducted):
        legal = set()
        for exchange in (exchange for run in conducted for said in run.conversations.values() for exchange in said):
            refusal = scenarios()[exchange.scenario].refusal
            if exchange.refused and refusal and exchange.endpoint == "chat.completions" and refusal != "malformed-body":
                legal |= {refusal} if shapes.valid("chat.request", exchange.asked) else set()
        assert legal == MORE_THAN_A_SCHEMA_SAYS

    def test_the_lines_that_a_batch_is_made_of_obey_the_schema_of_its_input(self, conducted):
        uploads = [
            exchange.request.body
            for said in conducted[0].conversations.values()
            for exchange in said
            if exchange.endpoint == "files.create" and b'name="purpose"\r\n\r\nbatch' in exchange.request.body
        ]
        assert uploads
        for body in uploads:
            lines = [line for line in body.splitlines() if line.startswith(b'{"custom_id"')]
            assert lines
            assert all(shapes.examine("batch.input.line", strictjson.loads(line)).findings == {} for line in lines)


def test_a_schema_that_is_damaged_is_named():
    with pytest.raises(schemas.rows.ConfigurationError, match=r"schemas/chat\.json"):
        schemas._load("{", "chat.json")
    with pytest.raises(
        schemas.rows.ConfigurationError, match=r"schemas/chat\.json: a schema is an object with an \$id"
    ):
        schemas._load("[]", "chat.json")


def test_an_installation_without_schemas_says_that_it_is_broken(monkeypatch, tmp_path):
    monkeypatch.setattr(schemas.shipped, "folder", lambda _: tmp_path)
    with pytest.raises(schemas.rows.ConfigurationError, match="the installation is broken"):
        schemas.documents.__wrapped__()
