"""The checks of balance and estimates: each with an answer that holds, one that breaks, one that tells nothing."""

import json
from dataclasses import replace

import pytest

from conformance import catalogue, targets
from conformance.checks import checks_by_clause
from conformance.contract import ledger
from conformance.scenarios import scenarios
from conformance.vocabulary import ABSENT, Mode

BALANCE = {
    "code": 0,
    "data": {"available_balance": 49.58894, "voucher_balance": 46.58893, "cash_balance": 3.00001},
    "scode": "0x0",
    "status": True,
}
DEBT = {"/data/cash_balance": -1.5, "/data/available_balance": 46.58893}
# Clause, what holds, what breaks, and what cannot be judged: each as changes of the balance above.
CASES = [
    ("balance.code-zero", {}, {"/code": 7}, {"/code": ABSENT}),
    ("balance.code-zero", {}, {"/status": False}, {"/status": "true"}),
    ("balance.scode-of-code", {"/code": 255, "/scode": "0xff"}, {"/scode": "0x1"}, {"/scode": 0}),
    ("balance.scode-of-code", {"/code": 255, "/scode": "0xFF"}, {"/code": 1}, {"/code": "0"}),
    ("balance.sum", {}, {"/data/available_balance": 49.6}, {"/data/cash_balance": "3.00001"}),
    ("balance.sum", {"/data/cash_balance": 3}, {"/data/cash_balance": 4}, DEBT),
    ("balance.debt-not-available", DEBT, DEBT | {"/data/available_balance": 45.08893}, {}),
    ("balance.debt-not-available", DEBT, DEBT | {"/data/available_balance": 0}, {"/data": ABSENT}),
    ("balance.debt-not-available", DEBT, DEBT | {"/data/available_balance": 99}, {"/data": ABSENT}),
    ("balance.voucher-not-negative", {}, {"/data/voucher_balance": -0.01}, {"/data/voucher_balance": ABSENT}),
    ("balance.cash-balance-type", {"/data/cash_balance": -3}, {"/data/cash_balance": "3"}, {"/data": ABSENT}),
]


@pytest.mark.parametrize(("clause", "changes"), [(clause, holds) for clause, holds, _, _ in CASES])
def test_a_balance_that_holds_passes(said, verdict_of, changed, clause, changes):
    assert verdict_of(clause, said("balance", changed(BALANCE, changes))).status == "pass"


@pytest.mark.parametrize(("clause", "changes"), [(clause, breaks) for clause, _, breaks, _ in CASES])
def test_a_balance_that_breaks_a_clause_is_found(said, verdict_of, changed, clause, changes):
    reached = verdict_of(clause, said("balance", changed(BALANCE, changes)))
    assert reached.status == ("fail" if ledger.clauses()[clause].level == "MUST" else "warn")
    assert reached.findings


@pytest.mark.parametrize(("clause", "changes"), [(clause, nothing) for clause, _, _, nothing in CASES])
def test_a_balance_that_tells_nothing_never_passes(said, verdict_of, changed, clause, changes):
    reached = verdict_of(clause, said("balance", changed(BALANCE, changes)))
    assert reached.status in ("could-not-check", "not-applicable")
    assert reached.reason


@pytest.mark.parametrize("off", [0.0, 0.00001, -0.00001])
def test_a_sum_may_be_off_by_the_last_decimal(said, verdict_of, changed, off):
    told = changed(BALANCE, {"/data/available_balance": BALANCE["data"]["available_balance"] + off})
    assert verdict_of("balance.sum", said("balance", told)).status == "pass"


def test_a_sum_may_not_be_off_by_more(said, verdict_of, changed):
    told = changed(BALANCE, {"/data/available_balance": 49.58896})
    assert verdict_of("balance.sum", said("balance", told)).status == "warn"


def test_every_clause_of_the_balance_that_has_a_function_is_among_the_cases():
    plain = {clause.id for clause, checks in checks_by_clause().items() if clause.id.startswith("balance.")
             and any(check.name not in ("test_shape", "test_status") for check in checks)}  # fmt: skip
    assert plain <= {case[0] for case in CASES} | {"balance.spend-agrees"}


class TestStatus:
    @pytest.mark.parametrize("status", [201, 204, 307, 400, 404, 500])
    def test_another_status_than_the_one_of_success_fails(self, said, verdict_of, status):
        assert verdict_of("balance.status", said("balance", BALANCE, status=status)).status == "fail"

    @pytest.mark.parametrize("status", [401, 402, 403, 408, 429, 503])
    def test_a_status_that_speaks_of_the_account_or_the_hour_could_not_be_checked(self, said, verdict_of, status):
        assert verdict_of("balance.status", said("balance", {}, status=status)).status == "could-not-check"

    def test_a_refused_key_fails_once_the_same_key_was_accepted(self, said, verdict_of):
        accepted = {"models.list": (said("models.list", {}),)}
        assert verdict_of("balance.status", said("balance", {}, status=401), others=accepted).status == "fail"

    def test_a_status_that_is_no_success_leaves_the_shape_unchecked(self, said, verdict_of):
        assert verdict_of("balance.sum", said("balance", BALANCE, status=500)).status == "could-not-check"

    def test_a_web_page_with_the_status_of_success_could_not_be_checked(self, said, verdict_of):
        page = said("balance", raw=b"<!DOCTYPE html><html></html>")
        assert verdict_of("balance.status", page).status == "could-not-check"


USAGE = {"prompt_tokens": 1000, "completion_tokens": 1000, "cached_tokens": 200}
PRICE = catalogue.models()["kimi-k2.6"].price
COST = (200 * PRICE.cache_hit + 800 * PRICE.input + 1000 * PRICE.output) / 1_000_000


class TestSpending:
    @pytest.fixture
    def spent(self, said, verdict_of, changed):
        """Judge how far a balance fell around some exchanges: by default one chat, in a live run."""

        def judge(fell, chats=None, before=BALANCE, after=(), others=(), **known):
            told = [said("chat.completions", {"usage": USAGE})] if chats is None else chats
            left = {"/data/available_balance": BALANCE["data"]["available_balance"] - fell} | dict(after)
            read = () if before is None else (said("balance", before),)
            conversations = {"balance.read": read, "chat.one-word": tuple(told), **dict(others)}
            last = said("balance", changed(BALANCE, left))
            return verdict_of("balance.spend-agrees", last, others=conversations, **known)

        return judge

    @pytest.fixture
    def batch(self, said):
        """The answers about a batch, with the usage of its output where that was read."""

        def make(state="cancelled", completed=0, output=None):
            body = {"id": "batch_1", "status": state, "request_counts": {"completed": completed}}
            asked = [said("batches.create", {"id": "batch_1"}), said("batches.retrieve", body)]
            line = {"custom_id": "first", "response": {"status_code": 200, "body": {"usage": output}}}
            return (*asked, *([said("batches.output", raw=json.dumps(line).encode())] if output else []))

        return make

    @pytest.mark.parametrize("off", [0, 0.00002, -0.00002])
    def test_a_balance_that_falls_by_what_was_used_passes(self, spent, off):
        assert spent(COST + off).status == "pass"

    @pytest.mark.parametrize("fell", [0, COST - 0.00003, COST + 0.00003, 2 * COST, -COST])
    def test_one_that_does_not_warns(self, spent, fell):
        assert spent(fell).status == "warn"

    def test_a_stream_and_a_batch_are_counted_too(self, spent, said, batch):
        chunk = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}]}
        stream = said("chat.stream", raw=f"data: {json.dumps(chunk)}\n\n".encode())
        others = {"batches.complete": batch("completed", 1, USAGE)}
        both = COST * (1 + catalogue.batch_share())
        assert spent(both, [stream], others=others).status == "pass"
        assert spent(COST, [stream], others=others).status == "warn"

    def test_what_a_batch_may_have_cost_whose_output_was_not_read_may_be_missing(self, spent, batch):
        spends = scenarios()["batches.cancel"].spends
        most = (spends.prompt_tokens * PRICE.input + spends.completion_tokens * PRICE.output) / 1_000_000
        most *= catalogue.batch_share()
        for unknown in (batch(completed=1), batch("cancelling"), batch("in_progress"), batch(completed=None)):
            others = {"batches.cancel": unknown}
            assert spent(COST, others=others).status == "pass"
            assert spent(COST + most, others=others).status == "pass"
            assert spent(COST + most + 0.00005, others=others).status == "warn"

    def test_a_batch_that_was_cancelled_before_it_began_cost_nothing(self, spent, batch):
        others = {"batches.cancel": batch("cancelled", 0)}
        assert spent(COST, others=others).status == "pass"
        assert spent(COST + 0.0001, others=others).status == "warn"

    @pytest.mark.parametrize("silent", [{}, {"usage": None}, {"error": {}}])
    def test_an_answer_that_tells_no_usage_leaves_it_unchecked(self, spent, said, silent):
        for more in ({}, {"refused": True}):
            chats = [said("chat.completions", {"usage": USAGE}), said("chat.completions", silent, **more)]
            assert spent(COST, chats).status == "could-not-check"

    def test_a_request_without_an_answer_leaves_it_unchecked(self, spent, said):
        lost = said("chat.completions", failure="no answer within 60 s", asked={})
        assert spent(COST, [said("chat.completions", {"usage": USAGE}), lost]).status == "could-not-check"

    def test_a_run_that_paid_nothing_or_at_no_known_price_is_not_spoken_of(self, spent, said):
        refused = said("chat.completions", {"error": {}}, status=400, refused=True)
        assert spent(0, []).status == spent(0, [refused]).status == "not-applicable"
        assert spent(COST, model="a/model-of-others").status == "not-applicable"

    def test_a_balance_that_may_be_in_another_currency_is_not_spoken_of(self, spent):
        elsewhere = replace(targets.load("moonshot"), base_url="https://api.moonshot.cn/v1")
        assert spent(7 * COST, target=elsewhere).status == "not-applicable"

    def test_a_stand_in_for_a_target_is_judged_as_that_target(self, spent):
        target = targets.load("moonshot")
        stand_in = replace(target, base_url="http://127.0.0.1:1/v1", provenance_url=target.base_url)
        assert spent(COST, target=stand_in).status == "pass"

    def test_a_replay_tells_nothing(self, spent):
        assert spent(COST, mode=Mode.REPLAY).status == "not-applicable"

    @pytest.mark.parametrize("before", [None, {}, [], {"data": {"available_balance": "49"}}])
    def test_without_both_balances_it_could_not_be_checked(self, spent, before):
        assert spent(COST, before=before).status == "could-not-check"
        assert spent(COST, after={"/data/available_balance": None}).status == "could-not-check"

    def test_a_balance_that_could_not_be_read_leaves_it_unchecked(self, said, verdict_of):
        others = {"balance.read": (said("balance", BALANCE),)}
        for last in (said("balance", {}, status=500), said("balance", failure="no answer")):
            assert verdict_of("balance.spend-agrees", last, others=others).status == "could-not-check"


class TestEstimates:
    def test_a_longer_prompt_that_is_estimated_larger_passes(self, said, verdict_of):
        told = [said("tokens.estimate", {"data": {"total_tokens": count}}) for count in (8, 80)]
        assert verdict_of("tokens.grows", *told).status == "pass"

    @pytest.mark.parametrize("counts", [(8, 8), (80, 8)])
    def test_one_that_is_not_estimated_larger_fails(self, said, verdict_of, counts):
        told = [said("tokens.estimate", {"data": {"total_tokens": count}}) for count in counts]
        assert verdict_of("tokens.grows", *told).status == "fail"

    @pytest.mark.parametrize("counts", [(8,), ("8", "80"), (None, 80)])
    def test_what_cannot_be_compared_could_not_be_checked(self, said, verdict_of, counts):
        told = [said("tokens.estimate", {"data": {"total_tokens": count}}) for count in counts]
        assert verdict_of("tokens.grows", *told).status == "could-not-check"

    def test_a_scenario_that_was_not_asked_says_why(self, said, verdict_of):
        told = said("tokens.estimate", failure="not asked: the key was refused")
        assert "the key was refused" in verdict_of("tokens.grows", told).reason
