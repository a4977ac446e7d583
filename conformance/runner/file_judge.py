"""Judges the exchanges of one recorded file, and keeps of them only what a finding speaks of."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import replace

from conformance import strictjson
from conformance.checks import ANSWERS, ExchangeRule, exchange_rules, status_clauses
from conformance.checks.test_refusals import envelope_of
from conformance.contract import ledger, schemas
from conformance.judge import answers, shapes, verdict
from conformance.judge.stream import GRAMMAR
from conformance.runner.tally import Evidence, Tally, placed
from conformance.vocabulary import (
    ABSENT,
    CouldNotCheck,
    Exchange,
    Finding,
    NotApplicable,
    Response,
    Run,
    Verdict,
    find,
)

READABLE = "http.json"
# Of one clause in one file, so many exchanges are kept as evidence; the count of findings goes on.
KEPT = verdict.FINDINGS_KEPT
# How a stream begins where the recording does not tell the headers.
EVENTS = (b"data:", b"event:", b": ")
# Pieces of an answer that are kept alone.
PARTS = {"chat.completions.chunk": "chat.chunk"}


class FileJudge:
    """Judges the exchanges of one file one after the other, and keeps a tally for each clause and endpoint."""

    def __init__(self, run: Run, keep: Evidence) -> None:
        self._run = run
        self._keep = keep
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._pending: dict[str, set[str]] = {}
        self._ids: set[int] = set()

    def add(self, exchange: Exchange) -> None:
        """Judge one exchange."""
        if exchange.response is None:
            self._missed(READABLE, exchange, Finding("", "evidence that can be judged", exchange.failure))
            return
        endpoint = ledger.endpoints().get(exchange.endpoint)
        if endpoint is not None and endpoint.lines:
            self._lines(exchange, str(endpoint.answer))
            return
        streamed = answers.is_stream(exchange) and exchange.response.status < 400
        if streamed or (exchange.endpoint in ANSWERS and is_events(exchange.response, exchange.header("content-type"))):
            self._stream(replace(exchange, endpoint="chat.stream"))
            return
        try:
            schema = self._schema(exchange)
        except CouldNotCheck as miss:
            self._missed(READABLE, exchange, miss.finding)
            return
        self._status(exchange)
        if schema:
            self._shape(exchange, schema, exchange.json)
        text = endpoint is not None and endpoint.answer is None and exchange.response.status < 400
        names = exchange.endpoint if text or (schema and "error" not in schema.split(".")) else ""
        for rule in exchange_rules(names):
            self._rule(rule, exchange)

    def verdicts(self, file: str) -> Iterator[Verdict]:
        """Yield the verdicts of the file."""
        for (clause, endpoint), tally in self._tallies.items():
            yield tally.verdict(ledger.clauses()[clause], endpoint, file, self._run)

    def _schema(self, exchange: Exchange) -> str | None:
        """Return the schema that a body is to be judged by, or None where it is no JSON, though it must be.

        Raises CouldNotCheck where there is none.
        """
        answer = answers.response(exchange)
        if is_events(answer, exchange.header("content-type")):
            raise CouldNotCheck(
                Finding("", "a whole answer, or a stream of a chat", f"a stream of {exchange.endpoint}")
            )
        if exchange.endpoint in PARTS:
            return PARTS[exchange.endpoint]
        endpoint = ledger.endpoints().get(exchange.endpoint)
        if endpoint is not None and endpoint.answer is not None and not is_json(exchange):
            return None
        failed = answer.status >= 400 or exchange.endpoint == "error"
        if failed or (endpoint is None and find(exchange.json, "/error") not in (ABSENT, None)):
            if (envelope := envelope_of(exchange)) is None:
                raise CouldNotCheck(Finding("", "an error envelope of this API", exchange.json))
            return envelope
        if endpoint is None:
            raise CouldNotCheck(Finding("", "an answer that a schema describes", f"an answer of {exchange.endpoint}"))
        return endpoint.answer

    def _stream(self, exchange: Exchange) -> None:
        """Judge a stream of events: each of them, their order, and what they add up to."""
        try:
            told = answers.transcript(exchange)
        except CouldNotCheck as miss:
            self._missed(READABLE, exchange, miss.finding)
            return
        self._status(exchange)
        for unchecked in told.unchecked:
            self._missed(READABLE, exchange, unchecked)
        for clause in (*schemas.clauses_of("chat.chunk"), *GRAMMAR):
            tally = self._tally(clause, exchange)
            tally.looked = tally.looked or clause in told.looked_at
            tally.excuse = "no event here has what this clause speaks of"
            for finding in told.findings.get(clause, ()):
                self._found(tally, exchange, finding)
        for rule in exchange_rules(exchange.endpoint):
            self._rule(rule, exchange)

    def _status(self, exchange: Exchange) -> None:
        """Judge the status, as far as it can be: a recording does not tell whether its request was legal.

        A bare body tells no status at all, nor what was asked.
        """
        answer, clause = answers.response(exchange), status_clauses().get(exchange.endpoint)
        if clause is None or answer.status == 0 or exchange.refused or not exchange.request.method:
            return
        if answer.status in answers.success_of(exchange):
            self._tally(clause, exchange).looked = True
        else:
            expected = "a success, or to know that the request was made to be refused"
            self._missed(clause, exchange, Finding("status", expected, f"{answer.status}: {answers.message(exchange)}"))

    def _shape(self, exchange: Exchange, schema: str, value: object) -> frozenset[str]:
        """Judge a value by a schema, and return the clauses that had something to look at."""
        try:
            shape = shapes.examine(schema, value)
        except CouldNotCheck as miss:
            self._missed(READABLE, exchange, miss.finding)
            return frozenset()
        for clause in schemas.clauses_of(schema):
            tally = self._tally(clause, exchange)
            tally.looked = tally.looked or clause in shape.looked_at
            tally.excuse = "no answer here has what this clause speaks of"
            for finding in shape.findings.get(clause, ()):
                self._found(tally, exchange, finding)
        return shape.looked_at

    def _rule(self, rule: ExchangeRule, exchange: Exchange) -> None:
        tally = self._tally(rule.clause.id, exchange)
        try:
            for finding in rule.judge(exchange, self._run):
                self._found(tally, exchange, finding)
            tally.looked = True
        except NotApplicable as excuse:
            tally.excuse = str(excuse)
        except CouldNotCheck as miss:
            self._missed(rule.clause.id, exchange, miss.finding)
        except Exception:  # noqa: BLE001 - as in a run, a check that breaks is an error of ours, and the rest is judged
            tally.crash = tally.crash or traceback.format_exc(limit=-4)

    def _lines(self, exchange: Exchange, schema: str) -> None:
        """Judge a line of a batch file, or the lines of an exchange in which such a file was read."""
        if not exchange.request.method:
            self._line(exchange, schema)
            return
        try:
            body = answers.success(exchange, self._run).body
        except CouldNotCheck as miss:
            self._missed(READABLE, exchange, miss.finding)
            return
        parts = list(filter(bytes.strip, body.split(b"\n")))
        if not parts:
            self._missed(READABLE, exchange, Finding("", "at least one line", "none"))
        for number, part in enumerate(parts, 1):
            step = f"{exchange.step}, line {number}"
            self._line(replace(exchange, step=step, response=Response(200, (), part)), schema)

    def _line(self, exchange: Exchange, schema: str) -> None:
        """Judge one line of batch input or output: the fast way once every clause has been looked at."""
        body = exchange.response.body if exchange.response else b""
        try:
            # Exchange.json would keep each line's value behind a lock.
            line = strictjson.loads(body)
            whole = shapes.valid(schema, line)
        except strictjson.NotStrictJSON as error:
            broken = Finding(error.where, "strict JSON (RFC 8259)", str(error))
            self._found(self._tally(READABLE, exchange), exchange, broken)
            return
        except CouldNotCheck as miss:
            self._missed(READABLE, exchange, miss.finding)
            return
        pending = self._pending.get(schema)
        if pending is None:
            pending = self._pending[schema] = set(schemas.clauses_of(schema))
        if pending or not whole:
            pending -= self._shape(exchange, schema, line)
        self._once(exchange, line)

    def _once(self, exchange: Exchange, line: object) -> None:
        """Note a line's custom_id; only its hash is kept, as files have any number of lines."""
        custom_id = line.get("custom_id") if isinstance(line, dict) else None
        if exchange.endpoint != "batches.output" or not isinstance(custom_id, str):
            return
        mark, known = hash(custom_id), len(self._ids)
        self._ids.add(mark)
        if known == 0 or len(self._ids) == known:
            tally = self._tally("batches.output.ids-unique", exchange)
            tally.looked = True
            if known:
                self._found(tally, exchange, Finding("/custom_id", "every custom_id once", custom_id))

    def _tally(self, clause: str, exchange: Exchange) -> Tally:
        key = (clause, exchange.endpoint)
        if key not in self._tallies:
            self._tallies[key] = Tally()
        return self._tallies[key]

    def _found(self, tally: Tally, exchange: Exchange, finding: Finding) -> None:
        tally.looked = True
        if len(tally.findings) >= KEPT:
            tally.more += 1
            return
        tally.exchanges.append(self._keep.number(exchange))
        tally.findings.append(placed(exchange, finding))

    def _missed(self, clause: str, exchange: Exchange, finding: Finding) -> None:
        tally = self._tally(clause, exchange)
        tally.missed = tally.missed or CouldNotCheck(placed(exchange, finding))
        if len(tally.exchanges) < KEPT:
            tally.exchanges.append(self._keep.number(exchange))


def is_events(answer: Response, content_type: str | None) -> bool:
    """Tell whether an answer that is no error is a stream of events: by its type, or by its beginning."""
    typed = "event-stream" in (content_type or "")
    return answer.status < 400 and (typed or answer.body.lstrip().startswith(EVENTS))


def is_json(exchange: Exchange) -> bool:
    """Tell whether the body of an answer is strict JSON."""
    try:
        _ = exchange.json
    except CouldNotCheck:
        return False
    return True
