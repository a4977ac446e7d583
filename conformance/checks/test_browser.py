"""What a browser demands of the answers before a page of another origin may ask, and read them."""

from collections.abc import Iterator

from conformance.checks import Conversation, rule_of_conversation
from conformance.evidence.api import PREFLIGHT
from conformance.judge import answers
from conformance.judge.answers import PASSING
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Run, header

PAGE = "browser.page"
# A browser never asks whether these may be used.
SAFE_METHODS = frozenset({"GET", "HEAD", "POST"})


def preflight(conversation: Conversation, run: Run, number: int = 0) -> Exchange:
    """Return a preflight; raises CouldNotCheck where the same page got no answer of the API to a plain request."""
    answers.success(conversation[0], run)
    found = [exchange for exchange in conversation if exchange.endpoint == PREFLIGHT][number:]
    if not found or found[0].response is None:
        why = found[0].failure if found else None
        raise CouldNotCheck(Finding("", "an answer to a preflight", why or "none was sent"))
    return found[0]


def granted(exchange: Exchange) -> Exchange:
    """Return a preflight that succeeded; raises CouldNotCheck on another, of which a browser reads no more."""
    if not succeeded(exchange):
        raise CouldNotCheck(Finding("status", "a preflight that succeeds", status_of(exchange)))
    return exchange


def succeeded(exchange: Exchange) -> bool:
    """Tell whether a browser takes an answer for that to a preflight."""
    return 200 <= status_of(exchange) < 300


def status_of(exchange: Exchange) -> int:
    """Return the status of an answer, 0 where there is none."""
    return exchange.response.status if exchange.response else 0


def unreadable(exchange: Exchange) -> Iterator[Finding]:
    """Yield why a browser keeps an answer from the page that asked."""
    origin = header(exchange.request.headers, "origin")
    headers = exchange.response.headers if exchange.response else ()
    said = ", ".join(value for name, value in headers if name.lower() == "access-control-allow-origin")
    if said not in ("*", origin):
        yield Finding("header Access-Control-Allow-Origin", f"{origin}, or *", said or "no such header")


def forbidden(exchange: Exchange) -> Iterator[Finding]:
    """Yield the method and the headers that a preflight asked for and got no leave to send."""
    asked, permitted = _names(exchange.request.headers, "request-headers"), _names_of(exchange, "allow-headers")
    method = header(exchange.request.headers, "access-control-request-method") or ""
    for name in sorted(asked - permitted):
        # The star stands for every header but this one.
        if name == "authorization" or "*" not in permitted:
            told = ", ".join(sorted(permitted)) or "no such header"
            yield Finding("header Access-Control-Allow-Headers", name, told)
    methods = _names_of(exchange, "allow-methods")
    if method not in SAFE_METHODS and not {method.lower(), "*"} & methods:
        told = ", ".join(sorted(methods)).upper() or "no such header"
        yield Finding("header Access-Control-Allow-Methods", method, told)


def _names_of(exchange: Exchange, which: str) -> set[str]:
    return _names(exchange.response.headers if exchange.response else (), which)


def _names(headers: tuple[tuple[str, str], ...], which: str) -> set[str]:
    lines = [value for name, value in headers if name.lower() == f"access-control-{which}"]
    return {part.strip().lower() for line in lines for part in line.split(",") if part.strip()}


@rule_of_conversation("browser.preflight-answered", PAGE)
def test_preflight_answered(conversation: Conversation, run: Run) -> Iterator[Finding]:
    asked = preflight(conversation, run)
    if status_of(asked) in PASSING:
        raise CouldNotCheck(Finding("status", "an answer to a preflight", status_of(asked)))
    if not succeeded(asked):
        yield Finding("status", "200 to 299, without a key", status_of(asked))


@rule_of_conversation("browser.preflight-origin", PAGE)
def test_preflight_origin(conversation: Conversation, run: Run) -> Iterator[Finding]:
    yield from unreadable(granted(preflight(conversation, run)))


@rule_of_conversation("browser.preflight-headers", PAGE)
def test_preflight_headers(conversation: Conversation, run: Run) -> Iterator[Finding]:
    yield from forbidden(granted(preflight(conversation, run)))


@rule_of_conversation("browser.sdk-headers", PAGE)
def test_sdk_headers(conversation: Conversation, run: Run) -> Iterator[Finding]:
    yield from forbidden(granted(preflight(conversation, run, 1)))


@rule_of_conversation("browser.answer-readable", PAGE)
def test_answer_readable(conversation: Conversation, run: Run) -> Iterator[Finding]:
    answers.success(conversation[0], run)
    yield from unreadable(conversation[0])


@rule_of_conversation("browser.refusal-readable", PAGE)
def test_refusal_readable(conversation: Conversation, run: Run) -> Iterator[Finding]:
    answers.success(conversation[0], run)
    refused = next((exchange for exchange in conversation if exchange.refused), None)
    if refused is None:
        raise CouldNotCheck(Finding("", "a request with a wrong key", "none was sent"))
    answers.response(refused)
    yield from unreadable(refused)
