"""A document that is wrong at any one place is compared all the same, or is told to be none: it crashes nothing."""

import copy
from contextlib import suppress
from datetime import date

import pytest

from conformance.drift import history, lints, published, samples

REFERENCE = {"$ref": "#/components/schemas/Thing"}
BODY = {"content": {"application/json": {"schema": REFERENCE}}}
WHOLE = {
    "openapi": "3.1.0",
    "info": {"version": "1"},
    "servers": [{"url": "https://example.org/v1"}],
    "security": [{"key": []}],
    "paths": {
        "/things": {
            "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer"}}],
            "post": {"requestBody": BODY, "responses": {"200": {"headers": {"A": {"schema": {}}}, **BODY}}},
        }
    },
    "components": {
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["model"],
                "properties": {
                    "model": {"type": "string", "enum": ["kimi-k2.5"], "default": "kimi-k2.5", "example": "kimi-k3"},
                    "list": {"type": "array", "items": {"anyOf": [{"type": "string"}, REFERENCE]}, "minItems": 1},
                },
                "allOf": [{"additionalProperties": False}],
            }
        },
    },
}
ODD = [
    None, True, -1.5, "", "kimi-k9", [], {}, [1], [[]], [{}], {"a": 1}, {"$ref": 1}, {"$ref": "#"}, {"$ref": "#/paths"},
    {"type": ["null", 1]}, {"enum": [{}]}, {"allOf": [{"$ref": "#"}]}, {"required": [1]},
]  # fmt: skip


def places(node, at=()):
    """Every place of a document, as the keys that lead to it."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places(value, (*at, key))


def struck(at, value):
    """The document with something else at one place."""
    node = root = copy.deepcopy(WHOLE)
    for key in at[:-1]:
        node = node[key]
    node[at[-1]] = value
    return root


@pytest.mark.parametrize("value", ODD, ids=str)
def test_a_document_that_is_wrong_at_one_place_crashes_nothing(value):
    day, whole = date(2026, 9, 2), published.of(WHOLE, "a.json", date(2026, 9, 1))
    read = 0
    for at in places(WHOLE):
        with suppress(ValueError):
            document = published.of(struck(at, value), "b.json", day)
            read += 1
            found = [*history.changes([whole, document, whole]), *lints.changes([document], official=True)]
            assert all(isinstance(one.detail, str) for one in [*found, *samples.changes(document)])
    assert read > 0
