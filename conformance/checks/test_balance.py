"""GET /users/me/balance: its shape, and whether its amounts agree."""

from collections.abc import Iterator
from dataclasses import asdict

from conformance import catalogue
from conformance.catalogue import gateways
from conformance.checks import (
    Conversation,
    asked,
    rule_of_conversation,
    rule_of_exchange,
    rule_of_shape,
    rule_of_status,
)
from conformance.judge import answers, costs
from conformance.scenarios import scenarios
from conformance.scenarios.batches import ENDED
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Mode, NotApplicable, Price, Run

TOLERANCE = 1e-5
# Sums of floats with five decimals are off by less than this, however they are added.
ROUNDING = 1e-9

test_status = rule_of_status("balance.status", "balance")
test_shape = rule_of_shape("balance")


def amounts(exchange: Exchange) -> tuple[float, float, float]:
    """Return what is available, the vouchers and the cash; raises CouldNotCheck where one is no number."""
    names = ("available_balance", "voucher_balance", "cash_balance")
    available, voucher, cash = (exchange.at(f"/data/{name}", float) for name in names)
    return available, voucher, cash


@rule_of_exchange("balance.code-zero", "balance")
def test_code_zero(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if (code := exchange.at("/code", int)) != 0:
        yield Finding("/code", "0 with status 200", code)
    if not exchange.at("/status", bool):
        yield Finding("/status", "true with status 200", False)


@rule_of_exchange("balance.scode-of-code", "balance")
def test_scode_of_code(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    code, scode = exchange.at("/code", int), exchange.at("/scode", str)
    if scode.lower() != hex(code):
        yield Finding("/scode", hex(code), scode)


@rule_of_exchange("balance.sum", "balance")
def test_sum(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    available, voucher, cash = amounts(exchange)
    if cash < 0:
        raise NotApplicable("cash is negative, which another clause speaks of")
    if not abs(available - (voucher + cash)) <= TOLERANCE + ROUNDING:
        yield Finding("/data/available_balance", f"{voucher} + {cash} = {voucher + cash:.5f}", available)


@rule_of_exchange("balance.debt-not-available", "balance")
def test_debt_not_available(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    available, voucher, cash = amounts(exchange)
    if cash >= 0:
        raise NotApplicable("cash is not negative")
    if not abs(available - voucher) <= TOLERANCE + ROUNDING:
        yield Finding("/data/available_balance", f"the vouchers, {voucher}, as cash is {cash}", available)


@rule_of_conversation("balance.spend-agrees", "balance.after")
def test_spend_agrees(conversation: Conversation, run: Run) -> Iterator[Finding]:
    if run.mode is Mode.REPLAY:
        raise NotApplicable("the balances of recordings stand around another run than this")
    before = asked(run.conversations.get("balance.read", ()), ("balance",))[0]
    after = asked(conversation, ("balance",))[0]
    for exchange in (before, after):
        answers.success(exchange, run)
    least, most = paid(run)
    fell = amounts(before)[0] - amounts(after)[0]
    if not least <= fell <= most:
        yield Finding("/data/available_balance", f"{least:.5f} to {most:.5f} less than before", f"{fell:.5f} less")


def paid(run: Run) -> tuple[float, float]:
    """Return the least and the most that a run cost by the usage of its answers, in the currency of the balance.

    Raises NotApplicable where nothing was paid for, or at no price that is known; CouldNotCheck where nobody knows what
    an answer cost.
    """
    silent = sum(map(costs.is_silent, answers.everything(run)))
    if silent:
        raise CouldNotCheck(Finding("", "every answer to tell its usage", f"{silent} that do not"))
    told = list(costs.usages(answers.everything(run)))
    known = catalogue.models().get(run.model)
    host = gateways.host_of(run.target.canonical_url)
    if not told or not known or not known.price or not host or host.currency != known.price.currency:
        raise NotApplicable("nothing was paid for, or at no price that is known")
    # Each request may be rounded by itself.
    cost, slack = costs.spent(told, run.model), TOLERANCE * (len(told) + 1) + ROUNDING
    return cost - slack, cost + slack + sum(untold(run, known.price))


def untold(run: Run, price: Price) -> Iterator[float]:
    """Yield the most that each batch cost whose output was not read, unless it ended before a request was answered."""
    for name, conversation in run.conversations.items():
        there = [exchange for exchange in conversation if answers.accepted(exchange)]
        batches = [exchange for exchange in there if exchange.endpoint in ("batches.create", "batches.retrieve")]
        if batches and not any(each.endpoint == "batches.output" for each in there) and not idle(batches[-1]):
            yield costs.cost_of(asdict(scenarios()[name].spends), price) * catalogue.batch_share()


def idle(batch: Exchange) -> bool:
    """Tell whether a batch has ended, and says that none of its requests was answered."""
    try:
        return batch.at("/status", str) in ENDED and batch.at("/request_counts/completed", int) == 0
    except CouldNotCheck:
        return False
