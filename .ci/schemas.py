"""Check every schema against the metaschema of JSON Schema 2020-12, and for keywords that it does not know."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema

OURS = {"x-clause"}
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
    paths = sorted(Path("schemas").glob("*.json"))
    wrong = [] if paths else ["schemas/ is empty"]
    for path in paths:
        schema = json.loads(path.read_text(encoding="utf-8"))
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            wrong.append(f"{path}: {error.json_path}: {error.message}")
        wrong += [f"{path}: unknown keyword at {place}" for place in unknown(schema, known(), "")]
    print("\n".join(wrong) or f"{len(paths)} schemas are valid and hold no unknown keyword")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
