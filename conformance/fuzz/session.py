"""One run of the fuzzer from its settings to its last record."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx

from conformance import __version__
from conformance.contract import ledger
from conformance.evidence.client import Client
from conformance.evidence.redact import Redactor
from conformance.evidence.runfile import Record, RunFile
from conformance.fuzz import phases, writing
from conformance.fuzz.allowance import Allowance, Stop
from conformance.fuzz.asking import Asker, Sent, endpoint_of
from conformance.fuzz.bridge import Bridge
from conformance.fuzz.document import document, operations
from conformance.fuzz.findings import Broken, Findings, Place, broken_or_held, judged
from conformance.fuzz.generation import generate
from conformance.fuzz.rules import KEY_REQUIRED, SCHEMATHESIS
from conformance.fuzz.smaller import TRIES, smaller
from conformance.fuzz.writing import Asked
from conformance.judge import answers
from conformance.judge.costs import unpriced
from conformance.runner.conduct import clock_of
from conformance.runner.settings import Settings
from conformance.scenarios.refusals import WRONG_KEY
from conformance.vocabulary import Exchange, Finding, Mode, Run

# Kept back for making findings smaller.
_FOR_SMALLER = 200
KEY_REFUSED = (401, 403)


class FuzzSession:
    """Asks, judges and writes.

    ``transport`` is the innermost one: by default httpx's own, or in the mode reference the app in this process.
    """

    def __init__(self, asked: Asked, out: Path | None, transport: httpx.BaseTransport | None = None) -> None:
        self._asked = asked
        self._settings = settings = asked.settings
        self.started = datetime.now(UTC)
        run = Run(__version__, settings.target, settings.mode, settings.model, self.started, settings.as_of)
        redactor = Redactor(settings.target.key_variable, settings.key)
        offline = settings.mode is Mode.REFERENCE
        self._client = Client(
            settings.target,
            redactor,
            transport=transport or (_reference(settings) if offline else None),
            clock=clock_of(settings),
            sleep=(lambda _: None) if offline else time.sleep,
        )
        self._runfile = RunFile(out / "run.ndjson" if out else None, redactor)
        self._first: Exchange | None = None
        self._unguarded: dict[str, Exchange] = {}
        self._guarded: set[str] = set()
        self._deleted: Exchange | None = None
        self.findings = Findings(run)
        self.allowance = Allowance(
            settings.model, asked.max_requests, settings.max_cost, unpriced(settings.target, settings.model)
        )
        self.asker = Asker(self._client, self.allowance, self._keep)

    @property
    def records(self) -> list[Record]:
        """Every record so far."""
        return self._runfile.records

    def run(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Ask as much as is allowed, and write what came of it."""
        refused = None
        try:
            refused = self._key_is_refused()
            if refused is None:
                self._ask_everything(tell)
                tell("making the findings smaller")
                self._make_smaller()
            self._clean_up()
            if refused is None:
                self._ask_for_the_models_again()
        except KeyboardInterrupt:
            self.findings.broken_off = self.allowance.reached = "the run was interrupted"
            self._clean_up()
        finally:
            self._client.close()
            writing.write(self._runfile, self._asked, self.findings, self.allowance, self._first, refused)

    def _keep(self, exchange: Exchange) -> None:
        self._first = self._first or exchange
        self.findings.add(exchange)
        if answers.accepted(exchange) and exchange.endpoint == "files.delete":
            self._deleted = exchange
        if answers.accepted(exchange) and exchange.endpoint not in self._guarded:
            self._unguarded.setdefault(exchange.endpoint, exchange)

    def _key_is_refused(self) -> str | None:
        """Return why nothing can be checked: what a server answers to a key that it refuses says nothing."""
        self.allowance.share = 1
        try:
            said = self.asker.ask(Sent("GET", "/models", (), b"", self._settings.key))
        except Stop:
            return self.allowance.reached
        self.findings.run = replace(self.findings.run, conversations={"fuzz.key": (said,)})
        if answers.accepted(said):
            self.allowance.kept_back = 1
            return None
        return f"not asked: {_came_to(said)}"

    def _ask_for_the_models_again(self) -> None:
        """Ask again what was answered first: a key or a purse that ran out on the way made refusals of the rest."""
        self.allowance.kept_back, self.allowance.share, self.asker.phase = 0, 1, "fuzz.key"
        try:
            said = self.asker.ask(Sent("GET", "/models", (), b"", self._settings.key))
        except Stop:
            self.findings.broken_off = self.allowance.reached
            return
        if not answers.accepted(said):
            self.findings.broken_off = f"in the end {_came_to(said)}"

    def _ask_everything(self, tell: Callable[[str], None]) -> None:
        whole = document(self._settings.model)
        bridge = Bridge(self.asker, self._settings.key)
        known = [name for name in operations(whole) if name in self._settings.target.endpoints]
        self.allowance.kept_back += min(_FOR_SMALLER, self._asked.max_requests // 10)
        for part, share in phases.shares(list(phases.parts(known))):
            if self.asker.phase != f"fuzz.{part.phase}":
                self.asker.phase = f"fuzz.{part.phase}"
                tell(part.phase)
            self.allowance.share = requests = math.ceil(max(0, self.allowance.left) * share)
            if requests:
                generate(part, whole, bridge, self.findings, seed=self._asked.seed, requests=requests)
            self._ask_for_what_is_there()
            self._ask_without_the_key()
            self._clean_up()
            self._ask_for_what_was_deleted()

    def _ask_for_what_is_there(self) -> None:
        """Ask for what was made, where nothing of its kind was had yet: by chance alone every name may be unknown."""
        phase, self.asker.phase = self.asker.phase, "fuzz.control"
        for _, owed in list(self.allowance.leftovers.owed.values()):
            path = owed.removesuffix("/cancel")
            for asked in (path, f"{path}/content"):
                endpoint = endpoint_of("GET", asked)
                if endpoint in self._settings.target.endpoints - self.findings.accepted - {"unknown"}:
                    self.allowance.share = 1
                    with suppress(Stop):
                        self.asker.ask(Sent("GET", asked, (), b"", self._settings.key))
        self.asker.phase = phase

    def _ask_without_the_key(self) -> None:
        """Ask each operation that was answered once more without the key, and with another."""
        phase, self.asker.phase = self.asker.phase, "fuzz.without-key"
        for endpoint, exchange in list(self._unguarded.items()):
            del self._unguarded[endpoint]
            self._guarded.add(endpoint)
            for key in (None, WRONG_KEY):
                said = self._again(exchange, exchange.request.body, key)
                if said is None or said.response is None:
                    continue
                # Any other refusal does not tell that it was for the key.
                if (accepted := answers.accepted(said)) or said.response.status in KEY_REFUSED:
                    found = (Finding("status", "401", "an answer"),) if accepted else ()
                    reached = broken_or_held(KEY_REQUIRED, endpoint, found, self.findings.run)
                    self.findings.keep(reached, (said,))
        self.asker.phase = phase

    def _ask_for_what_was_deleted(self) -> None:
        """Ask for the file that was deleted last: by chance alone that would be asked too seldom."""
        deleted, self._deleted = self._deleted, None
        if deleted is None:
            return
        phase, self.asker.phase = self.asker.phase, "fuzz.after-delete"
        path = deleted.request.url.removeprefix(self._settings.target.canonical_url)
        for endpoint, asked in (("files.retrieve", path), ("files.content", f"{path}/content")):
            self.allowance.share = 1
            with suppress(Stop):
                said = self.asker.ask(Sent("GET", asked, (), b"", self._settings.key))
                found = (Finding("status", "404", "an answer"),) if answers.accepted(said) else ()
                reached = broken_or_held("fuzz.use-after-delete", endpoint, found, self.findings.run)
                self.findings.keep(reached, (deleted, said))
        self.asker.phase = phase

    def _again(self, exchange: Exchange, body: bytes, key: str | None) -> Exchange | None:
        """Send a request again, with another body or key; None where no request may follow."""
        request = exchange.request
        path = request.url.removeprefix(self._settings.target.canonical_url)
        headers = tuple(pair for pair in request.headers if pair[0] == "content-type")
        self.allowance.share = 2
        try:
            return self.asker.ask(Sent(request.method, path, headers, body, key))
        except Stop:
            return None

    def _make_smaller(self) -> None:
        """Share what was kept for it among the findings, first those that only the fuzzer can have."""
        self.asker.phase, self.allowance.kept_back = "fuzz.smaller", 1
        places = sorted(self.findings.told, key=lambda place: "fuzz" not in ledger.clauses()[place[0]].tags)
        wanted = [place for place in places if self._can_be_smaller(place)]
        for position, place in enumerate(wanted):
            # What was found on the way may already be smaller.
            if broken := self.findings.told[place].smallest:
                self._make_one_smaller(place, broken, self.allowance.left // (len(wanted) - position))
        self._clean_up()

    def _can_be_smaller(self, place: Place) -> bool:
        broken = self.findings.told[place].smallest
        alone = broken is not None and len(broken.exchanges) == 1 and place[0] != KEY_REQUIRED
        return alone and bool(broken and broken.exchanges[0].request.body)

    def _make_one_smaller(self, place: Place, broken: Broken, tries: int) -> None:
        first = broken.exchanges[0]

        def breaks(body: bytes) -> bool:
            said = self._again(first, body, self._settings.key)
            if said is None or said.endpoint != first.endpoint:
                return False
            if place[0] not in SCHEMATHESIS.values():
                return any(
                    (each.clause.id, each.endpoint) == place and each.findings
                    for each in judged(said, self.findings.run)
                )
            if same := _alike(said, first):
                row = broken_or_held(place[0], place[1], broken.findings, self.findings.run)
                self.findings.keep(row, (said,))
            return same

        smaller(first.request.body, breaks, min(TRIES, tries))

    def _clean_up(self) -> None:
        phase, self.asker.phase = self.asker.phase, "fuzz.clean-up"
        try:
            self.asker.clean_up(self._settings.key)
        except Stop:
            pass
        finally:
            self.asker.phase = phase


def _reference(settings: Settings) -> httpx.BaseTransport:
    from conformance.reference import create_app
    from conformance.reference.inprocess import InProcess

    return InProcess(create_app(as_of=settings.as_of, clock=clock_of(settings)))


def _came_to(said: Exchange) -> str:
    came = f"{said.response.status}: {answers.message(said)}" if said.response else said.failure
    return f"the list of models, asked with the key, came to {came}"


def _alike(said: Exchange, first: Exchange) -> bool:
    """Tell whether two answers are of one kind: for what schemathesis judges, that is what can be told again."""
    if said.response is None or first.response is None:
        return False
    kinds = (said.response.status, said.header("content-type")), (first.response.status, first.header("content-type"))
    return kinds[0] == kinds[1]
