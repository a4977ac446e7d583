"""Lies about what a page of another origin may do."""

from __future__ import annotations

from conformance.reference.answers import Answer, Call, Handler, refusal
from conformance.reference.lies.registry import in_answer, lie

_ORIGIN, _HEADERS = "Access-Control-Allow-Origin", "Access-Control-Allow-Headers"
_PREFLIGHT = "preflight"


@in_answer("cors-missing")
def _(answer: Answer) -> None:
    for name in [name for name in answer.headers if name.startswith("Access-Control-")]:
        del answer.headers[name]


@in_answer("cors-missing-on-errors")
def _(answer: Answer) -> None:
    if answer.status >= 400:
        answer.headers.pop(_ORIGIN, None)


@in_answer("cors-for-one-origin")
def _(answer: Answer) -> None:
    if _ORIGIN in answer.headers:
        answer.headers[_ORIGIN] = "https://platform.kimi.ai"


@lie("preflight-refused")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _PREFLIGHT:
        refused = refusal(405, "invalid_request_error", f"Method {call.method} is not allowed for {call.path}").answer
        answer.status, answer.body, answer.media_type = refused.status, refused.body, refused.media_type
    return answer


@lie("preflight-wants-the-key")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    if call.operation == _PREFLIGHT:
        refused = refusal(401, "incorrect_api_key_error", "Incorrect API key provided").answer
        answer.status, answer.body, answer.media_type = refused.status, refused.body, refused.media_type
    return answer


@in_answer("preflight-without-authorization", _PREFLIGHT)
def _(answer: Answer) -> None:
    if _HEADERS in answer.headers:
        answer.headers[_HEADERS] = answer.headers[_HEADERS].replace("authorization, ", "")


@in_answer("preflight-with-a-star", _PREFLIGHT)
def _(answer: Answer) -> None:
    answer.headers[_HEADERS] = "*"


@in_answer("preflight-without-sdk-headers", _PREFLIGHT)
def _(answer: Answer) -> None:
    if "x-stainless-" in answer.headers.get(_HEADERS, ""):
        del answer.headers[_HEADERS]
