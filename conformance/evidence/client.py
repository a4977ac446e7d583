"""The only one that asks: one httpx client a target, its limits, its retries, and the exchanges that come of it."""

from __future__ import annotations

import email.utils
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from conformance import __version__
from conformance.evidence.redact import REQUEST_HEADERS, RESPONSE_HEADERS, Redactor
from conformance.vocabulary import Attempt, Exchange, Headers, Request, Response, Target, header

ATTEMPTS = 3
USER_AGENT = f"kimi-conformance/{__version__}"
BOUNDARY = "kimi-conformance-boundary"


class NoRecording(Exception):
    """A cassette holds no answer to a request; the message names the nearest recording."""


@dataclass
class Limits:
    """Keeps a target's requests a minute and requests at a time, across threads."""

    target: Target
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _sent: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._places = threading.BoundedSemaphore(max(1, self.target.concurrency))

    def __enter__(self) -> None:
        self._places.acquire()
        if self.target.requests_per_minute:
            with self._lock:
                self._wait_for_the_minute(self.target.requests_per_minute)

    def __exit__(self, *_: object) -> None:
        self._places.release()

    def _wait_for_the_minute(self, allowed: int) -> None:
        while self._sent and self._sent[0] <= self.clock() - 60:
            self._sent.popleft()
        if len(self._sent) >= allowed:
            self.sleep(max(0.0, self._sent.popleft() + 60 - self.clock()))
        self._sent.append(self.clock())


class Client:
    """Asks one target; safe to use from several threads.

    ``transport`` is the innermost httpx transport (None is httpx's own, with the network). Nothing is ever redirected:
    a redirect is an answer, and the key stays with the host that it was meant for.
    """

    def __init__(
        self,
        target: Target,
        redactor: Redactor,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.target = target
        self.redactor = redactor
        self._clock = clock
        self._sleep = sleep
        self._limits = Limits(target, sleep=sleep)
        wait = target.timeouts
        local = urlsplit(target.base_url).scheme == "http"
        self._http = httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(wait.whole, connect=wait.connect, read=min(wait.first_byte, wait.whole)),
            limits=httpx.Limits(max_connections=target.concurrency),
            follow_redirects=False,
            trust_env=not local and transport is None,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json, */*", "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self, method: str, path: str, *, body: bytes = b"", headers: Headers = (), key: str | None
    ) -> httpx.Request:
        """Build a request to a path below the base URL, with ``key`` as its bearer (None sends none)."""
        sent = dict(headers) | ({"Authorization": f"Bearer {key}"} if key is not None else {})
        return self._http.build_request(method, self.target.base_url + path, content=body or None, headers=sent)

    def upload(self, path: str, *, fields: dict[str, str], name: str, content: bytes, key: str) -> httpx.Request:
        """Build a multipart upload whose boundary is always the same, so that recordings of it match."""
        return self._http.build_request(
            "POST",
            self.target.base_url + path,
            data=fields,
            files={"file": (name, content)},
            headers={"Authorization": f"Bearer {key}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
        )

    def exchange(self, scenario: str, step: str, endpoint: str, request: httpx.Request, *, refused: bool) -> Exchange:
        """Send a request, try again where that is allowed, and return what was said, redacted."""
        attempts: list[Attempt] = []
        while True:
            made_at, begun = self._clock(), time.monotonic()
            answer, failure, again = self._send(request)
            wait = self._wait(answer, again, len(attempts))
            if wait is None:
                break
            attempts.append(Attempt(failure, answer, wait))
            self._sleep(wait)
        recorded = self._recorded_at
        return Exchange(
            scenario,
            step,
            endpoint,
            self._kept(request),
            answer,
            recorded or datetime.fromtimestamp(made_at, UTC),
            0.0 if recorded else round(time.monotonic() - begun, 6),
            refused,
            failure,
            tuple(attempts),
        )

    def _send(self, request: httpx.Request) -> tuple[Response | None, str | None, bool]:
        """Return the answer, or why there is none and whether the same request may be sent again."""
        self._local.recorded_at = None
        deadline = time.monotonic() + self.target.timeouts.whole
        try:
            with self._limits:
                response = self._http.send(request, stream=True)
                try:
                    return self._read(response, deadline), None, False
                finally:
                    response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return None, self._sentence("no connection", error), True
        except httpx.TimeoutException as error:
            return None, self._sentence(f"no answer within {self.target.timeouts.first_byte:g} s", error), False
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, self._sentence("the connection broke", error), False
        except NoRecording as error:
            return None, self.redactor.text(str(error)), False

    def _read(self, response: httpx.Response, deadline: float) -> Response:
        self._local.recorded_at = response.extensions.get("recorded_at")
        limit, body, cut = self.target.body_limit, bytearray(), False
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > limit:
                del body[limit:]
                cut = True
                break
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout(f"the answer went on for more than {self.target.timeouts.whole:g} s")
        kept = self.redactor.headers(tuple(response.headers.multi_items()), RESPONSE_HEADERS)
        return Response(response.status_code, kept, self.redactor.body(bytes(body)), cut)

    def _wait(self, answer: Response | None, again: bool, made: int) -> float | None:  # noqa: FBT001
        """Return the seconds to wait before the next attempt, or None where there must be none."""
        if made + 1 >= ATTEMPTS:
            return None
        if answer is None:
            return 0.5 * 2**made if again else None
        if answer.status not in (429, 503):
            return None
        asked = seconds_of(header(answer.headers, "retry-after"), self._clock())
        return asked if asked is not None and asked <= self.target.retry_after_limit else None

    def _kept(self, request: httpx.Request) -> Request:
        """Return a request as evidence, under the target's own address, with a name in place of the key."""
        headers = self.redactor.headers(tuple(request.headers.multi_items()), REQUEST_HEADERS)
        if (sent := request.headers.get("authorization")) is not None:
            own = sent == f"Bearer {self.redactor.secret}"
            headers += (("authorization", f"Bearer ${self.redactor.variable}" if own else "Bearer another key"),)
        url = self.target.canonical_url + str(request.url).removeprefix(self.target.base_url)
        return Request(request.method, self.redactor.text(url), headers, self.redactor.body(request.read()))

    def _sentence(self, what: str, error: Exception) -> str:
        return self.redactor.text(f"{what}: {error or type(error).__name__}")

    _local = threading.local()

    @property
    def _recorded_at(self) -> datetime | None:
        return getattr(self._local, "recorded_at", None)


def seconds_of(retry_after: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for (a number or a date, RFC 9110), or None."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    with suppress(TypeError, ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - now)
    return None


def json_bytes(value: object) -> bytes:
    """Return a request body: compact JSON, members in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
