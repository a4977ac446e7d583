"""The checks of thinking: told, not told and counted, and requests about which the sources disagree."""

import json

import pytest

from conformance.checks import checks_by_clause
from conformance.vocabulary import ABSENT

CHAT, STREAM = "chat.completions", "chat.stream"
REASONING, FINISH = "/choices/0/message/reasoning_content", "/choices/0/finish_reason"
CONTENT, LONG = "/choices/0/message/content", "The user wants one word, and I say it."
COUNT = "/usage/completion_tokens_details/reasoning_tokens"
ANSWER = {
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hello", "reasoning_content": "One word."},
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 4,
        "total_tokens": 13,
        "completion_tokens_details": {"reasoning_tokens": 3},
    },
}
ON = {"model": "kimi-k2.6", "messages": [], "thinking": {"type": "enabled"}}
OFF = ON | {"thinking": {"type": "disabled"}}
PLAIN = {"model": "kimi-k2.6", "messages": []}
# Clause, what is asked, what holds, what breaks, and what tells nothing: each as changes of the answer above.
CASES = [
    ("thinking.told", ON, {}, {REASONING: ABSENT}, {"/choices": []}),
    ("thinking.told", PLAIN, {REASONING: ""}, {REASONING: None}, {"/choices": ABSENT}),
    ("thinking.told", PLAIN | {"model": "kimi-k3"}, {FINISH: "length"}, {REASONING: 7}, {"/choices/0/message": None}),
    ("thinking.not-told", OFF, {REASONING: ABSENT}, {}, {"/choices": []}),
    ("thinking.not-told", OFF, {REASONING: ""}, {REASONING: " "}, {"/choices": None}),
    ("thinking.not-told", OFF | {"model": "a/model"}, {REASONING: None}, {}, {"/choices/0": 7}),
    ("thinking.counted", ON, {}, {COUNT: 0}, {REASONING: ABSENT}),
    ("thinking.counted", PLAIN, {COUNT: 1}, {COUNT: ABSENT}, {REASONING: " "}),
    ("thinking.counted", OFF, {}, {COUNT: "3"}, {REASONING: 7}),
    ("thinking.counted", ON, {}, {"/usage": ABSENT}, {"/choices": []}),
    ("thinking.counted-told", ON, {}, {REASONING: ""}, {COUNT: 1, REASONING: ""}),
    ("thinking.counted-told", PLAIN, {COUNT: 2}, {REASONING: ABSENT}, {COUNT: ABSENT, REASONING: ABSENT}),
    ("thinking.apart", ON, {REASONING: LONG}, {REASONING: LONG, CONTENT: f"{LONG} hello"}, {}),
    ("thinking.apart", PLAIN, {REASONING: LONG}, {REASONING: LONG, CONTENT: LONG.upper()}, {REASONING: ABSENT}),
    ("thinking.apart", OFF, {REASONING: LONG, CONTENT: None}, {REASONING: LONG, CONTENT: LONG}, {REASONING: 7}),
    ("thinking.counted-told", OFF, {}, {REASONING: None}, {COUNT: "3", REASONING: None}),
]


@pytest.fixture
def reached(said, verdict_of, changed):
    """Judge the answer above with some changes, to what is asked."""

    def judge(clause, asked, changes, **known):
        return verdict_of(clause, said(CHAT, changed(ANSWER, changes), asked=asked), **known)

    return judge


def test_an_answer_that_holds_passes(reached, holding):
    assert reached(*holding).status == "pass"


def test_an_answer_that_breaks_a_clause_is_found(reached, breaking):
    verdict = reached(*breaking)
    assert verdict.status == ("fail" if verdict.clause.level == "MUST" else "warn")
    assert verdict.findings


def test_an_answer_that_tells_nothing_never_passes(reached, telling_nothing):
    verdict = reached(*telling_nothing)
    assert verdict.status in ("could-not-check", "not-applicable")
    assert verdict.reason


ALONE = sorted({row[0] for row in CASES})
SILENT = {"choices": [{"message": {"role": "assistant", "content": "hello"}}]}
PROBES = ("thinking.effort-unlisted", "thinking.off-undocumented", "parameters.unknown-ignored")


@pytest.mark.parametrize("clause", ALONE)
@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"choices": None}, {"choices": [7]}, {"choices": [{}]}])
def test_an_answer_of_another_shape_never_passes_and_never_crashes(said, verdict_of, clause, body):
    verdict = verdict_of(clause, said(CHAT, body, asked=OFF))
    assert verdict.status in ("could-not-check", "not-applicable"), verdict.reason


@pytest.mark.parametrize("clause", ["thinking.told", "thinking.not-told"])
def test_a_recording_without_its_request_tells_nothing(said, verdict_of, clause):
    for answer in (ANSWER, {"choices": []}):
        assert verdict_of(clause, said(CHAT, answer, file="answer.json")).status == "not-applicable"


@pytest.mark.parametrize("clause", ALONE)
@pytest.mark.parametrize("strange", [7, [], {"type": []}, "disabled", None, True])
def test_a_recorded_request_of_another_shape_never_crashes(reached, clause, strange):
    for asked in ({"model": strange, "thinking": strange}, {"model": "kimi-k3", "thinking": strange}, [strange]):
        assert reached(clause, asked, {}).status != "error"


def test_every_clause_of_thinking_that_has_a_function_is_among_the_cases():
    plain = {clause.id for clause in checks_by_clause() if clause.id.startswith("thinking.")}
    assert plain == {*ALONE, *PROBES} - {"parameters.unknown-ignored"}


class TestWhoThinks:
    @pytest.mark.parametrize("model", ["moonshot-v1-8k", "a/model-of-others", ""])
    def test_a_model_that_is_not_known_to_think_need_not_tell_it(self, reached, model):
        assert reached("thinking.told", {"model": model}, {REASONING: ABSENT}).status == "not-applicable"

    @pytest.mark.parametrize("model", ["kimi-k3", "kimi-k2.7-code"])
    def test_the_model_that_was_asked_decides_and_not_that_of_the_run(self, reached, model):
        told = reached("thinking.told", {"model": model}, {REASONING: ABSENT}, model="moonshot-v1-8k")
        assert told.status == "warn"

    @pytest.mark.parametrize("model", ["kimi-k2.6", "kimi-k3"])
    def test_a_model_that_was_told_not_to_think_need_not_tell_it(self, reached, model):
        assert reached("thinking.told", OFF | {"model": model}, {REASONING: ABSENT}).status == "not-applicable"

    def test_a_model_that_is_documented_always_to_think_is_not_blamed_for_it(self, reached):
        assert reached("thinking.not-told", OFF | {"model": "kimi-k3"}, {}).status == "not-applicable"

    @pytest.mark.parametrize("asked", [ON, PLAIN])
    def test_a_model_that_was_not_told_to_stop_may_think(self, reached, asked):
        assert reached("thinking.not-told", asked, {}).status == "not-applicable"

    @pytest.mark.parametrize("clause", ["thinking.told", "thinking.not-told"])
    def test_a_second_choice_that_is_wrong_is_found(self, reached, clause):
        first = ANSWER["choices"][0]
        silent = first | {"message": {"role": "assistant", "content": "hello"}}
        both = {"/choices": [first, silent] if clause == "thinking.told" else [silent, first]}
        asked = ON if clause == "thinking.told" else OFF
        assert reached(clause, asked, both).findings[0].where.startswith("/choices/1/message")


class TestThinkingInAStream:
    @staticmethod
    def of(*deltas, usage=None):
        chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        chunks += [{"choices": [], "usage": usage}] if usage else []
        return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"

    @pytest.fixture
    def told(self, said, verdict_of):
        def judge(clause, *deltas, asked=ON, **more):
            return verdict_of(clause, said(STREAM, raw=self.of(*deltas, **more), asked=asked)).status

        return judge

    def test_what_was_thought_and_is_counted_passes(self, told):
        assert told("thinking.counted", {"reasoning_content": "Hm."}, usage=ANSWER["usage"]) == "pass"

    def test_what_was_thought_and_is_not_counted_warns(self, told):
        assert told("thinking.counted", {"reasoning_content": "Hm."}, usage={"completion_tokens": 4}) == "warn"

    def test_a_stream_that_tells_no_usage_is_not_spoken_of(self, told):
        assert told("thinking.counted", {"reasoning_content": "Hm."}) == "not-applicable"

    def test_a_stream_cannot_tell_reasoning_that_is_empty(self, told):
        assert told("thinking.told", {"content": "hello"}) == "not-applicable"

    def test_reasoning_that_was_not_wanted_is_found_in_a_stream_too(self, told):
        assert told("thinking.not-told", {"reasoning_content": "Hm."}, {"content": "hello"}, asked=OFF) == "warn"
        assert told("thinking.not-told", {"content": "hello"}, asked=OFF) == "pass"


@pytest.mark.parametrize("clause", PROBES)
class TestWhatTheSourcesDisagreeAbout:
    @pytest.fixture
    def probed(self, said, verdict_of, clause):
        """Judge the answer to a request that may be refused, beside a control that was accepted."""

        def judge(body=SILENT, control=200, **more):
            told = said(CHAT, body, asked=PLAIN, **({"refused": True} | more))
            accepted = (said(CHAT, ANSWER, status=control),) if control else ()
            return verdict_of(clause, told, others={"chat.one-word": accepted})

        return judge

    def test_a_request_that_is_taken_passes(self, probed, clause):
        assert probed().status == "pass"

    @pytest.mark.parametrize("status", [400, 401, 404, 422, 500])
    def test_one_that_is_refused_is_found(self, probed, clause, status):
        assert probed({"error": {"message": "No."}}, status=status).status == "warn"

    @pytest.mark.parametrize("status", [402, 403, 408, 429, 503, 529])
    def test_what_speaks_of_the_account_or_the_hour_tells_nothing(self, probed, clause, status):
        assert probed({"error": {"message": "No."}}, status=status).status == "could-not-check"

    @pytest.mark.parametrize("body", [None, [], 7, {}, {"error": {"message": "No."}}, {"choices": []}])
    def test_what_is_no_answer_of_a_chat_never_passes(self, probed, clause, body):
        assert probed(body).status == "could-not-check"

    @pytest.mark.parametrize("raw", [b"", b"{", b"<html><title>Hello</title></html>"])
    def test_what_is_no_json_never_passes(self, probed, clause, raw):
        assert probed(raw=raw).status == "could-not-check"

    @pytest.mark.parametrize("control", [None, 400, 429, 500])
    def test_without_a_control_that_was_accepted_nothing_passes(self, probed, clause, control):
        assert probed(control=control).status == "could-not-check"

    def test_without_an_answer_nothing_passes(self, probed, clause):
        assert probed(failure="no answer within 60 s").status == "could-not-check"

    def test_a_request_that_was_not_made_could_not_be_checked(self, probed, clause):
        assert "none was made" in probed(refused=False).reason


@pytest.mark.parametrize("told", ["Hm.", " ", 7, ["Hm."]])
def test_a_model_that_thinks_although_it_takes_the_request_not_to_is_found(said, verdict_of, changed, told):
    probe = said(CHAT, changed(ANSWER, {REASONING: told}), asked=OFF, refused=True)
    others = {"chat.one-word": (said(CHAT, ANSWER),)}
    assert verdict_of("thinking.off-undocumented", probe, others=others).status == "warn"
    assert verdict_of("thinking.effort-unlisted", probe, others=others).status == "pass"
