"""Whether a target can be asked from a front end: the leave that a browser needs, and a chat as it is sent there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from conformance import __version__, catalogue
from conformance.catalogue import gateways
from conformance.catalogue.frontends import Frontend, Sender
from conformance.checks import all_checks
from conformance.contract import ledger
from conformance.evidence.api import Api
from conformance.evidence.client import Client, json_bytes
from conformance.evidence.redact import Redactor
from conformance.frontends import chromium
from conformance.frontends.entering import advice
from conformance.judge import answers, verdict
from conformance.runner.session import Exit
from conformance.runner.settings import Settings
from conformance.scenarios.browser import from_page
from conformance.scenarios.chat import HELLO, MUCH
from conformance.vocabulary import (
    Check,
    CouldNotCheck,
    Exchange,
    Finding,
    Mode,
    Request,
    Response,
    Run,
    Status,
    Verdict,
)

PAGE, CHAT = "browser.page", "browser.chat"
# What a preflight must permit is asked of the headers of the front end itself.
_NOT_HERE = frozenset({"browser.sdk-headers"})
_LONGEST = 800
_OF_STREAMS = ("stream.done", "stream.incremental")


@dataclass(frozen=True, slots=True)
class Result:
    """What one need of a front end came to; ``check`` is a clause of the ledger, or ``chat``."""

    check: str
    sentence: str
    status: Status
    findings: tuple[Finding, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a front end needs and whether it has it; ``visits`` are those of a browser, the last one last."""

    headers: tuple[str, ...]
    results: tuple[Result, ...]
    visits: tuple[chromium.Visit, ...] = ()

    @property
    def exit(self) -> Exit:
        """The exit status: what is broken weighs more than what could not be checked."""
        found = {result.status for result in self.results}
        if Status.ERROR in found:
            return Exit.SUITE_FAILED
        if Status.FAIL in found:
            return Exit.DOES_NOT_CONFORM
        return Exit.COULD_NOT_CHECK if Status.COULD_NOT_CHECK in found else Exit.CONFORMS


class Checker:
    """Asks a target as a front end does; ``headers`` are custom ones that its user added, by their names."""

    def __init__(self, frontend: Frontend, settings: Settings, headers: tuple[str, ...] = ()) -> None:
        self._frontend = frontend
        self._settings = settings
        self._redactor = Redactor(settings.target.key_variable, settings.key)
        self._headers = tuple(dict.fromkeys(name.lower() for name in (*frontend.headers, *headers)))
        # A front end needs what it needs, whether the target promised it or not.
        whom = replace(settings.target, official=True, unpromised=(), waivers=())
        self._run = Run(__version__, whom, Mode.LIVE, settings.model, datetime.now(UTC))
        self._visits: list[chromium.Visit] = []

    def check(self) -> Checked:
        """Return what the front end needs, and whether the target gives it. Asks for two or three paid chats."""
        with closing(Client(self._settings.target, self._redactor)) as client:
            api = self._api(client)
            results = [*self._leave(api), *self._chat(api)]
        return Checked(self._headers, tuple(results), tuple(self._visits))

    def _api(self, client: Client) -> Api:
        known = gateways.find(self._settings.model)
        family = catalogue.family_of(known.model) if known else None
        smallest = dict(family.smallest_call) if family else {"max_completion_tokens": 128}
        return Api(client, "frontend", self._settings.model, self._settings.key, smallest=smallest)

    def _leave(self, api: Api) -> Iterator[Result]:
        """Yield what a browser demands before a page may ask; of a server nothing is demanded."""
        if self._frontend.requests_from is Sender.SERVER:
            reason = f"the requests of {self._frontend.name} come from its server, and not from a browser"
            yield Result("leave", "A browser has leave to ask.", Status.NOT_APPLICABLE, (), reason)
            return
        from_page(api, self._frontend.origin, self._headers)
        said = tuple(api.exchanges)
        self._run.conversations[PAGE] = said
        for check in all_checks():
            if check.scenario == PAGE and check.clause.id.startswith("browser.") and check.clause.id not in _NOT_HERE:
                yield _result(verdict.reach(check, said, self._run))

    def _chat(self, api: Api) -> Iterator[Result]:
        """Yield whether a streamed chat is answered to the front end, and how; first whether it is to anybody."""
        where = "page of its origin in Chromium" if self._frontend.requests_from is Sender.BROWSER else "server"
        sentence = f"A streamed chat from a {where} is answered and can be read."
        word = api.chat(HELLO)
        self._run.conversations["chat.one-word"] = (word,)
        try:
            answers.success(word, self._run)
            said = self._streamed(api)
            finding = self._unanswered(said)
        except (CouldNotCheck, chromium.NoBrowserError) as error:
            yield Result("chat", sentence, Status.COULD_NOT_CHECK, (), self._redactor.text(str(error)))
            return
        if finding:
            yield Result("chat", sentence, Status.FAIL, (verdict.clean(finding),))
            return
        yield Result("chat", sentence, Status.PASS)
        yield from self._stream(api, said)

    def _stream(self, api: Api, said: Exchange) -> Iterator[Result]:
        for name in _OF_STREAMS:
            found = verdict.reach(_check(name), (said,), self._run)
            if name == "stream.incremental" and found.status is Status.WARN:
                # One stream alone may have had to wait for its turn.
                self._streamed(api)
                found = verdict.reach(_check(name), (said,), self._run)
            yield _result(found)

    def _streamed(self, api: Api) -> Exchange:
        """Return the exchange of a chat as the front end sends it; raises NoBrowserError."""
        if self._frontend.requests_from is Sender.BROWSER:
            said = self._visit(api)
        else:
            dropped = {one.parameter for one in advice(self._frontend, self._settings.model) if one.refused}
            sent = {name: json.loads(value) for name, value in self._frontend.sends.items() if name not in dropped}
            said = api.stream(MUCH, **sent)
        self._run.conversations[CHAT] = (*self._run.conversations.get(CHAT, ()), said)
        return said

    def _visit(self, api: Api) -> Exchange:
        target = self._settings.target
        url = target.base_url + ledger.endpoints()["chat.stream"].path
        body = {"model": api.model, "messages": [MUCH], **api.smallest, "stream": True}
        headers = dict.fromkeys(self._headers, "1") | {
            "authorization": f"Bearer {self._settings.key}",
            "content-type": "application/json",
        }
        asked: dict[str, Any] = {
            "url": url, "headers": headers, "body": json_bytes(body).decode(), "limit": target.body_limit,
        }  # fmt: skip
        made_at = datetime.now(UTC)
        visit = chromium.visit(self._frontend.origin, asked, target.timeouts.whole)
        visit = replace(
            visit, body=self._redactor.body(visit.body), console=self._text(visit.console),
            error=self._text(visit.error) if visit.error else None,
        )  # fmt: skip
        self._visits.append(visit)
        request = Request("POST", target.canonical_url + ledger.endpoints()["chat.stream"].path, (), json_bytes(body))
        kept = self._redactor.text(visit.content_type)
        answer = Response(visit.status, (("content-type", kept),), visit.body, pieces=visit.pieces)
        seconds = visit.pieces[-1].seconds if visit.pieces else 0.0
        failure = f"{visit.reason or 'no answer'}: {visit.error}" if visit.error else None
        return Exchange(
            CHAT, "1", "chat.stream", request, None if failure else answer, made_at, seconds, failure=failure
        )

    def _text(self, told: str) -> str:
        """Return what a browser said: it quotes the headers of the target, which may hold anything."""
        return repr(self._redactor.text(told))[1:-1][:_LONGEST]

    def _unanswered(self, said: Exchange) -> Finding | None:
        """Return why a chat was not answered, or None where it was; raises CouldNotCheck where that says nothing."""
        if said.response is None:
            if self._visits and self._visits[-1].reason:
                return Finding("fetch", "an answer that the browser hands to the page", said.failure)
            raise CouldNotCheck(Finding("fetch", "an answer", said.failure))
        status = answers.status(said, self._run)
        if status != 200:
            return Finding("status", "200", f"{status}: {answers.message(said)}")
        if answers.transcript(said).completion is None:
            return Finding("", "a stream of chunks", "none")
        return None


def _check(clause: str) -> Check:
    return next(check for check in all_checks() if check.clause.id == clause)


def _result(found: Verdict) -> Result:
    # What weighs little in the contract of the API weighs all here: without it nothing works.
    status = Status.FAIL if found.status is Status.WARN else found.status
    return Result(found.clause.id, found.clause.sentence, status, found.findings, found.reason)
