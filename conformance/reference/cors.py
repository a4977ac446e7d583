"""What a page of another origin may do (CORS): the answer to its preflight, and the leave to read every other answer.

As it was seen of the service on 2026-09-22: the origin that asks is permitted by its name, and a preflight that asks
for kimi-api-version, which is not permitted, is answered without leave for any header. Which others are permitted,
beyond those of a plain chat, is not known; those of OpenAI's SDK are here, so that it can be tried in a page.
"""

from __future__ import annotations

from starlette.requests import Request

from conformance.reference.answers import Answer, Call

PERMITTED = frozenset({"accept", "authorization", "content-type"})
OF_THE_SDK = "x-stainless-"
METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"


def is_preflight(request: Request) -> bool:
    """Tell whether a browser asks beforehand whether a page may send a request."""
    return request.method == "OPTIONS" and {"origin", "access-control-request-method"} <= set(request.headers.keys())


def preflight(call: Call) -> Answer:
    """Answer a preflight, for which no key is needed and which leads to no operation."""
    asked = call.headers.get("access-control-request-headers", "")
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    headers = {"Access-Control-Allow-Methods": METHODS, "Access-Control-Max-Age": "600"}
    if all(name in PERMITTED or name.startswith(OF_THE_SDK) for name in names):
        headers["Access-Control-Allow-Headers"] = ", ".join(names)
    return Answer(b"", 204, headers, "text/plain")


def permission(call: Call) -> dict[str, str]:
    """Return the headers that let the page of a request read its answer; none where no page asked."""
    origin = call.headers.get("origin")
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}
