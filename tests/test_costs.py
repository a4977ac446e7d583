"""What answers cost: the usage that each tells at the catalogue's price, and what nobody knows."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import catalogue
from conformance.judge import costs
from conformance.runner.spending import Budget, most
from conformance.vocabulary import Attempt, Price, Response, Scenario, Spending

CHAT, STREAM, OUTPUT = "chat.completions", "chat.stream", "batches.output"
USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "cached_tokens": 2}
PRICE = Price("USD", cache_hit=1.0, input=10.0, output=100.0)
LINE = {"custom_id": "a", "response": {"status_code": 200, "body": {"usage": USAGE}}}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*USAGE, "usage"]), inner, max_size=3),
)


def events(*chunks):
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"


def ending(**more):
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"} | more]}


class TestPrices:
    def test_a_token_from_the_cache_a_fresh_one_and_one_that_is_said_have_each_their_price(self):
        assert costs.cost_of(USAGE, PRICE) == pytest.approx((2 * 1 + 7 * 10 + 4 * 100) / 1_000_000)

    def test_more_tokens_from_the_cache_than_the_prompt_has_make_no_fresh_one(self):
        assert costs.cost_of({"prompt_tokens": 1, "cached_tokens": 3}, PRICE) == pytest.approx(3 / 1_000_000)

    @pytest.mark.parametrize("count", [None, "9", True, -1, 9.0, [], 2**53])
    def test_what_is_no_count_costs_nothing(self, count):
        assert costs.count({"prompt_tokens": count}, "prompt_tokens") == 0

    @given(st.dictionaries(st.sampled_from([*USAGE]), ANYTHING))
    def test_no_usage_costs_less_than_nothing_or_crashes(self, usage):
        assert costs.cost_of(usage, PRICE) >= 0

    def test_an_unknown_model_is_taken_for_the_dearest_and_has_spent_nothing(self):
        dearest = max(model.price.output for model in catalogue.models().values() if model.price)
        assert costs.price_of("a/model-of-others").output == dearest
        assert costs.spent([(USAGE, 1.0)], "a/model-of-others") == 0

    def test_what_was_spent_is_the_sum_of_all_at_their_share(self):
        one = costs.cost_of(USAGE, costs.price_of("kimi-k2.6"))
        assert costs.spent([(USAGE, 1.0), (USAGE, 0.6)], "kimi-k2.6") == pytest.approx(1.6 * one)


class TestWhatAnswersTell:
    def test_a_whole_answer_tells_its_usage_at_the_whole_price(self, said):
        assert list(costs.usages([said(CHAT, {"usage": USAGE})])) == [(USAGE, 1.0)]

    def test_a_stream_tells_it_once_whether_in_a_choice_or_in_a_chunk_of_its_own(self, said):
        for chunks in ([ending(usage=USAGE)], [ending(), {"choices": [], "usage": USAGE}],
                       [ending(usage=USAGE), {"choices": [], "usage": USAGE}]):  # fmt: skip
            assert list(costs.usages([said(STREAM, raw=events(*chunks))])) == [(USAGE, 1.0)]

    def test_each_line_of_a_batch_tells_its_own_at_the_share_of_batches(self, said):
        body = "\n".join(
            [json.dumps(LINE), "", "broken", json.dumps({"custom_id": "b", "error": {}}), json.dumps(LINE)]
        )
        told = list(costs.usages([said(OUTPUT, raw=body.encode())]))
        assert told == [(USAGE, catalogue.batch_share())] * 2

    def test_what_failed_and_what_asks_no_model_tells_none(self, said):
        answers = [
            said(CHAT, {"usage": USAGE}, status=500),
            said(CHAT, failure="no"),
            said("balance", {"usage": USAGE}),
        ]
        assert list(costs.usages(answers)) == []

    @given(ANYTHING)
    def test_a_body_of_any_shape_never_crashes(self, said, value):
        body = json.dumps(value).encode()
        stream = b"data: " + body + b"\n\n"
        told = [said(CHAT, raw=body), said(STREAM, raw=stream), said(OUTPUT, raw=body)]
        assert all(isinstance(usage, dict) for usage, _ in costs.usages(told))

    @given(st.binary(max_size=60))
    def test_bytes_of_any_kind_never_crash(self, said, body):
        list(costs.usages([said(endpoint, raw=body) for endpoint in (CHAT, STREAM, OUTPUT)]))


class TestWhatNobodyKnows:
    ASKED = "kimi-k2.6"

    @pytest.fixture
    def silent(self, said):
        def judge(endpoint=CHAT, body=None, **more):
            return costs.is_silent(said(endpoint, body, asked={"model": self.ASKED}, **more))

        return judge

    def test_an_answer_with_a_usage_is_not_silent(self, silent):
        assert not silent(CHAT, {"usage": USAGE})
        assert not silent(STREAM, raw=events(ending(usage=USAGE)))

    @pytest.mark.parametrize("body", [{}, {"usage": None}, {"usage": []}, {"error": {}}, [], None])
    def test_an_answer_without_one_is_silent(self, silent, body):
        assert silent(CHAT, body)

    def test_a_request_that_was_to_be_refused_and_was_answered_is_silent_too(self, silent):
        assert silent(CHAT, {}, refused=True)

    def test_a_stream_that_tells_none_and_what_is_no_json_are_silent(self, silent):
        assert silent(STREAM, raw=events(ending()))
        assert silent(STREAM, raw=b"")
        assert silent(CHAT, raw=b"{")

    def test_a_request_that_was_sent_and_got_no_answer_is_silent(self, silent):
        assert silent(failure="no answer within 60 s")

    def test_one_whose_first_answer_was_lost_is_silent(self, silent):
        lost, asked_to_wait = Attempt("no answer", None, 1.0), Attempt(None, Response(429), 1.0)
        assert silent(CHAT, {"usage": USAGE}, attempts=(lost,))
        assert not silent(CHAT, {"usage": USAGE}, attempts=(asked_to_wait,))

    def test_what_was_refused_or_never_asked_costs_nothing(self, silent, said):
        assert not silent(CHAT, {"error": {}}, status=400)
        never = said(CHAT, failure="not asked: the key was refused")
        assert not costs.is_silent(replace(never, request=replace(never.request, method="")))

    def test_only_chats_cost(self, silent):
        assert not silent("balance", {})


class TestWhatABudgetKeeps:
    ASKED = Scenario("a", lambda _: None, (CHAT,), Spending(1, 1_000_000, 0))

    @pytest.fixture
    def asked_twice(self, said):
        """Answer a scenario that may cost all of the budget with some usage, and return why a second is not asked."""

        def ask(usage):
            budget = Budget("kimi-k2.6", most(self.ASKED, "kimi-k2.6"))
            assert budget.reserve(self.ASKED) is None
            budget.settle(self.ASKED, [said(CHAT, {"usage": usage})])
            return budget.reserve(replace(self.ASKED, spends=Spending(1, 900_000, 0)))

        return ask

    def test_an_answer_that_tells_its_counts_costs_what_it_tells(self, asked_twice):
        assert asked_twice(USAGE) is None

    @pytest.mark.parametrize(
        "usage",
        [{}, {"prompt_tokens": "9", "completion_tokens": 4}, {"prompt_tokens": 9}, USAGE | {"prompt_tokens": 2**60}],
    )
    def test_an_answer_whose_usage_has_no_counts_costs_what_was_set_aside_for_it(self, asked_twice, usage):
        assert "are spent" in asked_twice(usage)
