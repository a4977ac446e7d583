"""Tools, tool_choice and response_format of a chat: what is taken, and with what words the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from conformance.reference import mfjs
from conformance.reference.answers import invalid
from conformance.reference.behaviour import has
from conformance.vocabulary import Announcement

Functions = list[dict[str, Any]]

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,127}")
_BUILT_IN = re.compile(r"\$[a-z_]{1,127}")
_TYPES = ("function", "plugin", "builtin_function")
_FORMATS = ("text", "json_object", "json_schema")


def checked(value: object, kinds: Sequence[str] = _TYPES) -> list[dict[str, Any]]:
    """Return the functions that tools of some kinds define; raises Refused."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid("Invalid request: tools must be an array")
    return [_function(tool, kinds) for tool in value]


def all_of(asked: Mapping[str, Any], conversation: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the functions of a request and of its messages; raises Refused, also where two share a name."""
    functions = checked(asked.get("tools"))
    for message in conversation:
        functions += checked(message.get("tools"))
    names = [function["name"] for function in functions]
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"Invalid request: function name {name} is duplicated")
    return functions


def choice(value: object, functions: Functions, model: Announcement, *, thinking: bool) -> tuple[str, Functions]:
    """Return ``auto``, ``none`` or ``required``, and the functions among which that chooses; raises Refused."""
    if value is None or value in ("auto", "none"):
        return str(value or "auto"), functions
    named = _named(value)
    if value != "required" and named is None:
        raise invalid(f"Invalid request: invalid tool_choice: {value}, only auto, none and required are supported")
    form = "required" if named is None else "specified"
    feature = "forced-call" if named is None else "named-call"
    if thinking and has(model, f"no-{feature}-while-thinking"):
        raise invalid(f"tool_choice '{form}' is incompatible with thinking enabled")
    if not has(model, feature):
        raise invalid(f"Invalid request: tool_choice '{form}' is not supported by the model {model.id}")
    if not functions:
        raise invalid(f"Invalid request: tool_choice '{form}' needs tools")
    chosen = [function for function in functions if named in (None, function["name"])]
    if not chosen:
        raise invalid(f"Invalid request: tool_choice names the unknown function {named}")
    return "required", chosen


def response_format(value: object) -> dict[str, Any]:
    """Return the response_format of a request, text where there is none; raises Refused."""
    if value is None:
        return {"type": "text"}
    kind = value.get("type", "text") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in _FORMATS:
        raise invalid(f"Invalid request: unsupported response_format type: {kind}, only {', '.join(_FORMATS)}")
    if kind == "json_schema":
        _json_schema(value.get("json_schema"))
    return {**value, "type": kind}


def schemas(functions: Functions, form: Mapping[str, Any], day: date) -> None:
    """Raise Refused where a schema of a function or of the answer is not one that is taken on a day."""
    for function in functions:
        mfjs.check(function.get("parameters", {}), "tools.function.parameters", day)
    if form["type"] == "json_schema":
        mfjs.check(form["json_schema"]["schema"], "response_format.json_schema.schema", day)


def _function(tool: object, kinds: Sequence[str]) -> dict[str, Any]:
    kind = (tool.get("type") or "") if isinstance(tool, dict) else ""
    if not isinstance(tool, dict) or kind not in kinds:
        raise invalid(f"Invalid request: unknown tool type: {kind}, currently only function and plugin are supported")
    function = tool.get(kind if kind == "plugin" else "function")
    name = function.get("name") if isinstance(function, dict) else None
    pattern = _BUILT_IN if kind == "builtin_function" else _NAME
    if not isinstance(function, dict) or not isinstance(name, str) or not pattern.fullmatch(name):
        raise invalid(f"Invalid request: function name is invalid: {name}, must start with a letter")
    if not isinstance(function.get("parameters", {}), dict):
        raise invalid(f"Invalid request: parameters of the function {name} must be an object")
    if not isinstance(function.get("strict", True), bool):
        raise invalid(f"Invalid request: strict of the function {name} must be a boolean")
    if not isinstance(function.get("description"), str | None):
        raise invalid(f"Invalid request: description of the function {name} must be a string")
    return function


def _named(value: object) -> str | None:
    if isinstance(value, dict) and value.get("type") == "function" and isinstance(value.get("function"), dict):
        name = value["function"].get("name")
        return name if isinstance(name, str) else None
    return None


def _json_schema(value: object) -> None:
    if not isinstance(value, dict):
        raise invalid("Invalid request: response_format needs json_schema")
    if not isinstance(value.get("name"), str) or not value["name"]:
        raise invalid("Invalid request: response_format.json_schema needs a name")
    if not isinstance(value.get("schema"), dict):
        raise invalid("Invalid request: response_format.json_schema.schema must be an object")
    if not isinstance(value.get("strict", True), bool):
        raise invalid("Invalid request: response_format.json_schema.strict must be a boolean")
