"""Schemas that a request brought along: what they say, and that none of them takes the process or its time."""

import pytest

from conformance.judge.brought import PARTS_LIMIT, complaint
from conformance.vocabulary import CouldNotCheck


def chain(length: int, **last: object) -> dict:
    """Return a schema of definitions each of which is the next."""
    links = {f"d{number}": {"$ref": f"#/$defs/d{number + 1}"} for number in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": links | {f"d{length}": last}}


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "object", "required": ["a"]}, {"a": 1}, {}),
        ({"properties": {"a": {"$ref": "#/$defs/x%20y"}}, "$defs": {"x y": {"type": "string"}}}, {"a": ""}, {"a": 1}),
        ({"type": "array", "items": {"$ref": "#"}}, [[], [[]]], [[1]]),
        ({"anyOf": [{"type": "null"}, {"type": "string", "pattern": "^a+$"}]}, "aa", "b"),
        ({"$id": "https://a.example/s", "items": {"enum": [1]}}, [1], [2]),
        ({"prefixItems": [{"type": "string"}], "patternProperties": {"^x": {"type": "null"}}}, {"x1": None}, {"x1": 1}),
        (chain(50, type="string"), "a", 1),
    ],
)
def test_a_value_that_obeys_has_no_complaint_and_one_that_does_not_has_one(schema, good, bad):
    assert complaint(schema, good) is None
    assert complaint(schema, bad)


HOSTILE = {
    "no schema": ({"type": "potato"}, 1),
    "a reference to another host": ({"$ref": "http://127.0.0.1:9/s.json"}, 1),
    "a reference to a file": ({"$ref": "file:///etc/passwd"}, 1),
    "a reference to nothing": ({"$ref": "#/$defs/none"}, 1),
    "a reference that has no end": ({"$ref": "#"}, 1),
    "references that have no end": ({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}, 1),
    "a dynamic reference": ({"$dynamicRef": "#a", "$dynamicAnchor": "a"}, 1),
    "an anchor": ({"$ref": "#a", "$defs": {"x": {"$anchor": "a", "$ref": "#a"}}}, 1),
    "names that lead elsewhere": ({"items": {"$id": "https://a.example/b", "$ref": "#/x"}, "x": {}}, [1]),
    "a chain of references": (chain(1_000), 1),
    "a chain of references as deep as a stack": (chain(50_000), 1),
    "one that no value gets to": ({"properties": {"a": {"$ref": "#/x"}}, "x": chain(50_000)}, {}),
    "more parts than are read": ({"allOf": [{}] * PARTS_LIMIT}, 1),
    "branches that double with each level": (
        {"anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"minItems": 1, "items": {"$ref": "#"}}]},
        nested(60),
    ),
    "definitions that double with each reference": (
        {"$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)}, "$ref": "#/$defs/d0"},
        1,
    ),
    "many patterns and a long text": ({"allOf": [{"pattern": "a+b"}] * 400}, "a" * 10_000),
    "a pattern that tries every way": ({"pattern": r"(a*)*\1b"}, "a" * 60),
    "a pattern that is too large": ({"pattern": r"\p{L}{5000}{50}"}, "a"),
    "half of a character": ({"const": "\ud800"}, "a"),
}


@pytest.mark.parametrize(("schema", "value"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_told_in_bounds_could_not_be_checked(schema, value):
    with pytest.raises(CouldNotCheck):
        complaint(schema, value)


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"(x+x+)+y", r"^(\w+\s?)*$", r"^(?=(a+)+$)"])
def test_patterns_that_other_engines_hang_on_are_answered(pattern):
    assert complaint({"pattern": pattern}, "a" * 5000 + "!")
