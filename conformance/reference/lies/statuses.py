"""Operations that are out of order, each alone, and refusals that speak of the account or of the hour."""

from __future__ import annotations

from conformance.reference import account
from conformance.reference.answers import Answer, Call, Handler, refusal
from conformance.reference.lies.registry import LIES, Lie, lie, refused_once

# A lie, and the operation that it puts out of order.
OUT_OF_ORDER = {
    "batches-cannot-be-created": "batches.create",
    "batches-cannot-be-listed": "batches.list",
    "batches-cannot-be-retrieved": "batches.retrieve",
    "batches-cannot-be-cancelled": "batches.cancel",
    "files-cannot-be-listed": "files.list",
    "files-cannot-be-retrieved": "files.retrieve",
    "files-cannot-be-read": "files.content",
    "files-cannot-be-deleted": "files.delete",
}


def _out_of_order(operation: str) -> Lie:
    def told(call: Call, honest: Handler) -> Answer:
        if call.operation != operation:
            return honest(call)
        answer = refusal(500, "server_error", "The server had an error while processing your request").answer
        answer.headers = account.trace(call.service)
        return answer

    return told


LIES.update({name: _out_of_order(operation) for name, operation in OUT_OF_ORDER.items()})


@lie("account-suspended")
def _(call: Call, honest: Handler) -> Answer:
    who = f"org-{call.service.name('organization')} <ak-{call.service.name('key')}>"
    message = f"Your account {who} is suspended due to insufficient balance, please recharge your account"
    return _unpaid(call, honest, 429, "exceeded_current_quota_error", message)


@lie("payment-required")
def _(call: Call, honest: Handler) -> Answer:
    return _unpaid(call, honest, 402, "exceeded_current_quota_error", "Insufficient credits")


def _unpaid(call: Call, honest: Handler, status: int, kind: str, message: str) -> Answer:
    if call.operation not in ("chat.completions", "batches.create"):
        return honest(call)
    answer = refusal(status, kind, message).answer
    answer.headers = account.trace(call.service)
    return answer


@lie("overloaded-once")
def _(call: Call, honest: Handler) -> Answer:
    message = "The engine is currently overloaded, please try again later"
    return refused_once(call, honest, refusal(429, "engine_overloaded_error", message).answer)
