"""Mutants: what a schema says is wrong is made of it, in the smallest way, and of one node at a time."""

import copy
import itertools

import pytest

from conformance.contract import schemas
from conformance.judge import shapes
from conformance.proof import bench
from conformance.proof.bodies import bodies, judged_by
from conformance.proof.mutants import mutants
from conformance.proof.trials import changes_of

NUMBER = itertools.count()
BASE = "https://kimi-conformance.invalid/schemas/"


@pytest.fixture
def made(monkeypatch):
    """Return what is made of a value by a schema written here: the changes, each with the wrong value."""

    def make(node, value):
        name = f"written-here-{next(NUMBER)}"
        document = {"$id": f"{BASE}{name}.json", "x-clause": "a.clause", **node}
        monkeypatch.setattr(schemas, "documents", lambda: {name: document})
        return [(mutant.change, mutant.body) for mutant in mutants(name, value)]

    return make


def bodies_of(changes):
    return [body for _, body in changes]


class TestWhatIsMade:
    def test_each_member_that_must_be_there_is_taken_away_alone(self, made):
        changes = made({"required": ["a", "b"]}, {"a": 1, "b": 2, "c": 3})
        assert changes == [("without a", {"b": 2, "c": 3}), ("without b", {"a": 1, "c": 3})]

    def test_every_type_that_is_not_named_stands_in_the_place_of_one_that_is(self, made):
        assert bodies_of(made({"type": ["string", "null"]}, "text")) == [True, 1, 0.5, [], {}]

    def test_a_whole_number_is_a_number(self, made):
        assert 1 not in [body for body in bodies_of(made({"type": "number"}, 2.5)) if body is not True]

    def test_a_constant_becomes_another_of_its_type(self, made):
        assert "list~" in bodies_of(made({"const": "list"}, "list"))
        assert 2 in bodies_of(made({"const": 1}, 1))

    def test_a_value_comes_from_outside_the_enum(self, made):
        assert "on~" in bodies_of(made({"enum": ["on", "off"]}, "off"))

    def test_a_text_breaks_its_pattern(self, made):
        assert bodies_of(made({"pattern": "^chatcmpl-"}, "chatcmpl-1"))[0] == "~chatcmpl-1"

    def test_a_text_is_one_character_too_short_or_too_long(self, made):
        assert bodies_of(made({"minLength": 2}, "abc")) == ["a"]
        assert bodies_of(made({"maxLength": 3}, "abc")) == ["abc~"]

    def test_a_number_lies_one_beyond_its_bounds(self, made):
        assert bodies_of(made({"minimum": 0, "maximum": 9}, 5)) == [-1, 10]

    def test_a_list_has_one_item_too_few_or_too_many_or_one_twice(self, made):
        assert bodies_of(made({"minItems": 1}, [7])) == [[]]
        assert bodies_of(made({"maxItems": 1}, [7])) == [[7, 7]]
        assert bodies_of(made({"uniqueItems": True}, [7, 8])) == [[7, 7, 8]]

    def test_none_of_the_alternatives_fits(self, made):
        node = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/part"}], "$defs": {"part": {"type": "array"}}}
        assert bodies_of(made(node, "text")) == [None, True, 1, 0.5, {}] * 2  # of both, and of the one that it obeys

    def test_what_an_alternative_says_below_is_broken_unless_another_takes_that(self, made):
        either = [{"required": ["a"], "properties": {"a": {"minimum": 0}}}, {"required": ["b"]}]
        assert bodies_of(made({"type": "object", "anyOf": either}, {"a": 1}))[-2:] == [{}, {"a": -1}]
        assert {"b": 1} not in bodies_of(made({"type": "object", "anyOf": either}, {"a": 1, "b": 1}))

    def test_a_member_that_is_not_there_is_given_the_wrong_way(self, made):
        assert bodies_of(made({"properties": {"a": {"type": "boolean"}}}, {})) == [
            {"a": wrong} for wrong in (None, 1, 0.5, "", [], {})
        ]

    def test_what_a_condition_leads_to_is_broken_where_the_condition_holds(self, made):
        node = {"if": {"properties": {"code": {"const": 200}}}, "then": {"required": ["body"]}}
        assert bodies_of(made(node, {"code": 200, "body": 1})) == [{"code": 200}]
        assert made(node, {"code": 500, "body": 1}) == []

    def test_what_a_reference_leads_to_is_broken_through_it(self, made):
        assert made({"$ref": "#/$defs/x", "$defs": {"x": {"minimum": 0}}}, 3) == [("one beyond the minimum", -1)]

    def test_every_item_of_a_list_is_broken_alone(self, made):
        assert bodies_of(made({"items": {"minimum": 0}}, [1, 2])) == [[-1, 2], [1, -1]]

    def test_members_that_no_name_is_given_for_are_broken(self, made):
        assert bodies_of(made({"additionalProperties": {"minimum": 0}}, {"a": 1})) == [{"a": -1}]

    def test_a_node_that_says_nothing_is_not_broken(self, made):
        assert made({"properties": {"a": True}, "title": "whatever"}, {"a": 1}) == []

    def test_the_body_itself_is_left_as_it_was(self, made):
        body = {"a": {"b": [1, 2]}}
        before = copy.deepcopy(body)
        made({"properties": {"a": {"required": ["b"], "properties": {"b": {"items": {"type": "string"}}}}}}, body)
        assert body == before


@pytest.fixture(scope="module")
def answers():
    """Every exchange of a run with an honest server."""
    return [exchange for said in bench.honest("kimi-k2.6").run.conversations.values() for exchange in said]


class TestOfRealAnswers:
    def test_no_mutant_is_accepted_by_the_schema_that_it_was_made_from(self, answers):
        accepted = [
            mutant
            for exchange in answers
            for body in bodies(exchange)
            for mutant in mutants(body.schema, body.value)
            if shapes.valid(body.schema, mutant.body)
        ]
        assert accepted == []

    def test_every_clause_that_has_something_to_look_at_has_a_mutant(self, answers):
        for exchange in answers:
            for body in bodies(exchange):
                made = {mutant.clause for mutant in mutants(body.schema, body.value)}
                assert shapes.examine(body.schema, body.value).looked_at <= made

    def test_the_fast_validator_lays_a_mutant_to_the_clauses_that_the_one_which_explains_does(self, answers):
        for exchange in answers[::7]:
            for body in bodies(exchange):
                for mutant in mutants(body.schema, body.value):
                    told = shapes.examine(body.schema, mutant.body).findings.keys()
                    assert shapes.broken(body.schema, mutant.body) == told

    def test_what_is_put_in_the_place_of_a_value_is_read_there(self, answers):
        for exchange in answers:
            for body in bodies(exchange):
                changed = next(mutants(body.schema, body.value)).body
                assert changed in [other.value for other in bodies(body.put(changed))] or not isinstance(changed, dict)

    def test_of_the_items_of_a_list_the_first_and_the_last_are_changed(self, answers):
        listed = next(exchange for exchange in answers if exchange.endpoint == "models.list")
        last = len(listed.json["data"]) - 1
        places = {mutant.where for mutant, _ in changes_of(listed) if mutant.where.endswith("/id")}
        assert places == {"/data/0/id", f"/data/{last}/id"}

    def test_every_answer_that_a_schema_judges_has_a_body(self, answers):
        judged = [exchange for exchange in answers if judged_by(exchange)]
        assert [exchange.endpoint for exchange in judged if not list(bodies(exchange))] == []
