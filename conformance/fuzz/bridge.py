"""What stands between schemathesis and our client: a WSGI application that sends on what it is asked.

So the limits, the redaction and the evidence are those of every run, and schemathesis never sees the key: it is given a
name in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from conformance.evidence.client import BOUNDARY
from conformance.fuzz.allowance import Stop
from conformance.fuzz.asking import Asker, Sent
from conformance.fuzz.document import BASE_PATH
from conformance.vocabulary import Exchange, Headers

PLACEHOLDER = "the-key"
CASE = "HTTP_X_SCHEMATHESIS_TESTCASEID"
# Our client says these itself, or they would tell of the way from schemathesis to here.
_OURS = frozenset({"host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "cookie"})
_BOUNDARY = re.compile(rb'boundary="?([^";]+)"?')
# A file needs a name, and a batch one that ends so; schemathesis has none to give.
_FILE = re.compile(rb'(Content-Disposition: form-data; name="file")(?:; filename="[^"\r\n]*")?')
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Bridge:
    """Sends on the requests of schemathesis, and remembers by its case what each came to."""

    def __init__(self, asker: Asker, key: str) -> None:
        self._asker = asker
        self._key = key
        self.exchanges: dict[str, Exchange] = {}
        self.unsent = 0
        self.stopped = False

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request with what the target answers; raises Stop where none may follow."""
        try:
            exchange = self._asker.ask(self._sent(environ))
        except (ValueError, TypeError):
            # No HTTP client can put this on the wire, so no server will ever be asked it.
            self.unsent += 1
            return _told(start_response, 400, (), b'{"error":{"message":"not sent","type":"invalid_request_error"}}')
        except Stop:
            self.stopped = True
            raise
        self.exchanges[environ.get(CASE, "")] = exchange
        answer = exchange.response
        if answer is None:
            failure = {"error": {"message": f"no answer: {exchange.failure}", "type": "server_unavailable"}}
            return _told(start_response, 503, (), json.dumps(failure).encode())
        return _told(start_response, answer.status, answer.headers, answer.body)

    def _sent(self, environ: dict[str, Any]) -> Sent:
        with environ["wsgi.input"] as stream:
            body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = dict(_headers(environ))
        kind = headers.get("content-type", "").encode("latin-1")
        if kind.startswith(b"multipart/") and (found := _BOUNDARY.search(kind)):
            body = _FILE.sub(rb'\1; filename="fuzz.jsonl"', body.replace(found[1], BOUNDARY.encode()))
            headers["content-type"] = kind.replace(found[1], BOUNDARY.encode()).decode("latin-1")
        said = headers.pop("authorization", None)
        key = self._key if said == f"Bearer {PLACEHOLDER}" else None
        path = environ["REQUEST_URI"].removeprefix(BASE_PATH)
        return Sent(environ["REQUEST_METHOD"], path, tuple(headers.items()), body, key)


def _headers(environ: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in environ.items():
        header = name.removeprefix("HTTP_").replace("_", "-").lower()
        sent = name.startswith("HTTP_") or name == "CONTENT_TYPE"
        if sent and value and header not in _OURS and not header.startswith("x-schemathesis"):
            yield header, value


def _told(start_response: StartResponse, status: int, headers: Headers, body: bytes) -> list[bytes]:
    kept = [pair for pair in headers if pair[0] not in ("content-length", "transfer-encoding", "content-encoding")]
    typed = any(name == "content-type" for name, _ in kept)
    start_response(f"{status} -", kept if typed or headers else [("content-type", "application/json")])
    return [body]
