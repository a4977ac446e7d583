"""AIMLAPI: its ids, its flat errors, a balance outside of /v1, and what an answer cost in a member ``meta``.

Source: https://github.com/aimlapi/api-docs (commit f14fa72f, read 2026-08-21): the documents of moonshot/kimi-k2-6, of
the list of models and of the balance, the page of errors, and the sample answer of 2026-04-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from conformance.reference import chat
from conformance.reference.answers import Answer, Call, Handler, Stream
from conformance.reference.gateways.asked import in_range, known_key, members, models, upstream
from conformance.vocabulary import Announcement

HOST = "aimlapi"
ROUTES: Mapping[str, tuple[str, str]] = {
    "models.list": ("GET", "/v1/models"),
    "chat.completions": ("POST", "/v1/chat/completions"),
    "aimlapi.billing": ("GET", "/v2/billing"),
}
# Credits are whole numbers; how many a dollar has is not documented.
_CREDITS = 2_000_000
_MEMBERS = {"name", "description", "parameters", "required"}


def answer(call: Call, honest: Handler) -> Answer:
    """Answer a call as AIMLAPI does."""
    found = _answer(call, honest)
    found.headers |= {"X-Request-Id": call.service.draw("request")[:32], "Cache-Control": "no-cache"}
    return found


def refusal(call: Call, status: int, message: str) -> Answer:
    """Return a refusal in AIMLAPI's envelope, which is flat."""
    moment = datetime.fromtimestamp(call.service.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"requestId": call.service.draw("trace")[:32], "statusCode": status, "timestamp": moment, "path": call.path}
    return Answer(told | {"message": message}, status)


def _answer(call: Call, honest: Handler) -> Answer:
    if call.operation == "models.list":
        return Answer({"object": "list", "data": [_entry(*model) for model in models(call, HOST).items()]})
    if call.operation not in ROUTES:
        return refusal(call, 404, f"Cannot {call.method} {call.path}")
    if not known_key(call):
        return refusal(call, 401, "This request requires a valid API key")
    if call.operation == "aimlapi.billing":
        return Answer({"current_balance": float(call.service.purse.available), "currency": "USD"})
    return _chat(call, honest)


def _entry(name: str, model: Announcement) -> dict[str, Any]:
    """Return a model of the list."""
    sizes = {"contextLength": model.context, "outputMax": model.max_output}
    info = {"name": model.id, "developer": "Moonshot AI", "releasedAt": model.announced.isoformat()}
    known = {**info, **{key: value for key, value in sizes.items() if value is not None}}
    return {"id": name, "aliases": [], "type": "openai/chat-completions", "info": known, "tags": ["playground:chat"]}


def _chat(call: Call, honest: Handler) -> Answer:
    asked = members(call)
    model = models(call, HOST).get(str(asked.get("model"))) if asked else None
    if asked is None or model is None or not _obeys(asked):
        return refusal(call, 400, "Body validation error!")
    if call.service.purse.available <= 0:
        return refusal(call, 403, "You've run out of credits.")
    found = honest(upstream(call, asked | {"model": model.id}))
    if found.status != 200:
        return refusal(call, found.status, found.body.get("error", {}).get("message", "Provider error"))
    if not isinstance(found.body, Stream):
        found.body = _whole(found.body, model)
    found.headers = {"X-Inference-Id": call.service.draw("inference")[:32]}
    return found


def _obeys(asked: dict[str, Any]) -> bool:
    """Tell whether a request obeys what is closed in the document: the bounds, and the members of a function."""
    tools = asked.get("tools") or []
    functions = [tool.get("function", {}) for tool in tools if isinstance(tool, dict)]
    bounded = in_range(asked.get("max_tokens"), 1) and in_range(asked.get("seed"), 1)
    return bounded and all(set(function) <= _MEMBERS for function in functions)


def _whole(body: dict[str, Any], model: Announcement) -> dict[str, Any]:
    spent = chat.price(model.price, body["usage"])
    meta = {"usage": {"credits_used": int(spent * _CREDITS), "usd_spent": float(spent)}}
    counts = {name: body["usage"][name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    return body | {"usage": counts, "meta": meta}
