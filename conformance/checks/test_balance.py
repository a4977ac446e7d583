"""GET /users/me/balance: its shape, and whether its amounts agree."""

from collections.abc import Iterator

from conformance import catalogue
from conformance.checks import (
    Conversation,
    asked,
    rule_of_conversation,
    rule_of_exchange,
    rule_of_shape,
    rule_of_status,
)
from conformance.judge import answers, costs
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Mode, NotApplicable, Run

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
    told = list(costs.usages(answers.everything(run)))
    silent = [each for each in answers.everything(run) if answers.accepted(each) and costs.is_silent(each)]
    if silent:
        raise CouldNotCheck(Finding("", "every answer to tell its usage", f"{len(silent)} that do not"))
    if not told or not (price := catalogue.models().get(run.model)) or not price.price:
        raise NotApplicable("nothing was paid for, or at no price that is known")
    paid = costs.spent(told, run.model)
    fell = amounts(before)[0] - amounts(after)[0]
    # Each request may be rounded by itself, and the money of a batch that was cancelled is not told.
    slack = TOLERANCE * (len(told) + 1) + ROUNDING
    if abs(fell - paid) > slack:
        yield Finding("/data/available_balance", f"{paid:.5f} less than before, within {slack:.5f}", f"{fell:.5f} less")
