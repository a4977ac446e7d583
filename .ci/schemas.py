"""Check every schema against the metaschema of JSON Schema 2020-12, and the OpenAPI document against its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

OURS = {"x-clause"}
OPENAPI = Path("schemas/openapi.json")
VOCABULARIES = jsonschema.Draft202012Validator.META_SCHEMA["allOf"]
MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
ONE = (
    "items",
    "additionalProperties",
    "propertyNames",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "unevaluatedProperties",
)


def known() -> set[str]:
    """Return every keyword of the metaschema's vocabularies."""
    from jsonschema_specifications import REGISTRY

    found = set(jsonschema.Draft202012Validator.META_SCHEMA["properties"])
    for vocabulary in VOCABULARIES:
        uri = "https://json-schema.org/draft/2020-12/" + vocabulary["$ref"]
        found |= set(REGISTRY.contents(uri)["properties"])
    return found | OURS


def unknown(node: Any, keywords: set[str], where: str) -> list[str]:
    """Return the places of keywords that nobody knows: a validator would pass over a misspelt one in silence."""
    if not isinstance(node, dict):
        return []
    found = [f"{where}/{name}" for name in node if name not in keywords]
    for name in MAPS:
        for member, below in node.get(name, {}).items():
            found += unknown(below, keywords, f"{where}/{name}/{member}")
    for name in LISTS:
        for index, below in enumerate(node.get(name, [])):
            found += unknown(below, keywords, f"{where}/{name}/{index}")
    for name in ONE:
        found += unknown(node.get(name), keywords, f"{where}/{name}")
    return found


def main() -> int:
    """Print what is wrong, and return the exit status."""
    paths = sorted(set(Path("schemas").glob("*.json")) - {OPENAPI})
    wrong = [] if paths else ["schemas/ is empty"]
    for path in paths:
        schema = json.loads(path.read_text(encoding="utf-8"))
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            wrong.append(f"{path}: {error.json_path}: {error.message}")
        wrong += [f"{path}: unknown keyword at {place}" for place in unknown(schema, known(), "")]
    document = json.loads(OPENAPI.read_text(encoding="utf-8"))
    found = OpenAPIV31SpecValidator(document, base_uri=OPENAPI.resolve().as_uri()).iter_errors()
    wrong += [f"{OPENAPI}: {'/'.join(map(str, error.path))}: {error.message}" for error in found]
    print("\n".join(wrong) or f"{len(paths)} schemas and {OPENAPI} are valid; no schema holds an unknown keyword")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
