"""``POST /v1/chat/completions``: the answer around what the model says, what it used, and what it costs."""

from __future__ import annotations

import copy
import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from conformance import strictjson
from conformance.reference import request, signing, stream, tokens
from conformance.reference.answers import Answer, Call, refusal
from conformance.reference.generation import Speech, speak
from conformance.reference.request import ChatRequest
from conformance.reference.state import Service
from conformance.vocabulary import Price

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class _Spoken:
    reasoning: str
    content: str
    calls: tuple[tuple[str, str], ...]
    finish: str
    reasoning_tokens: int
    completion_tokens: int


def completions(call: Call) -> Answer:
    """Answer a chat, whole or as a stream of events."""
    solvent(call.service)
    asked = call.members()
    completion = complete(call.service, asked)
    cached = completion["usage"].get("cached_tokens")
    headers = {"Msh-Context-Cache-Token-Saved": str(cached)} if cached else {}
    headers |= signing.headers(call, completion["model"])
    pause = 1 / call.service.tokens_per_second if call.service.tokens_per_second else 0.0
    if not asked.get("stream"):
        return Answer(completion, headers=headers, delay=pause * completion["usage"]["completion_tokens"])
    options = asked.get("stream_options") or {}
    fingerprint = f"fpv0_{call.service.name('fingerprint')[:8]}"
    body = stream.events(completion, fingerprint, usage_chunk=options.get("include_usage") is True, pause=pause)
    return Answer(body, headers=headers, media_type=stream.MEDIA_TYPE)


def solvent(service: Service) -> None:
    """Raise Refused where the account has no money left."""
    if service.purse.available <= 0:
        who = f"org-{service.name('organization')} <ak-{service.name('key')}>"
        raise refusal(
            429,
            "exceeded_current_quota_error",
            f"Your account {who} is suspended due to insufficient balance, please recharge your account or check your"
            " plan and billing details",
        )


def complete(service: Service, asked: Mapping[str, Any], share: Decimal = Decimal(1)) -> dict[str, Any]:
    """Return the completion of a request and take its price, of which batches pay a share; raises Refused."""
    wanted = request.read(asked, service.models(), service.files, service.day())
    spoken = _spoken(wanted, speak(wanted))
    usage = _usage(wanted, spoken, _cached(service, asked, wanted))
    service.purse.pay(share * price(wanted.model.price, usage))
    message = _message(wanted, spoken)
    choices = [
        {"index": index, "message": copy.deepcopy(message), "finish_reason": spoken.finish}
        for index in range(wanted.answers)
    ]
    created = service.now()
    return {
        "id": f"chatcmpl-{created:08x}{service.draw('chat')[:16]}",
        "object": "chat.completion",
        "created": created,
        "model": wanted.model.id,
        "choices": choices,
        "usage": usage,
    }


def price(rates: Price | None, usage: Mapping[str, Any]) -> Decimal:
    """Return what a usage costs, not rounded; nothing where no price was published."""
    if rates is None:
        return Decimal(0)
    cached = usage.get("cached_tokens", 0)
    parts = (
        (cached, rates.cache_hit),
        (usage["prompt_tokens"] - cached, rates.input),
        (usage["completion_tokens"], rates.output),
    )
    return sum((count * Decimal(str(rate)) for count, rate in parts), Decimal(0)) / _MILLION


def _spoken(wanted: ChatRequest, speech: Speech) -> _Spoken:
    thought = tokens.pieces(speech.reasoning)
    quiet = not wanted.thinking and wanted.behaviour.unthought == "empty"
    reasoning_tokens = min(len(thought) + quiet, wanted.limit)
    calls = tuple((name, strictjson.canonical(arguments)) for name, arguments in speech.calls)
    told = [f"{name} {arguments}" for name, arguments in calls] or [_stopped(speech.content, wanted.stops)]
    said = [piece for text in told for piece in tokens.pieces(text)]
    room = wanted.limit - reasoning_tokens
    whole = len(thought) + quiet <= wanted.limit and len(said) <= room
    finish = "length" if not whole else "tool_calls" if calls else "stop"
    return _Spoken(
        reasoning="".join(thought[:reasoning_tokens]),
        content="" if calls else "".join(said[:room]),
        calls=calls if whole else (),
        finish=finish,
        reasoning_tokens=reasoning_tokens,
        completion_tokens=reasoning_tokens + min(len(said), room),
    )


def _stopped(content: str, stops: tuple[str, ...]) -> str:
    return content[: min((content.index(stop) for stop in stops if stop in content), default=len(content))]


def _message(wanted: ChatRequest, spoken: _Spoken) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": spoken.content}
    if wanted.thinking or wanted.behaviour.unthought == "empty":
        message["reasoning_content"] = spoken.reasoning
    if spoken.calls:
        message["tool_calls"] = _calls(wanted, spoken.calls)
    return message


def _calls(wanted: ChatRequest, calls: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    """Return the calls with ids that no other call of the conversation bears."""
    earlier = {call["id"] for message in wanted.messages for call in message.get("tool_calls") or ()}
    made: list[dict[str, Any]] = []
    for index, (name, arguments) in enumerate(calls):
        ids = (f"{name}_{number}" for number in itertools.count(len(earlier) + index))
        called = {"name": name, "arguments": arguments}
        free = next(candidate for candidate in ids if candidate not in earlier)
        made.append({"index": index, "id": free, "type": "function", "function": called})
    return made


def _usage(wanted: ChatRequest, spoken: _Spoken, cached: int) -> dict[str, Any]:
    produced = spoken.completion_tokens * wanted.answers
    usage: dict[str, Any] = {
        "prompt_tokens": wanted.prompt_tokens,
        "completion_tokens": produced,
        "total_tokens": wanted.prompt_tokens + produced,
    }
    if cached:
        usage["cached_tokens"] = cached
    if wanted.thinking or wanted.behaviour.unthought == "empty":
        usage["completion_tokens_details"] = {"reasoning_tokens": spoken.reasoning_tokens * wanted.answers}
    if cached:
        usage["prompt_tokens_details"] = {"cached_tokens": cached}
    return usage


def _cached(service: Service, asked: Mapping[str, Any], wanted: ChatRequest) -> int:
    """Return how many tokens of the prompt an earlier one began with, and remember the prompt."""
    head = strictjson.canonical([wanted.model.id, wanted.thinking, asked.get("tools")])
    running = hashlib.sha256(head.encode("utf-8", "replace"))
    size, cached = wanted.prompt_tokens - tokens.of_prompt(wanted.messages), 0
    for message in wanted.messages:
        running.update(strictjson.canonical(message).encode("utf-8", "replace"))
        size += tokens.of_message(message)
        if running.hexdigest() in service.prompts:
            cached = size
    service.prompts.add(running.hexdigest())
    return cached
