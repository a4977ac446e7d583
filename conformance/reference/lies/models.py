"""Lies in the list of models."""

from __future__ import annotations

from typing import Any

from conformance import catalogue
from conformance.reference import listing
from conformance.reference.answers import Answer, Call, Handler, Refused
from conformance.reference.lies.registry import change_asked, in_body, lie

_LIST = "models.list"


@in_body("stale-models", _LIST)
def _(body: dict[str, Any]) -> None:
    body["data"] = [model for model in body["data"] if model["id"] != "kimi-k2.6"]


@lie("retired-still-listed")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    day = call.service.day()
    gone = [model for model in catalogue.models().values() if model.retired is not None and model.retired < day]
    if call.operation == _LIST and answer.status == 200 and gone:
        newest = max(gone, key=lambda model: (model.retired or day, model.announced))
        answer.body["data"].append(listing.entry(newest, listing.deployed(day), day))
    return answer


@in_body("unknown-model-listed", _LIST)
def _(body: dict[str, Any]) -> None:
    body["data"].append({**body["data"][0], "id": "kimi-never-announced"})


@in_body("duplicate-model-ids", _LIST)
def _(body: dict[str, Any]) -> None:
    body["data"].append(dict(body["data"][0]))


@in_body("context-length-wrong", _LIST)
def _(body: dict[str, Any]) -> None:
    for model in body["data"]:
        model["context_length"] //= 2


@in_body("context-length-as-string", _LIST)
def _(body: dict[str, Any]) -> None:
    for model in body["data"]:
        model["context_length"] = str(model["context_length"])


@in_body("capability-wrong", _LIST)
def _(body: dict[str, Any]) -> None:
    for model in body["data"]:
        model["supports_image_in"] = not model["supports_image_in"]


@in_body("model-without-owner", _LIST)
def _(body: dict[str, Any]) -> None:
    del body["data"][0]["owned_by"]


@in_body("models-not-a-list", _LIST)
def _(body: dict[str, Any]) -> None:
    body["object"] = "models"


@in_body("model-created-in-milliseconds", _LIST)
def _(body: dict[str, Any]) -> None:
    for model in body["data"]:
        model["created"] *= 1000


@in_body("newest-model-unlisted", _LIST)
def _(body: dict[str, Any]) -> None:
    body["data"] = [model for model in body["data"] if model["id"] != "kimi-k3"]


@in_body("thinking-not-listed", _LIST)
def _(body: dict[str, Any]) -> None:
    for model in body["data"]:
        model["supports_reasoning"] = False


@in_body("models-of-ids-alone", _LIST)
def _(body: dict[str, Any]) -> None:
    body["data"] = [{"id": model["id"]} for model in body["data"]]


@lie("listed-not-callable")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation != "chat.completions":
        return honest(call)
    # What else is wrong with a request is not said, as its model is looked at first.
    change_asked(call, lambda asked: asked.update(model=f"{asked.get('model')}-0711-preview"))
    return honest(call)


@lie("retired-still-callable")
def _(call: Call, honest: Handler) -> Answer:
    """A model that was retired is answered as another one, under its own name."""
    model = _asked(call)
    gone = catalogue.models().get(model)
    if gone is None or gone.retired is None or gone.available(call.service.day()):
        return honest(call)
    change_asked(call, lambda asked: (asked.pop("thinking", None), asked.update(model="kimi-k2.6")))
    answer = honest(call)
    if isinstance(answer.body, dict) and "model" in answer.body:
        answer.body["model"] = model
    return answer


@lie("model-listed-early")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    day = call.service.day()
    coming = [model for model in catalogue.models().values() if model.announced > day]
    if call.operation == _LIST and answer.status == 200 and coming:
        answer.body["data"].append(listing.entry(coming[0], listing.deployed(day), day))
    return answer


@lie("newest-model-gone")
def _(call: Call, honest: Handler) -> Answer:
    if _asked(call) == "kimi-k3":
        change_asked(call, lambda asked: asked.update(model="kimi-k3-gone"))
    answer = honest(call)
    if call.operation == _LIST and answer.status == 200:
        answer.body["data"] = [model for model in answer.body["data"] if model["id"] != "kimi-k3"]
    return answer


def _asked(call: Call) -> str:
    """Return the model that a chat asks for, or an empty text."""
    if call.operation != "chat.completions":
        return ""
    try:
        return str(call.members().get("model"))
    except Refused:
        return ""
