"""What a gateway reads of a call before it passes it on, and the call that it passes on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance import strictjson
from conformance.catalogue import gateways
from conformance.reference.account import key_of
from conformance.reference.answers import Call
from conformance.vocabulary import Announcement


def members(call: Call) -> dict[str, Any] | None:
    """Return the JSON object of a request, or None where it is none."""
    try:
        value = strictjson.loads(call.body)
    except strictjson.NotStrictJSON:
        return None
    return value if isinstance(value, dict) else None


def known_key(call: Call) -> bool:
    """Tell whether a call bears a key that opens the account at the gateway."""
    key = key_of(call)
    return bool(key) and call.service.accepts(key)


def models(call: Call, host: str) -> dict[str, Announcement]:
    """Return the models that can be called through a gateway on the day, by the gateway's own ids."""
    available = call.service.models()
    ids = gateways.hosts()[host].ids
    return {own: available[model] for model, own in ids.items() if model in available}


def upstream(call: Call, asked: dict[str, Any]) -> Call:
    """Return the call that the gateway makes in turn, with a key of its own."""
    return replace(call, operation="chat.completions", body=json.dumps(asked).encode(), trusted=True)


def in_range(value: object, least: float, most: float = float("inf")) -> bool:
    """Tell whether an optional number is one within its bounds."""
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
