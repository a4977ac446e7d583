"""Lies about what an answer used."""

from __future__ import annotations

from typing import Any

from conformance.reference.lies.registry import in_body

_CHAT = "chat.completions"
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


@in_body("usage-sum-off", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"]["total_tokens"] += 1


@in_body("usage-missing", _CHAT)
def _(body: dict[str, Any]) -> None:
    del body["usage"]


@in_body("usage-as-strings", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"] |= {name: str(body["usage"][name]) for name in _COUNTS}


@in_body("usage-negative", _CHAT)
def _(body: dict[str, Any]) -> None:
    usage = body["usage"]
    usage |= {"completion_tokens": -1, "total_tokens": usage["prompt_tokens"] - 1}
    usage.pop("completion_tokens_details", None)


@in_body("cached-over-prompt", _CHAT)
def _(body: dict[str, Any]) -> None:
    cached = body["usage"]["prompt_tokens"] + 1
    body["usage"] |= {"cached_tokens": cached, "prompt_tokens_details": {"cached_tokens": cached}}


@in_body("cached-fields-differ", _CHAT)
def _(body: dict[str, Any]) -> None:
    prompt = body["usage"]["prompt_tokens"]
    body["usage"] |= {"cached_tokens": prompt, "prompt_tokens_details": {"cached_tokens": prompt - 1}}


@in_body("reasoning-over-completion", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"]["completion_tokens_details"] = {"reasoning_tokens": body["usage"]["completion_tokens"] + 1}


@in_body("length-without-cause", _CHAT)
def _(body: dict[str, Any]) -> None:
    if body["choices"][0]["finish_reason"] == "stop":
        body["choices"][0]["finish_reason"] = "length"
        body["usage"] |= {"completion_tokens": 1, "total_tokens": body["usage"]["prompt_tokens"] + 1}


@in_body("tokens-hidden", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"] |= {"completion_tokens": 1, "total_tokens": body["usage"]["prompt_tokens"] + 1}
    body["usage"].pop("completion_tokens_details", None)


@in_body("prompt-tokens-constant", _CHAT)
def _(body: dict[str, Any]) -> None:
    usage = body["usage"]
    usage |= {"prompt_tokens": 7, "total_tokens": 7 + usage["completion_tokens"]}
    usage.pop("cached_tokens", None)
    usage.pop("prompt_tokens_details", None)


@in_body("usage-parts-swapped", _CHAT)
def _(body: dict[str, Any]) -> None:
    usage = body["usage"]
    usage["prompt_tokens"], usage["completion_tokens"] = usage["completion_tokens"], usage["prompt_tokens"]


@in_body("prompt-tokens-zero", _CHAT)
def _(body: dict[str, Any]) -> None:
    usage = body["usage"]
    usage |= {"prompt_tokens": 0, "total_tokens": usage["completion_tokens"]}
    usage.pop("cached_tokens", None)
    usage.pop("prompt_tokens_details", None)


@in_body("usage-all-zero", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"] = dict.fromkeys(_COUNTS, 0)


@in_body("usage-parts-shifted", _CHAT)
def _(body: dict[str, Any]) -> None:
    body["usage"]["prompt_tokens"] -= 3
    body["usage"]["completion_tokens"] += 3


@in_body("cached-left-out-of-prompt", _CHAT)
def _(body: dict[str, Any]) -> None:
    cached = body["usage"].get("cached_tokens", 0)
    body["usage"]["prompt_tokens"] -= cached
    body["usage"]["total_tokens"] -= cached
