"""``GET /v1/models``: what can be called on the day, as the service lists it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from conformance import catalogue
from conformance.reference.answers import Answer, Call
from conformance.reference.behaviour import behaviours, has
from conformance.vocabulary import Announcement

_DEPLOYED_AT = time(2, 34, 13, tzinfo=UTC)
_UNSTATED_CONTEXT = 131072
_PERMISSION = {
    "created": 0, "id": "", "object": "", "organization": "moonshot", "group": "moonshot", "is_blocking": False,
}  # fmt: skip


def list_models(call: Call) -> Answer:
    """Answer with the models of the day."""
    day = call.service.day()
    created = deployed(day)
    return Answer({"object": "list", "data": [entry(model, created, day) for model in call.service.models().values()]})


def deployed(day: date) -> int:
    """Return when the catalogue last changed before a day, in seconds: all entries bear that one time."""
    changes = [model.announced for model in catalogue.models().values()]
    changes += [model.retired for model in catalogue.models().values() if model.retired]
    latest = max((change for change in changes if change < day), default=day)
    return int(datetime.combine(latest, _DEPLOYED_AT).timestamp())


def entry(model: Announcement, created: int, day: date) -> dict[str, Any]:
    """Return one model's entry in the list."""
    behaviour = behaviours()[model.family]
    shown: dict[str, Any] = {
        "id": model.id,
        "object": "model",
        "created": created,
        "owned_by": "moonshot",
        "root": "",
        "parent": "",
        "permission": [dict(_PERMISSION)],
        "context_length": model.context or _UNSTATED_CONTEXT,
        "supports_image_in": "image" in model.modalities,
        "supports_video_in": "video" in model.modalities,
        "supports_reasoning": catalogue.families()[model.family].thinks != "never",
    }
    if has(model, "dynamic-tools"):
        shown["supports_dynamic_tools"] = True
    efforts = next((row.valid for row in reversed(behaviour.efforts) if row.since <= day), ())
    if efforts:
        told = {"support": True, "valid_efforts": list(efforts), "default_effort": efforts[-1]}
        shown |= {"think_efforts": told, "reasoning_efforts": dict(told), "supports_thinking_type": "only"}
    return shown
