"""A chat request, read and checked: what is asked of which model, or the refusal in the service's words."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from conformance import catalogue
from conformance.reference import messages, tokens, tools
from conformance.reference.answers import invalid, not_found
from conformance.reference.behaviour import Behaviour, behaviours, has, thinking_types
from conformance.vocabulary import Announcement

# The first that is given holds.
_LIMITS = ("max_completion_tokens", "max_tokens")
_STOPS = 5
_STOP_BYTES = 32
_TYPES: Mapping[str, tuple[type, ...]] = {
    "temperature": (int, float), "top_p": (int, float), "n": (int,), "presence_penalty": (int, float),
    "frequency_penalty": (int, float), "max_tokens": (int,), "max_completion_tokens": (int,), "stream": (bool,),
    "stream_options": (dict,), "stop": (str, list), "logprobs": (bool,), "top_logprobs": (int,), "thinking": (dict,),
    "reasoning_effort": (str,), "prompt_cache_key": (str,), "safety_identifier": (str,), "prediction": (dict,),
}  # fmt: skip
_CALLED = {
    int: "an integer", float: "a number", bool: "a boolean", str: "a string", list: "an array", dict: "an object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked: ``prompt_tokens`` is the prompt's size, ``limit`` the most tokens that the answer may have.

    ``choice`` is auto, none or required; ``functions`` are those among which it chooses. ``effort`` is empty where no
    known one was asked for.
    """

    model: Announcement
    behaviour: Behaviour
    thinking: bool
    messages: list[dict[str, Any]]
    functions: list[dict[str, Any]]
    choice: str
    response_format: dict[str, Any]
    stops: tuple[str, ...]
    effort: str
    answers: int
    prompt_tokens: int
    limit: int


def read(asked: Mapping[str, Any], models: Mapping[str, Announcement], files: Container[str], day: date) -> ChatRequest:
    """Return the request that a JSON object makes on a day, of one of the models; raises Refused."""
    model = _model(asked.get("model"), models)
    behaviour = behaviours()[model.family]
    _types(asked)
    conversation = messages.checked(asked.get("messages"), model, files)
    thinking = _thinking(asked.get("thinking"), model)
    _parameters(asked, model.family, "thinking" if thinking else "plain")
    if thinking and behaviour.replays_reasoning:
        messages.must_replay_reasoning(conversation)
    functions = tools.all_of(asked, conversation)
    choice, eligible = tools.choice(asked.get("tool_choice"), functions, model, thinking=thinking)
    form = tools.response_format(asked.get("response_format"))
    tools.schemas(functions, form, day)
    effort = _effort(asked, model)
    hidden = behaviour.hidden_tokens + behaviour.effort_tokens.get(effort, 0) if thinking else 0
    size = _prompt_size(conversation, functions, hidden)
    return ChatRequest(
        model=model,
        behaviour=behaviour,
        thinking=thinking,
        messages=conversation,
        functions=eligible,
        choice=choice,
        response_format=form,
        stops=_stops(asked.get("stop")),
        effort=effort,
        answers=asked.get("n") or 1,
        prompt_tokens=size,
        limit=_limit(asked, model, behaviour, size),
    )


def _model(name: object, models: Mapping[str, Announcement]) -> Announcement:
    if name is not None and not isinstance(name, str):
        raise invalid("Invalid request: model must be a string")
    if name is None or not name.strip():
        raise invalid("Invalid request: model is required")
    if name not in models:
        raise not_found(f"Not found the model {name} or Permission denied")
    return models[name]


def _types(asked: Mapping[str, Any]) -> None:
    for member, kinds in _TYPES.items():
        value = asked.get(member)
        if value is not None and type(value) not in kinds:
            raise invalid(f"Invalid request: {member} must be {_CALLED[kinds[-1]]}")
    if not isinstance((asked.get("stream_options") or {}).get("include_usage"), bool | None):
        raise invalid("Invalid request: include_usage of stream_options must be a boolean")
    _prediction(asked.get("prediction") or {})
    for member in _LIMITS:
        if asked.get(member) is not None and asked[member] < 1:
            raise invalid(f"Invalid request: {member} must be at least 1")


def _prediction(prediction: Mapping[str, Any]) -> None:
    if prediction.get("type", "content") not in ("content", None):
        raise invalid(f"Invalid request: invalid prediction type: {prediction['type']}, only content is supported")
    content = prediction.get("content")
    parts = content if isinstance(content, list) else []
    if not isinstance(content, str | list | None) or not all(isinstance(part, dict) for part in parts):
        raise invalid("Invalid request: content of prediction must be a string or an array of parts")


def _thinking(asked: Mapping[str, Any] | None, model: Announcement) -> bool:
    types = thinking_types(model)
    if asked is None or not types:
        return has(model, "thinking")
    kind = asked.get("type", "enabled")
    if kind not in types:
        allowed = " or ".join(f"type={known}" for known in types)
        raise invalid(f"invalid thinking: only {allowed} is allowed for this model")
    keep = asked.get("keep")
    if keep is not None and not (keep == "all" and has(model, "thinking-keep")):
        raise invalid(f"invalid thinking: keep={keep} is not allowed for this model")
    return bool(kind == "enabled")


def _effort(asked: Mapping[str, Any], model: Announcement) -> str:
    """Return the effort that is asked for: other models pay no heed to it, and k3 takes any unknown one as none."""
    if not has(model, "reasoning-effort"):
        return ""
    inner = (asked.get("thinking") or {}).get("effort")
    effort = asked.get("reasoning_effort") if inner is None else inner
    known = {value for row in behaviours()[model.family].efforts for value in row.valid}
    return effort if isinstance(effort, str) and effort in known else ""


def _parameters(asked: Mapping[str, Any], family: str, mode: str) -> None:
    if "logit_bias" in asked:
        raise invalid("Invalid request: logit_bias is not supported yet")
    for rule in catalogue.rules_for(family, mode).values():
        value = asked.get(rule.parameter)
        if value is None:
            continue
        if rule.only and value != json.loads(rule.only):
            raise invalid(f"invalid {rule.parameter}: only {rule.only} is allowed for this model")
        if not rule.only and not rule.minimum <= value <= rule.maximum:
            bounds = f"{rule.minimum:g} to {rule.maximum:g}"
            raise invalid(f"invalid {rule.parameter}: only {bounds} is allowed for this model")
    if (asked.get("n") or 1) > 1 and not asked.get("temperature"):
        raise invalid("invalid n: only 1 is allowed where the temperature is 0")
    if asked.get("top_logprobs") is not None and not asked.get("logprobs"):
        raise invalid("Invalid request: logprobs must be set to true if top_logprobs is used")


def _stops(value: str | list[Any] | None) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value or []
    if len(stops) > _STOPS:
        raise invalid(f"stop array too long. Expected an array with maximum length {_STOPS}, but got {len(stops)}")
    for stop in stops:
        if not isinstance(stop, str):
            raise invalid("Invalid request: stop must be a string or an array of strings")
        if len(stop.encode("utf-8", "replace")) > _STOP_BYTES:
            raise invalid(f"Invalid request: a stop must not be longer than {_STOP_BYTES} bytes")
    return tuple(stop for stop in stops if stop)


def _prompt_size(conversation: list[dict[str, Any]], functions: list[dict[str, Any]], hidden: int) -> int:
    return hidden + tokens.of_prompt(conversation) + (tokens.of_json(functions) if functions else 0)


def _limit(asked: Mapping[str, Any], model: Announcement, behaviour: Behaviour, size: int) -> int:
    wanted = next((asked[member] for member in _LIMITS if asked.get(member) is not None), None)
    if model.context is not None and size + (wanted or 0) > model.context:
        requested = size + (wanted or 0)
        raise invalid(
            f"Invalid request: Your request exceeded model token limit: {model.context} (requested: {requested})"
        )
    room = model.context - size if model.context is not None else behaviour.default_tokens
    return wanted or max(1, min(behaviour.default_tokens, room))
