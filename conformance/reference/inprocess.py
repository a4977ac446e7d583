"""A transport for httpx that gets its answers from an ASGI application in this process, without any network."""

from __future__ import annotations

import asyncio
import threading

import httpx
from starlette.types import ASGIApp


def client(app: ASGIApp, key: str | None = "sk-reference") -> httpx.Client:
    """Return a client that asks an application in this process, with a bearer key or with none."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return httpx.Client(transport=InProcess(app), base_url="http://reference.invalid/v1", headers=headers)


class InProcess(httpx.BaseTransport):
    """Asks an ASGI application, one request at a time, and returns whole answers.

    A read timeout that the request bears is kept, and raises httpx.ReadTimeout. What the application raises goes
    through. Must be closed, and not be used where an event loop runs in the same thread.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app)
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the application's answer to a request."""
        asked = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read(), extensions=request.extensions
        )
        with self._lock:
            return self._loop.run_until_complete(self._answer(asked))

    def close(self) -> None:
        """Close the event loop; no request may follow."""
        with self._lock:
            self._loop.close()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        patience = request.extensions.get("timeout", {}).get("read")
        try:
            answer = await asyncio.wait_for(self._transport.handle_async_request(request), patience)
        except TimeoutError:
            raise httpx.ReadTimeout("the application did not answer in time", request=request) from None
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())
