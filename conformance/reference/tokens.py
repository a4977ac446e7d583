"""A deterministic stand-in for the tokenizer, and ``POST /v1/tokenizers/estimate-token-count``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from conformance import strictjson
from conformance.reference import messages
from conformance.reference.answers import Answer, Call, data, invalid, not_found

_PIECE = re.compile(r"\s*(?:[A-Za-z]{1,8}|[0-9]{1,3}|\S)|\s+")
_A_MESSAGE = 4
_A_MEDIUM = range(8, 1025)
_BYTES_A_TOKEN = 64


def pieces(text: str) -> list[str]:
    """Return the tokens of a text; joined, they are the text again."""
    return _PIECE.findall(text)


def of_message(message: dict[str, Any]) -> int:
    """Return the number of tokens of one message, its pictures and films included."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    count = sum(len(pieces(part["text"])) if part["type"] == "text" else _of_medium(part) for part in parts)
    rest = [message.get("reasoning_content"), message.get("tool_calls"), message.get("tools")]
    return _A_MESSAGE + count + sum(of_json(member) for member in rest if member)


def _of_medium(part: dict[str, Any]) -> int:
    """Return the number of tokens of a picture or film: the more, the larger it is, as far as it was sent along."""
    payload = part[part["type"]]
    url = payload["url"] if isinstance(payload, dict) else payload
    size = len(url) // _BYTES_A_TOKEN if url.startswith("data:") else _A_MEDIUM[-1]
    return min(max(size, _A_MEDIUM[0]), _A_MEDIUM[-1])


def of_json(value: object) -> int:
    """Return the number of tokens of a JSON value's text."""
    return len(pieces(value if isinstance(value, str) else strictjson.canonical(value)))


def of_prompt(conversation: Sequence[dict[str, Any]]) -> int:
    """Return the number of tokens of all messages together."""
    return sum(of_message(message) for message in conversation)


def estimate(call: Call) -> Answer:
    """Answer with the size of a prompt; definitions of tools and what the service adds itself are not counted."""
    asked = call.members()
    model = asked.get("model")
    if not isinstance(model, str) or not model.strip():
        raise invalid("Invalid request: model is required")
    if model not in call.service.models():
        raise not_found(f"Not found the model {model} or Permission denied")
    conversation = messages.checked(asked.get("messages"), call.service.models()[model], call.service.files)
    return data({"total_tokens": of_prompt(conversation)})
