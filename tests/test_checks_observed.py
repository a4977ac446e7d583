"""What only real traffic shows: seen where it is so, a warning where it is not, and asked of nobody but the vendor."""

import json

import pytest

from conformance import targets
from conformance.contract import ledger
from conformance.judge import customs
from conformance.vocabulary import Kind, Level, Status

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1788439534, "model": "kimi-k3"}
MARK = {"system_fingerprint": "fpv0_5de57c9a"}
HEADERS = (("content-type", "application/json; charset=utf-8"), ("msh-trace-mode", "on"))


def chunk(delta, finish_reason=None, **more):
    return HEAD | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]} | MARK | more


ROLE, END = chunk({"role": "assistant", "content": ""}), chunk({}, "stop")
THOUGHT = [chunk({"reasoning_content": "Hm"}), chunk({"reasoning_content": ""})]
USAGE = HEAD | {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
STREAM = [ROLE, *THOUGHT, chunk({"content": "Hi"}), END, USAGE]


def read(*chunks):
    return customs.read("".join(f"data: {json.dumps(each)}\n\n" for each in [*chunks, "[DONE]"]).encode())


def answer(**more):
    message = {"role": "assistant", "content": "Hello."} | more.pop("message", {})
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10} | more.pop("usage", {})
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage} | more


def call(name, told):
    function = {"name": name, "arguments": "{}"}
    return {"tool_calls": [{"index": 0, "id": told, "type": "function", "function": function}]}


class TestCustomsOfStreams:
    def test_a_stream_as_the_vendor_tells_it_keeps_them_all(self):
        told = read(*STREAM)
        assert told.findings == {}
        assert told.looked_at == {
            "stream.fingerprint-told", "stream.first-empty", "stream.finish-empty", "stream.reasoning-ends",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("clause", "chunks", "event"),
        [
            ("stream.fingerprint-told", [ROLE, HEAD | {"choices": END["choices"]}], 2),
            ("stream.fingerprint-told", [ROLE, END, USAGE | MARK], 3),
            ("stream.first-empty", [chunk({"role": "assistant"}), END], 1),
            ("stream.first-empty", [chunk({"role": "assistant", "content": "Hi"}), END], 1),
            ("stream.finish-empty", [ROLE, chunk({"content": ""}, "stop")], 2),
            ("stream.reasoning-ends", [ROLE, THOUGHT[0], chunk({"content": "Hi"}), END], 3),
        ],
    )
    def test_each_is_told_with_the_event_where_it_is_broken(self, clause, chunks, event):
        told = read(*chunks)
        assert list(told.findings) == [clause]
        assert told.findings[clause][0].where.startswith(f"event {event} (byte ")

    def test_reasoning_that_no_answer_follows_may_end_anywhere(self):
        assert "stream.reasoning-ends" not in read(ROLE, THOUGHT[0], chunk({}, "length")).looked_at

    @pytest.mark.parametrize("body", [b"", b"data: {\n\n", b"x", b'data: {"choices":[1,{"delta":7}]}\n\n', b"\xff\xfe"])
    def test_what_is_no_chunk_is_left_to_the_grammar(self, body):
        assert set(customs.read(body).findings) <= {"stream.fingerprint-told"}


class TestAnswers:
    @pytest.mark.parametrize("told", ["get_weather_0", "get_weather:12", "functions.get_weather:0"])
    def test_an_id_may_name_its_function_in_each_way_that_was_seen(self, said, verdict_of, told):
        exchange = said("chat.completions", answer(message=call("get_weather", told)))
        assert verdict_of("chat.tool-call.id-names", exchange).status is Status.PASS

    @pytest.mark.parametrize("told", ["call_8a1f", "get_weather", "other_0", "xget_weather_0", ""])
    def test_an_id_that_does_not_name_it_is_a_warning(self, said, verdict_of, told):
        exchange = said("chat.completions", answer(message=call("get_weather", told)))
        assert verdict_of("chat.tool-call.id-names", exchange).status is Status.WARN

    @pytest.mark.parametrize(
        ("usage", "status"),
        [
            ({}, Status.NOT_APPLICABLE),
            ({"cached_tokens": 3, "prompt_tokens_details": {"cached_tokens": 3}}, Status.PASS),
            ({"cached_tokens": 3}, Status.WARN),
            ({"prompt_tokens_details": {"cached_tokens": 3}}, Status.WARN),
        ],
    )
    def test_cached_tokens_are_told_in_two_places_or_none(self, said, verdict_of, usage, status):
        exchange = said("chat.completions", answer(usage=usage))
        assert verdict_of("chat.usage.cached-twice", exchange).status is status

    def test_the_header_tells_the_cached_tokens(self, said, verdict_of):
        cached = answer(usage={"cached_tokens": 3})
        told = (("Msh-Context-Cache-Token-Saved", "3"),)
        assert verdict_of("http.cached-told", said("chat.completions", cached, headers=told)).status is Status.PASS
        assert verdict_of("http.cached-told", said("chat.completions", cached)).status is Status.WARN


class TestHeadersAndErrors:
    @pytest.mark.parametrize("more", [{"code": "x"}, {"param": None}, {"request_id": "1"}])
    def test_an_error_with_another_member_is_a_warning(self, said, verdict_of, more):
        body = {"error": {"message": "no", "type": "invalid_request_error"} | more}
        assert verdict_of("errors.two-members", said("models.list", body, status=400)).status is Status.WARN

    def test_an_answer_that_is_no_refusal_is_not_looked_at(self, said, verdict_of):
        assert verdict_of("errors.two-members", said("models.list", {"data": []})).status is Status.NOT_APPLICABLE

    def test_a_charset_is_the_same_however_it_is_spelt(self, said, verdict_of):
        spelt = (("Content-Type", "application/json;charset=UTF-8"),)
        assert verdict_of("http.charset", said("models.list", {}, headers=spelt)).status is Status.PASS
        assert verdict_of("http.charset", said("models.list", {})).status is Status.WARN

    def test_a_rate_limit_that_is_told_is_a_warning(self, said, verdict_of):
        assert verdict_of("http.no-rate-limit", said("models.list", {}, headers=HEADERS)).status is Status.PASS
        told = (*HEADERS, ("x-ratelimit-remaining", "2"))
        assert verdict_of("http.no-rate-limit", said("models.list", {}, headers=told)).status is Status.WARN


class TestModels:
    def listed(self, said, *models):
        return said(
            "models.list", {"object": "list", "data": [{"id": str(index)} | each for index, each in enumerate(models)]}
        )

    def test_one_model_alone_has_no_time_to_share(self, said, verdict_of):
        exchange = self.listed(said, {"created": 5})
        assert verdict_of("models.created-same", exchange).status is Status.NOT_APPLICABLE

    def test_each_that_was_created_at_another_time_is_named(self, said, verdict_of):
        told = verdict_of("models.created-same", self.listed(said, {"created": 5}, {"created": 6}, {"created": 5}))
        assert [(finding.where, finding.actual) for finding in told.findings] == [("/data/1/created", 6)]


def test_what_is_observed_is_a_may_in_its_own_file_and_asked_of_no_gateway():
    ours = [clause for clause in ledger.clauses().values() if clause.id in {"chat.no-fingerprint", "http.charset"}]
    assert {(clause.level, clause.kind) for clause in ours} == {(Level.MAY, Kind.OBSERVED)}


def test_a_gateway_is_not_asked_for_the_vendors_customs(said, verdict_of):
    gateway = targets.load("openrouter")
    exchange = said("chat.completions", answer(system_fingerprint=None))
    assert verdict_of("chat.no-fingerprint", exchange, target=gateway).status is Status.NOT_APPLICABLE
