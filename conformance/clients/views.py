"""What the SDK shows of an answer, beside the answer: an object, the chunks of a stream, or bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from conformance.clients.comparison import Difference, Kind, compare, text
from conformance.clients.table import ANY, Row, missed, weighed
from conformance.contract import ledger
from conformance.runner.provenance import MARK
from conformance.sse import parse
from conformance.strictjson import NotStrictJSON, loads
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Status, Target

DONE = "[DONE]"
# Different ones, in one answer: it may name as many members as it has bytes, and an honest one comes to some 50.
MOST_PLACES = 1000


def rows(exchange: Exchange, view: object, target: Target, broken: frozenset[str]) -> Iterator[Row]:
    """Yield what became of each part of an answer; raises CouldNotCheck where the SDK made nothing of it."""
    schema = ledger.endpoints()[exchange.endpoint].answer
    seen: dict[tuple[Kind, str], Row] = {}
    for each in _differences(exchange, view):
        place = (each.kind, each.where)
        if place in seen:
            seen[place] = replace(seen[place], times=seen[place].times + 1)
        elif len(seen) == MOST_PLACES:
            yield missed(exchange.endpoint, "answer", f"more than {MOST_PLACES} members", "the rest is left out")
            break
        elif each.where.startswith("/"):
            seen[place] = weighed(each, "answer", exchange.endpoint, schema, target, broken)
        else:
            seen[place] = _whole(each, exchange.endpoint, broken)
    yield from seen.values()
    for name, value in exchange.response.headers if exchange.response else ():
        if name.startswith(("msh-", "x-")) and name != MARK:
            yield Row(ANY, f"answer header {name}", Kind.HIDDEN, value, "only in with_raw_response")


def _whole(each: Difference, endpoint: str, broken: frozenset[str]) -> Row:
    """Return the row of an answer as a whole: that any of it is lost needs no clause."""
    lost = each.kind is not Kind.SAME
    status, breaks = (Status.WARN, tuple(sorted(broken))) if lost else (Status.PASS, ())
    return Row(endpoint, f"answer {each.where}", each.kind, each.wire, each.sdk, status, breaks=breaks)


def _differences(exchange: Exchange, view: object) -> Iterator[Difference]:
    if isinstance(content := getattr(view, "content", None), bytes):
        body = exchange.response.body if exchange.response else b""
        kind = Kind.SAME if content == body else Kind.CONVERTED
        yield Difference(kind, "bytes", f"{len(body)} bytes", f"{len(content)} bytes")
    elif isinstance(view, list):
        yield from _of_chunks(exchange, view)
    elif isinstance(view, BaseModel | dict):
        try:
            yield from compare(exchange.json, view)
        except CouldNotCheck as miss:
            yield Difference(Kind.CONVERTED, "JSON", str(miss), text(view))
    else:
        raise CouldNotCheck(Finding("", "an object of the SDK", f"{type(view).__name__}: {view}"))


def _of_chunks(exchange: Exchange, chunks: list[ChatCompletionChunk]) -> Iterator[Difference]:
    """Compare chunk by chunk; where some are missing, nobody knows which belongs to which."""
    events = parse(exchange.response.body if exchange.response else b"").events
    told = [event.data for event in events if event.data != DONE]
    if len(told) != len(chunks):
        yield Difference(Kind.CONVERTED, "chunks", f"{len(told)} chunks", f"{len(chunks)} chunks")
        return
    for data, chunk in zip(told, chunks, strict=True):
        try:
            yield from compare(loads(data), chunk)
        except NotStrictJSON as error:
            yield Difference(Kind.CONVERTED, "JSON", str(error), text(chunk))
