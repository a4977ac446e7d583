"""What a run may spend, and that it spends no more: money is set aside before anything is asked."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import catalogue, targets
from conformance.judge import costs
from conformance.runner import spending
from conformance.runner.conduct import needed
from conformance.runner.spending import Budget
from conformance.scenarios import scenarios
from conformance.vocabulary import Exchange, Mode, Request, Response, Run, Scenario, Spending

MODEL = "kimi-k2.6"
NOON = datetime(2026, 9, 3, 12, tzinfo=UTC)
PRICE = costs.price_of(MODEL)
# So many completion tokens cost one US dollar.
DOLLAR = round(1_000_000 / PRICE.output)


def scenario(name: str, dollars: float, requests: int = 1) -> Scenario:
    """Return a scenario that may cost so much."""
    return Scenario(name, lambda _: None, ("chat.completions",), Spending(requests, 0, round(dollars * DOLLAR)))


def said(dollars: float | None = None, *, status: int = 200, endpoint: str = "chat.completions", **more) -> Exchange:
    """Return an exchange whose usage tells so much, or none."""
    usage = {} if dollars is None else {"usage": {"prompt_tokens": 0, "completion_tokens": round(dollars * DOLLAR)}}
    return Exchange(
        "s",
        "1",
        endpoint,
        Request("POST", "https://x/v1"),
        Response(status, (), json.dumps(usage).encode()),
        NOON,
        **more,
    )


def left(budget: Budget, limit: float) -> float:
    """Return how many dollars of a limit can still be set aside, to the cent."""
    for cents in range(round(limit * 100), -1, -1):
        probe = scenario("probe", cents / 100 - 0.001)
        if budget.reserve(probe) is None:
            budget.settle(probe, ())
            return cents / 100
    return -1.0


class TestEstimate:
    def test_it_tells_the_most_beside_the_limit(self):
        told = spending.estimate([scenario("a", 1, 2), scenario("b", 0.5)], MODEL, 3.0)
        assert told == f"may cost 1.5000 USD at the most: 3 paid requests to {MODEL}; --max-cost is 3 USD"

    def test_what_is_free_counts_nothing(self):
        free = Scenario("free", lambda _: None, ("models.list",))
        assert spending.estimate([free], MODEL, 3.0).startswith("may cost 0.0000 USD at the most: 0 paid requests")

    def test_prompt_and_completion_have_their_own_prices(self):
        asked = Scenario("a", lambda _: None, (), Spending(1, 1_000_000, 2_000_000))
        assert spending.most(asked, MODEL) == pytest.approx(PRICE.input + 2 * PRICE.output)

    def test_a_model_that_nobody_knows_is_taken_for_the_dearest(self):
        dearest = max(spending.most(scenario("a", 1), model) for model in catalogue.models())
        assert spending.most(scenario("a", 1), "of/somebody-else") == dearest

    @pytest.mark.parametrize("model", ["kimi-k2.6", "kimi-k2.7-code", "kimi-k3"])
    def test_everything_costs_less_than_the_price_of_a_coffee(self, model):
        assert sum(spending.most(each, model) for each in scenarios().values()) < 0.5


class TestOneAfterTheOther:
    def test_what_fits_is_allowed_to_the_last_cent(self):
        assert Budget(MODEL, 1.0).reserve(scenario("a", 1.0)) is None

    def test_what_would_pass_the_limit_is_refused_with_both_amounts(self):
        told = Budget(MODEL, 1.0).reserve(scenario("a", 1.5))
        assert told == (
            "not asked: it may cost 1.5000 USD, and --max-cost is 1 USD for the run, of which 0.0000 are spent"
        )

    def test_with_nothing_to_spend_what_is_free_is_allowed_and_nothing_else(self):
        budget = Budget(MODEL, 0.0)
        assert budget.reserve(scenario("refusal", 0.0)) is None
        assert budget.reserve(scenario("paid", 0.01)) is not None

    def test_what_an_answer_tells_replaces_what_was_set_aside(self):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("a", 0.9))
        budget.settle(scenario("a", 0.9), [said(0.25)])
        assert left(budget, 1.0) == 0.75

    def test_more_than_was_set_aside_is_counted_as_well(self):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("a", 0.1))
        budget.settle(scenario("a", 0.1), [said(2.0)])
        assert "2.0000 are spent" in budget.reserve(scenario("refusal", 0.0))

    def test_what_was_never_asked_gives_back_what_was_set_aside(self):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("a", 0.9))
        budget.settle(scenario("a", 0.9), ())
        assert left(budget, 1.0) == 1.0

    @pytest.mark.parametrize(
        "silent",
        [
            said(),
            said(status=500),
            said(status=504),
            said(endpoint="chat.stream"),
            said(endpoint="batches.create"),
            Exchange("s", "1", "chat.completions", Request("POST", "x"), None, NOON, failure="no answer within 9 s"),
        ],
        ids=["no usage", "500", "504", "a stream without usage", "a batch that was not read", "no answer"],
    )
    def test_where_nobody_knows_what_it_cost_all_that_was_set_aside_counts(self, silent):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("a", 0.6))
        budget.settle(scenario("a", 0.6), [said(0.1), silent])
        assert left(budget, 1.0) == 0.4

    @pytest.mark.parametrize("status", [302, 400, 401, 404, 429])
    def test_a_request_that_was_turned_down_costs_nothing(self, status):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("a", 0.6))
        budget.settle(scenario("a", 0.6), [said(status=status)])
        assert left(budget, 1.0) == 1.0

    def test_a_request_that_should_have_been_refused_and_was_answered_counts(self):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("a", 0.6))
        budget.settle(scenario("a", 0.6), [said(0.2, refused=True)])
        assert left(budget, 1.0) == 0.8

    def test_also_where_its_answer_does_not_tell_what_it_cost(self):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("a", 0.6))
        budget.settle(scenario("a", 0.6), [said(refused=True)])
        assert left(budget, 1.0) == 0.4

    def test_the_lines_of_a_batch_cost_their_share(self):
        usage = {"prompt_tokens": 0, "completion_tokens": DOLLAR}
        line = json.dumps({"response": {"body": {"usage": usage}}}).encode()
        output = Exchange("s", "2", "batches.output", Request("GET", "x"), Response(200, (), line + b"\n{"), NOON)
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("a", 0.9))
        budget.settle(scenario("a", 0.9), [said(endpoint="batches.create"), output])
        assert left(budget, 1.0) == round(1 - catalogue.batch_share(), 2)


class TestSideBySide:
    def test_what_others_have_set_aside_is_waited_for(self):
        budget, order = Budget(MODEL, 1.0), []
        budget.reserve(scenario("first", 0.9))

        def second() -> None:
            assert budget.reserve(scenario("second", 0.5)) is None
            order.append("second")

        waiting = threading.Thread(target=second)
        waiting.start()
        time.sleep(0.05)
        order.append("first")
        budget.settle(scenario("first", 0.9), [said(0.1)])
        waiting.join(5)
        assert order == ["first", "second"]

    def test_what_can_never_fit_is_refused_as_soon_as_nothing_is_set_aside(self):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("first", 0.9))
        with ThreadPoolExecutor(1) as pool:
            told = pool.submit(budget.reserve, scenario("second", 0.5))
            budget.settle(scenario("first", 0.9), [said(0.8)])
            assert "of which 0.8000 are spent" in told.result(5)

    def test_a_settlement_that_breaks_wakes_those_that_wait(self, monkeypatch):
        budget = Budget(MODEL, 1.0)
        budget.reserve(scenario("first", 0.9))
        with ThreadPoolExecutor(1) as pool:
            told = pool.submit(budget.reserve, scenario("second", 0.5))
            monkeypatch.setattr(spending, "usages", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                budget.settle(scenario("first", 0.9), [said(0.1)])
            assert "of which 0.9000 are spent" in told.result(5)

    @settings(max_examples=40)
    @given(
        st.floats(0, 3),
        st.lists(st.tuples(st.integers(0, 100), st.none() | st.integers(0, 100)), min_size=1, max_size=16),
        st.integers(1, 8),
    )
    def test_what_is_spent_and_may_still_be_spent_never_passes_the_limit(self, limit, asked, threads):
        """Each of ``asked`` may cost so many cents, and tells so many hundredths of that, or nothing."""
        budget, lock, most = Budget(MODEL, limit), threading.Lock(), [0.0]
        outstanding: dict[str, float] = {}

        def ask(number: int) -> None:
            cents, share = asked[number]
            each = scenario(f"s{number}", cents / 100)
            if budget.reserve(each) is not None:
                return
            with lock:
                outstanding[each.name] = cents / 100
                most[0] = max(most[0], sum(outstanding.values()))
            time.sleep(0)
            told = said(None if share is None else cents * share / 10_000)
            with lock:
                outstanding[each.name] = cents / 100 if share is None else cents * share / 10_000
            budget.settle(each, [told])

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, range(len(asked)), timeout=30))
        # Tokens are whole, so a cent is not: each may be off by one token.
        assert most[0] <= limit + len(asked) / DOLLAR


class TestWhatARunSpent:
    @staticmethod
    def of(**conversations: tuple[Exchange, ...]) -> dict:
        named = {name.replace("_", "."): said for name, said in conversations.items()}
        return spending.of(Run("tests", targets.load("moonshot"), Mode.LIVE, MODEL, NOON, conversations=named))

    def test_tokens_and_money_are_those_of_the_answers(self):
        told = self.of(chat_one=(said(0.5),), chat_two=(said(0.25), said(status=400)))
        assert (told["requests"], told["paid_requests"]) == (3, 2)
        assert told["completion_tokens"] == round(0.5 * DOLLAR) + round(0.25 * DOLLAR)
        assert told["usd"] == pytest.approx(0.75, abs=1e-4)

    def test_what_was_not_asked_is_no_request(self):
        nothing = Exchange("s", "0", "chat.completions", Request("", ""), None, None, failure="not asked: …")
        assert self.of(chat_one=(nothing,))["requests"] == 0

    def test_the_balances_are_those_before_and_after(self):
        before, after = (
            Exchange("s", "1", "balance", Request("GET", "x"), Response(200, (), body), NOON)
            for body in (b'{"data":{"available_balance":5}}', b'{"data":{"available_balance":4.5}}')
        )
        told = self.of(balance_read=(before,), balance_after=(after,))
        assert (told["balance_before"], told["balance_after"]) == (5, 4.5)

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b'{"data":{"available_balance":"5"}}', b'{"data":{"available_balance":1e300}}']
    )
    def test_a_balance_that_is_no_number_is_not_told(self, body):
        odd = Exchange("s", "1", "balance", Request("GET", "x"), Response(200, (), body), NOON)
        assert self.of(balance_read=(odd,))["balance_before"] is None


def test_every_scenario_that_costs_says_how_much_at_the_most():
    for each in needed(scenarios()):
        told = each.spends
        assert (told.requests > 0) == (told.completion_tokens > 0) == (told.prompt_tokens > 0), each.name
