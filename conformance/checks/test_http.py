"""What every answer has in common, whatever was asked."""

import re
from collections.abc import Iterator

from conformance.checks import rule_of_response
from conformance.contract import ledger
from conformance.evidence.redact import MARK
from conformance.judge import answers
from conformance.judge.answers import PASSING
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable, Run

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_text(exchange: Exchange) -> bool:
    """Tell whether an answer is the content of a file, which is no JSON."""
    endpoint = ledger.endpoints().get(exchange.endpoint)
    status = exchange.response.status if exchange.response else 0
    return status < 400 and endpoint is not None and (endpoint.lines or endpoint.answer is None)


def is_streamed(exchange: Exchange) -> bool:
    """Tell whether a stream was asked for and not refused; what it is then, other clauses speak of."""
    status = exchange.response.status if exchange.response else 0
    return status < 400 and answers.is_stream(exchange)


def from_elsewhere(exchange: Exchange) -> bool:
    """Tell whether a page of plain text came from something in between, which speaks when the API cannot."""
    answer = exchange.response
    passing = answer is not None and answer.status in PASSING
    return passing and not (answer.body if answer else b"").lstrip().startswith((b"{", b"["))


def is_redirect(exchange: Exchange) -> bool:
    """Tell whether an answer sends the client elsewhere."""
    return exchange.response is not None and 300 <= exchange.response.status < 400


@rule_of_response("http.content-type")
def test_content_type(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if is_text(exchange) or is_streamed(exchange) or is_redirect(exchange) or from_elsewhere(exchange):
        raise NotApplicable("neither a stream, the content of a file, a redirect nor a page of a gateway is JSON")
    if exchange.file and exchange.header("content-type") is None:
        raise NotApplicable("the recording does not tell the headers")
    said = exchange.header("content-type") or "none"
    if said.split(";")[0].strip().lower() != "application/json":
        yield Finding("header Content-Type", "application/json", said)


@rule_of_response("http.json")
def test_json(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if is_text(exchange) or is_streamed(exchange) or is_redirect(exchange) or from_elsewhere(exchange):
        raise NotApplicable("neither a stream, the content of a file, a redirect nor a page of a gateway is JSON")
    try:
        _ = exchange.json
    except CouldNotCheck as broken:
        yield broken.finding


@rule_of_response("http.no-redirect")
def test_no_redirect(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if exchange.file and not exchange.request.method:
        raise NotApplicable("a bare body does not tell the status")
    if is_redirect(exchange):
        status = exchange.response.status if exchange.response else 0
        yield Finding("status", "an answer", f"{status} to {exchange.header('location') or 'nowhere'}")


@rule_of_response("http.key-not-repeated")
def test_key_not_repeated(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    answer = exchange.response
    if exchange.file or answer is None:
        raise NotApplicable("a recording does not tell which key was sent")
    places = [
        ("the body", answer.body.decode("utf-8", "replace")),
        *((f"header {name}", text) for name, text in answer.headers),
    ]
    for where, text in places:
        if MARK in text:
            yield Finding(where, "no trace of the key", f"the key, kept as {MARK}")


def header_of(exchange: Exchange, name: str) -> str | None:
    """Return a header of an answer; raises NotApplicable where a recording does not tell the headers."""
    if exchange.file and not (exchange.response and exchange.response.headers):
        raise NotApplicable("the recording does not tell the headers")
    return exchange.header(name)


@rule_of_response("http.request-id")
def test_request_id(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if not header_of(exchange, "msh-request-id"):
        yield Finding("header Msh-Request-Id", "a request id", "no such header")


@rule_of_response("http.request-id-form")
def test_request_id_form(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    said = header_of(exchange, "msh-request-id")
    if not said:
        raise NotApplicable("there is no Msh-Request-Id")
    if not UUID.fullmatch(said):
        yield Finding("header Msh-Request-Id", "a UUID", said)


@rule_of_response("http.trace-id")
def test_trace_id(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    said = header_of(exchange, "x-msh-trace-id") or ""
    if not re.fullmatch(r"[0-9a-f]{32}", said):
        yield Finding("header X-Msh-Trace-Id", "32 hexadecimal digits", said or "no such header")
