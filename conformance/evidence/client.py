"""The only one that asks: one httpx client a target, its limits, its retries, and the exchanges that come of it."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from conformance import __version__
from conformance.evidence.bodies import pieces
from conformance.evidence.connections import Connections, opened
from conformance.evidence.limits import Limits, seconds_of
from conformance.evidence.redact import REQUEST_HEADERS, RESPONSE_HEADERS, Redactor
from conformance.vocabulary import Attempt, Exchange, Headers, Piece, Request, Response, Target, header

ATTEMPTS = 3
USER_AGENT = f"kimi-conformance/{__version__}"
BOUNDARY = "kimi-conformance-boundary"
# A stream in more pieces than this is one byte at a time, of which nobody wants to know when each came.
PIECES_KEPT = 20_000


class NoRecording(Exception):
    """A cassette holds no answer to a request; the message names the nearest recording."""


class TooLongError(Exception):
    """An answer went on past the time for the whole of it."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one attempt came to: an answer, or why there is none and whether the same request may be sent again."""

    answer: Response | None = None
    failure: str | None = None
    again: bool = False
    made_at: datetime | None = None
    seconds: float = 0.0


class Client:
    """Asks one target; safe to use from several threads.

    ``transport`` is the innermost httpx transport (None is httpx's own, with the network). Nothing is ever redirected:
    a redirect is an answer, and the key stays with the host that it was meant for. ``connections`` sees how its first
    connection is made.
    """

    def __init__(
        self,
        target: Target,
        redactor: Redactor,
        *,
        transport: httpx.BaseTransport | None = None,
        connections: Connections | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # Its log of an answer holds the headers as they came: a key that a server shows in one would be written down.
        logging.getLogger("httpcore").setLevel(logging.INFO)
        self.target = target
        self.redactor = redactor
        self._clock = clock
        self._sleep = sleep
        self._limits = Limits(target, sleep=sleep)
        self._offline = transport is not None
        self._watch: dict[str, Any] = {"trace": connections.saw} if connections else {}
        self._http = opened(target, transport, {"User-Agent": USER_AGENT, "Accept": "application/json, */*"})

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

    def exchange(
        self,
        scenario: str,
        step: str,
        endpoint: str,
        request: httpx.Request,
        *,
        refused: bool,
        attempts: int = ATTEMPTS,
    ) -> Exchange:
        """Send a request, again where that is allowed and ``attempts`` permits, and return what was said, redacted."""
        made: list[Attempt] = []
        while True:
            said = self._ask(request)
            wait = self._wait(said, len(made)) if len(made) + 1 < attempts else None
            if wait is None:
                break
            made.append(Attempt(said.failure, said.answer, wait))
            self._sleep(wait)
        return Exchange(
            scenario,
            step,
            endpoint,
            self._kept(request),
            said.answer,
            said.made_at,
            said.seconds,
            refused,
            said.failure,
            tuple(made),
        )

    def _ask(self, request: httpx.Request) -> Said:
        """Send a request once. Its time begins when the target's limits let it go, and not while it queues."""
        with self._limits:
            made_at, begun = datetime.fromtimestamp(self._clock(), UTC), time.monotonic()
            said = self._send(request) if self._offline else self._send_in_time(request)
            seconds = round(time.monotonic() - begun, 6)
        return said if said.made_at else replace(said, made_at=made_at, seconds=seconds)

    def _send_in_time(self, request: httpx.Request) -> Said:
        """Send a request in a thread of its own: a host that feeds bytes one by one can hold that, and not the run.

        No time-out of a socket is enough: each byte, of a header or of nothing at all, starts it again.
        """
        done: queue.SimpleQueue[Said] = queue.SimpleQueue()
        threading.Thread(target=lambda: done.put(self._send(request)), daemon=True).start()
        wait = self.target.timeouts
        try:
            return done.get(timeout=wait.connect + wait.whole)
        except queue.Empty:
            return Said(failure=f"the answer was not whole within {wait.whole:g} s")

    def _send(self, request: httpx.Request) -> Said:
        begun = time.monotonic()
        request.extensions = {**request.extensions, **self._watch}
        try:
            response = self._http.send(request, stream=True)
            try:
                recorded_at = response.extensions.get("recorded_at")
                return Said(self._read(response, begun), made_at=recorded_at)
            finally:
                response.close()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Said(failure=self._sentence("no connection", error), again=True)
        except httpx.TimeoutException as error:
            return Said(failure=self._sentence(f"no answer within {self.target.timeouts.first_byte:g} s", error))
        except TooLongError:
            return Said(failure=f"the answer was not whole within {self.target.timeouts.whole:g} s")
        except httpx.DecodingError as error:
            return Said(failure=self._sentence("the answer cannot be decompressed", error))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Said(failure=self._sentence("the connection broke", error))
        except NoRecording as error:
            return Said(failure=self.redactor.text(str(error)))
        except Exception as error:  # noqa: BLE001 - whatever a host makes a library raise is what became of the request
            return Said(failure=self._sentence(f"the answer cannot be read: {type(error).__name__}", error))

    def _read(self, response: httpx.Response, begun: float) -> Response:
        limit, body, cut = self.target.body_limit, bytearray(), False
        arrived: list[Piece] = []
        for piece in pieces(response):
            seconds = time.monotonic() - begun
            if piece and len(arrived) <= PIECES_KEPT:
                arrived.append(Piece(round(seconds, 6), len(piece)))
            body += piece
            if len(body) > limit:
                del body[limit:]
                cut = True
                break
            if seconds > self.target.timeouts.whole:
                raise TooLongError
        kept = self.redactor.headers(tuple(response.headers.multi_items()), RESPONSE_HEADERS)
        clean = self.redactor.body(bytes(body), cut=cut)
        whole = is_stream(kept) and not cut and clean == body and len(arrived) <= PIECES_KEPT
        known = tuple(arrived) if whole else ()
        return Response(response.status_code, kept, clean, cut, response.extensions.get("pieces", known))

    def _wait(self, said: Said, made: int) -> float | None:
        """Return the seconds to wait before the next attempt, or None where there must be none."""
        if said.answer is None:
            return 0.5 * 2**made if said.again else None
        if said.answer.status not in (429, 503):
            return None
        # A recording is as old as it was then: what was waited for once is waited for again, and nothing else.
        now = said.made_at.timestamp() if said.made_at else self._clock()
        asked = seconds_of(header(said.answer.headers, "retry-after"), now)
        return asked if asked is not None and asked <= self.target.retry_after_limit else None

    def _kept(self, request: httpx.Request) -> Request:
        """Return a request as evidence, under the target's own address, with a name in place of the key."""
        headers = self.redactor.headers(tuple(request.headers.multi_items()), REQUEST_HEADERS)
        if (sent := request.headers.get("authorization")) is not None:
            own = sent == f"Bearer {self.redactor.secret}"
            headers += (("authorization", f"Bearer ${self.redactor.variable}" if own else "Bearer another key"),)
        url = _under(str(request.url), self.target.base_url, self.target.canonical_url)
        return Request(request.method, self.redactor.text(url), headers, self.redactor.body(request.read()))

    def _sentence(self, what: str, error: Exception) -> str:
        return self.redactor.text(f"{what}: {error or type(error).__name__}")


def _under(url: str, base: str, canonical: str) -> str:
    """Return a URL below a base as one below the canonical base; one below its host alone stays below the host."""
    # httpx writes an address in its own way: a host in lower case, no default port.
    known = str(httpx.URL(base))
    if url.startswith(known):
        return canonical + url.removeprefix(known)
    host = str(httpx.URL(base).join("/")).rstrip("/")
    return str(httpx.URL(canonical).join(url.removeprefix(host)))


def is_stream(headers: Headers) -> bool:
    """Tell whether an answer says that it is a stream of events."""
    return (header(headers, "content-type") or "").lower().startswith("text/event-stream")


def json_bytes(value: object) -> bytes:
    """Return a request body: compact JSON, members in the order given."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which an answer may hold and JSON can only escape
        return json.dumps(value, separators=(",", ":")).encode()
