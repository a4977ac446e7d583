"""What counts as an answer: before anything is judged, that there is something to judge.

Everything here raises ``CouldNotCheck`` with what was found instead. A dead port, a page of HTML or a refused key is
reported as what it is, and never as a pass of anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance import strictjson
from conformance.contract import ledger
from conformance.judge.stream import Transcript, read
from conformance.vocabulary import (
    CouldNotCheck,
    Endpoint,
    Exchange,
    Finding,
    NotApplicable,
    Response,
    Run,
    Target,
    find,
)

# Bounded on both sides: a page of titles that never end would be read again from each of them.
_TITLE = re.compile(rb"<title[^>]{0,120}>([^<]{0,120})", re.IGNORECASE)
# What an account or a busy service answers to any request: it says nothing about the request.
PASSING = {
    408: "timed out", 429: "too many requests", 502: "bad gateway", 503: "not available", 504: "gateway timed out",
    529: "overloaded",
}  # fmt: skip
NOT_NOW = {402: "no credit", 403: "not allowed", **PASSING}


def response(exchange: Exchange) -> Response:
    """Return the answer of an exchange; raises CouldNotCheck where there is none, it was cut, or it is a web page."""
    answer = exchange.response
    if answer is None:
        raise CouldNotCheck(Finding("", "an answer", exchange.failure or "none"))
    if "is_answer" in exchange.__dict__:  # every check asks
        return answer
    if answer.cut:
        raise CouldNotCheck(Finding("", f"at most {len(answer.body)} bytes", "more; reading stopped at the limit"))
    if is_html(answer, exchange.header("content-type")):
        title = _TITLE.search(answer.body)
        page = title[1].decode("utf-8", "replace").strip() if title else "no title"
        raise CouldNotCheck(Finding("", "an answer of the API", f"a web page, status {answer.status}: {page}"))
    exchange.__dict__["is_answer"] = True
    return answer


def is_html(answer: Response, content_type: str | None) -> bool:
    """Tell whether a body is a web page: by its first bytes, or by its type where it cannot be JSON."""
    start = answer.body[:200].lstrip().lower()
    typed = "text/html" in (content_type or "").lower() and not start.startswith((b"{", b"["))
    return typed or start.startswith((b"<!doctype html", b"<html"))


def status(exchange: Exchange, run: Run) -> int:
    """Return the status of an answer; raises CouldNotCheck where it speaks of the account or the hour, not of the API.

    A refused key is such a status as long as nothing else in the run was answered to the same key.
    """
    code = response(exchange).status
    if code == 0:
        raise NotApplicable("the recording does not tell the status")
    if code in NOT_NOW:
        raise CouldNotCheck(Finding("status", "a success", f"{code}, {NOT_NOW[code]}: {message(exchange)}"))
    if code == 401 and not any(takes_the_key(other, run.target) for other in everything(run)):
        raise CouldNotCheck(Finding("status", "a success", f"401, the key is refused: {message(exchange)}"))
    return code


def everything(run: Run) -> Iterable[Exchange]:
    """Return every exchange of a run."""
    return (exchange for conversation in run.conversations.values() for exchange in conversation)


def accepted(exchange: Exchange) -> bool:
    """Tell whether a request that was meant to succeed did, as far as its status says."""
    answer = exchange.response
    return answer is not None and not exchange.refused and answer.status in success_of(exchange)


def takes_the_key(exchange: Exchange, target: Target) -> bool:
    """Tell whether an answer shows that the key is taken: some endpoints of a target answer everybody."""
    return accepted(exchange) and exchange.endpoint not in target.open


def success_of(exchange: Exchange) -> tuple[int, ...]:
    """Return the statuses that mean success at the exchange's endpoint; a recording without a status counts as one."""
    endpoint = ledger.endpoints().get(exchange.endpoint)
    return (*(endpoint.success if endpoint else (200,)), 0) if exchange.file else (endpoint or _ANY).success


def message(exchange: Exchange) -> str:
    """Return what an error body says, shortened, or that it says nothing."""
    try:
        body = exchange.json
    except CouldNotCheck:
        return "(no JSON)"
    error = (body.get("error") or body.get("message")) if isinstance(body, dict) else None
    text = error.get("message") if isinstance(error, dict) else error
    return str(text)[:200] if text else "(no message)"


def kind_of_error(exchange: Exchange) -> str:
    """Return the type that an error body tells, or an empty text."""
    try:
        return exchange.at("/error/type", str)
    except CouldNotCheck:
        return ""


def success(exchange: Exchange, run: Run) -> Response:
    """Return the answer of an exchange that succeeded; raises CouldNotCheck with what came instead."""
    answer = response(exchange)
    if answer.status not in success_of(exchange):
        status(exchange, run)
        raise CouldNotCheck(Finding("status", "a success", f"{answer.status}: {message(exchange)}"))
    return answer


def transcript(exchange: Exchange) -> Transcript:
    """Return what a stream of events says, read once; raises CouldNotCheck where there is no answer."""
    known = exchange.__dict__.get("transcript")
    if known is None:
        answer = response(exchange)
        known = read(answer.body, include_usage=_asks_for_usage(exchange), cut=answer.cut)
        exchange.__dict__["transcript"] = known
    found: Transcript = known
    return found


def _asks_for_usage(exchange: Exchange) -> bool | None:
    """Tell whether a request asks for the usage of a stream, or None where a recording does not tell the request."""
    if not exchange.request.body:
        return None
    try:
        return find(exchange.asked, "/stream_options/include_usage") is True
    except CouldNotCheck:
        return None


def is_stream(exchange: Exchange) -> bool:
    """Tell whether an exchange is one whose answer is a stream of events."""
    endpoint = ledger.endpoints().get(exchange.endpoint)
    return endpoint is not None and endpoint.events


def whole(exchange: Exchange) -> Exchange:
    """Return an exchange whose answer is whole: of a stream, what its chunks add up to, with nothing filled in.

    Raises CouldNotCheck where a stream has no chunk.
    """
    if not is_stream(exchange):
        return exchange
    if "whole" not in exchange.__dict__:
        completion = transcript(exchange).completion
        if completion is None:
            raise CouldNotCheck(Finding("", "a stream with at least one chunk", "none"))
        added_up = replace(exchange)
        added_up.__dict__["json"] = completion
        exchange.__dict__["whole"] = added_up
    found: Exchange = exchange.__dict__["whole"]
    return found


def values(exchange: Exchange) -> Iterator[tuple[str, object]]:
    """Yield the JSON values of a body with their places: one, or one a line; raises CouldNotCheck on what is none."""
    endpoint = ledger.endpoints().get(exchange.endpoint)
    if endpoint is None or not endpoint.lines:
        yield "", exchange.json
        return
    answer = response(exchange)
    numbered = [(number, line) for number, line in enumerate(answer.body.split(b"\n"), 1) if line.strip()]
    if not numbered:
        raise CouldNotCheck(Finding("", "at least one line", "none"))
    for number, line in numbered:
        try:
            yield ("" if len(numbered) == 1 else f"line {number}"), strictjson.loads(line)
        except strictjson.NotStrictJSON as error:
            raise CouldNotCheck(Finding(f"line {number}", "strict JSON (RFC 8259)", str(error))) from None


_ANY = Endpoint(name="", method="", path="", success=(200,), source="")
