"""Whether the types of the SDK have a place for what the API is documented to take; nothing is sent for it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
from pydantic import TypeAdapter

from conformance import rows
from conformance.clients.comparison import Kind
from conformance.clients.table import Row
from conformance.vocabulary import Status, Target


@dataclass(frozen=True, slots=True)
class Sayable:
    """One thing that the API takes; requests.toml explains each field."""

    what: str
    endpoint: str
    type: str
    value: str
    instead: str
    source: str
    read: date


def sayables() -> tuple[Sayable, ...]:
    """Return the rows of the file; raises rows.ConfigurationError on one that is wrong."""
    path = Path(__file__).with_name("requests.toml")
    return tuple(rows.read(Sayable, row, f"{path.name}: {row.get('what')}") for row in rows.tables(path, "request"))


def expressible(target: Target) -> Iterator[Row]:
    """Yield what became of each row; it is no loss at a target that promises another API."""
    for row in sayables():
        named = names(row.type, json.loads(row.value))
        lost = Status.WARN if target.official else Status.PASS
        yield Row(
            row.endpoint,
            f"request {row.what}",
            Kind.SAME if named else Kind.NOT_EXPRESSIBLE,
            row.value,
            "a type has a place for it" if named else f"instead: {row.instead}",
            Status.PASS if named else lost,
            source=row.source,
        )


def names(path: str, value: object) -> bool:
    """Tell whether a type of the SDK, by its dotted name, has a place for every member of a JSON value."""
    module, _, name = path.rpartition(".")
    schema = TypeAdapter(getattr(importlib.import_module(module), name)).json_schema()
    # What else the whole of it needs is not the question.
    schema.pop("required", None)
    return not any(jsonschema.Draft202012Validator(_closed(schema)).iter_errors(value))


def _closed(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {keyword: _closed(part) for keyword, part in schema.items()}
    members = isinstance(closed.get("properties"), dict) and closed.get("type") == "object"
    return {**closed, "additionalProperties": False} if members else closed
