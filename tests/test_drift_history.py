"""One document after the other: what changed for good and how much it weighs, and what only came and went."""

import copy
from datetime import date, timedelta

import pytest

from conformance.drift import history, published
from conformance.vocabulary import OddOneOut

FIRST = date(2026, 5, 1)
STRING = {"type": "string"}


def document(*, asked=None, answered=None, version="1", **more):
    """An OpenAPI document of one operation with the schemas of its request and of its answer."""
    operation = {
        "requestBody": {"content": {"application/json": {"schema": asked or {}}}},
        "responses": {"200": {"content": {"application/json": {"schema": answered or {}}}}},
    }
    return {"info": {"version": version}, "paths": {"/v1/things": {"post": operation | more}}}


def told(*raw):
    """The changes of documents that were published a day after each other, but that no version was raised."""
    documents = [published.of(one, f"{day}.json", FIRST + timedelta(days=day)) for day, one in enumerate(raw)]
    return [one for one in history.changes(documents) if one.kind != "version-unchanged"]


def graded(side, before, after):
    """The weight of the one change of a schema in a request or in an answer."""
    (change,) = told(document(**{side: before}), document(**{side: after}))
    return change.severity


class TestWhatBreaks:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"properties": {"a": STRING}}, {}),
            ({}, {"properties": {"a": STRING}, "required": ["a"]}),
            ({"properties": {"a": STRING}}, {"properties": {"a": STRING}, "required": ["a"]}),
            ({"enum": ["a", "b"]}, {"enum": ["a"]}),
            ({"type": "string"}, {"enum": ["a"]}),
            ({"type": ["string", "null"]}, {"type": "string"}),
            ({}, {"type": "string"}),
            ({"type": "number"}, {"type": "integer"}),
            ({"maxLength": 5}, {"maxLength": 4}),
            ({}, {"minItems": 1}),
            ({}, {"additionalProperties": False}),
            ({}, {"uniqueItems": True}),
        ],
        ids=str,
    )
    def test_a_request_that_is_narrowed_or_loses_a_member(self, before, after):
        assert graded("asked", before, after) == "breaking"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"properties": {"a": STRING}}, {}),
            ({"properties": {"a": STRING}, "required": ["a"]}, {"properties": {"a": STRING}}),
            ({"type": "string"}, {"type": ["string", "null"]}),
            ({"type": "integer"}, {"type": "number"}),
            ({"enum": ["a"], "type": "string"}, {"type": "string"}),
            ({"maximum": 4}, {"maximum": 5}),
            ({"minItems": 1}, {}),
        ],
        ids=str,
    )
    def test_an_answer_that_is_widened_or_loses_a_member(self, before, after):
        expected = "risky" if "enum" in before else "breaking"
        assert graded("answered", before, after) == expected

    def test_an_operation_that_is_gone(self):
        both = document()
        both["paths"]["/v1/others"] = both["paths"]["/v1/things"]
        (change,) = told(both, document())
        assert (change.kind, change.endpoint, change.severity) == ("document-removed", "POST /v1/others", "breaking")

    def test_a_parameter_that_is_new_and_required(self):
        limit = {"name": "limit", "in": "query", "required": True, "schema": {}}
        (change,) = told(document(), document(parameters=[limit]))
        assert (change.where, change.severity) == ("/query limit", "breaking")

    def test_a_key_that_is_asked_for_anew(self):
        keyed = document(security=[{"a": []}])
        keyed["components"] = {"securitySchemes": {"a": {"type": "http", "scheme": "bearer"}}}
        assert [one.severity for one in told(document(), keyed)] == ["breaking"]
        assert [one.severity for one in told(keyed, document())] == ["harmless"]


class TestWhatMayBreak:
    @pytest.mark.parametrize(
        ("side", "before", "after"),
        [
            ("answered", {"enum": ["a"]}, {"enum": ["a", "b"]}),
            ("asked", {"pattern": "a"}, {"pattern": "b"}),
            ("asked", {"default": 1}, {"default": 2}),
        ],
        ids=str,
    )
    def test_it_is_risky(self, side, before, after):
        assert graded(side, before, after) == "risky"

    def test_a_refusal_that_is_no_longer_declared(self):
        answers = {"200": {}, "429": {}}
        (change,) = told(document(responses=answers), document(responses={"200": {}}))
        assert (change.where, change.severity) == ("/429", "risky")


class TestWhatInforms:
    @pytest.mark.parametrize(
        ("side", "before", "after"),
        [
            ("asked", {}, {"properties": {"a": STRING}}),
            ("asked", {"enum": ["a"]}, {"enum": ["a", "b"]}),
            ("asked", {"maxItems": 128}, {}),
            ("asked", {"properties": {"a": STRING}, "required": ["a"]}, {"properties": {"a": STRING}}),
            ("asked", {}, {"deprecated": True}),
            ("answered", {}, {"properties": {"a": STRING}}),
            ("answered", {"enum": ["a", "b"]}, {"enum": ["a"]}),
            ("answered", {}, {"type": "string"}),
        ],
        ids=str,
    )
    def test_it_is_harmless(self, side, before, after):
        assert graded(side, before, after) == "harmless"

    def test_an_operation_and_a_status_that_are_new(self):
        more = document(responses={"200": {}, "201": {}})
        more["paths"]["/v1/others"] = {"get": {"responses": {}}}
        assert [one.severity for one in told(document(responses={"200": {}}), more)] == ["harmless", "harmless"]


class TestTheOrderOfKeys:
    def test_documents_that_differ_in_it_alone_give_no_change(self):
        one = document(asked={"type": "object", "properties": {"a": STRING, "b": {"enum": ["x", "y"]}}})
        other = copy.deepcopy(one)
        schema = other["paths"]["/v1/things"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        schema["properties"] = {"b": {"enum": ["y", "x"]}, "a": STRING}
        other = dict(reversed(other.items()))
        documents = [published.of(raw, "x.json", FIRST) for raw in (one, other)]
        assert list(history.changes(documents)) == []


class TestFlaps:
    def paths(self, *present):
        raw = document()
        for path in present:
            raw["paths"][path] = {"post": {"responses": {"200": {}}}}
        return raw

    def test_what_came_and_went_is_a_flap_and_no_change(self):
        (change,) = told(self.paths(), self.paths("/v1/caching"), self.paths())
        assert (change.kind, change.endpoint, change.severity) == ("flap", "POST /v1/caching", "risky")
        assert (change.since, change.days, change.odd_one_out) == (FIRST + timedelta(1), 1, OddOneOut.DOCS)

    def test_so_is_what_went_and_came_back(self):
        (change,) = told(self.paths("/v1/caching"), self.paths(), self.paths("/v1/caching"))
        assert change.kind == "flap"

    def test_what_came_back_as_something_else_is_both(self):
        other = self.paths("/v1/caching")
        other["paths"]["/v1/caching"]["post"]["responses"]["404"] = {}
        changes = told(self.paths("/v1/caching"), self.paths(), other)
        assert [(one.kind, one.where) for one in changes] == [("flap", ""), ("document-added", "/404")]

    def test_what_flapped_and_then_changed_for_good_is_both(self):
        values = [document(asked={"maximum": number}) for number in (1, 2, 1, 3)]
        assert [(one.kind, one.detail) for one in told(*values)] == [
            ("flap", "maximum: 1 became 2 on 2026-05-02, and back as it was on 2026-05-03"),
            ("document-changed", "maximum: 1 became 3"),
        ]

    def test_what_went_on_changing_is_no_flap(self):
        values = [document(asked={"maximum": number}) for number in (1, 2, 3)]
        assert {one.kind for one in told(*values)} == {"document-changed"}


class TestAChange:
    def test_it_is_dated_by_the_document_that_made_it_and_names_both(self):
        same = document(asked={"maximum": 1})
        (change,) = told(same, same, document(asked={"maximum": 2}), document(asked={"maximum": 2}))
        assert (change.since, change.as_of, change.days) == (FIRST + timedelta(2), FIRST + timedelta(3), 1)
        assert (change.source, change.other_source) == ("2.json", "1.json")

    def test_a_document_that_means_something_else_under_the_same_version_is_told(self):
        raw = [
            document(asked={"maximum": number}, version=version) for number, version in ((1, "1"), (2, "1"), (3, "2"))
        ]
        documents = [published.of(one, "x.json", FIRST) for one in raw]
        kinds = [one.kind for one in history.changes(documents)]
        assert kinds.count("version-unchanged") == 1
