"""The checks of balance and estimates: each with an answer that holds, one that breaks, one that tells nothing."""

import pytest

from conformance.checks import checks_by_clause
from conformance.contract import ledger
from conformance.vocabulary import ABSENT

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
    assert plain <= {case[0] for case in CASES}


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
