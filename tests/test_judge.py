"""``judge``: recorded evidence of any origin gets the verdicts that a run would give it, file by file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import shipped, targets
from conformance.checks import exchange_rules
from conformance.contract import ledger, schemas
from conformance.evidence import runfile
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner import file_judge, recorded
from conformance.vocabulary import Exchange, Level, Request, Response

CASSETTES = shipped.folder("cassettes") / "moonshot"
MOONSHOT = (Path(targets.__file__).parent / "moonshot.toml").read_text(encoding="utf-8")
BALANCE = {"code": 0, "data": {"available_balance": 3, "voucher_balance": 1, "cash_balance": 2}, "scode": "0x0"}
CHAT = {
    "id": "chatcmpl-69f0a1b2c3d4e5f607182930",
    "object": "chat.completion",
    "created": 1777377714,
    "model": "kimi-k2.6",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
}
CHAT_RULES = exchange_rules("chat.completions")
LINE = {"id": "r1", "custom_id": "a", "response": {"status_code": 200, "request_id": "q", "body": CHAT}, "error": None}


def har(asked, status, content, headers=()):
    method, path = asked.split()
    request = {"method": method, "url": f"https://api.moonshot.ai/v1/{path}", "headers": []}
    return {"log": {"entries": [{"request": request, "response": answer_of(status, content, headers)}]}}


def answer_of(status, content, headers):
    return {"status": status, "headers": list(headers), "content": content}


@pytest.fixture
def judged(cli, folder):
    """Judge one file; the verdicts by clause."""

    def judge(name, content, *arguments):
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        ended = cli("judge", name, "--json", *arguments)
        assert "No verdict was reached" not in ended.err
        return ended, {verdict["clause"]: verdict for verdict in ended.document["verdicts"]}

    return judge


class TestBodies:
    def test_a_conforming_answer_passes(self, judged):
        ended, told = judged("chat.json", CHAT)
        assert ended.code == 0
        assert told["chat.usage.sum"]["status"] == "pass"

    def test_the_endpoint_is_told_by_the_shape(self, judged):
        _, told = judged("balance.json", BALANCE)
        assert told["balance.sum"]["endpoint"] == "balance"

    def test_a_broken_answer_fails_by_the_clause_and_tells_where(self, judged):
        ended, told = judged("chat.json", CHAT | {"usage": CHAT["usage"] | {"total_tokens": 11}})
        assert ended.code == 1
        assert told["chat.usage.sum"]["status"] == "fail"
        assert told["chat.usage.sum"]["findings"] == [
            {"where": "/usage/total_tokens", "expected": "9 + 1 = 10", "actual": 11}
        ]

    def test_a_member_that_is_missing_fails_by_its_own_clause_alone(self, judged):
        _, told = judged("balance.json", BALANCE)
        broken = {clause for clause, verdict in told.items() if verdict["status"] == "fail"}
        assert broken == {"balance.success"}

    @pytest.mark.parametrize(
        ("batch", "clause"),
        [
            ({"request_counts": {"total": 1, "completed": 1, "failed": -1}}, "batches.counts.value"),
            ({"completed_at": "now"}, "batches.moments-type"),
        ],
    )
    def test_what_is_wrong_behind_a_reference_of_a_schema_is_a_fail_and_no_error_of_ours(self, judged, batch, clause):
        for name, body in (("batch.json", batch), ("list.json", {"object": "list", "data": [batch]})):
            endpoint = "batches.list" if name == "list.json" else "batches.retrieve"
            ended, told = judged(name, body, "--endpoint", endpoint)
            assert (ended.code, told[clause]["status"]) == (1, "fail")

    def test_what_a_clause_needs_and_the_file_does_not_tell_is_no_pass(self, judged):
        _, told = judged("chat.json", CHAT)
        for clause in ("chat.model-asked", "chat.finish.within-budget", "http.content-type", "http.request-id"):
            assert told[clause]["status"] == "not-applicable"

    def test_what_could_not_be_checked_is_shown_with_the_answer_that_was_to_be_looked_at(self, cli, folder):
        entries = har("POST chat/completions", 200, {"text": json.dumps(CHAT), "mimeType": "application/json"})
        silent = {name: value for name, value in CHAT.items() if name != "usage"}
        entries["log"]["entries"] += har("POST chat/completions", 200, {"text": json.dumps(silent)})["log"]["entries"]
        (folder / "two.har").write_text(json.dumps(entries), encoding="utf-8")
        told = {each["clause"]: each for each in cli("judge", "two.har", "--json", "--out", "out").document["verdicts"]}
        assert told["chat.usage.sum"]["status"] == "could-not-check"
        assert told["chat.usage.sum"]["findings"][0]["where"] == "entry 2 /usage/prompt_tokens"
        kept = [json.loads(line) for line in (folder / "out" / "run.ndjson").read_text(encoding="utf-8").splitlines()]
        (verdict,) = [each for each in kept if each.get("clause") == "chat.usage.sum"]
        assert verdict["exchanges"]

    def test_a_bare_body_tells_no_status_so_no_clause_of_one_passes(self, judged):
        for body in (CHAT, BALANCE | {"status": True}):
            _, told = judged("body.json", body)
            passed = {clause for clause, verdict in told.items() if verdict["status"] == "pass"}
            assert not passed & {"chat.status", "balance.status", "http.no-redirect", "http.content-type"}

    @pytest.mark.parametrize("endpoint", ["unknown", "batches.errors", "files.content"])
    def test_a_bare_body_of_which_nothing_is_promised_does_not_conform_to_anything(self, judged, endpoint):
        ended, _ = judged("body.json", {}, "--endpoint", endpoint)
        assert (ended.code, ended.document["counts"]["pass"]) == (3, 0)

    def test_an_endpoint_that_is_given_wins_over_the_shape(self, judged):
        ended, told = judged("list.json", {"object": "list", "data": []}, "--endpoint", "models.list")
        assert ended.code == 1
        assert told["models.data-type"]["status"] == "fail"

    def test_an_error_is_judged_by_its_envelope(self, judged):
        ended, told = judged("error.json", {"error": {"message": "No.", "type": "invalid_request_error"}})
        assert ended.code == 0
        assert told["errors.type-value"]["status"] == "pass"

    def test_an_envelope_of_another_api_could_not_be_checked(self, judged):
        ended, told = judged("error.json", {"error": "nope", "message": "No."})
        assert (ended.code, told["http.json"]["status"]) == (3, "could-not-check")

    def test_the_day_is_the_one_that_was_asked_for(self, judged):
        models = {"object": "list", "data": [{"id": "kimi-k2.5", "object": "model", "created": 1}]}
        assert judged("models.json", models, "--as-of", "2026-04-23")[1]["models.promised-listed"]["status"] == "fail"
        early = judged("models.json", models, "--as-of", "2026-04-19")[1]["models.promised-listed"]
        assert early["status"] == "not-applicable"

    def test_a_waiver_of_the_target_holds_for_its_files_too(self, judged, folder):
        waiver = '[[waiver]]\nclause = "chat.usage.sum"\nreason = "known"\nowner = "us"\nlink = "https://l"\n'
        (folder / "mine.toml").write_text(f"{MOONSHOT}\n{waiver}expires = 2099-01-01\n", encoding="utf-8")
        wrong = CHAT | {"usage": CHAT["usage"] | {"total_tokens": 11}}
        ended, told = judged("chat.json", wrong, "--target", "mine.toml")
        assert (ended.code, told["chat.usage.sum"]["status"]) == (0, "waived")


class TestBatches:
    def test_a_file_of_output_is_judged_line_by_line(self, judged):
        lines = [LINE, LINE | {"custom_id": "b", "response": LINE["response"] | {"status_code": "200"}}]
        ended, told = judged("output.jsonl", "\n".join(map(json.dumps, lines)))
        assert ended.code == 1
        assert told["batches.output.status-code-type"]["findings"][0]["where"] == "line 2 /response/status_code"

    def test_a_custom_id_that_stands_twice_is_found(self, judged):
        _, told = judged("output.jsonl", "\n".join(map(json.dumps, [LINE, LINE | {"custom_id": "b"}, LINE])))
        assert told["batches.output.ids-unique"]["status"] == "fail"
        assert told["batches.output.ids-unique"]["findings"][0]["where"] == "line 3 /custom_id"

    def test_a_file_of_input_is_judged_by_clauses_that_no_run_looks_at(self, judged):
        request = {"model": "kimi-k2.6", "messages": [{"role": "user", "content": "hello"}]}
        line = {"custom_id": "a", "method": "GET", "url": "/v1/chat/completions", "body": request}
        _, told = judged("input.jsonl", "\n".join(map(json.dumps, [line, line | {"custom_id": "b"}])))
        assert told["batches.input.method-value"]["status"] == "fail"
        assert told["batches.input.request"]["status"] == "pass"

    def test_every_clause_of_an_input_line_is_looked_at(self, judged):
        request = {"model": "kimi-k2.6", "messages": [{"role": "user", "content": "hello"}]}
        line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": request}
        ended, told = judged("input.jsonl", "\n".join(map(json.dumps, [line, line])))
        assert ended.code == 0
        assert {clause for clause, verdict in told.items() if verdict["status"] == "pass"} == set(
            schemas.clauses_of("batch.input.line")
        )

    def test_of_a_thousand_findings_twenty_are_kept_and_the_rest_are_counted(self, judged):
        _, told = judged("output.jsonl", "\n".join([json.dumps(LINE | {"error": 7})] * 1000))
        findings = told["batches.output.error-type"]["findings"]
        assert len(findings) == 21
        assert findings[-1] == {"where": "", "expected": "no further finding", "actual": "980 more"}


class TestFiles:
    def test_several_files_and_folders_are_judged_in_one_run(self, cli, folder):
        (folder / "below").mkdir()
        for name in ("a.json", "below/b.json", "below/c.json"):
            (folder / name).write_text(json.dumps(CHAT))
        document = cli("judge", "a.json", "below", "--json").document
        assert list(dict.fromkeys(verdict["file"] for verdict in document["verdicts"])) == [
            "a.json", "below/b.json", "below/c.json",
        ]  # fmt: skip

    def test_a_file_that_cannot_be_judged_is_not_made_good_by_one_that_can(self, cli, folder):
        (folder / "good.json").write_text(json.dumps(CHAT))
        (folder / "odd.json").write_text("{}")
        assert cli("judge", "good.json").code == 0
        assert cli("judge", "good.json", "odd.json").code == 3

    def test_the_shipped_cassettes_are_judged_without_a_fail(self, folder):
        recorded.judge([CASSETTES], targets.load("moonshot"), None, None, folder / "out")
        end = json.loads((folder / "out" / "run.ndjson").read_text().splitlines()[-1])
        assert end["counts"]["fail"] == end["counts"]["error"] == 0
        assert end["counts"]["pass"] > 500

    def test_it_says_that_who_answered_was_not_checked(self, judged):
        ended, _ = judged("chat.json", CHAT)
        assert ended.document["provenance"]["kind"] == "given"
        assert "was not checked" in ended.err.splitlines()[0]

    def test_a_har_of_an_answer_that_is_no_json_fails(self, judged):
        content = {"mimeType": "application/json", "text": '{"object": NaN}'}
        archive = har("GET models", 200, content)
        ended, told = judged("session.har", archive)
        assert (ended.code, told["http.json"]["status"]) == (1, "fail")

    @pytest.mark.parametrize("sent", ["7", "[]", "{", '{"model": 7, "tools": 7, "max_completion_tokens": "64"}'])
    def test_a_request_of_another_shape_does_not_keep_its_answer_from_being_judged(self, judged, sent):
        content = {"mimeType": "application/json", "text": json.dumps(CHAT)}
        archive = har("POST chat/completions", 200, content)
        archive["log"]["entries"][0]["request"]["postData"] = {"text": sent}
        _, told = judged("session.har", archive)
        assert told["chat.usage.sum"]["status"] == "pass"

    def test_a_check_of_ours_that_crashes_is_an_error_and_the_rest_is_judged(self, judged, monkeypatch):
        def crash(*_):
            raise ZeroDivisionError

        rules = [replace(rule, judge=crash) if rule.clause.id == "chat.usage.sum" else rule for rule in CHAT_RULES]
        monkeypatch.setattr(file_judge, "exchange_rules", lambda _: rules)
        ended, told = judged("chat.json", CHAT)
        assert ended.code == 4
        assert told["chat.usage.sum"]["status"] == "error"
        assert "ZeroDivisionError" in told["chat.usage.sum"]["reason"]
        assert told["chat.finish.tool-calls"]["status"] == "pass"

    def test_a_har_of_a_redirect_fails_by_the_clause_that_speaks_of_it(self, judged):
        headers = [{"name": "Location", "value": "https://elsewhere.invalid/"}]
        content = {"text": ""}
        archive = har("GET models", 307, content, headers)
        _, told = judged("session.har", archive)
        assert told["http.no-redirect"]["status"] in ("fail", "warn")

    def test_a_har_of_a_web_page_could_not_be_checked(self, judged):
        content = {"mimeType": "text/html", "text": "<title>Sign in</title>"}
        archive = har("GET models", 200, content)
        ended, told = judged("session.har", archive)
        assert ended.code == 3
        assert "a web page, status 200: Sign in" in told["http.json"]["reason"]

    def test_a_har_of_a_stream_without_its_type_is_judged_as_a_stream_and_no_broken_json(self, judged):
        content = {"text": "data: {}\n\ndata: [DONE]\n\n"}
        archive = har("POST chat/completions", 200, content)
        ended, told = judged("session.har", archive)
        assert (ended.code, told["http.json"]["status"]) == (1, "not-applicable")
        assert told["stream.accumulates"]["status"] == "fail"


class TestRunFiles:
    @pytest.mark.parametrize(
        ("fault", "clause"),
        [
            ("usage-sum-off", "chat.usage.sum"),
            ("balance-as-strings", "balance.cash-balance-type"),
            ("nan-in-body", "http.json"),
            ("redirect", "http.no-redirect"),
        ],
    )
    def test_a_run_file_is_judged_as_the_run_was(self, cli, key, ran, folder, fault, clause):
        with running(create_app(fault=[fault])) as url:
            select = "chat.one-word or balance or models"
            live = ran(target=f"moonshot={url}", mode="live", max_cost=1, select=select, out=folder / "live")
        assert clause in live.came_to("fail") | live.came_to("warn")
        document = cli("judge", "live/run.ndjson", "--json").document
        told = {verdict["clause"] for verdict in document["verdicts"] if verdict["status"] in ("fail", "warn")}
        assert clause in told

    def test_a_judgement_can_be_reported_again(self, cli, folder):
        (folder / "chat.json").write_text(json.dumps(CHAT))
        first = cli("judge", "chat.json", "--out", "out", "--json")
        assert cli("report", "out/run.ndjson", "--json").out == first.out


def test_every_endpoint_of_the_contract_can_be_named_and_none_makes_the_suite_fail(folder):
    (folder / "empty.json").write_text("{}")
    for endpoint in ledger.endpoints():
        recorded.judge([folder / "empty.json"], targets.load("moonshot"), endpoint, None, folder / endpoint)
        end = json.loads((folder / endpoint / "run.ndjson").read_text().splitlines()[-1])
        must = any(clause.level is Level.MUST for clause in ledger.clauses().values() if clause.endpoint == endpoint)
        assert end["exit"] in ((1, 3) if must else (0, 3)), endpoint


def test_an_error_in_place_of_batch_output_is_no_line_of_it(cli, folder):
    answer = Response(404, (), b'{"error": {"message": "not found", "type": "resource_not_found_error"}}')
    request = Request("GET", "https://api.moonshot.ai/v1/files/file_1/content")
    said = Exchange("batches.complete", "5", "batches.output", request, answer, None)
    line = {"kind": "exchange", **runfile.exchange_record(1, said)}
    (folder / "run.ndjson").write_text(json.dumps(line) + "\n")
    ended = cli("judge", folder / "run.ndjson", "--out", folder / "out", "--json")
    assert ended.code == 3
    assert {verdict["status"] for verdict in json.loads(ended.out)["verdicts"]} == {"could-not-check"}


def test_the_refusal_of_a_file_is_not_judged_as_its_content(judged):
    refusal = json.dumps({"error": {"message": "Not found the file x", "type": "resource_not_found_error"}})
    json_type = {"name": "Content-Type", "value": "application/json; charset=utf-8"}
    entry = har("GET files/x/content", 404, {"text": refusal, "mimeType": "application/json"}, [json_type])
    _, told = judged("refused.har", entry)
    assert "files.content-type" not in told
    assert told["errors.type-value"]["status"] == "pass"
