"""What must hold of each reader and each gate of ours, whatever the bytes: one function a surface.

``holds(data)`` returns where the surface keeps its promises and raises where it does not. The tests call it with
structured examples, the coverage-guided fuzzer with whatever leads to new branches. ``PROPERTIES`` has them by name.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from conformance import sse, strictjson, targets
from conformance.contract import ledger, schemas
from conformance.evidence import runfile
from conformance.evidence.cassette import Cassette
from conformance.evidence.client import NoRecording
from conformance.evidence.recorded import read
from conformance.judge import brought, costs, shapes, stream
from conformance.judge.samples import Rate
from conformance.judge.toolschemas import Complaint, lint_schema, lint_tools
from conformance.rows import ConfigurationError
from conformance.runner import recorded
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Request, Response, Target, find, member
from fuzzers import gate

DAY = date(2026, 9, 3)
NUMBERS = (int, float, str, bool, list, dict)
ENDPOINTS = (None, *ledger.endpoints())
# Every kind of file by its ending, and every answer that the endpoint of a bare body can be said to be.
ENDINGS = (".json", ".jsonl", ".sse", ".har", ".yaml", ".ndjson", "")


def choice(data: bytes, options: tuple[Any, ...]) -> tuple[Any, bytes]:
    """Return the option that the first byte chooses, and the bytes behind it."""
    return options[data[0] % len(options) if data else 0], data[1:]


def value_in(data: bytes) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the JSON value that bytes hold, or ABSENT."""
    with suppress(strictjson.NotStrictJSON):
        return strictjson.loads(data)
    return ABSENT


@cache
def _folder() -> Path:
    """Return a folder of this process; where there is memory in place of a disk, it lies there."""
    memory = Path("/dev/shm")
    kept = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
    _KEPT.append(kept)
    return Path(kept.name)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def file_of(data: bytes, ending: str) -> Path:
    """Return a file that holds these bytes; the next one takes its place."""
    path = _folder() / f"given{ending}"
    path.write_bytes(data)
    return path


# The readers


def events(data: bytes) -> None:
    """Split anywhere, a stream of events is the same; its events lie in order and hold no more than their bytes."""
    size, body = choice(data, (1, 2, 3, 7, 64))
    whole, parser, told = sse.parse(body), sse.Parser(), []
    for start in range(0, len(body), size):
        told += parser.feed(body[start : start + size])
    end = parser.close()
    assert sse.EventStream((*told, *end.events), end.broken) == whole
    assert all(len(event.data) <= event.end - event.offset for event in whole.events)
    edges = [edge for event in whole.events for edge in (event.offset, event.end)]
    assert edges == sorted(edges)
    assert not edges or edges[-1] <= len(body)
    assert len(whole.broken) <= 3 * sse.BROKEN_KEPT


def strict(data: bytes) -> None:
    """What is read as strict JSON is what any reader of JSON reads, can be written again, and is not too deep."""
    try:
        value = strictjson.loads(data)
    except strictjson.NotStrictJSON as error:
        str(error).encode("utf-8", "backslashreplace")
        return
    text = strictjson.canonical(value)
    assert strictjson.canonical(json.loads(data)) == text
    assert strictjson.canonical(strictjson.loads(text)) == text


def evidence(data: bytes) -> None:
    """Every file is at least one exchange, each with an answer or a reason, and each can be written and read again."""
    ending, rest = choice(data, ENDINGS)
    endpoint, content = choice(rest, ENDPOINTS)
    found = list(read(file_of(content, ending), endpoint))
    assert found
    for exchange in found:
        assert (exchange.response is None) == (exchange.failure is not None)
        record = json.loads(json.dumps(runfile.exchange_record(1, exchange), allow_nan=False).encode())
        assert runfile.exchange_of(record) == exchange


def run_file(data: bytes) -> None:
    """A run file is records, or a configuration error; a record is an exchange, or one of three errors."""
    with suppress(ConfigurationError):
        for record in runfile.read(file_of(data, ".ndjson")):
            with suppress(KeyError, TypeError, ValueError):
                json.dumps(runfile.exchange_record(1, runfile.exchange_of(record)), allow_nan=False).encode()


def tape(data: bytes) -> None:
    """A cassette plays an answer, or says that it has none."""
    player = Cassette(file_of(data, ".yaml"))
    with suppress(NoRecording):
        assert isinstance(player.metadata, dict)
        player.bears("x-request-id")
        assert player.day is None or isinstance(player.day, date)
        for asked in player._load().requests[:3]:
            with suppress(NoRecording, httpx.InvalidURL):
                answer = player.handle_request(httpx.Request(asked.method, asked.uri, content=asked.body))
                assert 100 <= answer.status_code <= 599
        player.unplayed()
    with suppress(NoRecording):
        player.handle_request(httpx.Request("GET", "https://api.moonshot.ai/v1/models"))


def target(data: bytes) -> None:
    """A target file is a target, or a configuration error."""
    with suppress(ConfigurationError):
        targets.load(str(file_of(data, ".toml")))


# The judges


def transcript(data: bytes) -> None:
    """A stream of any bytes is judged by clauses of the ledger, each of which was looked at."""
    mode, body = choice(data, (None, True, False))
    told = stream.read(body, include_usage=mode)
    assert set(told.findings) <= told.looked_at <= set(ledger.clauses())
    assert sum(map(len, told.findings.values())) <= 60 * len(told.findings)
    if told.completion is not None:
        assert len(strictjson.canonical(told.completion).encode("utf-8", "surrogatepass")) <= 1000 + 40 * len(body)


def shape(data: bytes) -> None:
    """A value of any shape breaks clauses that were looked at, or could not be checked."""
    name, content = choice(data, tuple(schemas.documents()))
    value = value_in(content)
    if value is ABSENT:
        return
    with suppress(CouldNotCheck):
        found = shapes.examine(name, value)
        assert bool(found.findings) is not shapes.valid(name, value)
        assert set(found.findings) <= found.looked_at <= set(schemas.clauses_of(name))
        json.dumps([[one.where, one.expected, one.actual] for many in found.findings.values() for one in many])


def brought_schema(data: bytes) -> None:
    """A schema that a request brought along has a short complaint, or none, or could not be checked."""
    given = value_in(data)
    schema, value = (find(given, name) for name in ("/schema", "/value"))
    if isinstance(schema, dict) and value is not ABSENT:
        with suppress(CouldNotCheck):
            assert len(brought.complaint(schema, value) or "") <= 300


def tools(data: bytes) -> None:
    """Tools of any shape are judged, and every pointer leads to what a complaint speaks of."""
    given = value_in(data)
    if given is ABSENT:
        return
    for lint in (lint_tools, lint_schema):
        found: list[Complaint] = lint(given, DAY)
        for complaint in found:
            assert find(given, complaint.where) is not ABSENT
            assert len(complaint.actual) < 300


def numbers(data: bytes) -> None:
    """Counts of any kind cost something finite, rates lie between 0 and 1, and members are what was asked for."""
    given = value_in(data)
    if given is ABSENT:
        return
    body = strictjson.canonical(given).encode("utf-8", "surrogatepass")
    for endpoint in (*costs.CHATS, "batches.output"):
        said = Exchange("s", "1", endpoint, Request("POST", ""), Response(200, (), body), None)
        told = list(costs.usages([said]))
        assert 0 <= costs.spent(told, "kimi-k2.6") < math.inf
        assert isinstance(costs.is_silent(said), bool)
    held, asked = (costs.count({"n": find(given, f"/{name}")}, "n") for name in (0, 1))
    low, high = Rate(min(held, asked), asked).interval()
    assert 0 <= low <= high <= 1
    for place in ("", "/0", "/1", "/usage/prompt_tokens"):
        for kind in NUMBERS:
            with suppress(CouldNotCheck):
                assert isinstance(member(given, place, kind), kind)


def judge(data: bytes) -> None:
    """Whatever is judged, no verdict is an error, what nobody could read passes nothing, and the run file can be read.

    This is the whole of ``judge`` but the pages that are made of its run file.
    """
    ending, rest = choice(data, ENDINGS)
    endpoint, content = choice(rest, ENDPOINTS)
    path, out = file_of(content, ending), _folder() / "out"
    recorded.judge([path], _moonshot(), endpoint, DAY, out)
    records = list(runfile.read(out / "run.ndjson"))
    verdicts = [record for record in records if record["kind"] == "verdict"]
    assert verdicts
    crashes = [record["reason"] for record in verdicts if record["status"] == "error"]
    assert not crashes, crashes[0]
    if all(exchange.response is None for exchange in read(path, endpoint)):
        assert {record["status"] for record in verdicts} == {"could-not-check"}
    for record in records:
        assert shapes.valid("runfile.line", record), record
        if record["kind"] == "exchange":
            runfile.exchange_of(record)


@cache
def _moonshot() -> Target:
    return replace(targets.load("moonshot"), waivers=())


# The gate


def redaction(data: bytes) -> None:
    """The key is gone from what surrounds it, in any spelling; what is clean stays as it is, and stays so."""
    before, told, after = gate.parts(data)
    clean = gate.REDACTOR.body(before + after)
    assert gate.REDACTOR.body(clean) == clean
    kept = gate.REDACTOR.body(before + told + after)
    assert gate.leaks(kept) == []
    assert len(kept) <= 2 * len(before + told + after) + 200
    assert gate.leaks(gate.REDACTOR.text((before + told + after).decode("latin-1")).encode()) == []


def pieces(data: bytes) -> None:
    """The key is gone from a stream that tells it piece by piece, and what is left adds up without it."""
    size, rest = choice(data, (1, 2, 3, 5, 8, 13))
    before, told, after = gate.parts(rest)
    kept = gate.REDACTOR.body(gate.streamed(before + told + after, size))
    said = stream.read(kept, include_usage=None).completion or {}
    content = find(said, "/choices/0/message/content")
    assert not isinstance(content, str) or gate.leaks(content.encode("utf-8", "surrogatepass")) == []


PROPERTIES: Mapping[str, Callable[[bytes], None]] = {
    "events": events, "strict-json": strict, "evidence": evidence, "run-file": run_file, "cassette": tape,
    "target-file": target, "stream": transcript, "shape": shape, "brought-schema": brought_schema, "tools": tools,
    "numbers": numbers, "judge": judge, "redaction": redaction, "pieces": pieces,
}  # fmt: skip
