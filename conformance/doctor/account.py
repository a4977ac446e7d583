"""The account behind the key: accepted, funded, allowed the model, and answered."""

from __future__ import annotations

from dataclasses import replace

from conformance import catalogue
from conformance.catalogue import gateways
from conformance.doctor.refusals import refused
from conformance.doctor.steps import Seen, Step, unknown
from conformance.judge import answers, costs
from conformance.vocabulary import CouldNotCheck, Exchange, Status, find

CURRENCIES = {"international": "USD", "china": "CNY"}
NOT_ASKED = "This was not asked."


def accepted(seen: Seen) -> Step:
    """Judge whether the key is accepted; any request that succeeds shows it."""
    if any(answers.takes_the_key(exchange, seen.target) for exchange in seen.with_key):
        return Step(Status.PASS, f"{seen.host} takes the key.")
    told = (exchange for exchange in seen.with_key if exchange.endpoint not in seen.target.open)
    first = next((exchange for exchange in told if exchange.response), None)
    if first is None or first.response is None:
        return unknown(NOT_ASKED)
    step = refused(_operation(first), first)
    if first.response.status not in (401, 403):
        return unknown(f"{step.sentence} That tells nothing of the key.")
    return replace(step, advice=f"{_other_region(seen)}{step.advice}") if first.response.status == 401 else step


def _operation(exchange: Exchange) -> str:
    return f"{exchange.request.method} /{exchange.request.url.rpartition('/v1/')[2].partition('?')[0]}"


def _other_region(seen: Seen) -> str:
    """Return what is most often wrong with a key that a host of the vendor refuses, or nothing elsewhere."""
    host = gateways.host_of(seen.target.base_url)
    others = [
        other for other in gateways.hosts().values() if host and host.region and other.region not in ("", host.region)
    ]
    if not host or not others:
        return ""
    there = f"--target moonshot=https://{others[0].address}/v1"
    return f"Most often it is a key of {others[0].name}, which {host.name} does not know: try {there}. "


def balance(seen: Seen) -> Step:
    """Judge whether the account has money, and such as pays for the model."""
    if "balance" not in seen.target.endpoints:
        return Step(Status.NOT_APPLICABLE, f"{seen.target.name} has no endpoint balance.")
    exchange = seen.of("balance")
    if exchange is None:
        return unknown(NOT_ASKED)
    try:
        amounts = [exchange.at(f"/data/{name}_balance", float) for name in ("available", "voucher", "cash")]
    except CouldNotCheck:
        step = refused("The balance", exchange)
        return replace(
            step, status=Status.WARN, advice=f"Whether there is money shows in the next steps. {step.advice}"
        )
    return _funds(seen, *amounts)


def _funds(seen: Seen, available: float, vouchers: float, cash: float) -> Step:
    host = gateways.host_of(seen.target.base_url)
    unit = f" {CURRENCIES[host.region]}" if host and host.region in CURRENCIES else ""
    total = f"The balance is {_amount(available)}{unit}"
    parts = f"{_amount(vouchers)} in vouchers, {_amount(cash)} in cash"
    if available <= 0:
        owed = "Pay what is owed, and top up" if cash < 0 else "Top up"
        return Step(Status.FAIL, f"{total} ({parts}).", f"{owed}: nothing is answered before.")
    known = seen.model in catalogue.models()
    if known and cash <= 0 and (lack := catalogue.lacks(seen.model, "vouchers")):
        advice = "Top up, or choose another model: vouchers do not pay for this one."
        return Step(Status.FAIL, f"{total} ({parts}), and {lack}.", advice, catalogue.features()["vouchers"].source)
    if cash < 0:
        return Step(Status.WARN, f"{total} ({parts}).", "Pay what is owed.")
    return Step(Status.PASS, f"{total} ({parts}).")


def _amount(amount: float) -> str:
    return f"{amount:.5f}".rstrip("0").rstrip(".")


def models(seen: Seen) -> Step:
    """Judge whether the model is listed. Lists lag behind what can be called, so that one that is not is no failure."""
    exchange = seen.of("models.list")
    if "models.list" not in seen.target.endpoints:
        return Step(Status.NOT_APPLICABLE, f"{seen.target.name} has no endpoint models.list.")
    if exchange is None:
        return unknown(NOT_ASKED)
    try:
        listed = [find(entry, "/id") for entry in exchange.at("/data", list)]
    except CouldNotCheck:
        return replace(refused("The list of models", exchange), status=Status.WARN)
    if seen.model in listed:
        return Step(Status.PASS, f"{seen.model} is one of {len(listed)} models that the key may use.")
    return Step(Status.WARN, f"{seen.model} is not one of the {len(listed)} models listed.", _instead(seen))


def _instead(seen: Seen) -> str:
    known = catalogue.models().get(seen.model)
    if known and not known.available(seen.day):
        instead = gateways.replacement(seen.model, seen.day)
        use = f"; use {instead.id}" if instead else ""
        return (
            f"It is not to be had on {seen.day}: announced {known.announced}, retired {known.retired or 'never'}{use}."
        )
    if known and catalogue.lacks(seen.model, "vouchers"):
        return "It is listed once the account was topped up."
    return "Choose one that is listed, unless the next step finds that it answers."


def call(seen: Seen) -> Step:
    """Judge whether the model answers the smallest legal request of its family."""
    if "chat.completions" not in seen.target.endpoints:
        return Step(Status.NOT_APPLICABLE, f"{seen.target.name} has no endpoint chat.completions.")
    exchange = seen.of(*costs.CHATS)
    if exchange is None:
        return unknown(NOT_ASKED)
    if not answers.accepted(exchange):
        return refused(f"A request to {seen.model}", exchange)
    try:
        answers.whole(exchange).at("/choices/0/message", dict)
    except CouldNotCheck as found:
        advice = "Run the checks of the chat: they tell what is wrong with it."
        return Step(Status.FAIL, f"{seen.model} answered without a message: {found}.", advice)
    return Step(Status.PASS, f"{seen.model} answered in {exchange.seconds:.3f} s{_cost(seen, exchange)}.")


def _cost(seen: Seen, exchange: Exchange) -> str:
    told = list(costs.usages([exchange]))
    if not told:
        return ", and does not tell what that cost"
    prompt, completion = (
        sum(costs.count(usage, f"{kind}_tokens") for usage, _ in told) for kind in ("prompt", "completion")
    )
    return f", for {prompt} + {completion} tokens, {costs.spent(told, seen.model):.6f} USD"
