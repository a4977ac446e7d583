"""The OpenAPI document as requests are made from: whole in itself, and so narrow that a target can say yes.

What is legal is judged by the schemas as they are; here they only shape what is generated. A document that allows any
model gets a thousand times the answer that there is no such model.
"""

from __future__ import annotations

import json
from typing import Any

from conformance import catalogue, rows, shipped
from conformance.catalogue import ParameterRule
from conformance.contract import schemas

# Of any request that produces tokens, and of each line of a batch.
MOST_TOKENS = 16
BASE_PATH = "/v1"
# Each names a schema of its own; a reference to another file would have to be fetched.
_DROPPED = ("$id", "$schema", "jsonSchemaDialect", "security")
# Under these stand values, and no schemas.
_VALUES = ("const", "enum", "default", "required", "examples")
_FEW, _SHORT = 3, 40
_NAME = {"type": "string", "pattern": "^[a-z]{1,12}$"}
_TOKENS = {"type": "integer", "minimum": 1, "maximum": MOST_TOKENS}
_TEXT = {"type": "string", "minLength": 1}
_PART = {
    "type": "object",
    "required": ["type", "text"],
    "properties": {"type": {"enum": ["text"]}, "text": {"type": "string"}},
}
_BYTES = {"type": "string", "format": "binary", "minLength": 1}
_MESSAGE = {
    "type": "object",
    "required": ["role", "content"],
    "properties": {
        "role": {"enum": ["user", "system", "assistant"], "default": "user"},
        "content": {"anyOf": [_TEXT, {"type": "array", "minItems": 1, "items": _PART}]},
        "name": {"type": "string"},
        "reasoning_content": {"type": "string"},
    },
}
_FUNCTION = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": _NAME,
        "description": {"type": "string"},
        "parameters": {"const": {"type": "object", "properties": {}}},
        "strict": {"type": "boolean"},
    },
}
_TOOL = {
    "type": "object",
    "required": ["type", "function"],
    "properties": {"type": {"const": "function"}, "function": _FUNCTION},
}


def document(model: str) -> dict[str, Any]:
    """Return the document for one model; raises rows.ConfigurationError where the installation has none."""
    path = shipped.folder("schemas") / "openapi.json"
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise rows.ConfigurationError(f"{path}: {error}; the installation is broken") from None
    whole: dict[str, Any] = _within(_asking_for(read, model), "")
    known = {name: _within(schema, name) for name, schema in schemas.documents().items()}
    whole["components"]["schemas"] |= known
    whole["servers"] = [{"url": BASE_PATH}]
    _narrow(whole, model)
    _ask_for_wrong_values(whole, model)
    return whole


def operations(whole: dict[str, Any]) -> list[str]:
    """Return the names of the operations, which are those of the endpoints, in the order of the document."""
    return [each["operationId"] for item in whole["paths"].values() for each in item.values() if "operationId" in each]


def _within(node: Any, home: str) -> Any:  # noqa: ANN401 - any part of a document
    """Return a node whose references to files lead to the components of one document."""
    if isinstance(node, list):
        return [_within(item, home) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _within(value, home) for name, value in node.items() if name not in _DROPPED or not home}
    if isinstance(reference := kept.get("$ref"), str):
        file, _, pointer = reference.partition("#")
        name = file.removesuffix(".json") or home
        kept["$ref"] = f"#/components/schemas/{name}{pointer}" if name else reference
    return kept


def _asking_for(node: Any, model: str) -> Any:  # noqa: ANN401 - any part of a document
    """Return a node whose examples ask for a model, also in the lines of a batch."""
    if isinstance(node, list):
        return [_asking_for(item, model) for item in node]
    if isinstance(node, dict):
        return {
            name: model if name == "model" and isinstance(value, str) else _asking_for(value, model)
            for name, value in node.items()
        }
    if isinstance(node, str) and node.startswith('{"custom_id"'):
        return json.dumps(_asking_for(json.loads(node), model), separators=(",", ":")) + "\n"
    return node


def _narrow(whole: dict[str, Any], model: str) -> None:
    known = whole["components"]["schemas"]
    chat = known["chat.request"]
    chat["$defs"] |= {"message": _MESSAGE, "part": _PART, "tool": _TOOL}
    chat["properties"] |= {"max_tokens": _TOKENS, "max_completion_tokens": _TOKENS}
    chat["properties"] |= {"tool_choice": chat["properties"]["tool_choice"] | {"default": "auto"}} | _sampling(model)
    # Refused beside any other parameter, so that nothing further would be asked.
    del chat["properties"]["top_logprobs"], chat["properties"]["thinking"]["properties"]["keep"]
    chat["required"] = [*chat["required"], "max_completion_tokens"]
    for name in ("chat.request", "tokens.request"):
        known[name]["properties"]["model"] = {"const": model}
    # Only what a batch can be made of leads further.
    line = whole["components"]["examples"]["batchInput"]["value"]["file"]
    known["Upload"]["properties"] = {"file": {"anyOf": [{"const": line}, _BYTES]}, "purpose": {"const": "batch"}}
    known["batch.request"]["properties"]["completion_window"] = {"enum": ["24h", "7d"]}
    for name in ("chat.request", "tokens.request", "batch.request"):
        known[name] = _small(known[name])


def _sampling(model: str) -> dict[str, Any]:
    """Return the parameters of which a model takes one value: that one, and those that are known to be wrong."""
    texts = {name: (rule.only, *rule.wrong, *rule.disputed) for name, rule in _fixed(model).items()}
    values = {name: [json.loads(text) for text in told] for name, told in texts.items()}
    return {name: {"enum": told, "default": told[0]} for name, told in values.items()}


def _ask_for_wrong_values(whole: dict[str, Any], model: str) -> None:
    """Make an example of each value that is known to be wrong, whole and streamed: chance makes too few of them."""
    told = whole["components"]["examples"]
    asked = whole["paths"]["/chat/completions"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for each in ("oneWord", "oneWordStreamed"):
        for name, rule in _fixed(model).items():
            for text in rule.wrong:
                asked[f"{each}.{name}.{text}"] = {"value": told[each]["value"] | {name: json.loads(text)}}


def _fixed(model: str) -> dict[str, ParameterRule]:
    """Return the rules of the parameters of which a model takes one value."""
    family = catalogue.family_of(model)
    known = catalogue.rules_for(family.id, catalogue.modes(family.id)[-1]) if family else {}
    return {name: rule for name, rule in known.items() if rule.only}


def _small(node: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Return a schema without what makes a request large and no more telling: unnamed members, long texts and lists.

    Measured: a chat is made in 20 ms, and with them in 90.
    """
    if isinstance(node, list):
        return [_small(item) for item in node]
    if not isinstance(node, dict):
        return node
    small = {name: value if name in _VALUES else _small(value) for name, value in node.items()}
    if isinstance(node.get("properties"), dict):
        small.setdefault("additionalProperties", False)
    if node.get("type") == "array":
        small.setdefault("maxItems", _FEW)
    if node.get("type") == "string" and "pattern" not in node:
        small.setdefault("maxLength", _SHORT)
    return small
