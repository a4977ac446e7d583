"""The run file: every record of a run, one JSON object a line, written as it happens.

A file without its last line, ``{"kind": "end", …}``, is of a run that did not end; whoever reads it is told.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from types import NoneType
from typing import Any, TextIO

from conformance import rows, strictjson
from conformance.evidence import arrivals
from conformance.evidence.redact import Redactor
from conformance.vocabulary import Attempt, Change, Exchange, Headers, OddOneOut, Request, Response, Severity, Verdict

Record = dict[str, Any]
BODY = ("body", "body_base64")


class RunFile:
    """Writes records to a run file, and keeps them for the reports that are made at the end of the same run.

    Without a path they are only kept.
    """

    def __init__(self, path: Path | None, redactor: Redactor | None = None) -> None:
        self.records: list[Record] = []
        self._redactor = redactor or Redactor("", "")
        self._file: TextIO | None = None
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", newline="\n", buffering=1)

    def write(self, kind: str, record: Record) -> Record:
        """Append a record of a kind (run, doctor, exchange, verdict, change, timing, end) and return it."""
        record = self._clean({"kind": kind, **record})
        if self._file:
            self._file.write(json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")
        self.records.append(record)
        return record

    def _clean(self, record: Any) -> Any:  # noqa: ANN401 - any part of a record
        """Return a record without the key: what was read out of a body may hold what its bytes had escaped."""
        if isinstance(record, str):
            return self._redactor.text(record)
        if isinstance(record, dict):
            clean = {name: self._clean(value) for name, value in record.items()}
            if "pieces" in clean and any(clean.get(name) != record.get(name) for name in BODY):
                del clean["pieces"]  # of a body that is no longer there
            return clean
        return [self._clean(value) for value in record] if isinstance(record, list | tuple) else record

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


def read(path: Path) -> Iterator[Record]:
    """Yield the records of a run file; raises rows.ConfigurationError where a line is none."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise rows.ConfigurationError(f"{path}: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        try:
            record = strictjson.loads(line)
        except strictjson.NotStrictJSON as error:
            raise rows.ConfigurationError(f"{path}, line {number}: {error}; is this a run file?") from None
        if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
            raise rows.ConfigurationError(f"{path}, line {number}: not a record of a run")
        yield record


def exchange_record(number: int, exchange: Exchange) -> Record:
    """Return an exchange as a record; bodies are text, or base64 where they are no UTF-8."""
    return {
        "id": number,
        "scenario": exchange.scenario,
        "step": exchange.step,
        "endpoint": exchange.endpoint,
        "refused": exchange.refused,
        "made_at": exchange.made_at.isoformat() if exchange.made_at else None,
        "seconds": exchange.seconds,
        "file": exchange.file,
        "failure": exchange.failure,
        "request": {
            "method": exchange.request.method,
            "url": exchange.request.url,
            "headers": [list(pair) for pair in exchange.request.headers],
            **_body(exchange.request.body),
        },
        "response": _response_record(exchange.response),
        "attempts": [
            {"failure": tried.failure, "waited": tried.waited, "response": _response_record(tried.response)}
            for tried in exchange.attempts
        ],
    }


def exchange_of(record: Record) -> Exchange:
    """Return the exchange that a record holds; raises KeyError, TypeError or ValueError where it holds none."""
    request = record["request"]
    made_at = _typed(record, "made_at", str, NoneType)
    moment = datetime.fromisoformat(made_at) if made_at else None
    if moment and moment.tzinfo is None:
        raise ValueError(f"made_at {made_at!r} has no time zone")
    return Exchange(
        scenario=_typed(record, "scenario", str),
        step=_typed(record, "step", str),
        endpoint=_typed(record, "endpoint", str),
        request=Request(
            _typed(request, "method", str), _typed(request, "url", str), _headers(request["headers"]), _bytes(request)
        ),
        response=_response_of(record["response"]),
        made_at=moment,
        seconds=_typed(record, "seconds", int, float),
        refused=_typed(record, "refused", bool),
        failure=_typed(record, "failure", str, NoneType),
        attempts=tuple(
            Attempt(
                _typed(tried, "failure", str, NoneType),
                _response_of(tried["response"]),
                _typed(tried, "waited", int, float),
            )
            for tried in record["attempts"]
        ),
        file=_typed(record, "file", str, NoneType),
    )


def _typed(record: Record, name: str, *kinds: type) -> Any:  # noqa: ANN401 - a value of one of the kinds
    return _of(record[name], name, *kinds)


def _of(value: Any, name: str, *kinds: type) -> Any:  # noqa: ANN401 - a value of one of the kinds
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"{name} must be {' or '.join(kind.__name__ for kind in kinds)}")
    if isinstance(value, str):
        value.encode("utf-8")
    return value


def verdict_record(verdict: Verdict) -> Record:
    """Return a verdict as a record: what results.json holds, and what the page shows beside it."""
    clause = verdict.clause
    record: Record = {
        "clause": clause.id,
        "level": clause.level.value,
        "scenario": verdict.scenario,
        "endpoint": verdict.endpoint,
        "status": verdict.status.value,
        "source": clause.source,
        "findings": [
            {"where": finding.where, "expected": finding.expected, "actual": finding.actual}
            for finding in verdict.findings
        ],
        "sentence": clause.sentence,
        "clause_kind": clause.kind.value,
        "read": clause.read.isoformat(),
        "reason": verdict.reason,
        "exchanges": list(verdict.exchanges),
    }
    if verdict.odd_one_out is not None:
        record |= {"odd_one_out": verdict.odd_one_out.value, "attribution": verdict.attribution}
    return record | ({"file": verdict.file} if verdict.file is not None else {})


def change_record(change: Change) -> Record:
    """Return a change as a record; its kind is called ``change`` there, as every record has a kind of its own."""
    fields = {name: _text(value) for name, value in asdict(change).items()}
    return {"change": fields.pop("kind"), **fields, "days": change.days}


def change_of(record: Record) -> Change:
    """Return the change that a record holds; raises KeyError, TypeError or ValueError where it holds none.

    Records of older run files say less.
    """
    told = {"detail": "", "severity": "harmless", **dict.fromkeys(_OPTIONAL)} | record
    odd = _typed(told, "odd_one_out", str, NoneType)
    return Change(
        **{name: _typed(told, name, str) for name in ("endpoint", "where", "detail")},
        **{name: _typed(told, name, str, NoneType) for name in ("source", "other_source", "model")},
        kind=_typed(told, "change", str),
        severity=Severity(_typed(told, "severity", str)),
        odd_one_out=OddOneOut(odd) if odd else None,
        since=_day(told, "since"),
        as_of=_day(told, "as_of"),
    )


_OPTIONAL = ("source", "other_source", "model", "odd_one_out", "since", "as_of")


def _day(record: Record, name: str) -> date | None:
    text = _typed(record, name, str, NoneType)
    return date.fromisoformat(text) if text else None


def _text(value: Any) -> Any:  # noqa: ANN401 - a field of a change
    return value.isoformat() if isinstance(value, date) else value


def _response_record(answer: Response | None) -> Record | None:
    if answer is None:
        return None
    return {
        "status": answer.status,
        "headers": [list(pair) for pair in answer.headers],
        "cut": answer.cut,
        **_body(answer.body),
    } | ({"pieces": arrivals.pairs(answer.pieces)} if answer.pieces else {})


def _response_of(record: Record | None) -> Response | None:
    if record is None:
        return None
    status, cut = _typed(record, "status", int), _typed(record, "cut", bool)
    body = _bytes(record)
    pieces = arrivals.pieces(record["pieces"], len(body)) if "pieces" in record else ()
    return Response(status, _headers(record["headers"]), body, cut, pieces)


def _headers(pairs: list[list[str]]) -> Headers:
    return tuple((_of(name, "the name of a header", str), _of(value, "a header", str)) for name, value in pairs)


def _body(content: bytes) -> Record:
    try:
        return {"body": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(content).decode("ascii")}


def _bytes(record: Record) -> bytes:
    if "body_base64" in record:
        return base64.b64decode(record["body_base64"])
    body: str = _typed(record, "body", str)
    return body.encode("utf-8")
