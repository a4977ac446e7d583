"""Answers in JSON: any object, and what obeys a schema."""

from typing import Any

from conformance.evidence.api import Api
from conformance.scenarios import scenario
from conformance.scenarios.chat import user

CHAT = "chat.completions"
ASK = user('Describe the city of Paris as JSON with the members "city" (a string) and "number" (an integer).')
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "number": {"type": "integer"}},
    "required": ["city", "number"],
    "additionalProperties": False,
}


def by_schema(*, strict: bool) -> dict[str, Any]:
    """Return the response_format of an answer that obeys SCHEMA."""
    return {"type": "json_schema", "json_schema": {"name": "city", "strict": strict, "schema": SCHEMA}}


STRICT, LOOSE = by_schema(strict=True), by_schema(strict=False)


@scenario("formats.json-object", CHAT, spends=(1, 250, 128), shows="formats.object")
def json_object(api: Api) -> None:
    """Ask for a JSON object."""
    api.chat(ASK, response_format={"type": "json_object"})


@scenario("formats.json-schema", CHAT, spends=(1, 250, 128), shows="formats.schema")
def json_schema(api: Api) -> None:
    """Ask for JSON that obeys a schema to the letter."""
    api.chat(ASK, response_format=STRICT)
