"""Tools are held against the rules of a day: what is wrong, where exactly, and what the legal ones look like."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalogue import mfjs
from conformance.judge.toolschemas import lint_schema, lint_tools
from conformance.rows import ConfigurationError
from conformance.vocabulary import ABSENT, find

TODAY = date(2026, 11, 24)
DAYS = (date(2026, 5, 1), date(2026, 8, 20), TODAY)
STRING = {"type": "string"}


def tool(parameters: object, **function: object) -> dict:
    return {"type": "function", "function": {"name": "search", "parameters": parameters} | function}


def broken(tools: object, day: date = TODAY) -> list[tuple[str, str]]:
    return [(found.rule, found.where) for found in lint_tools(tools, day)]


def wrong(schema: object, day: date = TODAY) -> list[tuple[str, str]]:
    return [(found.rule, found.where) for found in lint_schema(schema, day)]


def nested(levels: int) -> dict:
    schema: dict = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


LEGAL = [
    tool({"type": "object", "properties": {}}),
    tool({}, name="anything"),
    tool(
        {
            "type": "object",
            "description": "what to look for",
            "properties": {
                "title": STRING,
                "format": {"type": "string", "enum": ["long", "short"]},
                "limit": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
                "language": {"enum": ["en", "zh"]},
                "when": {"type": ["integer", "null"]},
                "tree": {"$ref": "#/$defs/node", "description": "where"},
                "any": {"anyOf": [STRING, {"type": "array", "items": {"$ref": "#/$defs/node"}}]},
                "again": {"$ref": "#"},
            },
            "required": ["title", "tree"],
            "additionalProperties": False,
            "$id": "search",
            "$defs": {
                "node": {
                    "type": "object",
                    "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
                    "required": ["next"],
                    "additionalProperties": STRING,
                }
            },
        },
        name="deep",
        strict=False,
        description="looks for it",
    ),
    {"type": "builtin_function", "function": {"name": "$web_search"}},
]


class TestLegalTools:
    @pytest.mark.parametrize("day", DAYS, ids=str)
    def test_definitions_references_branches_and_the_builtin_search_raise_no_complaint(self, day):
        assert broken(LEGAL, day) == []

    def test_a_property_may_bear_the_name_of_a_keyword_that_a_schema_may_not_have(self):
        assert wrong({"type": "object", "properties": {"format": STRING, "oneOf": STRING}}) == []


class TestEveryRuleWithAnExample:
    @pytest.mark.parametrize("day", DAYS, ids=str)
    @pytest.mark.parametrize("name", [rule.id for rule in mfjs.rules(TODAY).values() if rule.example])
    def test_is_broken_by_its_example_and_no_other_is(self, name, day):
        assert [rule for rule, _ in broken([tool(json.loads(mfjs.rules(day)[name].example))], day)] == [name]

    @pytest.mark.parametrize("keyword", mfjs.forbidden(TODAY))
    def test_forbids_each_of_its_keywords(self, keyword):
        assert wrong({keyword: 1}) == [(mfjs.forbidden(TODAY)[keyword], f"/{keyword}")]


# What has no example as short as a line: what is around a schema, and what takes a long one
WITHOUT = {
    "tools-array": ({}, ""),
    "tools-count": ([tool({}, name=f"tool_{number}") for number in range(129)], ""),
    "tool-object": ([tool({}), None], "/1"),
    "tool-type": ([tool({}) | {"type": "retrieval"}], "/0/type"),
    "function-object": ([{"type": "function"}], "/0"),
    "name-string": ([tool({}, name=1)], "/0/function/name"),
    "name-pattern": ([tool({}, name="1st_search")], "/0/function/name"),
    "builtin-name": ([{"type": "builtin_function", "function": {"name": "web"}}], "/0/function/name"),
    "name-unique": ([tool({}), tool({})], "/1/function/name"),
    "description-string": ([tool({}, description=None)], "/0/function/description"),
    "strict-boolean": ([tool({}, strict="yes")], "/0/function/strict"),
    "no-parameters": ([{"type": "function", "function": {"name": "search"}}], "/0/function"),
    "no-parameters-object": ([tool("none")], "/0/function/parameters"),
    "schema-size": ([tool({"type": "object", "description": "a" * 120_000})], "/0/function/parameters"),
    "depth": ([tool(nested(31))], f"/0/function/parameters{'/properties/a' * 30}/properties"),
    "property-keys": (
        [tool({"type": "object", "properties": {str(number): {} for number in range(3001)}})],
        "/0/function/parameters",
    ),
    "anyof-branches": (
        [tool({"type": "object", "properties": {"a": {"anyOf": [{}] * 501}}})],
        "/0/function/parameters/properties/a/anyOf",
    ),
    "enum-items": (
        [tool({"type": "object", "properties": {"a": {"enum": list(range(1001))}}})],
        "/0/function/parameters/properties/a/enum",
    ),
}


class TestEveryRuleWithoutAnExample:
    @pytest.mark.parametrize("name", WITHOUT)
    def test_is_broken_in_one_place_and_no_other_is(self, name):
        tools, where = WITHOUT[name]
        assert broken(tools) == [(name, where)]

    def test_the_characters_of_an_enum_count_only_where_it_has_too_many_values_anyway(self):
        enum = [f"{number:030}" for number in range(2501)]
        assert wrong({"enum": enum}) == [("enum-items", "/enum"), ("enum-characters", "/enum")]
        assert wrong({"enum": ["a" * 80_000]}) == []

    def test_there_is_no_rule_that_is_not_shown_here(self):
        shown = {rule.id for rule in mfjs.rules(TODAY).values() if rule.example} | set(WITHOUT) | {"enum-characters"}
        assert shown == {rule.id for rule in mfjs.history()}


class TestTheLimits:
    def test_what_lies_on_the_limit_is_legal(self):
        assert broken([tool(nested(30))]) == []
        assert broken([tool({}, name=f"tool_{number}") for number in range(128)]) == []
        assert wrong({"properties": {str(number): {} for number in range(3000)}}) == []
        assert wrong({"anyOf": [{}] * 500}) == []
        assert wrong({"enum": list(range(1000))}) == []
        assert wrong({"description": "a" * (120_000 - len('{"description":""}'))}) == []

    @pytest.mark.parametrize(
        ("day", "legal", "illegal"),
        [
            (date(2026, 8, 16), (3, 64), (2, 65)),
            (date(2026, 8, 17), (1, 256), (0, 257)),
            (date(2026, 9, 1), (1, 128), (0, 129)),
        ],
        ids=str,
    )
    def test_the_name_of_a_function_has_the_length_that_its_day_allowed(self, day, legal, illegal):
        assert [broken([tool({}, name="a" * length)], day) for length in legal] == [[], []]
        assert [broken([tool({}, name="a" * length)], day)[0][0] for length in illegal] == ["name-pattern"] * 2

    def test_a_name_with_a_line_break_at_its_end_does_not_match(self):
        assert broken([tool({}, name="search\n")]) == [("name-pattern", "/0/function/name")]


class TestWhereAComplaintStands:
    def test_names_in_a_pointer_are_escaped(self):
        assert wrong({"properties": {"a/b~c": {"format": "uri"}}}) == [("no-format", "/properties/a~1b~0c/format")]

    def test_a_branch_and_an_item_are_numbered(self):
        schema = {"anyOf": [{}, {"items": {"enum": ["a", None]}}]}
        assert wrong(schema) == [("enum-kinds", "/anyOf/1/items/enum/1")]

    def test_complaints_come_in_the_order_of_the_document(self):
        schema = {"properties": {"a": {"items": {"title": ""}}, "b": True}, "format": "", "required": ["c"]}
        places = ["/properties/a/items/title", "/properties/b", "/format", "/required/0"]
        assert [where for _, where in wrong(schema)] == places

    def test_every_complaint_names_the_page_of_its_rule(self):
        (found,) = lint_schema({"format": "uri"}, TODAY)
        assert found.source == mfjs.rules(TODAY)["no-format"].source


class TestReferences:
    @pytest.mark.parametrize("reference", ["#/definitions/a", "a.json#/$defs/a", "#a", "", "#/$defs/"])
    def test_one_that_leads_out_of_the_definitions_is_not_internal(self, reference):
        assert wrong({"$ref": reference, "$defs": {"a": {}}}) == [("ref-internal", "/$ref")]

    @pytest.mark.parametrize("reference", ["#/$defs/b", "#/$defs/a/anyOf/0", "#/$defs/a/²"])
    def test_one_to_nothing_that_is_a_schema_does_not_resolve(self, reference):
        schema = {"$ref": reference, "$defs": {"a": {"anyOf": [STRING]}}}
        assert wrong(schema) == [("ref-resolves", "/$ref")]

    def test_two_definitions_that_need_each_other_never_end(self):
        def needs(name: str) -> dict:
            return {"type": "object", "properties": {"a": {"$ref": f"#/$defs/{name}"}}, "required": ["a"]}

        assert wrong({"$defs": {"b": needs("c"), "c": needs("b")}}) == [
            ("ref-ends", "/$defs/b"),
            ("ref-ends", "/$defs/c"),
        ]

    @pytest.mark.parametrize(
        "node",
        [
            {"type": "object", "properties": {"a": {"$ref": "#"}}},
            {"type": "object", "properties": {"a": {"type": "array", "items": {"$ref": "#"}}}, "required": ["a"]},
            {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        ],
        ids=["optional", "an array that may be empty", "another branch"],
    )
    def test_recursion_that_may_end_is_legal(self, node):
        assert wrong(node) == []

    def test_an_array_that_may_not_be_empty_does_not_end_a_recursion(self):
        assert wrong({"type": "array", "items": {"$ref": "#"}, "minItems": 1}) == [("ref-ends", "")]


class TestHostileJSON:
    ANYTHING = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=4),
        lambda below: (
            st.lists(below, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [*mfjs.rules(TODAY)["keyword-shape"].shapes, "format", "function", "name", "parameters"]
                )
                | st.text(max_size=3),
                below,
                max_size=5,
            )
        ),
        max_leaves=30,
    )

    @given(ANYTHING)
    def test_any_value_is_judged_and_every_pointer_leads_somewhere(self, value):
        for found in lint_tools(value, TODAY):
            assert find(value, found.where) is not ABSENT
        for found in lint_schema(value, TODAY):
            assert find(value, found.where) is not ABSENT

    def test_a_schema_of_any_depth_gets_one_complaint(self):
        schema: dict = {}
        for _ in range(100_000):
            schema = {"items": schema}
        assert wrong(schema) == [("depth", "")]

    def test_of_one_rule_fifty_complaints_are_enough(self):
        assert len(wrong({"enum": [None] * 1000})) == 50

    def test_what_was_there_is_shown_bounded_and_without_what_a_terminal_obeys(self):
        found = lint_tools([tool({}, name="\x1b[2J\u202e" + "a" * 10_000)], TODAY)[0]
        assert len(found.actual) < 200
        assert found.actual.isprintable()


ROW = {"id": "a", "sentence": "A.", "effect": "refused", "source": "https://vendor.example", "read": TODAY}


class TestTheCatalogue:
    def test_a_later_row_says_only_what_is_new(self):
        first, second = mfjs.checked([ROW | {"limit": 1}, {"id": "a", "since": TODAY, "effect": "rewritten"}])
        assert (first.limit, second.limit) == (1, 1)
        assert (first.effect, second.effect) == (mfjs.Effect.REFUSED, mfjs.Effect.REWRITTEN)

    @pytest.mark.parametrize(
        "rows",
        [
            [ROW | {"source": "http://vendor.example"}],
            [ROW | {"pattern": "("}],
            [ROW | {"example": "{"}],
            [ROW | {"colour": "red"}],
            [ROW, ROW],
            [ROW | {"since": TODAY}, {"id": "a", "since": date(2026, 1, 1)}],
        ],
        ids=["source", "pattern", "example", "unknown key", "twice", "earlier"],
    )
    def test_a_row_that_is_wrong_is_refused_by_name(self, rows):
        with pytest.raises(ConfigurationError, match=r"mfjs\.toml: a"):
            mfjs.checked(rows)
