"""The account: who may call, which ids its answers bear, and ``GET /v1/users/me/balance``."""

from __future__ import annotations

from conformance.reference.answers import Answer, Call, data, refusal
from conformance.reference.state import Service


def authenticate(call: Call) -> None:
    """Raise Refused unless the call bears a key that opens the account."""
    if call.trusted:
        return
    key = key_of(call)
    if not key:
        raise refusal(401, "incorrect_api_key_error", "Incorrect API key provided")
    if not call.service.accepts(key):
        raise refusal(401, "invalid_authentication_error", "Invalid Authentication")


def key_of(call: Call) -> str:
    """Return the bearer key of a call, or nothing."""
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def balance(call: Call) -> Answer:
    """Answer with what is left, in units of the account's currency."""
    purse = call.service.purse
    return data(
        {
            "available_balance": float(purse.available),
            "voucher_balance": float(purse.voucher),
            "cash_balance": float(purse.cash),
        }
    )


def trace(service: Service) -> dict[str, str]:
    """Return the headers by which every answer can be found again; the request id has the form of a UUID 1."""
    digits = service.draw("request")
    return {
        "Msh-Request-Id": f"{digits[:8]}-{digits[8:12]}-1{digits[12:15]}-a{digits[15:18]}-{digits[18:30]}",
        "X-Msh-Trace-Id": digits[32:],
        "Msh-Trace-Mode": "on",
    }


def identity(service: Service) -> dict[str, str]:
    """Return the headers that name the account on every answer to a call that bore its key."""
    return {
        "Msh-Org-Id": f"org-{service.name('organization')}",
        "Msh-Uid": str(int(service.name("user"), 16))[:20],
        "Msh-Project-Id": f"proj-{service.name('project')}",
        "Msh-Gid": "enterprise-tier-1",
    }
