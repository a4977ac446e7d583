"""Lies in the balance and in the estimate of a prompt's size."""

from __future__ import annotations

from typing import Any

from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.lies.registry import in_body, lie

_BALANCE = "balance.retrieve"
_ESTIMATE = "tokens.estimate"


@in_body("balance-as-strings", _BALANCE)
def _(body: dict[str, Any]) -> None:
    body["data"] = {name: str(amount) for name, amount in body["data"].items()}


@in_body("balance-sum-off", _BALANCE)
def _(body: dict[str, Any]) -> None:
    body["data"]["available_balance"] = round(body["data"]["available_balance"] + 1, 5)


@in_body("balance-member-missing", _BALANCE)
def _(body: dict[str, Any]) -> None:
    del body["data"]["available_balance"]


@in_body("voucher-negative", _BALANCE)
def _(body: dict[str, Any]) -> None:
    amounts = body["data"]
    # The sum stays right, so that nothing else is wrong.
    amounts |= {"voucher_balance": -1.0, "available_balance": round(max(amounts["cash_balance"], 0) - 1, 5)}


@in_body("scode-mismatch", _BALANCE)
def _(body: dict[str, Any]) -> None:
    body["scode"] = "0x1"


@in_body("balance-code-nonzero", _BALANCE)
def _(body: dict[str, Any]) -> None:
    body |= {"code": 5, "scode": "0x5"}


@in_body("balance-status-false", _BALANCE)
def _(body: dict[str, Any]) -> None:
    body["status"] = False


@in_body("estimate-constant", _ESTIMATE)
def _(body: dict[str, Any]) -> None:
    body["data"]["total_tokens"] = 42


@in_body("estimate-as-string", _ESTIMATE)
def _(body: dict[str, Any]) -> None:
    body["data"]["total_tokens"] = str(body["data"]["total_tokens"])


@in_body("estimate-negative", _ESTIMATE)
def _(body: dict[str, Any]) -> None:
    body["data"]["total_tokens"] *= -1


@lie("balance-does-not-fall")
def _(call: Call, honest: Handler) -> Answer:
    purse = call.service.purse
    kept = (purse.voucher, purse.cash)
    answer = honest(call)
    purse.voucher, purse.cash = kept
    return answer


@in_body("debt-available", _BALANCE)
def _(body: dict[str, Any]) -> None:
    voucher = body["data"]["voucher_balance"]
    body["data"] |= {"cash_balance": -1.0, "available_balance": round(voucher - 1, 5)}


@in_body("balance-null", _BALANCE)
def _(body: dict[str, Any]) -> None:
    body |= {"code": 5, "scode": "0x5", "status": False, "data": None}
