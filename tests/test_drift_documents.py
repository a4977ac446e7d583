"""Documents against each other: by what they mean, place by place; and the page that tells of the published ones."""

import json
import runpy
from pathlib import Path

import pytest

from conformance.drift import canonical
from conformance.drift.canonical import Said
from conformance.drift.documents import Difference, differences

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "vendor-documents.md"
PUBLISHED = ROOT.parent / "shared" / "vendor-openapi"
published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published documents are not beside the project")


def document(schema=True, *, components=None, **operation):
    """A document of one operation whose answer has a schema."""
    answer = {"description": "", "content": {"application/json": {"schema": schema}}}
    return {
        "openapi": "3.1.0",
        "paths": {"/things": {"get": {"responses": {"200": answer}, **operation}}},
        "components": components or {},
    }


def form(schema, **schemas):
    """The form of a schema."""
    read = canonical.read(document(schema, components={"schemas": schemas}))
    return read.parts["GET /things"].parts["200"].parts["application/json"]


def told(ours, theirs):
    """The differences of two schemas, without the way to them."""
    return [(one.at, one.aspect, one.ours, one.theirs) for one in differences(form(ours), form(theirs))]


class TestTheFormIsTheSame:
    @pytest.mark.parametrize(
        ("left", "right"),
        [
            ({"type": "string", "minLength": 1}, {"minLength": 1, "type": "string"}),
            ({"required": ["a", "b"]}, {"required": ["b", "a"]}),
            ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}),
            ({"const": "a"}, {"enum": ["a"], "type": "string"}),
            ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
            ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"oneOf": [{"type": "null"}, {"type": "string"}]}),
            ({"allOf": [{"type": "object"}, {"required": ["a"]}]}, {"type": "object", "required": ["a"]}),
            ({"type": "number", "maximum": 1}, {"type": "number", "maximum": 1.0}),
            ({"type": "string", "description": "a", "example": "b"}, {"type": "string", "title": "c"}),
        ],
    )
    def test_of_schemas_that_mean_the_same(self, left, right):
        assert form(left) == form(right)

    def test_of_a_reference_and_what_it_leads_to(self):
        assert form({"$ref": "#/components/schemas/Thing"}, Thing={"type": "string"}) == form({"type": "string"})

    def test_of_a_reference_into_another_file_and_on_from_there(self):
        files = {"thing.json": {"properties": {"id": {"$ref": "#/$defs/id"}}, "$defs": {"id": {"type": "string"}}}}
        read = canonical.read(document({"$ref": "thing.json"}), files)
        assert read == canonical.read(document({"properties": {"id": {"type": "string"}}}))

    def test_of_a_path_with_its_server_and_without(self):
        apart = document() | {"servers": [{"url": "https://example.org/v1"}]}
        whole = document() | {
            "servers": [{"url": "https://example.org"}],
            "paths": {"/v1/things": document()["paths"]["/things"]},
        }
        assert canonical.read(apart) == canonical.read(whole)

    def test_of_a_key_for_all_operations_and_one_for_each(self):
        schemes = {"securitySchemes": {"a": {"type": "http", "scheme": "bearer"}}}
        for_all = document(components=schemes) | {"security": [{"a": []}]}
        assert canonical.read(for_all) == canonical.read(document(components=schemes, security=[{"a": []}]))

    def test_of_the_json_in_an_event_and_of_the_event_around_it(self):
        chunk = {"type": "object"}
        data = {"anyOf": [{"const": "[DONE]"}, {"contentMediaType": "application/json", "contentSchema": chunk}]}

        def streamed(schema):
            return {"200": {"content": {"text/event-stream": {"schema": schema}}}}

        event = document(responses=streamed({"properties": {"data": data}}))
        assert canonical.read(event) == canonical.read(document(responses=streamed(chunk)))


class TestAlternatives:
    def test_a_member_of_one_alternative_is_known_and_not_required(self):
        found = form({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]})
        assert found == Said({}, {"a": Said(), "b": Said()})

    def test_a_member_that_each_alternative_requires_is_required(self):
        found = form({"anyOf": [{"required": ["a"]}, {"required": ["a", "b"]}]})
        assert found.parts["a"].says == {"required": True}

    def test_an_alternative_without_members_takes_no_requirement_away(self):
        found = form({"anyOf": [{"type": "string"}, {"type": "object", "required": ["a"]}]})
        assert found.parts["a"].says == {"required": True}

    def test_values_are_joined_where_each_alternative_has_some(self):
        assert form({"oneOf": [{"const": "a"}, {"const": "b"}]}).says["values"] == ('"a"', '"b"')
        assert "values" not in form({"oneOf": [{"const": "a"}, {"type": "string"}]}).says

    def test_a_narrowing_in_one_alternative_does_not_hold_for_the_member_beside_them(self):
        narrowed = {"anyOf": [{"properties": {"a": {"const": True}}}, {"required": ["b"]}]}
        assert form({"properties": {"a": {"type": "boolean"}}, **narrowed}).parts["a"].says == {"type": ("boolean",)}

    def test_what_holds_on_a_condition_is_known_and_not_required(self):
        assert form({"if": {"required": ["a"]}, "then": {"required": ["b"]}}).parts["b"] == Said()


class TestReading:
    def test_a_schema_that_holds_itself_is_read_once(self):
        tree = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
        assert set(form({"$ref": "#/components/schemas/Tree"}, Tree=tree).parts) == {"child"}

    @pytest.mark.parametrize("reference", ["#/components/schemas/None", "none.json", "https://example.org/thing.json"])
    def test_a_reference_that_leads_nowhere_is_named(self, reference):
        with pytest.raises(ValueError, match=f"the reference {reference} leads nowhere"):
            form({"$ref": reference})

    def test_a_parameter_of_the_path_is_one_of_each_operation(self):
        one = document()
        one["paths"]["/things"]["parameters"] = [{"name": "limit", "in": "query", "schema": {"type": "integer"}}]
        assert canonical.read(one).parts["GET /things"].parts["query limit"].says == {"type": ("integer",)}


class TestDifferences:
    def test_there_are_none_where_both_mean_the_same(self):
        assert told({"type": "string"}, {"type": "string"}) == []

    def test_a_member_that_one_side_does_not_know_is_told_once_without_what_is_in_it(self):
        thing = {"properties": {"a": {"properties": {"b": {"type": "string"}}}}}
        assert told(thing, {}) == [(("a",), "there", "known", None)]
        assert told({}, thing) == [(("a",), "there", None, "known")]

    def test_a_requirement_that_one_side_does_not_make(self):
        known = {"properties": {"a": {"type": "string"}}}
        assert told({**known, "required": ["a"]}, known) == [(("a",), "required", True, None)]

    @pytest.mark.parametrize(
        ("ours", "theirs", "aspect", "values"),
        [
            ({"type": "string"}, {"type": ["string", "null"]}, "type", (("string",), ("null", "string"))),
            ({"enum": ["a"]}, {"enum": ["a", "b"]}, "values", (('"a"',), ('"a"', '"b"'))),
            ({"maximum": 5}, {"maximum": 6}, "maximum", (5, 6)),
            ({"pattern": "a"}, {}, "pattern", ("a", None)),
            ({"additionalProperties": False}, {}, "closed", (True, None)),
            ({"default": None}, {}, "default", ("null", None)),
        ],
    )
    def test_an_aspect_of_which_they_say_different_things(self, ours, theirs, aspect, values):
        assert told(ours, theirs) == [((), aspect, *values)]

    def test_a_member_in_an_item_of_an_array_has_a_star_on_its_way(self):
        array = {"items": {"type": "object", "required": ["a"]}}
        assert told(array, {"items": {"type": "object"}}) == [(("*", "a"), "there", "required", None)]

    def test_a_member_that_must_not_be_there_is_forbidden(self):
        assert told({"properties": {"a": False}}, {}) == [(("a",), "there", "forbidden", None)]

    def test_operations_statuses_headers_and_keys(self):
        header = {"headers": {"Retry-After": {"schema": {"type": "integer"}}}}
        schemes = {"securitySchemes": {"a": {"type": "http", "scheme": "bearer"}}}
        ours = document(components=schemes, security=[{"a": []}], responses={"200": header, "429": {}})
        theirs = document(responses={"200": {}})
        theirs["paths"]["/others"] = {"post": {"responses": {}}}
        assert list(differences(canonical.read(ours), canonical.read(theirs))) == [
            Difference(("GET /things",), "key", ("http bearer",), ()),
            Difference(("GET /things", "200", "header Retry-After"), "there", "known", None),
            Difference(("GET /things", "429"), "there", "known", None),
            Difference(("POST /others",), "there", None, "known"),
        ]


class TestThePage:
    @published
    def test_it_is_current(self):
        made = runpy.run_path(str(ROOT / ".ci" / "vendor_documents.py"))["page"](PUBLISHED)
        assert PAGE.read_text(encoding="utf-8") == made

    @published
    def test_two_documents_of_one_day_that_differ_in_the_order_of_keys_mean_the_same(self):
        one, other = (json.loads(path.read_text()) for path in sorted(PUBLISHED.glob("moonshot-2026-07-13-*.json")))
        assert canonical.read(one) == canonical.read(other)

    def test_each_row_has_a_cell_for_each_column(self):
        columns = 0
        for line in PAGE.read_text(encoding="utf-8").splitlines():
            cells = line.replace("\\|", "").count("|")
            columns = 0 if not cells else columns or cells
            assert cells == columns, line
