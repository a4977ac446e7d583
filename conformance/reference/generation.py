"""What the model of the reference server says: simple, and always the same to the same request."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from conformance.reference import messages
from conformance.reference.instances import instance
from conformance.reference.request import ChatRequest

_ONE_WORD = re.compile(r"""\bword:\s*["'“]?(\w[\w'-]*)""")
_QUOTED = 60
_SEARCHED = 512


@dataclass(frozen=True, slots=True)
class Speech:
    """What is said before any limit cuts it: ``calls`` are the functions that are called, and their arguments."""

    reasoning: str
    content: str
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


def speak(request: ChatRequest) -> Speech:
    """Return what the model says to a request."""
    asked = messages.last_text(request.messages, "user")
    functions = _functions(request, asked)
    if functions:
        calls = tuple((function["name"], _arguments(function, asked)) for function in functions)
        return Speech(_reasoning(request, asked, "I call a tool."), "", calls)
    return Speech(_reasoning(request, asked, "I answer directly."), _content(request, asked))


def _functions(request: ChatRequest, asked: str) -> list[dict[str, Any]]:
    """Return the functions to call: those that the question names, in the order in which it does."""
    if request.choice == "none" or (request.choice == "auto" and request.messages[-1]["role"] != "user"):
        return []
    places = {function["name"]: _place(function["name"], asked) for function in request.functions}
    named = [function for function in request.functions if places[function["name"]] >= 0]
    named.sort(key=lambda function: places[function["name"]])
    if request.choice == "required":
        return (named or request.functions)[:1]
    return named


def _place(name: str, asked: str) -> int:
    found = re.search(rf"(?<![\w$-]){re.escape(name)}(?![\w-])", asked)
    return found.start() if found else -1


def _arguments(function: dict[str, Any], asked: str) -> dict[str, Any]:
    if function["name"].startswith("$"):
        # A built-in tool is run by the service: its arguments go back as they are.
        return {"usage": {"total_tokens": _SEARCHED}}
    made = instance(function.get("parameters") or {}, asked)
    return made if isinstance(made, dict) else {}


def _reasoning(request: ChatRequest, asked: str, conclusion: str) -> str:
    if not request.thinking:
        return ""
    if request.effort == "low":
        return conclusion
    if request.effort == "high":
        return f"The user asks for something. {conclusion}"
    return f'The user says: "{asked[:_QUOTED]}". That is a simple request. {conclusion}'


def _content(request: ChatRequest, asked: str) -> str:
    content = _whole(request, asked)
    last = request.messages[-1]
    if not last.get("partial"):
        return content
    begun = messages.text_of(last)
    going_on = content.startswith(begun) and content != begun
    return content[len(begun) :] if going_on else " and so on."


def _whole(request: ChatRequest, asked: str) -> str:
    form = request.response_format
    if form["type"] != "text":
        value = instance(form["json_schema"]["schema"], asked) if form["type"] == "json_schema" else {"answer": asked}
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    results = messages.results(request.messages)
    if results:
        return f"The tool says: {' '.join(results)}"
    word = _ONE_WORD.search(asked)
    return word.group(1) if word else asked or "There is nothing to repeat."
