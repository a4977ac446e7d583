"""Lies about what is refused, and in what words."""

from __future__ import annotations

import json
from typing import Any

from conformance.catalogue import gateways
from conformance.reference import account
from conformance.reference.answers import Answer, Call, Handler, invalid, refusal
from conformance.reference.lies.registry import change_asked, in_answer, in_asked, in_call, lie

_CHAT = "chat.completions"
_A_FILE = ("files.retrieve", "files.content", "files.delete")
_A_BATCH = ("batches.retrieve", "batches.cancel")


@in_call("bad-key-accepted")
def _(call: Call) -> None:
    call.trusted = call.trusted or account.key_of(call) != ""


@in_call("missing-key-accepted")
def _(call: Call) -> None:
    call.trusted = call.trusted or account.key_of(call) == ""


@lie("unknown-model-accepted")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _CHAT and answer.status == 404:
        asked, known = call.members(), next(iter(call.service.models()))
        change_asked(call, lambda members: members.update(model=known))
        answer = honest(call)
        if answer.status == 200 and isinstance(answer.body, dict):
            answer.body["model"] = asked["model"]
    return answer


@in_asked("gateway-id-accepted", _CHAT)
def _(asked: dict[str, Any]) -> None:
    known = gateways.find(str(asked.get("model")))
    if known:
        asked["model"] = known.model


@in_answer("unknown-model-wrong-type", _CHAT)
def _(answer: Answer) -> None:
    if answer.status == 404:
        answer.body["error"]["type"] = "invalid_request_error"


@in_answer("unknown-model-wrong-status", _CHAT)
def _(answer: Answer) -> None:
    if answer.status == 404:
        answer.status = 400


@in_answer("unknown-route-accepted", "unknown.route")
def _(answer: Answer) -> None:
    answer.status, answer.body = 200, {}


@in_answer("malformed-body-500")
def _(answer: Answer) -> None:
    if answer.status == 400 and isinstance(answer.body, dict) and answer.body.get("code") == 3:
        answer.status = 500
        answer.body = refusal(500, "server_error", "The server had an error while processing your request").answer.body


@in_answer("unknown-file-wrong-status", *_A_FILE)
def _(answer: Answer) -> None:
    if answer.status == 404:
        answer.status = 500


@in_answer("unknown-batch-wrong-status", *_A_BATCH)
def _(answer: Answer) -> None:
    if answer.status == 404:
        answer.status = 500


@in_answer("error-with-200")
def _(answer: Answer) -> None:
    if _error(answer):
        answer.status = 200


@in_answer("error-as-string")
def _(answer: Answer) -> None:
    error = _error(answer)
    if error:
        answer.body = {"error": error["message"]}


@in_answer("error-without-type")
def _(answer: Answer) -> None:
    _error(answer).pop("type", None)


@in_answer("error-type-unknown")
def _(answer: Answer) -> None:
    error = _error(answer)
    if error:
        error["type"] = "BadRequestError"


@in_answer("error-message-empty")
def _(answer: Answer) -> None:
    error = _error(answer)
    if error:
        error["message"] = ""


@in_answer("refusal-in-other-words")
def _(answer: Answer) -> None:
    if error := _error(answer):
        error["message"] = "Your request was refused."


def _error(answer: Answer) -> dict[str, Any]:
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    return error if isinstance(error, dict) else {}


@in_answer("error-flat")
def _(answer: Answer) -> None:
    if answer.status >= 400:
        message = _error(answer).get("message", "Not Found")
        answer.body = {"message": message, "statusCode": answer.status, "requestId": "7", "path": "/"}


@in_answer("error-wrapped-by-gateway")
def _(answer: Answer) -> None:
    error = _error(answer)
    if error:
        wrapped = {"raw": json.dumps(answer.body), "provider_name": "Moonshot AI"}
        answer.body = {"error": {"message": "Provider returned error", "code": answer.status, "metadata": wrapped}}


@in_answer("error-code-as-number")
def _(answer: Answer) -> None:
    error = _error(answer)
    if error:
        error["code"] = answer.status


@lie("undocumented-header-demanded")
def _(call: Call, honest: Handler) -> Answer:
    if call.operation != "tokens.estimate":
        return honest(call)
    answer = invalid("missing required header Kimi-Api-Version").answer
    answer.headers = account.trace(call.service)
    return answer
