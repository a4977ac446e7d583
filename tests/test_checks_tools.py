"""The checks of tools: called, forced, forbidden, obeyed and counted, and the map of the rules of their schemas."""

import json

import pytest

from conformance.catalogue import mfjs
from conformance.checks import checks_by_clause
from conformance.contract import ledger
from conformance.scenarios import tool_schemas
from conformance.scenarios.tools import RESULT, TIME, WEATHER
from conformance.vocabulary import ABSENT

CHAT = "chat.completions"
USER = {"role": "user", "content": "Call it."}
RESULTS = [{"role": "assistant", "tool_calls": []}, {"role": "tool", "tool_call_id": "a", "content": RESULT}]
MESSAGE, FINISH = "/choices/0/message", "/choices/0/finish_reason"
ANSWER = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 60, "completion_tokens": 4, "total_tokens": 64},
}
NAMED = {"type": "function", "function": {"name": "get_time"}}


def asked(*messages, tools=(WEATHER, TIME), **more):
    return {"model": "kimi-k2.6", "messages": [USER, *messages], "tools": list(tools)} | more


def calling(*names, arguments='{"city":"Paris"}'):
    calls = [
        {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for number, name in enumerate(names)
    ]
    return {f"{MESSAGE}/content": "", f"{MESSAGE}/tool_calls": calls, FINISH: "tool_calls"}


CUT = {FINISH: "length", f"{MESSAGE}/content": ""}
NONE, BOTH = {}, calling("get_weather", "get_time")
ONE, OTHER = calling("get_weather"), calling("get_time")
# Clause, what is asked, what holds, what breaks, and what tells nothing: each as changes of the answer above.
CASES = [
    ("tools.parallel", {}, BOTH, ONE, CUT),
    ("tools.parallel", {}, calling("get_time", "get_weather", "get_weather"), ONE, CUT),
    ("tools.parallel", {}, calling("get_time", "get_weather"), NONE, ONE | {FINISH: "length"}),
    ("tools.parallel", {}, BOTH, calling("get_time", "get_time"), BOTH | {f"{MESSAGE}/tool_calls": {}}),
    ("tools.parallel", {}, BOTH, calling("get_time", "get_news"), CUT),
    ("tools.none", {"tool_choice": "none"}, NONE, ONE, CUT),
    ("tools.none", {"tool_choice": "none"}, {f"{MESSAGE}/tool_calls": []}, ONE | {FINISH: "stop"},
     {f"{MESSAGE}/tool_calls": {"0": {}}}),
    ("tools.none", {"tool_choice": "none"}, {f"{MESSAGE}/tool_calls": None}, ONE | {FINISH: "length"},
     {"/choices": []}),
    ("tools.required", {"tool_choice": "required"}, ONE, NONE, CUT),
    ("tools.required", {"tool_choice": "required"}, OTHER | {FINISH: "length"}, {FINISH: "tool_calls"},
     {f"{MESSAGE}/tool_calls": [7]}),
    ("tools.named", {"tool_choice": NAMED}, OTHER, ONE, CUT),
    ("tools.named", {"tool_choice": NAMED}, calling("get_time", "get_time"), NONE, ONE | {FINISH: "length"}),
    ("tools.named", {"tool_choice": NAMED}, OTHER, BOTH, {f"{MESSAGE}/tool_calls": [{"function": {"name": 7}}]}),
    ("tools.dynamic", {}, ONE, NONE, CUT),
    ("tools.dynamic", {}, calling("get_weather", "get_weather"), OTHER, {MESSAGE: "hello"}),
    ("tools.strict", {}, ONE, calling("get_weather", arguments="{}"), OTHER),
    ("tools.strict", {}, ONE, calling("get_weather", arguments='{"city":7}'), NONE),
    ("tools.strict", {}, BOTH, calling("get_weather", "get_time", arguments="[]"),
     calling("get_weather", arguments="{")),
]  # fmt: skip


@pytest.fixture
def reached(said, verdict_of, changed):
    """Judge the answer above with some changes, to what is asked."""

    def judge(clause, changes, request=None, **known):
        return verdict_of(clause, said(CHAT, changed(ANSWER, changes), asked=request or asked()), **known)

    return judge


def test_an_answer_that_holds_passes(reached, holding):
    clause, more, changes = holding
    assert reached(clause, changes, asked(**more)).status == "pass"


def test_an_answer_that_breaks_a_clause_is_found(reached, breaking):
    clause, more, changes = breaking
    verdict = reached(clause, changes, asked(**more))
    assert verdict.status == ("fail" if verdict.clause.level == "MUST" else "warn")
    assert verdict.findings


def test_an_answer_that_tells_nothing_never_passes(reached, telling_nothing):
    clause, more, changes = telling_nothing
    verdict = reached(clause, changes, asked(**more))
    assert verdict.status in ("could-not-check", "not-applicable")
    assert verdict.reason


CONVERSATIONS = {"tools.called-when-asked", "tools.result-answered", "tools.result-used", "tools.counted"}
CLAUSES = sorted({row[0] for row in CASES} | CONVERSATIONS)


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"choices": None}, {"choices": [7]}, {"choices": [{}]}])
def test_an_answer_of_another_shape_never_passes_and_never_crashes(said, verdict_of, clause, body):
    one_word = {"chat.one-word": (said(CHAT, ANSWER),)}
    verdict = verdict_of(clause, said(CHAT, body, asked=asked(tool_choice=NAMED)), others=one_word)
    assert verdict.status in ("could-not-check", "not-applicable"), verdict.reason


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_an_answer_that_is_no_success_never_passes(said, verdict_of, clause, status):
    told = said(CHAT, {"error": {"message": "No."}}, asked=asked(), status=status)
    assert verdict_of(clause, told).status == "could-not-check"


@pytest.mark.parametrize("clause", CLAUSES)
def test_without_an_exchange_nothing_passes(verdict_of, clause):
    assert verdict_of(clause).status == "could-not-check"


def test_every_clause_of_tools_that_has_a_function_is_among_the_cases():
    plain = {clause.id for clause in checks_by_clause() if clause.id.startswith("tools.")}
    assert {clause for clause in plain if not clause.startswith("tools.schema.")} == set(CLAUSES)


class TestCallsInAStream:
    @staticmethod
    def of(*deltas, finish="tool_calls"):
        chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"

    @staticmethod
    def begin(index, name):
        called = {"index": index, "id": f"c{index}", "type": "function"}
        return {"tool_calls": [called | {"function": {"name": name, "arguments": '{"city":"Paris"}'}}]}

    @pytest.fixture
    def told(self, said, verdict_of):
        def judge(*deltas, **more):
            exchange = said("chat.stream", raw=self.of(*deltas, **more), asked=asked())
            return verdict_of("tools.parallel", exchange, scenario="stream.tools").status

        return judge

    def test_both_calls_that_a_stream_adds_up_to_pass(self, told):
        assert told(self.begin(0, "get_weather"), self.begin(1, "get_time")) == "pass"

    def test_a_stream_of_one_call_is_found(self, told):
        assert told(self.begin(0, "get_weather")) == "warn"

    def test_a_stream_that_is_cut_could_not_be_checked(self, told):
        assert told(self.begin(0, "get_weather"), finish="length") == "could-not-check"

    def test_a_stream_without_a_chunk_could_not_be_checked(self, said, verdict_of):
        empty = said("chat.stream", raw=b"data: [DONE]\n\n", asked=asked())
        assert verdict_of("tools.parallel", empty, scenario="stream.tools").status == "could-not-check"


class TestHowOftenAToolIsCalled:
    @pytest.fixture
    def sampled(self, said, verdict_of, changed):
        """Judge samples, each as changes of the answer above."""

        def judge(*samples, more=()):
            told = [said(CHAT, changed(ANSWER, changes), asked=asked()) for changes in samples]
            return verdict_of("tools.called-when-asked", *told, *more)

        return judge

    @pytest.mark.parametrize("samples", [(ONE,) * 4, (ONE,) * 5])
    def test_enough_calls_pass_and_their_rate_is_told(self, sampled, samples):
        verdict = sampled(*samples)
        assert verdict.status == "pass"
        assert f"held in {len(samples)} of {len(samples)} samples" in verdict.reason

    def test_no_call_in_four_samples_warns(self, sampled):
        verdict = sampled(*(NONE,) * 4)
        assert (verdict.status, verdict.findings[0].expected) == ("warn", "a share of at least 0.5")

    @pytest.mark.parametrize("samples", [(ONE,), (ONE, ONE, ONE), (ONE, NONE, ONE, NONE, ONE)])
    def test_samples_that_do_not_tell_could_not_be_checked(self, sampled, samples):
        assert sampled(*samples).status == "could-not-check"

    def test_an_answer_that_is_cut_before_a_call_is_no_sample(self, sampled):
        assert "held in 4 of 4" in sampled(*(ONE,) * 4, CUT).reason
        assert "held in 0 of 0" in sampled(*(CUT,) * 5).reason

    def test_an_answer_to_a_result_is_no_sample(self, sampled, said):
        after = said(CHAT, ANSWER, asked=asked(*RESULTS))
        assert "held in 4 of 4" in sampled(*(ONE,) * 4, more=[after]).reason
        assert sampled(more=[after]).status == "could-not-check"


class TestTheAnswerToAResult:
    @pytest.fixture
    def after(self, reached):
        return lambda changes: reached("tools.result-answered", changes, asked(*RESULTS))

    @pytest.mark.parametrize("changes", [{}, ONE])
    def test_a_text_or_another_call_passes(self, after, changes):
        assert after(changes).status == "pass"

    @pytest.mark.parametrize("content", ["", " \n", None, ABSENT])
    def test_nothing_at_all_warns(self, after, content):
        assert after({f"{MESSAGE}/content": content}).status == "warn"

    @pytest.mark.parametrize("changes", [CUT, {f"{MESSAGE}/content": 7}, {"/choices": []}])
    def test_what_cannot_be_read_could_not_be_checked(self, after, changes):
        assert after(changes).status == "could-not-check"

    @pytest.mark.parametrize("messages", [[USER], []])
    def test_without_a_result_there_is_nothing_to_look_at(self, reached, messages):
        request = asked() | {"messages": messages}
        assert reached("tools.result-answered", {}, request).status == "could-not-check"


class TestWhatTheResultSaid:
    @pytest.fixture
    def after(self, reached):
        return lambda content: reached("tools.result-used", {f"{MESSAGE}/content": content}, asked(*RESULTS))

    def test_an_answer_that_tells_it_passes(self, after):
        assert after("It is 18 degrees in Paris.").status == "pass"

    def test_one_that_does_not_warns(self, after):
        assert after("The tool says: (nothing)").status == "warn"

    @pytest.mark.parametrize("content", ["", " ", None, ABSENT, 7])
    def test_one_that_says_nothing_could_not_be_checked(self, after, content):
        assert after(content).status == "could-not-check"

    def test_without_a_result_there_is_nothing_to_look_at(self, reached):
        request = asked() | {"messages": [USER]}
        assert reached("tools.result-used", {f"{MESSAGE}/content": "18"}, request).status == "could-not-check"


class TestStrictTools:
    @pytest.mark.parametrize("strict", [{}, {"strict": False}, {"strict": "true"}])
    def test_a_tool_that_is_not_strict_is_not_spoken_of(self, reached, strict):
        function = {name: value for name, value in WEATHER["function"].items() if name != "strict"} | strict
        request = asked(tools=[{"type": "function", "function": function}])
        assert reached("tools.strict", calling("get_weather", arguments="{}"), request).status == "not-applicable"

    @pytest.mark.parametrize("parameters", [ABSENT, None, 7])
    def test_a_strict_tool_without_parameters_is_not_spoken_of(self, reached, changed, parameters):
        request = asked(tools=[changed(WEATHER, {"/function/parameters": parameters})])
        assert reached("tools.strict", ONE, request).status == "not-applicable"

    def test_parameters_that_are_no_schema_could_not_be_checked(self, reached, changed):
        request = asked(tools=[changed(WEATHER, {"/function/parameters": {"type": 7}})])
        assert reached("tools.strict", ONE, request).status == "could-not-check"

    @pytest.mark.parametrize("name", [[], {}, None, 7])
    def test_a_name_of_another_type_never_crashes(self, reached, name):
        changes = ONE | {f"{MESSAGE}/tool_calls": [{"function": {"name": name, "arguments": "{}"}}]}
        assert reached("tools.strict", changes).status == "could-not-check"

    def test_a_tool_that_a_message_brings_along_is_held_to_its_parameters_too(self, reached):
        request = {"messages": [{"role": "system", "content": "", "tools": [WEATHER]}, USER]}
        assert reached("tools.strict", ONE, request).status == "pass"
        assert reached("tools.strict", calling("get_weather", arguments="{}"), request).status == "fail"

    def test_a_recording_without_its_request_tells_nothing(self, said, verdict_of, changed):
        told = said(CHAT, changed(ANSWER, ONE), file="answer.json")
        assert verdict_of("tools.strict", told).status == "not-applicable"


@pytest.mark.parametrize("scenario", ["tools.required", "tools.named"])
class TestTheTokensOfTools:
    @pytest.fixture
    def counted(self, said, reached, changed, scenario):
        def judge(told, alone, tools=(WEATHER,), **more):
            usage = {"/usage/prompt_tokens": told}
            control = said(CHAT, changed(ANSWER, {"/usage/prompt_tokens": alone}), **more)
            others = {"chat.one-word": (control,)}
            return reached("tools.counted", usage, asked(tools=tools), scenario=scenario, others=others)

        return judge

    def test_more_tokens_than_without_tools_pass(self, counted):
        assert counted(60, 9).status == "pass"

    @pytest.mark.parametrize("told", [9, 8, 0])
    def test_no_more_tokens_warn(self, counted, told):
        assert counted(told, 9).status == "warn"

    @pytest.mark.parametrize(("told", "alone"), [("60", 9), (60, "9"), (None, 9), (60, True)])
    def test_what_is_no_count_could_not_be_checked(self, counted, told, alone):
        assert counted(told, alone).status == "could-not-check"

    def test_a_control_that_failed_could_not_be_held_against(self, counted):
        assert "500" in counted(60, 9, status=500).reason
        assert counted(60, 9, failure="no answer").status == "could-not-check"

    def test_a_control_that_was_not_asked_could_not_be_held_against(self, reached, scenario):
        verdict = reached("tools.counted", {}, scenario=scenario)
        assert (verdict.status, "it was not asked" in verdict.reason) == ("could-not-check", True)


RULES = tool_schemas.probes(ledger.clauses()["tools.schema.root-type"].read)


class TestRulesOfSchemas:
    @pytest.fixture
    def mapped(self, said, verdict_of):
        """Judge a rule by the answer to the schema that breaks it, among the answers to all others."""

        def judge(rule, status=400, control=200, skipped=(), raw=None):
            asks = {name: {"tools": tool_schemas.with_parameters(text)} for name, text in RULES.items()}
            probes = [
                said(CHAT, {}, asked=ask, status=status if name == rule else 400, refused=True, raw=raw)
                for name, ask in asks.items()
                if name not in skipped
            ]
            accepted = (said(CHAT, ANSWER, status=control),) if control else ()
            return verdict_of(f"tools.schema.{rule}", *probes, others={"tools.none": accepted})

        return judge

    @pytest.mark.parametrize("rule", RULES)
    def test_a_schema_that_is_refused_passes(self, mapped, rule):
        assert mapped(rule).status == "pass"

    @pytest.mark.parametrize("rule", RULES)
    def test_a_schema_that_is_accepted_is_found_by_its_rule_alone(self, mapped, rule):
        assert mapped(rule, status=200).status == "warn"

    @pytest.mark.parametrize("status", [401, 404, 422, 500])
    def test_another_refusal_is_found(self, mapped, status):
        assert mapped("root-type", status=status).status == "warn"

    @pytest.mark.parametrize("status", [402, 403, 408, 429, 503])
    def test_what_speaks_of_the_account_or_the_hour_tells_nothing(self, mapped, status):
        assert mapped("root-type", status=status).status == "could-not-check"

    @pytest.mark.parametrize("control", [None, 400, 401, 500])
    def test_without_a_control_that_was_accepted_nothing_passes(self, mapped, control):
        assert mapped("root-type", control=control).status == "could-not-check"

    def test_a_schema_that_was_not_sent_could_not_be_checked(self, mapped):
        assert "none was made" in mapped("root-type", skipped=["root-type"]).reason

    def test_a_web_page_is_no_refusal(self, mapped):
        assert mapped("root-type", raw=b"<html>400</html>").status == "could-not-check"

    def test_without_an_answer_nothing_passes(self, said, verdict_of):
        told = said(CHAT, failure="no connection", asked={}, refused=True)
        assert verdict_of("tools.schema.root-type", told).status == "could-not-check"

    def test_every_rule_whose_breach_is_refused_has_a_clause_and_a_schema_of_its_own(self):
        clauses = {name for name in ledger.clauses() if name.startswith("tools.schema.")}
        days = [ledger.clauses()["tools.schema.root-type"].read, *filter(None, (rule.since for rule in mfjs.history()))]
        known = {f"tools.schema.{rule}" for day in days for rule in tool_schemas.probes(day)}
        assert known == clauses
        texts = [json.loads(text) for text in RULES.values()]
        assert all(texts.count(text) == 1 for text in texts)
