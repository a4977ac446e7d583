"""An ``Api`` whose requests are made by the OpenAI SDK: so the scenarios of a run can be asked through it."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import openai

from conformance.clients import refusals, sent, views
from conformance.clients.comparison import Kind
from conformance.clients.table import Row, Table, missed
from conformance.clients.transport import Bridge, Step
from conformance.contract import ledger
from conformance.evidence.api import Api
from conformance.evidence.client import Client
from conformance.evidence.runfile import RunFile
from conformance.judge import answers
from conformance.runner.file_judge import FileJudge
from conformance.runner.tally import Evidence
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Headers, Request, Run, Status

METHODS = {
    "models.list": "models.list",
    "chat.completions": "chat.completions.create",
    "chat.stream": "chat.completions.create",
    "files.list": "files.list",
    "files.retrieve": "files.retrieve",
    "files.content": "files.content",
    "files.delete": "files.delete",
    "batches.create": "batches.create",
    "batches.list": "batches.list",
    "batches.retrieve": "batches.retrieve",
    "batches.cancel": "batches.cancel",
}
Ask = Callable[[openai.OpenAI], object]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the scenarios of a run share: the SDK, the way from it to the wire, and what gathers the rows."""

    sdk: openai.OpenAI
    bridge: Bridge
    table: Table
    run: Run


class Through(Api):
    """One scenario's way to a target through the SDK; ``view`` is what the SDK gave for the last request."""

    def __init__(self, around: Surroundings, client: Client, scenario: str, model: str, **known: Any) -> None:  # noqa: ANN401
        super().__init__(client, scenario, model, "", **known)
        self.view: Any = None
        self._around = around

    def call(
        self,
        endpoint: str,
        *,
        json: object = None,
        body: bytes | None = None,
        query: str = "",
        headers: Headers = (),
        key: str | None = "",
        refused: bool = False,
        **path: str,
    ) -> Exchange:
        """Ask an endpoint through the SDK's method for it, and compare; ``key`` is another key.

        Raises CouldNotCheck where the SDK has no way to send it: bytes that are no JSON, a query, no key.
        """
        if body is not None or query or key is None:
            raise CouldNotCheck(Finding("request", "what the SDK can send", "bytes, a query, or no key"))
        if endpoint not in METHODS:
            self._no_method(endpoint)
        given = json if isinstance(json, dict) else {}

        def ask(sdk: openai.OpenAI) -> object:
            return asked(sdk.with_options(default_headers=dict(headers)), endpoint, given, path)

        return self.ask(endpoint, ask, given, key=key, refused=refused)

    def upload(self, name: str, content: bytes, purpose: str) -> Exchange:
        """Upload a file through the SDK."""
        kind: Any = purpose  # that the SDK's type does not name every purpose is a row of its own
        return self.ask("files.create", lambda sdk: sdk.files.create(file=(name, content), purpose=kind), {})

    def ask(self, endpoint: str, ask: Ask, given: dict[str, Any], *, key: str = "", refused: bool = False) -> Exchange:
        """Have the SDK ask, and compare what it shows and what it sent; ``given`` is the body that it was to send."""
        around, step = self._around, str(len(self.exchanges) + 1)
        around.bridge.step, before = Step(self._scenario, step, endpoint, refused), len(around.bridge.exchanges)
        self.view, raised = None, None
        try:
            with warnings.catch_warnings(action="ignore"):  # the SDK's advice is for whoever writes the caller
                self.view = _whole(ask(around.sdk.with_options(api_key=key) if key else around.sdk))
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises is what it made of the answer
            raised = error
        if around.bridge.crash is not None:
            raise around.bridge.crash
        made = around.bridge.exchanges[before:]
        exchange = made[-1] if made else self._unsent(endpoint, raised)
        self.exchanges.append(exchange)
        if not made:
            self.add([missed(endpoint, "request", "nothing was sent", repr(raised))])
            return exchange
        self.add(sent.rows(exchange, given, around.bridge.headers[-1]))
        self.add(self._shown(exchange, raised))
        return exchange

    def add(self, rows: Iterable[Row]) -> None:
        """Take rows on this scenario."""
        for row in rows:
            self._around.table.add(replace(row, scenarios=(self._scenario,)))

    def _no_method(self, endpoint: str) -> None:
        row, lost = ledger.endpoints()[endpoint], Status.WARN if self._around.run.target.official else Status.PASS
        verb = row.method.lower()
        instead = f"instead: client.{verb}({row.path!r}, cast_to=object)"
        what, wire = "request a method for it", f"{row.method} {row.path}"
        self.add([Row(endpoint, what, Kind.NOT_EXPRESSIBLE, wire, instead, lost, source=row.source)])

    def _unsent(self, endpoint: str, raised: Exception | None) -> Exchange:
        failure = f"the SDK sent nothing: {raised!r}"
        return Exchange(self._scenario, "0", endpoint, Request("", ""), None, None, failure=failure)

    def _shown(self, exchange: Exchange, raised: Exception | None) -> list[Row]:
        """Return the rows on what the SDK shows of an answer, or raised on it."""
        if exchange.response is not None and exchange.response.cut:
            return [missed(exchange.endpoint, "answer", f"more than {len(exchange.response.body)} bytes", "cut there")]
        if isinstance(raised, openai.APIStatusError):
            broken = frozenset(self._broken(exchange))
            rows = list(refusals.rows(exchange, raised, self._around.run.target, broken))
            return rows if exchange.refused else [*rows, _unwanted(exchange, "the request is legal, and was refused")]
        if isinstance(raised, openai.APIConnectionError | openai.LengthFinishReasonError):
            return [missed(exchange.endpoint, "answer", exchange.failure or "an answer", str(raised))]
        if raised is not None:
            return [self._crash(exchange, f"{type(raised).__name__}: {raised}")]
        if exchange.refused:
            return [_unwanted(exchange, "the request was to be refused, and was answered")]
        try:
            return list(views.rows(exchange, self.view, self._around.run.target, frozenset(self._broken(exchange))))
        except CouldNotCheck as miss:
            return [self._crash(exchange, str(miss))]

    def _crash(self, exchange: Exchange, words: str) -> Row:
        broken = self._broken(exchange)
        reason = "the answer breaks the contract" if broken else "the answer keeps the contract"
        body = exchange.response.body.decode("utf-8", "replace") if exchange.response else exchange.failure or ""
        return Row(exchange.endpoint, "answer", Kind.CRASHED, body, words, Status.FAIL, reason, breaks=tuple(broken))

    def _broken(self, exchange: Exchange) -> list[str]:
        """Return the clauses of the contract that an answer breaks, as ``judge`` finds them."""
        if exchange.response is None:
            return []
        judge = FileJudge(self._around.run, Evidence(RunFile(None)))
        judge.add(exchange)
        return [each.clause.id for each in judge.verdicts("") if each.status in (Status.FAIL, Status.WARN)]


def _unwanted(exchange: Exchange, reason: str) -> Row:
    status = exchange.response.status if exchange.response else 0
    return missed(exchange.endpoint, "answer", f"{status}: {answers.message(exchange)}", reason)


def asked(sdk: openai.OpenAI, endpoint: str, given: dict[str, Any], path: dict[str, str]) -> object:
    """Have the SDK ask an endpoint by its method, or by none where it has none."""
    row = ledger.endpoints()[endpoint]
    if endpoint in METHODS:
        method = attrgetter(METHODS[endpoint])(sdk)
        return method(**path, **arguments(method, given))
    place = row.path.format(**path)
    return sdk.get(place, cast_to=object) if row.method == "GET" else sdk.post(place, body=given, cast_to=object)


def arguments(method: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return a request body as arguments of a method; what it has no argument for goes into ``extra_body``."""
    known = {name: value for name, value in given.items() if name in inspect.signature(method).parameters}
    extra = {name: value for name, value in given.items() if name not in known}
    return {**known, "extra_body": extra} if extra else known


def _whole(view: object) -> object:
    """Return what the SDK gave, a stream as its chunks."""
    return list(view) if isinstance(view, openai.Stream) else view
