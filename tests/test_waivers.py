"""Waivers: they live with the target, say who owns them, end on a day, and are red when nobody needs them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from conformance import shipped, targets
from conformance.contract import ledger
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.vocabulary import Waiver

LATE = shipped.folder("cassettes") / "scenarios" / "k26-announced-k25-listed"
DAY = date(2026, 4, 23)
CLAUSES = ("models.promised-listed", "models.asked-listed")


def waiver(clause, expires=date(2099, 1, 1)):
    return Waiver(clause, "The vendor knows.", "api-team", "https://example.com/1", expires)


@pytest.fixture
def judged(ran):
    """Replay the list that lacks a model, with some waivers."""

    def run(*waivers, **options):
        return ran(cassettes=LATE, select="models", target_with={"waivers": waivers}, **options)

    return run


def test_what_is_waived_is_neither_a_fail_nor_a_pass(judged):
    told = judged(*map(waiver, CLAUSES))
    assert told.came_to("waived") == set(CLAUSES)
    assert told.came_to("fail") == set()
    assert (told.exit, told.end["stale"]) == (0, [])


def test_without_it_the_same_run_fails(judged):
    told = judged()
    assert (told.came_to("fail"), told.exit) == (set(CLAUSES), 1)


def test_the_findings_of_what_is_waived_are_still_told(judged):
    told = judged(*map(waiver, CLAUSES))
    findings = [record["findings"] for record in told.verdicts if record["status"] == "waived"]
    assert all(findings)


def test_it_counts_by_the_day_of_the_answer_and_not_by_today(judged):
    told = judged(*(waiver(clause, DAY) for clause in CLAUSES))
    assert told.exit == 0


def test_one_that_has_expired_is_stale_and_hides_nothing(judged):
    told = judged(*(waiver(clause, date(2026, 4, 22)) for clause in CLAUSES))
    assert told.exit == 1
    assert told.end["stale"] == [
        f"the waiver for {clause} expired on 2026-04-22 (owner api-team)" for clause in CLAUSES
    ]


def test_one_whose_clause_holds_is_stale_although_everything_else_conforms(judged):
    told = judged(waiver("models.status"), as_of=date(2026, 4, 19))
    assert told.exit == 5
    assert told.end["stale"] == ["the waiver for models.status is no longer needed: the clause holds (owner api-team)"]


def test_one_whose_clause_was_not_looked_at_is_neither_needed_nor_stale(judged):
    told = judged(*map(waiver, CLAUSES), waiver("chat.id"))
    assert (told.exit, told.end["stale"]) == (0, [])


def test_one_whose_clause_holds_in_one_scenario_and_breaks_in_another_is_needed(ran, key):
    with running(create_app(fault=["finish-tool-calls-without-calls"])) as url:
        told = ran(
            target=f"moonshot={url}", mode="live", max_cost=1, select="chat",
            target_with={"waivers": (waiver("chat.finish.tool-calls"),)},
        )  # fmt: skip
    assert "chat.finish.tool-calls" in told.came_to("waived")
    assert told.end["stale"] == []


def test_the_shipped_targets_waive_nothing_that_the_ledger_does_not_know():
    for name in targets.names():
        for waived in targets.load(name).waivers:
            assert waived.clause in ledger.clauses()


def test_a_target_file_brings_its_waivers(tmp_path):
    text = (Path(targets.__file__).parent / "moonshot.toml").read_text(encoding="utf-8")
    row = 'clause = "chat.id"\nreason = "r"\nowner = "o"\nlink = "https://l"\nexpires = 2026-12-31\n'
    (tmp_path / "mine.toml").write_text(f"{text}\n[[waiver]]\n{row}", encoding="utf-8")
    loaded = targets.load(str(tmp_path / "mine.toml"))
    assert loaded.waivers == (Waiver("chat.id", "r", "o", "https://l", date(2026, 12, 31)),)
    assert replace(loaded, waivers=()).model == "kimi-k2.6"
