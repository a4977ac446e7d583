"""The reference server on loopback: in the foreground for people, in a thread for tests."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from conformance.rows import ConfigurationError

if TYPE_CHECKING:
    import uvicorn

_PATIENCE = 60.0


def serve(app: ASGIApp, port: int = 0, host: str = "127.0.0.1") -> None:
    """Serve until interrupted; the first line on standard output is the base URL, once connections are accepted.

    Port 0 means any that is free. Raises rows.ConfigurationError where the port cannot be had.
    """
    listening = _listen(host, port)
    url = _base_url(listening)

    def announce() -> None:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()

    with contextlib.suppress(KeyboardInterrupt):
        _server(app, announce).run(sockets=[listening])


@contextlib.contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve on a free loopback port in a thread, and yield the base URL."""
    listening = _listen("127.0.0.1", 0)
    ready = threading.Event()
    server = _server(app, ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        if not ready.wait(_PATIENCE):
            raise ConfigurationError("the reference server did not start")
        yield _base_url(listening)
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)


def _listen(host: str, port: int) -> socket.socket:
    # Only where the protocol is named does asyncio send small pieces at once, and not 40 ms later.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise ConfigurationError(f"cannot serve on {host}:{port}: {error}; name another port") from None
    return listening


def _base_url(listening: socket.socket) -> str:
    host, port = listening.getsockname()
    return f"http://{host}:{port}/v1"


def _server(app: ASGIApp, started: Callable[[], None]) -> uvicorn.Server:
    # Only who serves pays for loading the server.
    import uvicorn

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started()

    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    return Announced(config)
