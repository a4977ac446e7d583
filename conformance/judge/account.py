"""What kind of account a key belongs to, as far as its balance tells."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.judge import answers
from conformance.vocabulary import Account, CouldNotCheck, Exchange, Target


def kind_of(exchanges: Iterable[Exchange], target: Target) -> Account | None:
    """Return the kind of account that a target names, else the one that a balance shows, else None.

    Money of one's own, not of vouchers, was paid in. That there is none tells nothing: it may have been spent.
    """
    if target.account:
        return target.account
    return Account.TOPPED_UP if any(map(_has_cash, exchanges)) else None


def _has_cash(exchange: Exchange) -> bool:
    if exchange.endpoint != "balance" or not answers.accepted(exchange):
        return False
    try:
        return exchange.at("/data/cash_balance", float) > 0
    except CouldNotCheck:
        return False
