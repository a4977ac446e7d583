"""Operations that are out of order, each alone: whoever asks for them gets a 500."""

from __future__ import annotations

from conformance.reference import account
from conformance.reference.answers import Answer, Call, Handler, refusal
from conformance.reference.lies.registry import LIES, Lie

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
