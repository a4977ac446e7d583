"""What a target does not promise is not-applicable there, with the page that says so: neither a fail nor a pass."""

import json
from datetime import date

import pytest

from conformance import targets
from conformance.contract import ledger
from conformance.evidence.runfile import read
from conformance.judge import verdict
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner import recorded
from conformance.vocabulary import Kind, Unpromised

SOURCE = "https://gateway.example/docs"
ANSWER = {
    "id": "gen-1",
    "object": "chat.completion",
    "created": 1788439534,
    "model": "moonshotai/kimi-k2.6",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "content_filter"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def unpromised(*clauses):
    return (Unpromised(frozenset(clauses), "it has a list of its own", SOURCE, date(2026, 11, 22)),)


@pytest.fixture
def judged(tmp_path):
    """Judge a body by a target, and return the verdicts by clause."""

    def judge(body: object, target: str, name: str = "answer.json"):
        content = body if isinstance(body, str) else json.dumps(body)
        (tmp_path / name).write_text(content, encoding="utf-8")
        recorded.judge([tmp_path / name], targets.load(target), None, None, tmp_path)
        return {record["clause"]: record for record in read(tmp_path / "run.ndjson") if record["kind"] == "verdict"}

    return judge


class TestInARun:
    def test_it_is_not_applicable_with_its_reason_and_its_source(self, ran):
        told = ran(
            mode="reference",
            select="models.supports-reasoning",
            target_with={"unpromised": unpromised("models.supports-reasoning")},
        )
        assert {record["status"] for record in told.verdicts} == {"not-applicable"}
        assert {record["reason"] for record in told.verdicts} == {
            f"moonshot promises otherwise: it has a list of its own ({SOURCE}, read 2026-11-22)"
        }

    def test_what_only_it_needs_is_not_asked(self, ran):
        clause = "models.supports-reasoning"
        told = ran(mode="reference", select=clause, target_with={"unpromised": unpromised(clause)})
        assert [record for record in told.records if record["kind"] == "exchange"] == []

    def test_a_run_of_nothing_else_conforms_to_nothing(self, ran):
        clause = "models.supports-reasoning"
        assert ran(mode="reference", select=clause, target_with={"unpromised": unpromised(clause)}).exit == 3

    def test_all_else_is_judged_as_before(self, ran):
        told = ran(
            mode="reference", select="models", target_with={"unpromised": unpromised("models.supports-reasoning")}
        )
        assert "models.supports-image-in" in told.came_to("pass")


class TestInAFile:
    def test_a_reason_that_a_gateway_may_give_is_no_finding_there_and_one_at_moonshots(self, judged):
        clause = "chat.choice.finish-reason-value"
        assert judged(ANSWER, "moonshot")[clause]["status"] == "fail"
        assert judged(ANSWER, "openrouter")[clause]["status"] == "not-applicable"

    @pytest.mark.parametrize("reason", ["tool_use", None, "error"])
    @pytest.mark.parametrize("target", ["openai-compatible", "aimlapi"])
    def test_a_reason_that_it_may_not_give_is_one_there_too(self, judged, target, reason):
        other = ANSWER | {"choices": [ANSWER["choices"][0] | {"finish_reason": reason}]}
        assert judged(other, target)["chat.choice.finish-reason-value"]["status"] == "fail"

    def test_a_reason_that_is_legal_everywhere_passes_there(self, judged):
        other = ANSWER | {"choices": [ANSWER["choices"][0] | {"finish_reason": "stop"}]}
        assert judged(other, "openrouter")["chat.choice.finish-reason-value"]["status"] == "pass"

    def test_a_real_defect_is_still_found(self, judged):
        wrong = ANSWER | {"usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 3}}
        assert judged(wrong, "openrouter")["chat.usage.sum"]["status"] == "fail"

    def test_nor_is_it_a_finding_of_what_the_chunks_add_up_to(self, judged):
        choice = {"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": "content_filter"}
        chunk = {**ANSWER, "object": "chat.completion.chunk", "choices": [choice]}
        told = judged(
            f": OPENROUTER PROCESSING\n\ndata: {json.dumps(chunk)}\n\ndata: [DONE]\n\n", "openrouter", "a.sse"
        )
        assert [clause for clause, record in told.items() if record["status"] in ("fail", "warn")] == []
        assert told["stream.accumulates"]["status"] == "pass"

    def test_a_list_of_a_gateway_need_not_hold_the_model_that_nobody_asked_for(self, judged):
        models = {"object": "list", "data": [{"id": "x", "object": "model", "created": 1, "owned_by": "y"}]}
        assert judged(models, "openai-compatible")["models.asked-listed"]["status"] == "not-applicable"
        assert judged(models, "moonshot")["models.asked-listed"]["status"] == "fail"

    def test_the_moment_0_of_a_recording_could_not_be_checked(self, judged):
        assert judged(ANSWER | {"created": 0}, "openrouter")["chat.created-seconds"]["status"] == "could-not-check"


class TestWhatOnlyTrafficShows:
    @pytest.mark.parametrize("clause", [each for each in ledger.clauses().values() if each.kind is Kind.OBSERVED][:5])
    def test_it_speaks_of_the_vendors_own_hosts_alone(self, clause):
        assert verdict.not_promised(clause, targets.load("moonshot")) is None
        assert "only traffic of the vendor's own hosts" in verdict.not_promised(clause, targets.load("openrouter"))


class TestAGatewayOnTheWire:
    def test_an_honest_one_conforms_by_the_generic_profile(self, ran, monkeypatch):
        monkeypatch.setenv("GATEWAY_API_KEY", "sk-tests-of-the-suite-0123456789")
        with running(create_app()) as url:
            told = ran(target=f"openai-compatible={url}", mode="live", max_cost=1)
        assert (told.exit, told.came_to("fail"), told.came_to("warn")) == (0, set(), set())

    def test_one_that_changes_ids_inside_a_stream_does_not(self, ran, monkeypatch):
        monkeypatch.setenv("GATEWAY_API_KEY", "sk-tests-of-the-suite-0123456789")
        with running(create_app(fault=["stream-id-changes"])) as url:
            told = ran(target=f"openai-compatible={url}", mode="live", max_cost=1, select="stream")
        assert "stream.id.constant" in told.came_to("fail")
