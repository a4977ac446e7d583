"""The fuzzer against the reference server: honest it is found nothing, and each lie that any request can show is found."""

import json
import re

import pytest

from conformance.fuzz.document import MOST_TOKENS
from conformance.fuzz.session import FuzzSession
from conformance.fuzz.writing import Asked
from conformance.reference import create_app
from conformance.reference.inprocess import InProcess
from conformance.reference.serving import running
from conformance.runner.settings import settings

IDS = re.compile(rb"\b(?:file|batch)_[0-9a-z]{20,24}")


class Fuzzed:
    """A run of the fuzzer that has ended: what was asked, and every record."""

    def __init__(self, session: FuzzSession) -> None:
        self.exchanges = []
        keep = session._keep
        session.asker._keep = lambda exchange: (self.exchanges.append(exchange), keep(exchange))[1]
        session.run()
        self.records = session.records

    @property
    def end(self):
        return self.records[-1]

    @property
    def verdicts(self):
        return [record for record in self.records if record["kind"] == "verdict"]

    def places(self, *status):
        return {(record["clause"], record["endpoint"]) for record in self.verdicts if record["status"] in status}

    @property
    def found(self):
        """What was found, without the ids that the server gave."""
        broken = [record for record in self.verdicts if record["status"] in ("fail", "warn", "error")]
        return IDS.sub(b"ID", json.dumps([[record["clause"], record["findings"]] for record in broken]).encode())

    @property
    def asked(self):
        """What was asked, with a number in the place of each id that the server gave, by its first appearance."""
        names = {}

        def numbered(found):
            return b"id-%d" % names.setdefault(found[0], len(names))

        requests = ((each.request.method, each.request.url.encode(), each.request.body) for each in self.exchanges)
        return [(method, IDS.sub(numbered, url), IDS.sub(numbered, body)) for method, url, body in requests]


def fuzzed(app, *, requests=300, seed=1, max_cost=1.0):
    asked = Asked(settings(mode="reference", max_cost=max_cost), requests, seed)
    return Fuzzed(FuzzSession(asked, None, InProcess(app)))


@pytest.fixture(scope="module")
def honest():
    return fuzzed(create_app(), requests=700)


class TestTheHonestServer:
    def test_nothing_is_found(self, honest):
        assert honest.places("fail", "warn", "error", "could-not-check") == set()
        assert honest.end["exit"] == 0

    def test_every_endpoint_is_asked(self, honest):
        asked = {exchange.endpoint for exchange in honest.exchanges}
        known = settings(mode="reference").target.endpoints
        assert asked == known - {"batches.output", "batches.errors", "unknown"}

    def test_all_four_phases_ask(self, honest):
        phases = {exchange.scenario for exchange in honest.exchanges}
        assert {"fuzz.examples", "fuzz.coverage", "fuzz.fuzzing", "fuzz.stateful", "fuzz.without-key"} <= phases

    def test_a_file_becomes_a_batch_that_is_cancelled_and_retrieved(self, honest):
        states = {
            each.json["status"]
            for each in honest.exchanges
            if each.endpoint == "batches.retrieve" and each.response.status == 200
        }
        assert "cancelled" in states

    def test_what_was_deleted_is_asked_for(self, honest):
        assert ("fuzz.use-after-delete", "files.retrieve") in honest.places("pass")

    def test_no_chat_asks_for_more_than_sixteen_tokens(self, honest):
        asked = [
            each.asked for each in honest.exchanges if each.endpoint.startswith("chat") and each.response.status == 200
        ]
        caps = [chat.get("max_completion_tokens") or chat.get("max_tokens") for chat in asked]
        assert asked
        assert max(caps) <= MOST_TOKENS

    def test_nor_does_a_line_of_a_batch(self, honest):
        lines = [
            re.search(rb'"max_completion_tokens":(\d+)', each.request.body)
            for each in honest.exchanges
            if each.endpoint == "files.create"
        ]
        assert {int(found[1]) for found in lines if found} == {MOST_TOKENS}

    def test_nothing_that_was_uploaded_is_left_behind(self):
        app = create_app()
        fuzzed(app, requests=400)
        after = Fuzzed(FuzzSession(Asked(settings(mode="reference"), 1, 1), None, InProcess(app)))
        assert after.end["spend"]["requests"] == 1
        with running(app) as url:
            import httpx

            files = httpx.get(f"{url}/files", headers={"Authorization": "Bearer sk-x-reference"}).json()
        assert files["data"] == []


class TestTheSameSeed:
    def test_makes_the_same_requests_and_finds_the_same(self, honest):
        again = fuzzed(create_app(), requests=700)
        assert again.asked == honest.asked
        assert again.found == honest.found

    def test_also_of_a_server_that_was_asked_before_and_lies(self, key):
        with running(create_app(fault=["temperature-accepted"])) as url:
            asked = Asked(settings(target=url, mode="live", max_cost=1), 400, 7)
            first, second = (Fuzzed(FuzzSession(asked, None)) for _ in range(2))
        assert first.asked == second.asked
        assert first.found == second.found != b"[]"

    def test_and_another_makes_others(self, honest):
        assert fuzzed(create_app(), requests=700, seed=2).asked != honest.asked


# A lie, the clauses that it must be found to break, and the requests that takes.
LIES = [
    ("temperature-accepted", {("fuzz.invalid-is-not-paid", "chat.completions")}),
    ("n-accepted", {("fuzz.invalid-is-not-paid", "chat.completions")}),
    ("malformed-body-500", {("fuzz.no-server-error", "chat.completions")}),
    ("unknown-file-wrong-status", {("fuzz.no-server-error", "files.retrieve")}),
    ("error-as-string", {("fuzz.refusal-envelope", "chat.completions"), ("fuzz.documented-shape", "files.delete")}),
    ("deleted-file-still-there", {("fuzz.use-after-delete", "files.content")}),
    ("batch-bad-window-accepted", {("fuzz.invalid-is-refused", "batches.create")}),
    ("bad-key-accepted", {("fuzz.key-required", "balance")}),
    ("missing-key-accepted", {("fuzz.key-required", "files.list")}),
    ("key-echoed", {("http.key-not-repeated", "chat.completions")}),
    ("usage-as-strings", {("chat.usage.prompt-tokens", "chat.completions")}),
    ("content-type-text", {("fuzz.documented-type", "models.list"), ("http.content-type", "models.list")}),
]


@pytest.mark.parametrize(("lie", "broken"), LIES, ids=[lie for lie, _ in LIES])
def test_a_lie_is_found(lie, broken):
    told = fuzzed(
        create_app(fault=[lie]),
        requests=1500 if lie in ("deleted-file-still-there", "batch-bad-window-accepted") else 600,
    )
    assert broken <= told.places("fail", "warn")


def test_the_request_that_shows_a_lie_is_small():
    told = fuzzed(create_app(fault=["temperature-accepted"]), requests=1000)
    (verdict,) = (
        record
        for record in told.verdicts
        if (record["clause"], record["endpoint"]) == ("fuzz.invalid-is-not-paid", "chat.completions")
    )
    shown = next(
        record for record in told.records if record["kind"] == "exchange" and record["id"] == verdict["exchanges"][0]
    )
    assert set(json.loads(shown["request"]["body"])) <= {"model", "messages", "temperature", "max_completion_tokens"}
