"""What the SDK shows of an answer, beside the answer: an object, the chunks of a stream, or bytes."""

from __future__ import annotations

from collections.abc import Iterator

from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from conformance.clients.comparison import Difference, Kind, compare
from conformance.clients.table import ANY, Row, weighed
from conformance.contract import ledger
from conformance.runner.provenance import MARK
from conformance.sse import parse
from conformance.strictjson import NotStrictJSON, loads
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Target

DONE = "[DONE]"


def rows(exchange: Exchange, view: object, target: Target, broken: frozenset[str]) -> Iterator[Row]:
    """Yield what became of each part of an answer; raises CouldNotCheck where the SDK made nothing of it."""
    schema = ledger.endpoints()[exchange.endpoint].answer
    for each in _differences(exchange, view):
        yield weighed(each, "answer", exchange.endpoint, schema, target, broken)
    for name, value in exchange.response.headers if exchange.response else ():
        if name.startswith(("msh-", "x-")) and name != MARK:
            yield Row(ANY, f"answer header {name}", Kind.HIDDEN, value, "only in with_raw_response")


def _differences(exchange: Exchange, view: object) -> Iterator[Difference]:
    if isinstance(content := getattr(view, "content", None), bytes):
        body = exchange.response.body if exchange.response else b""
        kind = Kind.SAME if content == body else Kind.CONVERTED
        yield Difference(kind, "content", f"{len(body)} bytes", f"{len(content)} bytes")
    elif isinstance(view, list):
        yield from _of_chunks(exchange, view)
    elif isinstance(view, BaseModel | dict):
        yield from compare(exchange.json, view)
    else:
        raise CouldNotCheck(Finding("", "an object of the SDK", f"{type(view).__name__}: {view}"))


def _of_chunks(exchange: Exchange, chunks: list[ChatCompletionChunk]) -> Iterator[Difference]:
    events = parse(exchange.response.body if exchange.response else b"").events
    try:
        wire = [loads(event.data) for event in events if event.data != DONE]
    except NotStrictJSON as error:
        raise CouldNotCheck(Finding("", "events of JSON", str(error))) from None
    if len(wire) != len(chunks):
        yield Difference(Kind.CONVERTED, "chunks", f"{len(wire)} chunks", f"{len(chunks)} chunks")
    for told, chunk in zip(wire, chunks, strict=False):
        yield from compare(told, chunk)
