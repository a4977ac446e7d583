"""The OpenAPI document: it says what the ledger says, its examples are true, and the reference server keeps to it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import referencing

from conformance import shipped, targets
from conformance.contract import ledger, schemas

DOCUMENT = json.loads((shipped.folder("schemas") / "openapi.json").read_text(encoding="utf-8"))
METHODS = ("get", "post", "delete", "put", "patch")
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
# An endpoint of the ledger that is no operation of its own: another content of one, or a route that does not exist.
SAME_OPERATION = {
    "chat.stream": "chat.completions",
    "batches.output": "files.content",
    "batches.errors": "files.content",
    "batches.input": "files.content",
}
NO_OPERATION = {"unknown"}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """A node of the document, its reference into the document followed."""
    while node.get("$ref", "").startswith("#/"):
        found: Any = DOCUMENT
        for token in node["$ref"].split("/")[1:]:
            found = found[token]
        node = found
    return node


def schema_names(schema: dict[str, Any]) -> set[str]:
    """The schema files that a schema of the document refers to."""
    below = [schema, *schema.get("anyOf", ())]
    return {part["$ref"].removesuffix(".json") for part in below if "$ref" in part}


@cache
def registry() -> referencing.Registry:
    documents = [*schemas.documents().values(), DOCUMENT | {"$id": "https://kimi-conformance.invalid/schemas/openapi.json"}]
    dialect = referencing.jsonschema.DRAFT202012
    return referencing.Registry().with_resources(
        (document["$id"], referencing.Resource.from_contents(document, default_specification=dialect))
        for document in documents
    )


class TestItAgreesWithTheLedger:
    def test_every_endpoint_is_an_operation_and_the_reverse(self):
        named = {SAME_OPERATION.get(name, name) for name in ledger.endpoints()} - NO_OPERATION
        assert set(OPERATIONS) == named

    @pytest.mark.parametrize("name", sorted(set(ledger.endpoints()) - NO_OPERATION))
    def test_method_and_path_are_those_of_the_endpoint(self, name):
        method, path, _ = OPERATIONS[SAME_OPERATION.get(name, name)]
        assert (method, path) == (ledger.endpoints()[name].method, ledger.endpoints()[name].path)
