"""What is published beside the API, without a key: an OpenAPI document and a page of prices, as of the day."""

from __future__ import annotations

from typing import Any

from conformance.reference.answers import Answer, Call
from conformance.vocabulary import Announcement

Node = dict[str, Any]
# The operations that name models in an enum of their request.
ASKING = ("/v1/chat/completions", "/v1/tokenizers/estimate-token-count")
_TITLES = ("Model", "Unit", "Input Price (Cache Hit)", "Input Price (Cache Miss)", "Output Price", "Context Window")


def document(call: Call) -> Answer:
    """Answer with a document whose sample of the list is the newest model, and whose enums are all of the day."""
    models = list(call.service.models().values())
    newest = max(models, key=lambda model: model.announced).id
    entry = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "example": newest}}}
    listing = {"type": "object", "required": ["data"], "properties": {"data": {"type": "array", "items": entry}}}
    paths: Node = {"/v1/models": {"get": {"responses": {"200": _json(listing)}}}}
    for path in ASKING:
        paths[path] = {"post": {"requestBody": _json(_asking(models)), "responses": {}}}
    return Answer({"openapi": "3.1.0", "info": {"title": "Reference", "version": "1"}, "paths": paths})


def _asking(models: list[Announcement]) -> Node:
    return {"type": "object", "properties": {"model": {"type": "string", "enum": [model.id for model in models]}}}


def _json(schema: Node) -> Node:
    return {"content": {"application/json": {"schema": schema}}}


def prices(call: Call) -> Answer:
    """Answer with a table of what each model of the day costs."""
    lines = ["# Prices", "", _line(_TITLES), _line(["---"] * len(_TITLES))]
    for model in call.service.models().values():
        if model.price:
            told = (f"${price:g}" for price in (model.price.cache_hit, model.price.input, model.price.output))
            lines.append(_line([model.id, "1M tokens", *told, f"{model.context:,} tokens"]))
    return Answer("\n".join(lines).encode(), media_type="text/markdown; charset=utf-8")


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
