"""Gateways: what they have of their own, and what they may change on the way from the vendor and back."""

import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from conformance import catalogue
from conformance.catalogue import gateways
from conformance.checks import (
    Conversation,
    asked,
    rule_of_answer,
    rule_of_conversation,
    rule_of_exchange,
    rule_of_shape,
    rule_of_status,
)
from conformance.checks.reading import choices, one_word, request_member, text_in
from conformance.checks.test_formats import stops
from conformance.checks.test_models import listed
from conformance.judge import answers
from conformance.judge.costs import CHATS
from conformance.scenarios import scenarios
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable, Run, find, member

# What the definition of a tool has at the least, beside a few words more than the prompt that it is held against.
TOOL_TOKENS = 20
# What an amount may be off by: it is rounded for each request.
ROUNDING = 1e-5

test_openrouter_models_status = rule_of_status("openrouter.models.status", "openrouter.models")
test_openrouter_models_shape = rule_of_shape("openrouter.models")
test_openrouter_credits_status = rule_of_status("openrouter.credits.status", "openrouter.credits")
test_openrouter_credits_shape = rule_of_shape("openrouter.credits")
test_openrouter_key_status = rule_of_status("openrouter.key.status", "openrouter.key")
test_openrouter_key_shape = rule_of_shape("openrouter.key")
test_openrouter_chat_status = rule_of_status("openrouter.chat.status", "openrouter.chat")
test_openrouter_chat_shape = rule_of_shape("openrouter.chat")
test_aimlapi_models_status = rule_of_status("aimlapi.models.status", "aimlapi.models")
test_aimlapi_models_shape = rule_of_shape("aimlapi.models")
test_aimlapi_billing_status = rule_of_status("aimlapi.billing.status", "aimlapi.billing")
test_aimlapi_billing_shape = rule_of_shape("aimlapi.billing")
test_aimlapi_chat_status = rule_of_status("aimlapi.chat.status", "aimlapi.chat")
test_aimlapi_chat_shape = rule_of_shape("aimlapi.chat")
test_compatible_chat_status = rule_of_status("compatible.chat.status", "compatible.chat")


def of_gateway(run: Run) -> None:
    """Raise NotApplicable where the target is the vendor's own host."""
    if run.target.official:
        raise NotApplicable("the vendor's own host is no gateway")


@rule_of_answer("gateways.model-same")
def test_model_same(exchange: Exchange, run: Run) -> Iterator[Finding]:
    of_gateway(run)
    wanted, told = request_member(exchange, "model", str), exchange.at("/model", str)
    known = gateways.find(wanted)
    # A lasting name has the day of the model behind it, and some hosts know ids in any case of letters.
    dated = rf"{re.escape(wanted.partition(':')[0])}(-\d{{4}}|-\d{{8}})?(:\w+)?"
    if not re.fullmatch(dated, told, re.IGNORECASE) and told != (known and known.model):
        yield Finding("/model", f"{wanted}, or a name of the same model", told)


@rule_of_conversation("gateways.prompt-size", "chat.one-word")
def test_prompt_size(_conversation: Conversation, run: Run) -> Iterator[Finding]:
    of_gateway(run)
    most, told = scenarios()["chat.one-word"].spends.prompt_tokens, one_word(run).at("/usage/prompt_tokens", int)
    if told > most:
        yield Finding("/usage/prompt_tokens", f"at most {most} for one short sentence", told)


@rule_of_conversation("gateways.tools-counted", "tools.call")
def test_tools_counted(conversation: Conversation, run: Run) -> Iterator[Finding]:
    of_gateway(run)
    fewer = one_word(run).at("/usage/prompt_tokens", int)
    for exchange in asked(conversation, ("chat.completions",)):
        answers.success(exchange, run)
        if (told := exchange.at("/usage/prompt_tokens", int)) < fewer + TOOL_TOKENS:
            yield Finding("/usage/prompt_tokens", f"at least {fewer} as without tools, and {TOOL_TOKENS}", told)


@rule_of_answer("gateways.usage-counted")
def test_usage_counted(exchange: Exchange, run: Run) -> Iterator[Finding]:
    of_gateway(run)
    for name in ("prompt_tokens", "completion_tokens"):
        if exchange.at(f"/usage/{name}", int) <= 0:
            yield Finding(f"/usage/{name}", "more than 0", 0)


@rule_of_exchange("gateways.stop", "openrouter.chat", "aimlapi.chat", "compatible.chat")
def test_stop(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    texts = [(where, text_in(where, choice)) for where, choice in choices(exchange)]
    if not any(text for _, text in texts):
        raise CouldNotCheck(Finding("/choices/0/message/content", "some text", "none"))
    for where, text in texts:
        for stop in stops(exchange):
            if stop in text:
                yield Finding(f"{where}/message/content", f"no {stop!r}, which is a stop", text)


@rule_of_exchange("openrouter.chat.reasoning-told", "openrouter.chat")
def test_reasoning_told(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    counted = find(exchange.json, "/usage/completion_tokens_details/reasoning_tokens")
    if not isinstance(counted, int) or counted <= 1:
        raise NotApplicable("the usage counts no reasoning")
    for where, choice in choices(exchange):
        if not find(choice, "/message/reasoning"):
            yield Finding(f"{where}/message/reasoning", f"some, as {counted} tokens are counted", "none")


def entry_of(exchange: Exchange, run: Run) -> tuple[str, dict[str, Any]]:
    """Return the model of a run in a list of models, with its place; raises CouldNotCheck where it is not there."""
    name = run.model.partition(":")[0]
    found = next((row for row in listed(exchange) if row[1]["id"] == name), None)
    if found is None:
        raise CouldNotCheck(Finding("/data", name, "not listed"))
    return found


def context_of(exchange: Exchange, run: Run, pointer: str) -> Iterator[Finding]:
    """Yield a finding where a list tells a smaller context of the run's model than was announced."""
    known = gateways.find(run.model)
    announced = catalogue.models()[known.model].context if known else None
    if announced is None:
        raise NotApplicable("no context of the model was announced")
    where, entry = entry_of(exchange, run)
    if (told := member(entry, pointer, int)) < announced:
        yield Finding(where + pointer, f"at least {announced}, as {known.model if known else ''} has", told)


@rule_of_exchange("openrouter.models.context-announced", "openrouter.models")
def test_openrouter_context(exchange: Exchange, run: Run) -> Iterator[Finding]:
    yield from context_of(exchange, run, "/context_length")


@rule_of_exchange("aimlapi.models.context-announced", "aimlapi.models")
def test_aimlapi_context(exchange: Exchange, run: Run) -> Iterator[Finding]:
    yield from context_of(exchange, run, "/info/contextLength")


@rule_of_conversation("openrouter.chat.cost-listed", "openrouter.chat")
def test_cost_listed(conversation: Conversation, run: Run) -> Iterator[Finding]:
    lists = run.conversations.get("openrouter.models", ())
    if not lists:
        raise CouldNotCheck(Finding("", "openrouter.models, to hold this against", "it was not asked"))
    answers.success(lists[0], run)
    _, entry = entry_of(lists[0], run)
    for exchange in asked(conversation, ("openrouter.chat",)):
        answers.success(exchange, run)
        cost, listed_cost = exchange.at("/usage/cost", float), listed_at(entry, exchange)
        if not math.isclose(cost, listed_cost, rel_tol=0.01, abs_tol=1e-9):
            yield Finding("/usage/cost", f"{listed_cost:.8f} by the list of models", cost)


def listed_at(entry: dict[str, Any], exchange: Exchange) -> float:
    """Return what an answer costs by the prices of a list of models; raises CouldNotCheck where one is no number."""
    prices = {name: Decimal(member(entry, f"/pricing/{name}", str)) for name in ("prompt", "completion")}
    cached = find(exchange.json, "/usage/prompt_tokens_details/cached_tokens")
    if isinstance(cached, int) and cached > 0:
        raise NotApplicable("a part of the prompt was read from the cache")
    prompt, completion = (exchange.at(f"/usage/{name}_tokens", int) for name in ("prompt", "completion"))
    return float(prompt * prices["prompt"] + completion * prices["completion"])


@rule_of_conversation("openrouter.key.spend-agrees", "openrouter.key-after")
def test_key_spend_agrees(conversation: Conversation, run: Run) -> Iterator[Finding]:
    before, after = amounts(conversation, run, "openrouter.key", "/data/usage")
    yield from agreeing("/data/usage", after - before, told(run, "/usage/cost"))


@rule_of_conversation("aimlapi.billing.spend-agrees", "aimlapi.billing-after")
def test_billing_spend_agrees(conversation: Conversation, run: Run) -> Iterator[Finding]:
    before, after = amounts(conversation, run, "aimlapi.billing", "/current_balance")
    spent = told(run, "/meta/usage/usd_spent")
    # What streams cost is not told.
    yield from agreeing("/current_balance", min(before - after, sum(spent)), spent)


def amounts(conversation: Conversation, run: Run, endpoint: str, pointer: str) -> tuple[float, float]:
    """Return an amount of the account before and after everything else; raises CouldNotCheck."""
    before, after = asked(run.conversations.get(endpoint, ()), (endpoint,))[0], asked(conversation, (endpoint,))[0]
    for exchange in (before, after):
        answers.success(exchange, run)
    return before.at(pointer, float), after.at(pointer, float)


def told(run: Run, pointer: str) -> list[float]:
    """Return what the answers of a run say that they cost; raises NotApplicable where none says anything."""
    found = [
        find(answers.whole(exchange).json, pointer)
        for exchange in answers.everything(run)
        if exchange.endpoint in CHATS and exchange.response is not None and exchange.response.status == 200
    ]
    amounts = [float(cost) for cost in found if isinstance(cost, int | float)]
    if not amounts:
        raise NotApplicable("no answer says what it cost")
    return amounts


def agreeing(where: str, moved: float, costs: list[float]) -> Iterator[Finding]:
    """Yield a finding where an amount did not move by the sum of costs, each of which may be rounded."""
    if not abs(moved - sum(costs)) <= ROUNDING * (len(costs) + 1):
        yield Finding(where, f"{sum(costs):.5f} more spent than before, as {len(costs)} answers say", f"{moved:.5f}")
