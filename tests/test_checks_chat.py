"""The checks of whole chat answers: each with an answer that holds, one that breaks, one that tells nothing."""

import pytest

from conformance.checks import checks_by_clause
from conformance.contract import ledger
from conformance.vocabulary import ABSENT

CHAT = "chat.completions"
CREATED = 1788436700
CALL = {
    "id": "get_weather:0",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
}
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
ASKED = {
    "model": "kimi-k2.6",
    "messages": [{"role": "user", "content": "hello"}],
    "max_completion_tokens": 64,
    "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}],
}
ANSWER = {
    "id": f"chatcmpl-{CREATED:08x}0123456789abcdef",
    "object": "chat.completion",
    "created": CREATED,
    "model": "kimi-k2.6",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "total_tokens": 13,
        "cached_tokens": 2,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 3},
    },
}
MESSAGE = "/choices/0/message"
CALLS = {f"{MESSAGE}/tool_calls": [CALL], "/choices/0/finish_reason": "tool_calls"}
TWICE = CALLS | {f"{MESSAGE}/tool_calls": [CALL, CALL]}
ARGUMENTS = f"{MESSAGE}/tool_calls/0/function/arguments"
NAME = f"{MESSAGE}/tool_calls/0/function/name"
CUT = {"/choices/0/finish_reason": "length"}
SPENT = "/usage/completion_tokens"
REASONING = "/usage/completion_tokens_details/reasoning_tokens"
# Clause, what holds, what breaks, and what tells nothing: each as changes of the answer above.
CASES = [
    ("chat.created-seconds", {}, {"/created": CREATED * 1000}, {"/created": "now"}),
    ("chat.created-seconds", {"/created": CREATED - 3600}, {"/created": CREATED + 86_400}, {"/created": ABSENT}),
    ("chat.created-seconds", {}, {"/created": CREATED - 9_000_000}, {"/created": []}),
    ("chat.created-seconds", {}, {"/created": -5}, {"/created": None}),
    ("chat.model-asked", {}, {"/model": "kimi-k2.5"}, {"/model": 7}),
    ("chat.choice.indices", {}, {"/choices/0/index": 1}, {"/choices/0/index": "0"}),
    ("chat.choice.indices", {}, {"/choices/0/index": 1}, {"/choices": []}),
    ("chat.usage.sum", {}, {"/usage/total_tokens": 14}, {"/usage/total_tokens": "13"}),
    ("chat.usage.sum", {}, {"/usage/prompt_tokens": 8}, {"/usage": ABSENT}),
    ("chat.usage.cached-within-prompt", {}, {"/usage/cached_tokens": 10}, {"/usage/cached_tokens": ABSENT}),
    ("chat.usage.cached-within-prompt", {"/usage/cached_tokens": 9}, {"/usage/prompt_tokens": 1}, {"/usage": []}),
    ("chat.usage.cached-agree", {}, {"/usage/cached_tokens": 1}, {"/usage/prompt_tokens_details": ABSENT}),
    ("chat.usage.cached-agree", {}, {"/usage/cached_tokens": 1}, {"/usage/cached_tokens": True}),
    ("chat.usage.reasoning-within-completion", {}, {REASONING: 5}, {REASONING: ABSENT}),
    ("chat.usage.reasoning-within-completion", {REASONING: 4}, {REASONING: 5}, {"/usage/completion_tokens": None}),
    ("chat.finish.tool-calls", {}, CALLS | {"/choices/0/finish_reason": "stop"}, {"/choices/0/finish_reason": None}),
    ("chat.finish.tool-calls", CALLS, {"/choices/0/finish_reason": "tool_calls"}, {"/choices/0/message": "hello"}),
    ("chat.finish.within-budget", {}, {"/usage/completion_tokens": 65}, {"/usage/completion_tokens": "4"}),
    ("chat.tool-call.ids-unique", CALLS, TWICE, {}),
    ("chat.tool-call.ids-unique", CALLS, TWICE, {f"{MESSAGE}/tool_calls": [7]}),
    ("chat.tool-call.arguments-json", CALLS, CALLS | {ARGUMENTS: '{"city": '}, {}),
    ("chat.tool-call.arguments-json", CALLS, CALLS | {ARGUMENTS: "[1]"}, CALLS | {ARGUMENTS: {"city": "Paris"}}),
    ("chat.tool-call.arguments-json", CALLS, CALLS | {ARGUMENTS: ""}, {f"{MESSAGE}/tool_calls": []}),
    ("chat.tool-call.known-function", CALLS, CALLS | {NAME: "get_time"}, CALLS | {NAME: ABSENT}),
    ("chat.tool-call.arguments-declared", CALLS, CALLS | {ARGUMENTS: "{}"}, {}),
    ("chat.tool-call.arguments-declared", CALLS, CALLS | {ARGUMENTS: '{"city": 7}'}, CALLS | {ARGUMENTS: "{"}),
    ("chat.finish.length-spent", CUT | {SPENT: 64}, CUT, {}),
    ("chat.finish.length-spent", CUT | {SPENT: 58}, CUT | {SPENT: 57}, CUT | {SPENT: "64"}),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": " "}, CALLS),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": "", f"{MESSAGE}/tool_calls": []}, {"/choices": []}),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": ""}, {"/choices/0/finish_reason": "length"}),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": None}, {"/choices": ABSENT}),
    ("chat.id-created", {}, {"/created": CREATED - 3600}, {"/id": "chatcmpl-xyz"}),
    ("chat.id-created", {"/created": CREATED - 59}, {"/created": CREATED + 100}, {"/id": ABSENT}),
]  # fmt: skip


@pytest.fixture
def reached(said, verdict_of, changed):
    """Judge the answer above with some changes."""

    def judge(clause, changes, asked=ASKED, **known):
        return verdict_of(clause, said(CHAT, changed(ANSWER, changes), asked=asked), **known)

    return judge


@pytest.mark.parametrize(("clause", "changes"), [(clause, holds) for clause, holds, _, _ in CASES])
def test_an_answer_that_holds_passes(reached, clause, changes):
    assert reached(clause, changes).status == "pass"


@pytest.mark.parametrize(("clause", "changes"), [(clause, breaks) for clause, _, breaks, _ in CASES])
def test_an_answer_that_breaks_a_clause_is_found(reached, clause, changes):
    verdict = reached(clause, changes)
    assert verdict.status == ("fail" if ledger.clauses()[clause].level == "MUST" else "warn")
    assert verdict.findings


@pytest.mark.parametrize(("clause", "changes"), [(clause, nothing) for clause, _, _, nothing in CASES])
def test_an_answer_that_tells_nothing_never_passes(reached, clause, changes):
    verdict = reached(clause, changes)
    assert verdict.status in ("could-not-check", "not-applicable")
    assert verdict.reason


@pytest.mark.parametrize("clause", sorted({case[0] for case in CASES}))
@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"choices": None, "usage": None}])
def test_an_answer_of_another_shape_never_passes_and_never_crashes(said, verdict_of, clause, body):
    verdict = verdict_of(clause, said(CHAT, body, asked=ASKED))
    assert verdict.status in ("could-not-check", "not-applicable"), verdict.reason


@pytest.mark.parametrize("clause", sorted({case[0] for case in CASES}))
@pytest.mark.parametrize("raw", [b"", b"{", b'{"usage": NaN}', b"\xff", b"[" * 300 + b"]" * 300])
def test_what_is_no_json_never_passes_and_never_crashes(said, verdict_of, clause, raw):
    assert verdict_of(clause, said(CHAT, raw=raw, asked=ASKED)).status == "could-not-check"


def test_every_clause_of_a_chat_answer_that_has_a_function_is_among_the_cases():
    plain = {
        clause.id
        for clause, checks in checks_by_clause().items()
        if clause.id.startswith("chat.") and any(check.name not in ("test_shape", "test_status") for check in checks)
    }
    assert plain == {case[0] for case in CASES} | {"chat.usage.counts-prompt", "chat.finish.length"}


class TestTheRequestDecides:
    def test_a_recording_without_its_request_tells_no_model(self, said, verdict_of):
        told = said(CHAT, ANSWER, file="answer.json")
        assert verdict_of("chat.model-asked", told).status == "not-applicable"

    def test_a_gateway_may_answer_with_another_name(self, reached):
        from dataclasses import replace

        from conformance import targets

        gateway = replace(targets.load("moonshot"), official=False)
        assert (
            reached("chat.model-asked", {"/model": "moonshotai/kimi-k2.6"}, target=gateway).status == "not-applicable"
        )

    def test_without_a_budget_nothing_is_over_it(self, reached):
        assert reached("chat.finish.within-budget", {}, asked={"model": "kimi-k2.6"}).status == "not-applicable"

    def test_without_tools_no_call_is_of_a_known_one(self, reached):
        assert reached("chat.tool-call.known-function", CALLS, asked={"model": "kimi-k2.6"}).status != "pass"

    @pytest.mark.parametrize("clause", sorted({case[0] for case in CASES}))
    @pytest.mark.parametrize("strange", [7, "64", [7], {"function": 7}, None, True])
    def test_a_recorded_request_of_another_shape_never_crashes(self, reached, clause, strange):
        asked = {"model": strange, "max_completion_tokens": strange, "tools": strange}
        verdict = reached(clause, CALLS | TWICE, asked=asked)
        assert verdict.status != "error", verdict.reason

    @pytest.mark.parametrize("asked", [7, [], "text", None])
    def test_a_recorded_request_that_is_no_object_tells_nothing(self, reached, asked):
        for clause in ("chat.model-asked", "chat.finish.within-budget", "chat.tool-call.known-function"):
            assert reached(clause, CALLS, asked=asked).status in ("not-applicable", "could-not-check")


class TestCutByBudget:
    def test_an_answer_that_is_cut_says_so(self, reached):
        cut = {"/choices/0/finish_reason": "length"}
        assert reached("chat.finish.length", cut).status == "pass"

    def test_one_that_says_stop_is_found(self, reached):
        verdict = reached("chat.finish.length", {})
        assert verdict.status == "fail"
        assert verdict.findings[0].where == "/choices/0/finish_reason"

    @pytest.mark.parametrize("changes", [{"/choices": []}, {"/choices/0/finish_reason": None}])
    def test_one_that_does_not_say_could_not_be_checked(self, reached, changes):
        assert reached("chat.finish.length", changes).status == "could-not-check"


class TestTwoTurns:
    @pytest.fixture
    def turns(self, said, verdict_of, changed):
        def judge(*prompts):
            told = [said(CHAT, changed(ANSWER, {"/usage/prompt_tokens": count}), asked=ASKED) for count in prompts]
            return verdict_of("chat.usage.counts-prompt", *told)

        return judge

    def test_a_prompt_that_holds_the_first_and_counts_more_passes(self, turns):
        assert turns(9, 20).status == "pass"

    @pytest.mark.parametrize("prompts", [(9, 9), (20, 9)])
    def test_one_that_does_not_count_more_fails(self, turns, prompts):
        assert turns(*prompts).status == "fail"

    @pytest.mark.parametrize("prompts", [(9,), ("9", "20"), (9, None)])
    def test_what_cannot_be_compared_could_not_be_checked(self, turns, prompts):
        assert turns(*prompts).status == "could-not-check"

    def test_a_first_turn_that_failed_is_the_reason(self, said, verdict_of):
        told = said(CHAT, {"error": {"message": "overloaded", "type": "x"}}, asked=ASKED, status=500)
        assert "500: overloaded" in verdict_of("chat.usage.counts-prompt", told).reason


def test_one_choice_that_is_right_does_not_hide_another_that_is_wrong(reached):
    second = {"index": 1, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
    both = {"/choices": [ANSWER["choices"][0], second]}
    assert reached("chat.answer.not-empty", both).findings[0].where == "/choices/1/message/content"


def test_a_usage_of_booleans_is_no_usage_of_numbers(reached):
    assert reached("chat.usage.sum", {"/usage/prompt_tokens": True}).status == "could-not-check"
