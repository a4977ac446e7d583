"""Lies of the whole server, or in the bytes, the status and the headers of its answers."""

from __future__ import annotations

from typing import Any

from conformance.reference.answers import Answer, Call, Handler, refusal
from conformance.reference.lies.registry import in_answer, in_body, lie

_FOREVER = 365 * 24 * 3600.0
_HUGE = 9 * 1024 * 1024
_PAGE = b"""<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head>
<body><h1>Checking that you are not a robot</h1><noscript>Enable JavaScript and cookies to continue</noscript></body>
</html>"""


@in_answer("request-id-missing")
def _(answer: Answer) -> None:
    answer.headers.pop("Msh-Request-Id", None)


@in_answer("content-type-text")
def _(answer: Answer) -> None:
    if answer.media_type.startswith("application/json"):
        answer.media_type = "text/plain; charset=utf-8"


@lie("html-page")
def _(call: Call, honest: Handler) -> Answer:  # noqa: ARG001 - it asks nobody
    return Answer(_PAGE, 403, media_type="text/html; charset=UTF-8")


@in_answer("everything-401")
def _(answer: Answer) -> None:
    _become(answer, refusal(401, "invalid_authentication_error", "Invalid Authentication").answer)


@in_answer("everything-500")
def _(answer: Answer) -> None:
    _become(answer, refusal(500, "server_error", "The server had an error while processing your request").answer)


@in_answer("everything-200")
def _(answer: Answer) -> None:
    _become(answer, Answer({}))


@lie("redirect")
def _(call: Call, honest: Handler) -> Answer:
    answer = honest(call)
    _become(answer, Answer(b"", 307))
    answer.headers["Location"] = f"https://elsewhere.invalid/moved{call.path}"
    return answer


@in_body("nan-in-body")
def _(body: dict[str, Any]) -> None:
    body["score"] = float("nan")


@in_answer("duplicate-member")
def _(answer: Answer) -> None:
    if answer.status == 200 and isinstance(answer.body, dict) and answer.body:
        first = next(iter(answer.body))
        answer.body = f'{{"{first}":"told before",'.encode() + answer.encoded()[1:]


@in_body("huge-body")
def _(body: dict[str, Any]) -> None:
    body["padding"] = "." * _HUGE


@in_answer("truncated-json")
def _(answer: Answer) -> None:
    if isinstance(answer.body, dict):
        encoded = answer.encoded()
        answer.body = encoded[: len(encoded) // 2]


@in_answer("not-utf-8")
def _(answer: Answer) -> None:
    if answer.status == 200 and isinstance(answer.body, dict):
        answer.body = answer.encoded()[:-1] + b',"note":"caf\xe9"}'


@in_answer("byte-order-mark")
def _(answer: Answer) -> None:
    if answer.status == 200 and isinstance(answer.body, dict):
        answer.body = b"\xef\xbb\xbf" + answer.encoded()


@in_answer("silent")
def _(answer: Answer) -> None:
    answer.delay = _FOREVER


def _become(answer: Answer, other: Answer) -> None:
    answer.status, answer.body, answer.media_type = other.status, other.body, other.media_type


@in_answer("request-id-short")
def _(answer: Answer) -> None:
    answer.headers["Msh-Request-Id"] = "7"


@in_answer("trace-id-missing")
def _(answer: Answer) -> None:
    answer.headers.pop("X-Msh-Trace-Id", None)


@in_answer("gateway-speaks-otherwise")
def _(answer: Answer) -> None:
    if answer.status >= 400 and isinstance(answer.body, dict) and "scode" in answer.body:
        answer.body = {"detail": "Not Found"}


@in_answer("everything-empty")
def _(answer: Answer) -> None:
    _become(answer, Answer(b""))
