"""A page of any origin in a headless Chromium, and what its fetch of a chat comes to.

Chromium is spoken to in the DevTools protocol through two pipes, so that the key stands in no command line and no file,
and on no port. The page comes out of the same pipes: it has the front end's own origin, and nobody there is asked.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.vocabulary import Piece

PROGRAMS = (
    "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chromium-headless-shell",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip
INSTALL = "there is no Chromium; install one: apt-get install chromium (Debian), or Google Chrome"
# Seconds until it must have started, and those beyond the page's own.
_START, _MORE = 60.0, 30.0
_FLAGS = (
    "--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    # Else a page of the internet asks the user before it may reach a server on this machine.
    "--disable-features=LocalNetworkAccessChecks",
)  # fmt: skip
_SCRIPT = Path(__file__).with_name("page.js")
_PAGE = base64.b64encode(b"<!DOCTYPE html><link rel=icon href='data:,'>").decode()
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


class NoBrowserError(Exception):
    """There is no Chromium, or it does not start or answer; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What the fetch of a page came to; ``error`` is what the page was told of a failure, ``console`` the user.

    ``reason`` is the browser's name of the rule by which it kept the answer from the page, such as
    PreflightMissingAllowOriginHeader. Times are seconds since the request was made.
    """

    browser: str
    origin: str
    status: int
    content_type: str
    body: bytes
    pieces: tuple[Piece, ...]
    error: str | None = None
    console: str = ""
    reason: str = ""


def visit(origin: str, asked: Mapping[str, Any], seconds: float) -> Visit:
    """Open a page of an origin and have it fetch: ``asked`` has url, headers, body and limit.

    Raises NoBrowserError where no browser can be started, or one does not come to an end in time.
    """
    with _started() as tab:
        tab.open(f"{origin}/")
        call = f"({_SCRIPT.read_text(encoding='utf-8')})({json.dumps({**asked, 'seconds': seconds})})"
        told = tab.evaluate(call, seconds + _MORE)
        failed = next((event for event in tab.events("Network.loadingFailed") if "corsErrorStatus" in event), {})
        console = [
            event["entry"]["text"] for event in tab.events("Log.entryAdded") if event["entry"]["level"] == "error"
        ]
        return Visit(
            browser=tab.browser,
            origin=told["origin"],
            status=told["status"],
            content_type=told["type"] or "",
            body=told["body"].encode("utf-8", "replace"),
            pieces=tuple(Piece(round(at, 6), size) for at, size in told["pieces"]),
            error=told["error"],
            console=console[0] if console and told["error"] else "",
            reason=failed.get("corsErrorStatus", {}).get("corsError", ""),
        )


@contextmanager
def _started() -> Iterator[Tab]:
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise NoBrowserError(INSTALL)
    with tempfile.TemporaryDirectory(prefix="kimi-conformance-", ignore_cleanup_errors=True) as profile:
        log = Path(profile) / "stderr"
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [program, *_FLAGS, *root, f"--user-data-dir={profile}", "about:blank"]
        with log.open("wb") as errors, _process(command, profile, errors) as process:
            yield Tab(process, lambda: log.read_bytes()[-300:].decode("utf-8", "replace"))


@contextmanager
def _process(command: list[str], home: str, errors: Any) -> Iterator[subprocess.Popen[bytes]]:  # noqa: ANN401
    """Start a browser whose pipes 3 and 4 are standard input and output as seen from here; end it and all it began."""
    # It needs neither our keys nor the settings of our user.
    kept = {name: value for name, value in os.environ.items() if name.lower() in _PROXIES}
    shell = ["/bin/sh", "-c", 'exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null']
    process = subprocess.Popen(  # noqa: S603 - the program was looked up, and no argument is anybody's text
        [*shell, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        bufsize=0,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": home, **kept},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with process:
            process.wait()


class Tab:
    """One tab of a browser, spoken to in the DevTools protocol: JSON messages, each ended by a null byte."""

    def __init__(self, process: subprocess.Popen[bytes], log: Callable[[], str]) -> None:
        self._process = process
        self._log = log
        self._read = b""
        self._messages: list[dict[str, Any]] = []
        self._number = 0
        self._session: str | None = None
        self._deadline = time.monotonic() + _START
        self.browser = str(self._call("Browser.getVersion")["product"])
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def open(self, url: str) -> None:
        """Open a page at an address that is never asked: an empty one is put in its place."""
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")
        self._call("Fetch.enable", patterns=[{"urlPattern": f"{url}*", "resourceType": "Document"}])
        self._send("Page.navigate", url=url)
        paused = self._wait(lambda message: message.get("method") == "Fetch.requestPaused")
        html = [{"name": "Content-Type", "value": "text/html; charset=utf-8"}]
        request = paused["params"]["requestId"]
        self._call("Fetch.fulfillRequest", requestId=request, responseCode=200, responseHeaders=html, body=_PAGE)
        self._wait(lambda message: message.get("method") == "Page.loadEventFired")

    def evaluate(self, expression: str, seconds: float) -> dict[str, Any]:
        """Return what an expression in the page comes to, which must be an object, within some seconds."""
        self._deadline = time.monotonic() + seconds
        ended = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        # What else it has to tell of that comes before its next answer.
        self._call("Browser.getVersion")
        if not isinstance(value := ended.get("result", {}).get("value"), dict):
            raise NoBrowserError(f"{self.browser} did not run the page: {str(ended)[:200]}")
        return value

    def events(self, method: str) -> list[dict[str, Any]]:
        """Return what the browser told of one kind of event so far."""
        return [message["params"] for message in self._messages if message.get("method") == method]

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        number = self._send(method, **params)
        answer = self._wait(lambda message: message.get("id") == number)
        if "error" in answer:
            raise NoBrowserError(f"{method} was refused by the browser: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    def _send(self, method: str, **params: object) -> int:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\0")
        except OSError:
            raise NoBrowserError(self._gone()) from None
        return self._number

    def _wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self._next()
            self._messages.append(message)
            if wanted(message):
                return message

    def _next(self) -> dict[str, Any]:
        assert self._process.stdout
        while b"\0" not in self._read:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise NoBrowserError("the browser did not answer in time")
            piece = self._process.stdout.read(65536)
            if not piece:
                raise NoBrowserError(self._gone())
            self._read += piece
        text, _, self._read = self._read.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _gone(self) -> str:
        last = " ".join(self._log().split())
        return f"the browser ended by itself: {last or 'it said nothing'}"
