"""The lines of a batch: input lines read and checked, answered like any chat, and written as output lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from conformance import catalogue, strictjson
from conformance.reference import chat
from conformance.reference.answers import Refused
from conformance.reference.state import Service
from conformance.vocabulary import Announcement

ENDPOINT = "/v1/chat/completions"


class BadLineError(Exception):
    """Raised for an input file that no batch can be made of."""


def read(content: bytes, models: Mapping[str, Announcement]) -> list[dict[str, Any]]:
    """Return the lines of an input file; raises BadLineError."""
    lines = [_line(text) for text in content.splitlines() if text.strip()]
    if not lines:
        raise BadLineError("the file has no lines")
    names = [line["custom_id"] for line in lines]
    if len(set(names)) != len(names):
        raise BadLineError("a custom_id stands twice")
    asked = {line["body"].get("model") for line in lines if isinstance(line["body"].get("model"), str)}
    if len(asked) != 1:
        raise BadLineError("all lines must name one model")
    model = models.get(asked.pop())
    if model is None or catalogue.lacks(model.id, "batch"):
        raise BadLineError("the model cannot be asked in batches")
    return lines


def answered(line: Mapping[str, Any], service: Service) -> dict[str, Any]:
    """Return the output line of an input line; the body of a line that is refused holds the error."""
    status = 200
    try:
        chat.solvent(service)
        body = chat.complete(service, line["body"], Decimal(str(catalogue.batch_share())))
    except Refused as refused:
        status, body = refused.answer.status, refused.answer.body
    name = line["custom_id"]
    response = {"status_code": status, "request_id": "", "body": body}
    return {"id": name, "custom_id": name, "response": response, "error": None}


def written(lines: list[dict[str, Any]]) -> bytes:
    """Return lines as the bytes of a JSONL file."""
    texts = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    return "".join(texts).encode("utf-8", "replace")


def _line(text: bytes) -> dict[str, Any]:
    try:
        line = strictjson.loads(text)
    except strictjson.NotStrictJSON as error:
        raise BadLineError(str(error)) from None
    if not isinstance(line, dict) or not isinstance(line.get("body"), dict):
        raise BadLineError("a line must be an object with a body")
    if not isinstance(line.get("custom_id"), str) or not line["custom_id"]:
        raise BadLineError("a line must have a custom_id")
    if line.get("method") != "POST" or line.get("url") != ENDPOINT:
        raise BadLineError(f"a line must POST to {ENDPOINT}")
    return line
