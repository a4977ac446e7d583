"""The one place that makes verdicts: whatever a check yields or raises becomes a status, never a pass by accident."""

from datetime import date

import pytest

from conformance import targets
from conformance.contract import ledger
from conformance.judge import verdict
from conformance.runner.session import Exit, counts, exit_status
from conformance.vocabulary import (
    Check,
    CouldNotCheck,
    Exchange,
    Finding,
    Level,
    Mode,
    NotApplicable,
    Run,
    Status,
    Waiver,
)

MUST, SHOULD, MAY = (
    next(clause for clause in ledger.clauses().values() if clause.level is level and not clause.excluded)
    for level in Level
)
LINK = "https://example.com/1"


@pytest.fixture
def reach(said):
    """Make a check of a function, and reach its verdict."""

    def reached(judge, clause=MUST, waivers=(), exchanges=None):
        from dataclasses import replace

        exchange: Exchange = said("models.list", {})
        target = replace(targets.load("moonshot"), waivers=tuple(waivers))
        run = Run("tests", target, Mode.LIVE, "kimi-k2.6", exchange.made_at)
        asked = (exchange,) if exchanges is None else exchanges
        return verdict.reach(Check(clause, "models.list", "test", judge), asked, run)

    return reached


def finding(*_):
    yield Finding("/data", "a list", 7)


def nothing(*_):
    yield from ()


def could_not(*_):
    yield from ()
    raise CouldNotCheck(Finding("/data", "a list", "none"))


def not_applicable(*_):
    yield from ()
    raise NotApplicable("there is no list")


def crash(*_):
    yield from ()
    raise KeyError("data")


class TestStatus:
    def test_without_a_finding_it_is_a_pass(self, reach):
        assert reach(nothing).status is Status.PASS

    @pytest.mark.parametrize(("clause", "status"), [(MUST, "fail"), (SHOULD, "warn"), (MAY, "warn")])
    def test_a_finding_weighs_what_its_clause_weighs(self, reach, clause, status):
        assert reach(finding, clause).status == status

    def test_what_could_not_be_checked_says_what_was_missing(self, reach):
        reached = reach(could_not)
        assert reached.status is Status.COULD_NOT_CHECK
        assert reached.findings == (Finding("/data", "a list", "none"),)
        assert reached.reason == "/data: expected a list, got none"

    def test_what_does_not_apply_says_why(self, reach):
        reached = reach(not_applicable)
        assert (reached.status, reached.reason) == (Status.NOT_APPLICABLE, "there is no list")

    def test_a_crash_is_an_error_of_ours_with_its_place(self, reach):
        reached = reach(crash)
        assert reached.status is Status.ERROR
        assert "KeyError: 'data'" in reached.reason
        assert "test_verdict.py" in reached.reason

    @pytest.mark.parametrize("judge", [could_not, not_applicable, crash])
    def test_a_check_that_raises_before_it_yields_anything_comes_to_the_same(self, reach, judge):
        def at_once(*_):
            next(judge())

        assert reach(at_once).status is reach(judge).status

    @pytest.mark.parametrize("after", [could_not, not_applicable])
    def test_a_finding_is_not_undone_by_what_comes_after_it(self, reach, after):
        def judge(*_):
            yield from finding()
            yield from after()

        reached = reach(judge)
        assert (reached.status, len(reached.findings)) == (Status.FAIL, 1)

    def test_a_crash_after_a_finding_is_still_a_crash(self, reach):
        def judge(*_):
            yield from finding()
            yield from crash()

        assert reach(judge).status is Status.ERROR


class TestFindings:
    def test_of_many_twenty_are_kept_and_the_rest_are_counted(self, reach):
        def judge(*_):
            for number in range(1000):
                yield Finding(f"/{number}", "less", number)

        findings = reach(judge).findings
        assert len(findings) == 21
        assert findings[-1] == Finding("", "no further finding", "980 more")

    @pytest.mark.parametrize(
        "actual", ["x" * 100_000, "\ud800", "\x1b[2J", [1, {"a": None}], float("nan"), b"\xff", object()]
    )
    def test_whatever_it_quotes_is_short_and_can_be_written_anywhere(self, reach, actual):
        def judge(*_):
            yield Finding(str(actual), str(actual), actual)

        (told,) = reach(judge).findings
        for part in (told.where, told.expected, str(told.actual)):
            assert len(part) < 300
            assert "\x1b" not in part
            part.encode("utf-8")


class TestWaivers:
    def waiver(self, expires, clause=MUST.id):
        return Waiver(clause, "The vendor knows.", "api-team", LINK, expires)

    def test_a_broken_clause_is_waived_with_reason_owner_link_and_expiry(self, reach):
        reached = reach(finding, waivers=[self.waiver(date(2026, 9, 4))])
        assert reached.status is Status.WAIVED
        assert reached.reason == f"The vendor knows. (api-team, {LINK}, until 2026-09-04)"
        assert reached.findings

    def test_on_the_last_day_it_still_holds(self, reach):
        assert reach(finding, waivers=[self.waiver(date(2026, 9, 3))]).status is Status.WAIVED

    def test_a_day_later_it_does_not(self, reach):
        assert reach(finding, waivers=[self.waiver(date(2026, 9, 2))]).status is Status.FAIL

    def test_it_is_for_its_own_clause_alone(self, reach):
        assert reach(finding, waivers=[self.waiver(date(2099, 1, 1), SHOULD.id)]).status is Status.FAIL

    @pytest.mark.parametrize(("judge", "status"), [(nothing, "pass"), (could_not, "could-not-check"), (crash, "error")])
    def test_it_changes_nothing_but_what_is_broken(self, reach, judge, status):
        assert reach(judge, waivers=[self.waiver(date(2099, 1, 1))]).status == status


class TestExitStatus:
    @pytest.mark.parametrize(
        ("told", "stale", "status"),
        [
            (["pass MUST"], False, Exit.CONFORMS),
            (["pass MUST", "warn SHOULD"], False, Exit.CONFORMS),
            (["waived MUST"], False, Exit.CONFORMS),
            (["pass MUST", "not-applicable MUST"], False, Exit.CONFORMS),
            (["pass MUST", "could-not-check SHOULD"], False, Exit.CONFORMS),
            (["pass MUST", "could-not-check MUST"], False, Exit.COULD_NOT_CHECK),
            (["not-applicable MUST"], False, Exit.COULD_NOT_CHECK),
            (["could-not-check SHOULD"], False, Exit.COULD_NOT_CHECK),
            ([], False, Exit.COULD_NOT_CHECK),
            (["fail MUST", "could-not-check MUST"], False, Exit.DOES_NOT_CONFORM),
            (["fail MUST", "pass MUST"], True, Exit.DOES_NOT_CONFORM),
            (["error MAY", "fail MUST"], True, Exit.SUITE_FAILED),
            (["pass MUST"], True, Exit.STALE),
        ],
    )
    def test_the_worst_decides(self, told, stale, status):
        verdicts = [dict(zip(("status", "level"), row.split(), strict=True)) for row in told]
        assert exit_status(verdicts, stale=stale) is status

    def test_every_status_is_counted_also_those_that_do_not_occur(self):
        assert counts([{"status": "pass"}, {"status": "pass"}, {"status": "could-not-check"}]) == {
            "pass": 2, "fail": 0, "warn": 0, "waived": 0, "could_not_check": 1, "not_applicable": 0, "error": 0,
        }  # fmt: skip
