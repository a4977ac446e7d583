"""The fuzzer against the reference server: nothing is found while it is honest, and each lie that shows is found."""

import importlib
import json
import re

import httpx
import pytest

from conformance.contract import ledger
from conformance.fuzz.asking import Sent
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

    def test_what_was_made_is_asked_for_where_chance_did_not(self):
        told = fuzzed(create_app(), requests=500, seed=3)
        assert ("fuzz.no-server-error", "files.retrieve") in told.places("pass")
        assert told.end["exit"] == 0

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
            files = httpx.get(f"{url}/files", headers={"Authorization": "Bearer sk-x-reference"}).json()
        assert files["data"] == []


class TestTheSameSeed:
    def test_makes_the_same_requests_and_finds_the_same(self, honest):
        again = fuzzed(create_app(), requests=700)
        assert again.asked == honest.asked
        assert again.found == honest.found

    def test_also_of_a_server_that_was_asked_before_and_lies(self, key):
        with running(create_app(fault=["malformed-body-500"])) as url:
            asked = Asked(settings(target=url, mode="live", max_cost=1), 400, 7)
            first, second = (Fuzzed(FuzzSession(asked, None)) for _ in range(2))
        assert first.asked == second.asked
        assert first.found == second.found != b"[]"

    def test_whatever_source_is_loaded(self, honest, tmp_path, monkeypatch):
        source = "".join(f"NUMBER_{each} = {each * 7919}\nTEXT_{each} = 'word-{each}'\n" for each in range(200))
        (folder := tmp_path.parent / "loaded-source").mkdir()
        (folder / "full_of_constants.py").write_text(source)
        monkeypatch.syspath_prepend(folder)
        importlib.import_module("full_of_constants")
        assert fuzzed(create_app(), requests=700).asked == honest.asked

    def test_and_another_makes_others(self, honest):
        assert fuzzed(create_app(), requests=700, seed=2).asked != honest.asked


LIES = {
    "accepts-wrong-temperature": {("fuzz.invalid-is-not-paid", "chat.completions")},
    "n-accepted": {("fuzz.invalid-is-not-paid", "chat.completions")},
    "malformed-body-500": {("fuzz.no-server-error", "chat.completions")},
    "unknown-file-wrong-status": {("fuzz.no-server-error", "files.retrieve")},
    "error-as-string": {("fuzz.refusal-envelope", "chat.completions"), ("fuzz.documented-shape", "files.delete")},
    "deleted-file-still-there": {("fuzz.use-after-delete", "files.retrieve")},
    "bad-key-accepted": {("fuzz.key-required", "balance")},
    "missing-key-accepted": {("fuzz.key-required", "files.list")},
    "key-echoed": {("http.key-not-repeated", "chat.completions")},
    "usage-as-strings": {("chat.usage.prompt-tokens-type", "chat.completions")},
    "content-type-text": {("fuzz.documented-type", "models.list"), ("http.content-type", "models.list")},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(lie):
    assert LIES[lie] <= fuzzed(create_app(fault=[lie]), requests=350).places("fail", "warn")


class Changed(httpx.BaseTransport):
    """The reference server behind something that changes its answers."""

    def __init__(self, change):
        self._honest, self._change = InProcess(create_app()), change

    def handle_request(self, request):
        answer = self._honest.handle_request(request)
        asked = request.content if request.method == "POST" else b""
        return self._change(request, asked, answer) or answer

    def close(self):
        self._honest.close()


def cut_off(request, asked, answer):
    if answer.status_code == 404:
        raise httpx.ReadError("cut off")


def teapot(request, asked, answer):
    if answer.status_code == 404:
        return httpx.Response(418, headers=answer.headers, content=answer.content)
    return None


def traced(request, asked, answer):
    if answer.status_code == 400:
        trace = 'Traceback (most recent call last):\n  File "/srv/app.py", line 7, in chat'
        return httpx.Response(400, json={"error": {"message": trace, "type": "invalid_request_error"}})
    return None


def unnamed(request, asked, answer):
    if answer.status_code == 400:
        return httpx.Response(400, json={"error": {"message": "Invalid request", "type": "invalid_request_error"}})
    return None


def estimated(request, asked, answer):
    if request.url.path.endswith("estimate-token-count") and answer.status_code == 400:
        return httpx.Response(200, json={"code": 0, "data": {"total_tokens": 1}, "scode": "0x0", "status": True})
    return None


def empty_stream(request, asked, answer):
    if b'"stream":true' in asked.replace(b" ", b"") and answer.status_code == 400:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=b"data: [DONE]\n\n")
    return None


def forgetful(request, asked, answer):
    if request.method == "GET" and "/batches/batch_" in request.url.path:
        return httpx.Response(404, json={"error": {"message": "Not found", "type": "resource_not_found_error"}})
    return None


BROKEN = {
    cut_off: ("fuzz.answered", "files.retrieve"),
    teapot: ("fuzz.documented-status", "files.retrieve"),
    traced: ("fuzz.no-stack-trace", "chat.completions"),
    unnamed: ("fuzz.refusal-names-parameter", "tokens.estimate"),
    estimated: ("fuzz.invalid-is-refused", "tokens.estimate"),
    empty_stream: ("fuzz.invalid-stream-is-error", "chat.stream"),
    forgetful: ("fuzz.created-is-there", "batches.retrieve"),
}


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: change.__name__)
def test_a_server_that_breaks_in_another_way_is_found(change):
    asked = Asked(settings(mode="reference", max_cost=1), 400, 1)
    assert BROKEN[change] in Fuzzed(FuzzSession(asked, None, Changed(change))).places("fail", "warn")


def test_each_clause_of_the_fuzzer_is_broken_by_one_of_these():
    told = {clause for places in LIES.values() for clause, _ in places} | {clause for clause, _ in BROKEN.values()}
    assert {name for name, clause in ledger.clauses().items() if "fuzz" in clause.tags} - told == set()


class TestLimits:
    @pytest.mark.parametrize("limit", [1, 2, 37, 120])
    def test_no_more_requests_go_out_than_are_allowed(self, limit):
        arrived = []
        change = Changed(lambda request, asked, answer: arrived.append(request))
        told = Fuzzed(FuzzSession(Asked(settings(mode="reference", max_cost=1), limit, 1), None, change))
        assert len(arrived) <= limit
        assert told.end["spend"]["requests"] == len(arrived)

    def test_what_a_request_made_at_the_second_attempt_is_taken_away_within_the_limit(self):
        arrived = []

        def change(request, asked, answer):
            creates = (request.method, request.url.path[-6:]) == ("POST", "/files")
            if creates and ("POST", "/files", 429) not in arrived:
                answer = httpx.Response(429, headers={"retry-after": "0"})
            arrived.append((request.method, request.url.path[-6:], answer.status_code))
            return answer

        transport = Changed(change)
        session = FuzzSession(Asked(settings(mode="reference"), 3, 1), None, transport)
        form = b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        form += b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n{}\r\n--x--\r\n'
        session.allowance.share = 3
        session.asker.ask(
            Sent("POST", "/files", (("content-type", "multipart/form-data; boundary=x"),), form, "sk-x-reference")
        )
        session.asker.clean_up("sk-x-reference")
        transport.close()
        assert [each[0] for each in arrived] == ["POST", "POST", "DELETE"]

    def test_what_was_not_asked_could_not_be_checked(self):
        told = fuzzed(create_app(), requests=1)
        assert told.end["exit"] == 3
        assert ("fuzz.no-server-error", "chat.completions") in told.places("could-not-check")

    def test_nothing_that_is_paid_is_asked_without_money(self):
        told = fuzzed(create_app(), requests=200, max_cost=0.0)
        assert told.end["spend"]["paid_requests"] == 0
        assert not {"chat.completions", "batches.create"} & {exchange.endpoint for exchange in told.exchanges}

    def test_a_key_that_is_refused_is_known_after_one_request(self):
        told = fuzzed(create_app(fault=["everything-401"]), requests=200)
        assert (told.end["exit"], told.end["spend"]["requests"]) == (3, 1)
        assert told.places("pass", "fail") <= {(record["clause"], "models.list") for record in told.verdicts}


def refusing(status, *, first=0):
    """A service that answers nothing but the list of models; the ``first`` requests it answers all."""
    counted = []

    def change(request, asked, answer):
        counted.append(request)
        if len(counted) <= first or (first == 0 and request.url.path.endswith("/models")):
            return None
        return httpx.Response(status, json={"error": {"message": "no", "type": "invalid_request_error"}})

    return Changed(change)


def ended(transport, requests=300):
    return Fuzzed(FuzzSession(Asked(settings(mode="reference", max_cost=1), requests, 1), None, transport))


class TestWhatSaysNothing:
    @pytest.mark.parametrize("status", [400, 401, 404, 429, 503])
    def test_a_service_that_refuses_everything_could_not_be_checked(self, status):
        told = ended(refusing(status))
        assert told.end["exit"] == 3
        assert {("fuzz.no-server-error", "chat.completions"), ("fuzz.no-server-error", "files.create")} <= told.places(
            "could-not-check"
        )

    @pytest.mark.parametrize("status", [401, 429])
    def test_nor_could_one_that_does_so_from_the_middle_on(self, status):
        told = ended(refusing(status, first=400), 700)
        (record,) = (
            record
            for record in told.verdicts
            if (record["clause"], record["endpoint"]) == ("fuzz.no-server-error", "chat.completions")
        )
        assert told.end["exit"] == 3
        assert f"in the end the list of models, asked with the key, came to {status}" in record["reason"]

    def test_nor_could_the_key_where_it_is_refused_for_another_reason(self):
        def teapot_for_strangers(request, asked, answer):
            return httpx.Response(418, json={"error": "busy"}) if answer.status_code == 401 else None

        told = ended(Changed(teapot_for_strangers))
        assert "fuzz.key-required" not in {clause for clause, _ in told.places("pass", "fail")}

    def test_nor_one_whose_connection_breaks_now_and_then(self):
        counted = []

        def change(request, asked, answer):
            counted.append(request)
            if len(counted) % 7 == 0:
                raise httpx.ReadError("cut off")

        told = ended(Changed(change), 700)
        assert told.end["exit"] == 3
        assert ("fuzz.no-server-error", "chat.completions") in told.places("could-not-check")

    def test_a_run_that_a_person_ends_asks_nothing_more_and_takes_away_what_it_left(self):
        arrived = []

        def change(request, asked, answer):
            arrived.append((request.method, answer.status_code, answer.content))
            if len(arrived) == 200:
                raise KeyboardInterrupt

        told = ended(Changed(change), 700)
        made = {json.loads(body)["id"] for method, status, body in arrived if body.startswith(b'{"id":"file_')}
        assert told.end["exit"] == 3
        assert all(method in ("DELETE", "POST") for method, _, _ in arrived[200:])
        assert len(arrived) < 210
        assert told.end["spend"]["requests"] == len(arrived) - 1
        assert made


def test_the_request_that_shows_a_lie_is_small():
    told = fuzzed(create_app(fault=["accepts-wrong-temperature"]), requests=350)
    (verdict,) = (
        record
        for record in told.verdicts
        if (record["clause"], record["endpoint"]) == ("fuzz.invalid-is-not-paid", "chat.completions")
    )
    shown = next(
        record for record in told.records if record["kind"] == "exchange" and record["id"] == verdict["exchanges"][0]
    )
    assert set(json.loads(shown["request"]["body"])) <= {"model", "messages", "temperature", "max_completion_tokens"}
