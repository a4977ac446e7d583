"""The reference server as an ASGI application: the table of operations, and the way of a request through it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from decimal import Decimal

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from conformance import __version__
from conformance.reference import (
    account,
    batches,
    chat,
    cors,
    faults,
    files,
    gateways,
    listing,
    published,
    signing,
    tokens,
)
from conformance.reference.answers import Answer, Call, Handler, Refused, Stream, Upload, gateway, refusal
from conformance.reference.state import CENT, Purse, Service

OPERATIONS: Mapping[str, tuple[str, str, Handler]] = {
    "models.list": ("GET", "/v1/models", listing.list_models),
    "chat.completions": ("POST", "/v1/chat/completions", chat.completions),
    "balance.retrieve": ("GET", "/v1/users/me/balance", account.balance),
    "tokens.estimate": ("POST", "/v1/tokenizers/estimate-token-count", tokens.estimate),
    "signatures.verify": ("POST", "/v1/signatures/verify", signing.verify),
    "files.create": ("POST", "/v1/files", files.upload),
    "files.list": ("GET", "/v1/files", files.listed),
    "files.retrieve": ("GET", "/v1/files/{item}", files.retrieve),
    "files.delete": ("DELETE", "/v1/files/{item}", files.delete),
    "files.content": ("GET", "/v1/files/{item}/content", files.content),
    "batches.create": ("POST", "/v1/batches", batches.create),
    "batches.list": ("GET", "/v1/batches", batches.listed),
    "batches.retrieve": ("GET", "/v1/batches/{item}", batches.retrieve),
    "batches.cancel": ("POST", "/v1/batches/{item}/cancel", batches.cancel),
}
# What lies beside the API, and needs no key.
PUBLISHED: Mapping[str, tuple[str, str, Handler]] = {
    "published.document": ("GET", "/docs/openapi.json", published.document),
    "published.prices": ("GET", "/docs/pricing/chat.md", published.prices),
}


def create_app(
    *,
    as_of: date | None = None,
    seed: int = 0,
    fault: Sequence[str] = (),
    keys: Collection[str] | None = None,
    clock: Callable[[], float] | None = None,
    latency: float = 0.0,
    tokens_per_second: float | None = None,
    balance: tuple[float, float] = (46.58893, 3.00001),
    profile: str | None = None,
) -> Starlette:
    """Return a server of its own, with an account of its own.

    ``as_of`` is the day whose catalogue is served, by default the clock's. ``clock`` returns seconds since the epoch,
    by default the real time, or from noon (UTC) of ``as_of`` on. ``fault`` names the lies that it tells. ``keys`` are
    those that it accepts, by default all that begin with ``sk-`` and do not contain ``invalid``. ``latency`` is in
    seconds before each answer. ``tokens_per_second`` is how fast its models speak, by default at once. ``balance`` is
    what the account starts with, in vouchers and in cash. ``profile`` names a gateway that stands in front, and tells
    the lies itself. The same requests in the same order get the same bytes from the same seed and clock. Raises
    rows.ConfigurationError on an unknown fault or gateway.
    """
    voucher, cash = (Decimal(str(amount)).quantize(CENT) for amount in balance)
    service = Service(seed, clock or _clock(as_of), as_of, keys, Purse(voucher, cash), tokens_per_second)
    handle = faults.lying(fault, gateways.in_front(profile, _honest) if profile else _honest)

    async def respond(request: Request, operation: str) -> Response:
        call = await _call(request, operation, service)
        answer = handle(call)
        await asyncio.sleep(latency + answer.delay)
        told = {"Content-Type": answer.media_type, "X-Kimi-Reference": f"kimi-conformance/{__version__} seed={seed}"}
        if isinstance(answer.body, Stream):
            return StreamingResponse(_paced(answer.body), answer.status, answer.headers | told)
        return Response(answer.encoded(), answer.status, answer.headers | told)

    def endpoint(operation: str) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            return await respond(request, operation)

        return answered

    async def elsewhere(request: Request, error: Exception) -> Response:
        known = isinstance(error, HTTPException) and error.status_code == 405
        otherwise = "wrong.method" if known else "unknown.route"
        return await respond(request, "preflight" if cors.is_preflight(request) else otherwise)

    routes = [Route(path, endpoint(name), methods=[method]) for name, method, path in _paths(profile)]
    app = Starlette(routes=routes, exception_handlers={404: elsewhere, 405: elsewhere})
    app.router.redirect_slashes = False
    return app


def _paths(profile: str | None) -> list[tuple[str, str, str]]:
    """Return the operations with method and path; some gateways have all of them under /api."""
    if profile is None:
        return [(name, method, path) for name, (method, path, _) in {**OPERATIONS, **PUBLISHED}.items()]
    known = gateways.routes(profile).items()
    return [(name, method, above + path) for name, (method, path) in known for above in ("", "/api")]


async def _paced(stream: Stream) -> AsyncIterator[bytes]:
    for position, frame in enumerate(stream.encoded()):
        if position:
            # Also without a pause: who reads another answer meanwhile must not wait for the end of this one.
            await asyncio.sleep(stream.pause)
        yield frame


def _clock(as_of: date | None) -> Callable[[], float]:
    if as_of is None:
        return time.time
    noon, started = datetime.combine(as_of, time_of_day(12), UTC).timestamp(), time.monotonic()
    return lambda: noon + time.monotonic() - started


async def _call(request: Request, operation: str, service: Service) -> Call:
    body = await request.body()
    form: dict[str, str | Upload] | None = None
    if operation == "files.create" and request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await _form(request)
    headers = {name: ", ".join(request.headers.getlist(name)) for name in request.headers}
    item = request.path_params.get("item", "")
    path, query = request.url.path, dict(request.query_params)
    return Call(operation, request.method, path, service, headers, query, item, body, form)


# What is wrong with a form is answered; that a parser also logs it tells nobody anything.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


async def _form(request: Request) -> dict[str, str | Upload] | None:
    form: dict[str, str | Upload] = {}
    parser = MultiPartParser(request.headers, request.stream())
    try:
        for name, part in (await parser.parse()).items():
            if isinstance(part, UploadFile):
                form[name] = Upload(part.filename or "", await part.read())
            else:
                form[name] = part
    except MultiPartException:
        return None
    finally:
        # A form that breaks off is taken, and the file of its last part stays open: only the parser knows it.
        for file in parser._files_to_close_on_error:
            file.close()
    return form


def _honest(call: Call) -> Answer:
    headers = account.trace(call.service)
    try:
        if call.operation in OPERATIONS:
            account.authenticate(call)
            headers |= account.identity(call.service)
        answer = _HANDLERS[call.operation](call)
    except Refused as refused:
        answer = refused.answer
    answer.headers = headers | answer.headers | cors.permission(call)
    return answer


def _unknown_route(call: Call) -> Answer:
    agent = call.headers.get("user-agent", "")
    body = gateway(5, "没找到对象", "url.not_found", method=call.method, ua=agent, url=call.path)
    return Answer(body, 404)


def _wrong_method(call: Call) -> Answer:
    return refusal(405, "invalid_request_error", f"Method {call.method} is not allowed for {call.path}").answer


_HANDLERS: Mapping[str, Handler] = {
    **{name: handler for name, (_, _, handler) in {**OPERATIONS, **PUBLISHED}.items()},
    "unknown.route": _unknown_route,
    "wrong.method": _wrong_method,
    "preflight": cors.preflight,
}
