"""OpenRouter: its ids, prices and credits, its errors with numbers, reasoning in members of its own, and comments.

Sources, read 2026-11-24: https://openrouter.ai/docs/api-reference/overview, https://openrouter.ai/docs/models,
https://openrouter.ai/docs/api/reference/errors-and-debugging, https://openrouter.ai/docs/use-cases/reasoning-tokens and
https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key; and, for the members of an answer, recordings:
https://github.com/charmbracelet/fantasy (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from conformance.reference import chat
from conformance.reference.answers import Answer, Call, Handler, Stream
from conformance.reference.gateways.asked import in_range, known_key, members, models, upstream
from conformance.reference.listing import deployed
from conformance.vocabulary import Announcement

HOST = "openrouter"
ROUTES: Mapping[str, tuple[str, str]] = {
    "models.list": ("GET", "/v1/models"),
    "chat.completions": ("POST", "/v1/chat/completions"),
    "openrouter.credits": ("GET", "/v1/credits"),
    "openrouter.key": ("GET", "/v1/key"),
}
PROCESSING = b": OPENROUTER PROCESSING\n\n"
PROVIDER = "Moonshot AI"
BOUGHT = 100.0
_MILLION = Decimal(1_000_000)
# What it reads itself, and what it leaves out where a provider does not take it.
_OWN = ("reasoning", "usage", "provider", "transforms", "models", "route", "plugins")
_SAMPLING = ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs",
             "logit_bias")  # fmt: skip
_RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2), "top_p": (0, 1), "presence_penalty": (-2, 2), "frequency_penalty": (-2, 2),
    "max_tokens": (1, float("inf")), "max_completion_tokens": (1, float("inf")),
}  # fmt: skip
# It gives two tokens less than Moonshot (read 2026-11-22).
_LESS_OUTPUT = 2


def answer(call: Call, honest: Handler) -> Answer:
    """Answer a call as OpenRouter does."""
    if call.operation == "models.list":
        return Answer({"data": [_entry(call, *model) for model in models(call, HOST).items()]})
    if call.operation not in ROUTES:
        return refusal(404, "Not Found")
    if not known_key(call):
        return refusal(401, "No auth credentials found" if "authorization" not in call.headers else "User not found.")
    if call.operation == "openrouter.credits":
        return Answer({"data": {"total_credits": BOUGHT, "total_usage": _used(call)}})
    return _key(call) if call.operation == "openrouter.key" else _chat(call, honest)


def refusal(code: int, message: str, **metadata: str) -> Answer:
    """Return a refusal in OpenRouter's envelope: its code is the number of the status."""
    error: dict[str, Any] = {"message": message, "code": code}
    return Answer({"error": error | ({"metadata": metadata} if metadata else {})}, code)


def _used(call: Call) -> float:
    """Return what the account has used up: what the purse behind it lacks."""
    return round(BOUGHT - float(call.service.purse.available), 8)


def _key(call: Call) -> Answer:
    used = _used(call)
    told = {"label": "sk-or-v1-ref...001", "limit": None, "limit_reset": None, "limit_remaining": None, "usage": used}
    spans = {f"usage_{span}": used for span in ("daily", "weekly", "monthly")}
    flags = dict.fromkeys(("include_byok_in_limit", "is_free_tier", "is_management_key", "is_provisioning_key"), False)
    return Answer({"data": told | spans | flags})


def _entry(call: Call, name: str, model: Announcement) -> dict[str, Any]:
    """Return a model of the list; prices are texts, for one token."""
    inputs = [kind for kind in ("text", "image", "video") if kind in model.modalities]
    shape = {"input_modalities": inputs, "output_modalities": ["text"], "tokenizer": "Other", "instruct_type": None}
    output = model.max_output - _LESS_OUTPUT if model.max_output else None
    return {
        "id": name,
        "canonical_slug": slug(name, model),
        "name": f"MoonshotAI: {model.id}",
        "created": deployed(call.service.day()),
        "description": "A model of Moonshot AI.",
        "context_length": model.context,
        "architecture": {"modality": f"{'+'.join(inputs)}->text", **shape},
        "pricing": _prices(model),
        "top_provider": {"context_length": model.context, "max_completion_tokens": output, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": ["max_tokens", "reasoning", "response_format", "stop", "tool_choice", "tools"],
        "default_parameters": {},
    }


def _prices(model: Announcement) -> dict[str, str]:
    if model.price is None:
        return {"prompt": "0", "completion": "0"}
    rates = {"prompt": model.price.input, "completion": model.price.output, "input_cache_read": model.price.cache_hit}
    return {kind: format(Decimal(str(rate)) / _MILLION, "f") for kind, rate in rates.items()}


def slug(name: str, model: Announcement) -> str:
    """Return the lasting name of a model, which has the day of its announcement behind it."""
    return f"{name}-{model.announced:%Y%m%d}"


def _chat(call: Call, honest: Handler) -> Answer:
    asked = members(call)
    if asked is None:
        return refusal(400, "Invalid JSON in request body")
    name = str(asked.get("model"))
    model = models(call, HOST).get(name)
    if model is None:
        return refusal(400, f"{name} is not a valid model ID")
    wrong = next((each for each, bounds in _RANGES.items() if not in_range(asked.get(each), *bounds)), None)
    if wrong:
        return refusal(400, f"Invalid input: {wrong} is out of range")
    if call.service.purse.available <= 0:
        return refusal(402, "Insufficient credits", limit_source="openrouter_credits")
    found = honest(upstream(call, _passed_on(asked, model)))
    if found.status != 200:
        return refusal(found.status, "Provider returned error", raw=str(found.body), provider_name=PROVIDER)
    head = {
        "id": f"gen-{call.service.now()}-{call.service.draw('generation')[:20]}",
        "provider": PROVIDER,
        "model": slug(name, model),
    }
    if isinstance(found.body, Stream):
        return Answer(_stream(found.body, head, model), 200, {}, found.media_type, found.delay)
    return Answer(_whole(found.body, head, model), delay=found.delay)


def _passed_on(asked: dict[str, Any], model: Announcement) -> dict[str, Any]:
    """Return the request that Moonshot is sent: what it does not take is left out, as the documents say."""
    kept = {name: value for name, value in asked.items() if name not in (*_OWN, *_SAMPLING)} | {"model": model.id}
    reasoning = asked.get("reasoning") or {}
    if reasoning.get("enabled") is False or reasoning.get("effort") == "none":
        kept["thinking"] = {"type": "disabled"}
    if isinstance(said := asked.get("messages"), list):
        kept["messages"] = [_returned(message) for message in said]
    # Every stream tells its usage.
    return kept | ({"stream_options": {"include_usage": True}} if asked.get("stream") else {})


def _returned(message: object) -> object:
    """Return a message as Moonshot gets it: what a model reasoned comes back under the name that it gave it."""
    if not isinstance(message, dict) or "reasoning" not in message:
        return message
    kept = {name: value for name, value in message.items() if name not in ("reasoning", "reasoning_details")}
    return kept | ({"reasoning_content": message["reasoning"]} if message["reasoning"] else {})


def _whole(body: dict[str, Any], head: dict[str, str], model: Announcement) -> dict[str, Any]:
    choices = [
        {
            "index": choice["index"],
            "logprobs": None,
            **_ended(choice["finish_reason"]),
            "message": _message(choice["message"]),
        }
        for choice in body["choices"]
    ]
    rest = {"object": body["object"], "created": body["created"], "system_fingerprint": None, "choices": choices}
    return head | rest | {"usage": usage(body["usage"], model)}


def _ended(reason: str | None) -> dict[str, str | None]:
    return {"finish_reason": reason, "native_finish_reason": reason}


def _message(told: dict[str, Any]) -> dict[str, Any]:
    calls = {"tool_calls": told["tool_calls"]} if "tool_calls" in told else {}
    content = told["content"] or (None if calls else "")
    return {
        "role": told["role"],
        "content": content,
        "refusal": None,
        **_reasoning(told.get("reasoning_content")),
        **calls,
    }


def _reasoning(thought: str | None) -> dict[str, Any]:
    if not thought:
        return {"reasoning": None}
    detail = {"type": "reasoning.text", "text": thought, "format": "unknown", "index": 0}
    return {"reasoning": thought, "reasoning_details": [detail]}


def usage(told: dict[str, Any], model: Announcement) -> dict[str, Any]:
    """Return the usage of an answer with what it cost in credits, which are US dollars."""
    cost = float(chat.price(model.price, told))
    prompt = float(chat.price(model.price, told | {"completion_tokens": 0}))
    thought = told.get("completion_tokens_details", {}).get("reasoning_tokens", 0)
    counts = {name: told[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    return counts | {
        "cost": cost,
        "is_byok": False,
        "prompt_tokens_details": {"cached_tokens": told.get("cached_tokens", 0), "cache_write_tokens": 0},
        "cost_details": {"upstream_inference_cost": cost, "upstream_inference_prompt_cost": prompt,
                         "upstream_inference_completions_cost": cost - prompt},
        "completion_tokens_details": {"reasoning_tokens": thought, "image_tokens": 0},
    }  # fmt: skip


def _stream(body: Stream, head: dict[str, str], model: Announcement) -> Stream:
    """Return a stream whose every delta tells the role and a content, and whose usage comes last, with no choice."""
    chunks = [frame for frame in body.frames if isinstance(frame, dict)]
    frames: list[dict[str, Any] | bytes] = [_chunk(chunk, head) for chunk in chunks]
    frames[-1] = _chunk(chunks[-1], head) | {"usage": usage(chunks[-1]["usage"], model)}
    return Stream([PROCESSING, *frames, body.frames[-1]], body.pause)


def _chunk(chunk: dict[str, Any], head: dict[str, str]) -> dict[str, Any]:
    choices = [
        {"index": choice["index"], "delta": _delta(choice["delta"]), **_ended(choice["finish_reason"])}
        for choice in chunk["choices"]
    ]
    return head | {"object": chunk["object"], "created": chunk["created"], "choices": choices}


def _delta(told: dict[str, Any]) -> dict[str, Any]:
    calls = {"tool_calls": told["tool_calls"]} if "tool_calls" in told else {}
    thought = _reasoning(told["reasoning_content"]) if told.get("reasoning_content") else {}
    return {"content": told.get("content", ""), "role": "assistant", **thought, **calls}
