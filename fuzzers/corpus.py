"""What the fuzzer begins from: our own recordings in every form that they can have, and the words in them.

Nothing is stored twice: the seeds are made anew from the cassettes, the targets and the schemas of the repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from conformance.contract import ledger, schemas
from conformance.evidence.recorded import read
from conformance.evidence.runfile import exchange_record
from conformance.vocabulary import Exchange, Response
from fuzzers import gate
from fuzzers.surfaces import ENDINGS, ENDPOINTS

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 6_000
KEPT = 6
WORDS = 400
_WORD = re.compile(rb'"[\w.$-]{2,24}"')
_OTHERS = (b"data: ", b"\n\n", b"\r\n", b"event: error", b"[DONE]", b"\xef\xbb\xbf", b"!!python/object:", b"!!binary |",
           b"&a ", b"*a", b"<<: ", b"? ", b"1:1:1", b"0x7f", b".inf", b"\\ud800", b"\\u0000", b"1e999", b"-0",
           b"NaN")  # fmt: skip


@cache
def recordings() -> tuple[Path, ...]:
    """Return the smaller half of the cassettes, the smallest first."""
    found = sorted((ROOT / "cassettes" / "moonshot").rglob("*.yaml"), key=lambda path: path.stat().st_size)
    return tuple(found[: len(found) // 2])


@cache
def exchanges() -> tuple[Exchange, ...]:
    """Return what was said in them, of each endpoint and status the shortest; streams are abridged."""
    kept: dict[tuple[str, int, bool], list[Exchange]] = {}
    for path in sorted((ROOT / "cassettes" / "moonshot").rglob("*.yaml")):
        for exchange in read(path):
            answer = exchange.response
            if answer is not None:
                short = replace(exchange, response=replace(answer, body=_abridged(answer.body), pieces=()))
                kept.setdefault((exchange.endpoint, answer.status, b"data: " in answer.body), []).append(short)
    return tuple(exchange for found in kept.values() for exchange in sorted(found, key=_size)[:KEPT])


def _abridged(body: bytes) -> bytes:
    """Return a stream with its first and its last events alone."""
    told = body.split(b"\n\n")
    return b"\n\n".join([*told[:4], *told[-5:]]) if len(told) > 9 else body


def _size(exchange: Exchange) -> int:
    return len(_body(exchange))


def _body(exchange: Exchange) -> bytes:
    return (exchange.response or Response(0)).body


def _streams() -> Iterator[bytes]:
    yield from (_body(exchange) for exchange in exchanges() if b"data: " in _body(exchange))


def _values() -> Iterator[bytes]:
    yield from (_body(exchange) for exchange in exchanges() if _body(exchange).lstrip().startswith(b"{"))


def _har(exchange: Exchange) -> dict[str, Any]:
    asked, body = exchange.request, _body(exchange).decode("utf-8", "replace")
    sent = {"method": asked.method, "url": asked.url, "headers": [], "postData": {"text": asked.body.decode()}}
    content = {"mimeType": exchange.header("content-type") or "", "text": body}
    answered = {"status": (exchange.response or Response(0)).status, "headers": [], "content": content}
    return {"startedDateTime": "2026-09-03T12:00:00Z", "request": sent, "response": answered}


def _files() -> Iterator[bytes]:
    """Yield files of every form, each behind the two bytes that choose its ending and its endpoint."""
    for exchange in exchanges():
        ending = ".sse" if b"data: " in _body(exchange) else ".json"
        yield _given(ending, exchange.endpoint) + _body(exchange)
        yield _given(".har") + json.dumps({"log": {"entries": [_har(exchange)]}}).encode()
        record = {"kind": "exchange", **exchange_record(1, exchange)}
        yield _given(".ndjson") + json.dumps(record).encode() + b"\n"
        yield _given(".jsonl") + _body(exchange).replace(b"\n", b" ") + b"\n" + _body(exchange).replace(b"\n", b" ")
    for path in recordings()[:10]:
        yield _given(".yaml") + path.read_bytes()


def _given(ending: str, endpoint: str | None = None) -> bytes:
    known = endpoint if endpoint in ENDPOINTS else None
    return bytes([ENDINGS.index(ending), ENDPOINTS.index(known)])


def _behind(numbers: Iterable[int], bodies: Iterable[bytes]) -> Iterator[bytes]:
    return (bytes([number]) + body for number, body in product(numbers, bodies))


def _shapes() -> Iterator[bytes]:
    names = tuple(schemas.documents())
    for exchange in exchanges():
        endpoint = ledger.endpoints().get(exchange.endpoint)
        name = endpoint.answer if endpoint else None
        if name in names:
            yield from _behind([names.index(name)], [_body(exchange)])


def _tools() -> Iterator[bytes]:
    asked = (exchange.request.body for exchange in exchanges() if b'"tools"' in exchange.request.body)
    yield from (json.dumps(json.loads(body)["tools"]).encode() for body in asked)
    yield from (json.dumps(schema).encode() for schema in schemas.documents().values() if len(str(schema)) < LARGEST)


def _brought() -> Iterator[bytes]:
    keywords: tuple[dict[str, Any], ...] = (
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"type": ["string", "null"]}}},
        {"anyOf": [{"items": {"$ref": "#"}}, {"not": {"pattern": "^a+$"}}], "additionalProperties": {"const": 1}},
        {"if": {"minimum": 1}, "then": {"multipleOf": 0.5}, "else": {"enum": ["a", None]}, "uniqueItems": True},
        {"prefixItems": [{}, False], "contains": {"maxLength": 3}, "dependentSchemas": {"a": True}, "$id": "x:y"},
    )
    for schema, value in product(keywords, ({"a": "b"}, [[1, "a"], 2], "aaa", 1.5)):
        yield json.dumps({"schema": schema, "value": value}).encode()


_KINDS = (len(gate.SPELLINGS), len(gate.ESCAPES), 3)
SEEDS: Mapping[str, Callable[[], Iterable[bytes]]] = {
    "events": lambda: _behind(range(5), _streams()),
    "strict-json": _values,
    "evidence": _files,
    "run-file": lambda: (seed[2:] for seed in _files() if seed.startswith(_given(".ndjson"))),
    "cassette": lambda: (path.read_bytes() for path in recordings()[:20]),
    "target-file": lambda: (path.read_bytes() for path in (ROOT / "conformance" / "targets").glob("*.toml")),
    "stream": lambda: _behind(range(3), _streams()),
    "shape": _shapes,
    "brought-schema": _brought,
    "tools": _tools,
    "numbers": lambda: (b'[3, 5, {"usage": {"prompt_tokens": 7}}]', *_values()),
    "judge": _files,
    "redaction": lambda: (bytes(chosen) + b"ab" for chosen in product(*map(range, _KINDS))),
    "pieces": lambda: _behind(range(6), (bytes([number, number, 0]) for number in range(13))),
}


def plant(surface: str, folder: Path) -> None:
    """Write the seeds of a surface to a folder, and its words to ``words`` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    words: dict[bytes, None] = dict.fromkeys(_OTHERS)
    for number, seed in enumerate(SEEDS[surface]()):
        (folder / f"seed-{number:03}").write_bytes(seed)
        words |= dict.fromkeys(_WORD.findall(seed))
    lines = ("".join(f"\\x{byte:02x}" for byte in word) for word in list(words)[:WORDS])
    folder.with_suffix(".words").write_text("".join(f'"{line}"\n' for line in lines), encoding="ascii")
