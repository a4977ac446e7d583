"""A request as a curl command that anyone can paste, with the name of the variable in place of the key."""

from __future__ import annotations

import shlex
from typing import Any

# curl sends these itself, or they would keep it from doing so rightly.
_LEFT_TO_CURL = frozenset({"content-length", "accept-encoding", "user-agent", "accept", "authorization"})


def command(request: dict[str, Any], variable: str) -> str:
    """Return the command; empty where there is no request, or its body is no text."""
    if not request["method"] or "body" not in request:
        return ""
    headers = [(name, value) for name, value in request["headers"] if name.lower() not in _LEFT_TO_CURL]
    parts = [f"curl -sS -i -X {shlex.quote(request['method'])} {shlex.quote(request['url'])}"]
    said = next((value for name, value in request["headers"] if name.lower() == "authorization"), None)
    if said is not None:
        key = f"${variable}" if said == f"Bearer ${variable}" else "sk-a-wrong-key"
        parts.append(f'-H "Authorization: Bearer {key}"')
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers]
    if request["body"]:
        # Not --data-binary: after an @ that reads a file of the one who pastes it.
        parts.append(f"--data-raw {shlex.quote(request['body'])}")
    return " \\\n  ".join(parts)
