"""What the model of the reference server says: simple, and always the same to the same request."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.reference import messages
from conformance.reference.request import ChatRequest

_ONE_WORD = re.compile(r"""\bword:\s*["'“]?(\w[\w'-]*)""")
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Speech:
    """What is said before any limit cuts it: ``called`` is the function that is called, and its arguments."""

    reasoning: str
    content: str
    called: tuple[str, dict[str, Any]] | None = None


def speak(request: ChatRequest) -> Speech:
    """Return what the model says to a request."""
    asked = messages.last_text(request.messages, "user")
    function = _function(request, asked)
    if function is not None:
        arguments = instance(function.get("parameters") or {})
        reasoning = _reasoning(request, f"I call {function['name']}.")
        return Speech(reasoning, "", (function["name"], arguments if isinstance(arguments, dict) else {}))
    return Speech(_reasoning(request, "I answer that directly."), _content(request, asked))


def instance(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None, depth: int = 0) -> Any:  # noqa: ANN401 - JSON is any value
    """Return a plain value that a JSON Schema of the usual kind accepts; what it does not understand it ignores."""
    root = schema if root is None else root
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if _said(schema, "enum", list, []):
        return schema["enum"][0]
    inner = _referred(schema, root)
    if inner is not None and depth < _DEEPEST:
        return instance(inner, root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema or depth == 0 else "string")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind in ("integer", "number"):
        return _said(schema, "minimum", (int, float), min(1, _said(schema, "maximum", (int, float), 1)))
    build = {"object": _object, "array": _array}.get(str(kind))
    if build is not None:
        return build(schema, root, depth)
    return {"boolean": True, "null": None}.get(
        str(kind), "text".ljust(min(_said(schema, "minLength", int, 0), 1000), ".")
    )


def _said(schema: Mapping[str, Any], keyword: str, kind: type | tuple[type, ...], otherwise: Any) -> Any:  # noqa: ANN401
    value = schema.get(keyword)
    return value if isinstance(value, kind) else otherwise


def _array(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> list[Any]:
    if depth >= _DEEPEST:
        return []
    item = instance(_said(schema, "items", dict, {}), root, depth + 1)
    return [item] * min(_said(schema, "minItems", int, 1), 100)


def _object(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = _said(schema, "properties", dict, {})
    wanted = _said(schema, "required", list, []) or list(properties)
    known = [name for name in wanted if isinstance(name, str) and isinstance(properties.get(name), dict)]
    return {name: instance(properties[name], root, depth + 1) for name in known} if depth < _DEEPEST else {}


def _referred(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any] | None:
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        found: Any = root
        for name in reference.split("/")[1:]:
            found = found.get(name, {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict) else {}
    branches = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    return branches[0] if isinstance(branches, list) and branches and isinstance(branches[0], dict) else None


def _function(request: ChatRequest, asked: str) -> dict[str, Any] | None:
    named = [function for function in request.functions if function["name"] in asked]
    if request.choice == "required":
        return (named or request.functions)[0]
    if request.choice == "auto":
        return named[0] if named and request.messages[-1]["role"] == "user" else None
    return next((function for function in request.functions if function["name"] == request.choice), None)


def _reasoning(request: ChatRequest, conclusion: str) -> str:
    if not request.thinking:
        return ""
    if request.effort == "low":
        return conclusion
    asked = messages.last_text(request.messages, "user")
    return f'The user says: "{asked[:60]}". {conclusion}'


def _content(request: ChatRequest, asked: str) -> str:
    form = request.response_format
    if form["type"] == "json_schema":
        return json.dumps(instance(form["json_schema"]["schema"]), ensure_ascii=False, separators=(",", ":"))
    if form["type"] == "json_object":
        return json.dumps({"answer": asked}, ensure_ascii=False, separators=(",", ":"))
    last = request.messages[-1]
    if last["role"] == "tool":
        return f"The tool says: {messages.text_of(last)}"
    if last.get("partial"):
        return " and so on."
    word = _ONE_WORD.search(asked)
    return word.group(1) if word else asked or "There is nothing to repeat."
