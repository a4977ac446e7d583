"""JSON lines: the input and output of batches, our own run files, and any other answers one a line."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import IO, Any

from conformance import strictjson
from conformance.evidence.recorded import source
from conformance.evidence.recorded.carry import (
    NOTHING_ASKED,
    SCENARIO,
    UNPLACED,
    UnreadableError,
    carry,
    carry_json,
    unreadable,
)
from conformance.evidence.recorded.places import place
from conformance.rows import ConfigurationError
from conformance.vocabulary import Exchange, Response

BATCHES = frozenset({"batches.output", "batches.input"})
RUN = "run file"
RUN_KINDS = ("run", "doctor", "exchange", "verdict", "change", "timing", "end")
LOOKED_AT = 100
TOO_LONG = f"a line longer than {source.LINE_LIMIT >> 20} MiB"


def is_delimited(stream: IO[bytes]) -> bool:
    """Tell whether a file of any name holds JSON lines: its first two lines are objects, each complete."""
    objects = 0
    for _, line in islice(source.lines(stream), 2):
        if line is None or not _is_object(line):
            return False
        objects += 1
    return objects == 2


def read(file: str, stream: IO[bytes], endpoint: str | None) -> Iterator[Exchange]:
    """Yield an exchange for each line; what the lines are is told once, by the first that tells it.

    Raises UnreadableError where no line tells and no endpoint is given.
    """
    found = _kind(stream, endpoint)
    if found == RUN:
        yield from _run(file, stream)
    elif found in BATCHES:
        yield from _unparsed(file, stream, found)
    else:
        yield from _parsed(file, stream, endpoint, found)


def _kind(stream: IO[bytes], endpoint: str | None) -> str:
    troubles = []
    for number, line in islice(source.lines(stream), LOOKED_AT):
        try:
            found = _kind_of(value_of(line))
        except UnreadableError as error:
            troubles.append(f"line {number}: {error}")
            continue
        if found and (found == RUN or found in BATCHES or not endpoint):
            return found
        troubles.append(UNPLACED)
    if not troubles:
        raise UnreadableError("empty file")
    if not endpoint:
        raise UnreadableError(troubles[0])
    return endpoint


def _kind_of(value: object) -> str | None:
    if isinstance(value, dict) and value.get("kind") in RUN_KINDS:
        return RUN
    return place(value)


def _unparsed(file: str, stream: IO[bytes], endpoint: str) -> Iterator[Exchange]:
    # Batches run to hundreds of thousands of lines: each is parsed once, by whoever judges it.
    for number, line in source.lines(stream):
        if line is None:
            yield unreadable(file, f"line {number}", TOO_LONG)
        else:
            response = Response(200, (), line)
            yield Exchange(SCENARIO, f"line {number}", endpoint, NOTHING_ASKED, response, None, file=file)


def _parsed(file: str, stream: IO[bytes], given: str | None, usual: str) -> Iterator[Exchange]:
    for number, line in source.lines(stream):
        step = f"line {number}"
        if line is None:
            yield unreadable(file, step, TOO_LONG)
            continue
        try:
            value = value_of(line)
        except UnreadableError:
            yield carry(file, step, usual, Response(200, (), line))
        else:
            yield carry_json(file, step, given or place(value) or usual, line, value)


def _run(file: str, stream: IO[bytes]) -> Iterator[Exchange]:
    from conformance.evidence.runfile import exchange_of

    nothing = True
    for number, line in source.lines(stream):
        try:
            record = _record(line)
            exchange = _exchange(record, exchange_of) if record["kind"] == "exchange" else None
        except UnreadableError as error:
            exchange = unreadable(file, "", str(error))
        if exchange:
            nothing = False
            yield replace(exchange, file=file, scenario=SCENARIO, step=f"line {number}")
    if nothing:
        raise UnreadableError("a run file without exchanges")


def _record(line: bytes | None) -> dict[str, Any]:
    record = value_of(line)
    if not isinstance(record, dict) or record.get("kind") not in RUN_KINDS:
        raise UnreadableError("not a line of a run file")
    return record


def _exchange(record: dict[str, Any], exchange_of: Callable[[dict[str, Any]], Exchange]) -> Exchange:
    try:
        exchange = exchange_of(record)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, ConfigurationError) as error:
        raise UnreadableError(f"not an exchange of a run file: {error!r}") from None
    if not isinstance(exchange.endpoint, str) or (exchange.response and not isinstance(exchange.response.status, int)):
        raise UnreadableError("not an exchange of a run file: its endpoint or its status is of another type")
    if (exchange.response is None) == (exchange.failure is None):
        raise UnreadableError("not an exchange of a run file: it needs an answer, or a reason why there is none")
    return exchange


def value_of(raw: bytes | None) -> object:
    """Return the value of a JSON text, None standing for a line too long; raises UnreadableError."""
    if raw is None:
        raise UnreadableError(TOO_LONG)
    if raw.startswith(codecs.BOM_UTF8):
        raise UnreadableError("not strict JSON: it begins with a byte order mark; save it without one")
    try:
        value: object = strictjson.loads(raw)
    except strictjson.NotStrictJSON as error:
        where = f", at {error.where}" if error.where else ""
        raise UnreadableError(f"not strict JSON: {error}{where}") from None
    return value


def _is_object(line: bytes) -> bool:
    if not line.lstrip().startswith(b"{"):
        return False
    try:
        return isinstance(value_of(line), dict)
    except UnreadableError:
        return False
