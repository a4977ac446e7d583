"""The checks of whole chat answers: each with an answer that holds, one that breaks, one that tells nothing."""

import json
from dataclasses import replace

import pytest

from conformance import targets
from conformance.checks import checks_by_clause
from conformance.contract import ledger
from conformance.scenarios.stream import PREFIX
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
CONTENT = f"{MESSAGE}/content"
CALLS = {f"{MESSAGE}/tool_calls": [CALL], "/choices/0/finish_reason": "tool_calls"}
TWICE = CALLS | {f"{MESSAGE}/tool_calls": [CALL, CALL]}
ARGUMENTS = f"{MESSAGE}/tool_calls/0/function/arguments"
ID = f"{MESSAGE}/tool_calls/0/id"
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
    ("chat.choice.count", {}, {"/choices": ANSWER["choices"] * 2}, {"/choices": []}),
    ("chat.choice.count", CUT, {"/choices": ANSWER["choices"] * 3}, {"/choices": [7]}),
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
    ("chat.finish.tool-calls", CALLS | CUT, CALLS | {"/choices/0/finish_reason": "x"}, {f"{MESSAGE}/tool_calls": {}}),
    ("chat.finish.within-budget", {}, {"/usage/completion_tokens": 65}, {"/usage/completion_tokens": "4"}),
    ("chat.tool-call.ids-unique", CALLS, TWICE, {}),
    ("chat.tool-call.ids-unique", CALLS, TWICE, {f"{MESSAGE}/tool_calls": [7]}),
    ("chat.tool-call.arguments-json", CALLS, CALLS | {ARGUMENTS: '{"city": '}, {}),
    ("chat.tool-call.arguments-json", CALLS, CALLS | {ARGUMENTS: "[1]"}, CALLS | {ARGUMENTS: {"city": "Paris"}}),
    ("chat.tool-call.arguments-json", CALLS, CALLS | {ARGUMENTS: ""}, {f"{MESSAGE}/tool_calls": []}),
    ("chat.tool-call.arguments-json", CALLS | CUT, CALLS | CUT | {ARGUMENTS: "7"}, CALLS | CUT | {ARGUMENTS: '{"c'}),
    ("chat.tool-call.known-function", CALLS, CALLS | {NAME: "get_time"}, CALLS | {NAME: ABSENT}),
    ("chat.tool-call.arguments-declared", CALLS, CALLS | {ARGUMENTS: "{}"}, {}),
    ("chat.tool-call.arguments-declared", CALLS, CALLS | {ARGUMENTS: '{"city": 7}'}, CALLS | {ARGUMENTS: "{"}),
    ("chat.finish.length-spent", CUT | {SPENT: 64}, CUT, {}),
    ("chat.finish.length-spent", CUT | {SPENT: 58}, CUT | {SPENT: 57}, CUT | {SPENT: "64"}),
    ("chat.answer.no-marks", {}, {CONTENT: "<think>So.</think>Hi"}, {CONTENT: ""}),
    ("chat.answer.no-marks", {CONTENT: "I think <b>so</b>"}, {CONTENT: "Hi<|im_end|>"}, {CONTENT: None}),
    ("chat.answer.whole-characters", {}, {CONTENT: "caf\ufffd"}, {CONTENT: ""}),
    ("chat.answer.whole-characters", {CONTENT: "一二"}, {CONTENT: "\ufffd\ufffd二"}, {CONTENT: None}),
    ("chat.answer.whole-characters", {}, {f"{MESSAGE}/reasoning_content": "So\ufffd"}, {f"{MESSAGE}/tool_calls": 7}),
    ("chat.answer.whole-characters", CALLS, CALLS | {ARGUMENTS: '{"city": "K\ufffdln"}'}, {"/choices": []}),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": " "}, CALLS),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": "", f"{MESSAGE}/tool_calls": []}, {"/choices": []}),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": ""}, {"/choices/0/finish_reason": "length"}),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": None}, {"/choices": ABSENT}),
    ("chat.answer.not-empty", {}, {f"{MESSAGE}/content": ABSENT}, {f"{MESSAGE}/content": 7}),
    ("chat.id-created", {}, {"/created": CREATED - 3600}, {"/id": "chatcmpl-xyz"}),
    ("chat.id-created", {"/created": CREATED - 59}, {"/created": CREATED + 100}, {"/id": ABSENT}),
    ("chat.no-fingerprint", {}, {"/system_fingerprint": "fpv0_5de57c9a"}, {"/choices": None}),
    ("chat.tool-call.id-names", CALLS | {ID: "get_weather_0"}, CALLS | {ID: "call_8a1f"}, CALLS | {ID: 7}),
    ("chat.usage.cached-not-zero", {}, {"/usage/cached_tokens": 0}, {"/usage/cached_tokens": ABSENT}),
    ("chat.usage.cached-twice", {}, {"/usage/cached_tokens": ABSENT}, {"/usage": []}),
    ("chat.usage.cached-twice", {}, {"/usage/prompt_tokens_details": None}, {"/usage": ABSENT}),
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


TOGETHER = {
    "chat.usage.counts-prompt",
    "chat.finish.length",
    "chat.partial",
    "chat.vision-counted",
    "chat.system-counted",
    "chat.cached",
    "chat.id-unique",
}


def test_every_clause_of_a_chat_answer_that_has_a_function_is_among_the_cases():
    plain = {
        clause.id
        for clause, checks in checks_by_clause().items()
        if clause.id.startswith("chat.") and any(check.name not in ("test_shape", "test_status") for check in checks)
    }
    assert plain == {case[0] for case in CASES} | TOGETHER


class TestTheRequestDecides:
    def test_a_recording_without_its_request_tells_no_model(self, said, verdict_of):
        told = said(CHAT, ANSWER, file="answer.json")
        assert verdict_of("chat.model-asked", told).status == "not-applicable"

    def test_a_gateway_may_answer_with_another_name(self, reached):
        gateway = replace(targets.load("moonshot"), official=False)
        assert (
            reached("chat.model-asked", {"/model": "moonshotai/kimi-k2.6"}, target=gateway).status == "not-applicable"
        )

    def test_without_a_budget_nothing_is_over_it(self, reached):
        assert reached("chat.finish.within-budget", {}, asked={"model": "kimi-k2.6"}).status == "not-applicable"

    @pytest.mark.parametrize(("n", "status"), [(1, "fail"), (2, "pass"), (2.0, "pass"), (None, "fail"), (3, "fail")])
    def test_as_many_choices_as_were_asked_for_are_counted(self, reached, n, status):
        two = {"/choices": ANSWER["choices"] * 2}
        assert reached("chat.choice.count", two, asked={"n": n}).status == status

    @pytest.mark.parametrize("n", ["2", [2], True, 1.5])
    def test_an_n_that_is_no_count_tells_no_number_of_choices(self, reached, n):
        assert reached("chat.choice.count", {}, asked={"n": n}).status == "could-not-check"

    @pytest.mark.parametrize(
        "clause", ["chat.choice.count", "chat.finish.within-budget", "chat.tool-call.known-function"]
    )
    def test_a_recording_without_its_request_tells_nothing_of_it(self, said, verdict_of, changed, clause):
        told = said(CHAT, changed(ANSWER, CALLS), file="answer.json")
        assert verdict_of(clause, told).status == "not-applicable"

    def test_the_budget_is_for_each_choice(self, reached):
        two = {"/choices": ANSWER["choices"] * 2, SPENT: 128}
        assert reached("chat.finish.within-budget", two).status == "pass"
        assert reached("chat.finish.within-budget", two | {SPENT: 129}).status == "fail"

    def test_a_tool_that_a_message_brings_along_is_known(self, reached):
        asked = {"messages": [7, {"role": "system", "tools": ASKED["tools"]}]}
        for clause in ("chat.tool-call.known-function", "chat.tool-call.arguments-declared"):
            assert reached(clause, CALLS, asked=asked).status == "pass"
        assert reached("chat.tool-call.known-function", CALLS | {NAME: "get_time"}, asked=asked).status == "fail"

    def test_a_function_without_parameters_does_not_hide_another_that_has_some(self, reached, changed):
        free = {"type": "function", "function": {"name": "get_time"}}
        asked = ASKED | {"tools": [free, *ASKED["tools"]]}
        calls = [changed(CALL, {"/function/name": "get_time"}), changed(CALL, {"/function/arguments": "{}"})]
        told = CALLS | {f"{MESSAGE}/tool_calls": calls}
        assert reached("chat.tool-call.arguments-declared", told, asked=asked).status == "warn"

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


class TestTheTurnsOfAConversation:
    @pytest.fixture
    def turns(self, said, verdict_of, changed):
        """Judge answers, each as changes of the answer above; the last is to a prompt that holds the one before."""

        def judge(clause, *answers, longer=1):
            asks = [ASKED] * (len(answers) - 1) + [ASKED | {"messages": ASKED["messages"] * (1 + longer)}]
            told = [said(CHAT, changed(ANSWER, each), asked=ask) for each, ask in zip(answers, asks, strict=True)]
            return verdict_of(clause, *told)

        return judge

    @staticmethod
    def prompts(*counts):
        return [{"/usage/prompt_tokens": count} for count in counts]

    def test_answers_with_ids_of_their_own_pass(self, turns):
        assert turns("chat.id-unique", {"/id": "a"}, {"/id": "b"}).status == "pass"

    def test_answers_that_share_an_id_warn(self, turns):
        assert turns("chat.id-unique", {"/id": "a"}, {"/id": "b"}, {"/id": "a"}).status == "warn"

    @pytest.mark.parametrize("answers", [[{"/id": "a"}], [{"/id": "a"}, {"/id": 7}], [{"/id": ABSENT}, {}]])
    def test_fewer_than_two_ids_could_not_be_compared(self, turns, answers):
        assert turns("chat.id-unique", *answers).status == "could-not-check"

    def test_a_prompt_that_holds_the_first_and_counts_more_passes(self, turns):
        assert turns("chat.usage.counts-prompt", *self.prompts(9, 9, 20)).status == "pass"

    @pytest.mark.parametrize("counts", [(9, 9), (20, 9), (9, 30, 9)])
    def test_one_that_does_not_count_more_fails(self, turns, counts):
        assert turns("chat.usage.counts-prompt", *self.prompts(*counts)).status == "fail"

    @pytest.mark.parametrize("counts", [(9,), ("9", "20"), (9, None), (True, 20)])
    def test_what_cannot_be_compared_could_not_be_checked(self, turns, counts):
        assert turns("chat.usage.counts-prompt", *self.prompts(*counts)).status == "could-not-check"

    @pytest.mark.parametrize("longer", [0, -1])
    def test_a_prompt_that_is_no_longer_is_not_compared(self, turns, longer):
        verdict = turns("chat.usage.counts-prompt", *self.prompts(9, 20), longer=longer)
        assert verdict.status == "could-not-check"

    @pytest.mark.parametrize("clause", ["chat.usage.counts-prompt", "chat.cached"])
    def test_a_turn_that_failed_is_the_reason(self, said, verdict_of, clause):
        failed = said(CHAT, {"error": {"message": "overloaded", "type": "x"}}, asked=ASKED, status=500)
        for told in ([failed], [said(CHAT, ANSWER, asked=ASKED), failed]):
            assert "500: overloaded" in verdict_of(clause, *told).reason

    @pytest.mark.parametrize("tokens", [(2, 2), (0, 1), (ABSENT, None, 7)])
    def test_a_repetition_that_is_read_from_the_cache_passes(self, turns, tokens):
        assert turns("chat.cached", *[{"/usage/cached_tokens": count} for count in tokens]).status == "pass"

    @pytest.mark.parametrize("tokens", [(9, 0), (9, ABSENT, None)])
    def test_one_that_never_is_warns_whatever_the_first_turn_told(self, turns, tokens):
        assert turns("chat.cached", *[{"/usage/cached_tokens": count} for count in tokens]).status == "warn"

    @pytest.mark.parametrize("tokens", [(2,), (0, "2"), (0, -2), (0, True), (0, [2])])
    def test_a_single_turn_or_no_count_could_not_be_checked(self, turns, tokens):
        assert turns("chat.cached", *[{"/usage/cached_tokens": count} for count in tokens]).status == "could-not-check"


class TestPartial:
    @pytest.mark.parametrize("content", ["四五", " 四", "and 一二三", "二"])
    def test_what_comes_after_the_beginning_passes(self, reached, content):
        assert reached("chat.partial", {f"{MESSAGE}/content": content}).status == "pass"

    @pytest.mark.parametrize("content", [PREFIX, f" {PREFIX} 四", '"一，二，三，四"', "一 二\n三四"])
    def test_the_beginning_again_is_found_however_it_is_set(self, reached, content):
        assert reached("chat.partial", {f"{MESSAGE}/content": content}).status == "warn"

    @pytest.mark.parametrize("content", ["", " \n", None, ABSENT, 7])
    def test_no_text_could_not_be_checked(self, reached, content):
        assert reached("chat.partial", {f"{MESSAGE}/content": content}).status == "could-not-check"


def test_one_choice_that_is_right_does_not_hide_another_that_is_wrong(reached):
    second = {"index": 1, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}
    both = {"/choices": [ANSWER["choices"][0], second]}
    assert reached("chat.answer.not-empty", both).findings[0].where == "/choices/1/message/content"


def test_a_broken_character_that_was_asked_for_is_not_blamed_on_the_answer(reached):
    asked = ASKED | {"messages": [{"role": "user", "content": "Repeat: \ufffd"}]}
    assert reached("chat.answer.whole-characters", {CONTENT: "\ufffd"}, asked=asked).status == "not-applicable"


@pytest.mark.parametrize(
    ("clause", "changes", "where"),
    [
        ("chat.finish.tool-calls", {"/choices/0/finish_reason": 7}, "/choices/0/finish_reason"),
        ("chat.choice.indices", {"/choices/0/index": "0"}, "/choices/0/index"),
        ("chat.tool-call.arguments-json", CALLS | {ARGUMENTS: 7}, ARGUMENTS),
        ("chat.tool-call.known-function", CALLS | {NAME: 7}, NAME),
    ],
)
def test_what_cannot_be_read_is_shown_by_its_whole_place(reached, clause, changes, where):
    assert where in reached(clause, changes).reason


def test_a_usage_of_booleans_is_no_usage_of_numbers(reached):
    assert reached("chat.usage.sum", {"/usage/prompt_tokens": True}).status == "could-not-check"


class TestStreams:
    @pytest.fixture
    def told(self, said, verdict_of):
        def judge(clause, usage=None, asked=ASKED):
            last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]} | (usage or {})
            raw = f"data: {json.dumps(last)}\n\ndata: [DONE]\n\n".encode()
            return verdict_of(clause, said("chat.stream", raw=raw, asked=asked)).status

        return judge

    @pytest.mark.parametrize(
        "clause", [case for case in sorted({case[0] for case in CASES}) if ".usage." in case or "budget" in case]
    )
    def test_one_that_tells_no_usage_is_not_spoken_of(self, told, clause):
        assert told(clause) == "not-applicable"

    def test_one_that_tells_it_is_held_to_it(self, told):
        usage = {"usage": {"prompt_tokens": 9, "completion_tokens": 65, "total_tokens": 74}}
        assert (told("chat.usage.sum", usage), told("chat.finish.within-budget", usage)) == ("pass", "fail")

    def test_its_choices_are_counted(self, told):
        assert (told("chat.choice.count"), told("chat.choice.count", asked={"n": 2})) == ("pass", "fail")
