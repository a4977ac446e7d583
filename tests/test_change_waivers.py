"""Waivers of changes: what is waived is shown and is no alarm; one that expired or that nothing needs is stale."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from conformance import shipped, targets
from conformance.drift import standing
from conformance.report import results
from conformance.rows import ConfigurationError
from conformance.vocabulary import Change, ChangeWaiver, Waiver

LATE = shipped.folder("cassettes") / "scenarios" / "k26-announced-k25-listed"
LIST = LATE / "models" / "list.yaml"
LACKING = ChangeWaiver(
    "announced-not-listed", "models.list", "The vendor knows.", "api-team", "https://example.com/1", date(2099, 1, 1)
)
ROW = """
[[waiver]]
change = "announced-not-listed"
endpoint = "models.list"
model = "kimi-k2.6"
reason = "The vendor knows."
owner = "api-team"
link = "https://example.com/1"
expires = {expires}
"""


@pytest.fixture
def target(folder):
    """Write moonshot's file with some more rows; its name."""

    def written(*rows: str) -> Path:
        text = (Path(targets.__file__).parent / "moonshot.toml").read_text(encoding="utf-8")
        (folder / "moonshot.toml").write_text("\n".join([text, *rows]), encoding="utf-8")
        return folder / "moonshot.toml"

    return written


class TestInDrift:
    def test_without_a_waiver_the_change_is_breaking(self, cli):
        assert cli("drift", "--models", LIST).code == 1

    def test_what_is_waived_is_shown_as_such_and_is_no_alarm(self, cli, target):
        ended = cli("drift", "--target", target(ROW.format(expires="2099-01-01")), "--models", LIST)
        assert ended.code == 0
        assert "WAIVED  announced-not-listed  kimi-k2.6 models.list" in ended.out
        assert "waived: The vendor knows. (api-team, https://example.com/1, until 2099-01-01)" in " ".join(
            ended.out.split()
        )

    def test_it_is_counted_apart(self, cli, target):
        told = cli("drift", "--target", target(ROW.format(expires="2099-01-01")), "--models", LIST, "--json").document
        assert (told["waived"], told["counts"]["breaking"], told["exit"]) == (1, 0, 0)
        (waived,) = [one for one in told["changes"] if one["state"] == "waived"]
        assert waived["waiver"].startswith("The vendor knows. (api-team, ")

    def test_it_counts_by_the_day_that_is_judged(self, cli, target):
        assert cli("drift", "--target", target(ROW.format(expires="2026-04-23")), "--models", LIST).code == 0

    def test_one_that_has_expired_hides_nothing_and_is_stale(self, cli, target):
        told = cli("drift", "--target", target(ROW.format(expires="2026-04-22")), "--models", LIST, "--json").document
        assert told["exit"] == 1
        assert told["stale"] == [
            "the waiver for announced-not-listed kimi-k2.6 at models.list expired on 2026-04-22 (owner api-team)"
        ]

    def test_one_that_nothing_needs_is_stale(self, cli, target):
        name = target(ROW.format(expires="2099-01-01"))
        ended = cli("drift", "--target", name, "--models", LIST, "--as-of", "2026-04-19")
        assert ended.code == 5
        assert "no longer needed: there is no such change (owner api-team)" in " ".join(ended.out.split())

    def test_one_of_what_was_not_looked_at_is_neither_needed_nor_stale(self, cli, target, folder):
        (folder / "docs-2026-09-02.json").write_text(
            '{"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {}}}}}'
        )
        ended = cli("drift", "--target", target(ROW.format(expires="2099-01-01")), "--openapi", "docs-2026-09-02.json")
        assert ended.code == 0


class TestInARun:
    @pytest.fixture
    def judged(self, ran):
        def run(*waivers, **options):
            known = [
                Waiver(clause, "known", "api-team", "https://example.com/1", date(2099, 1, 1))
                for clause in ("models.promised-listed", "models.asked-listed")
            ]
            given = {"waivers": tuple(known), "change_waivers": waivers}
            return ran(cassettes=LATE, select="models", target_with=given, **options)

        return run

    def states(self, told):
        return {one["state"] for one in told.records if one.get("change") == "announced-not-listed"}

    def test_what_is_waived_is_shown_as_such(self, judged):
        told = judged(LACKING)
        assert (self.states(told), told.exit) == ({"waived"}, 0)
        assert any(line.startswith("1 waived, ") for line in results.changed(told.records))

    def test_it_is_no_alarm_since_an_earlier_run(self, judged, tmp_path):
        judged(as_of=date(2026, 4, 19), out=tmp_path)
        since = [tmp_path / "run.ndjson"]
        assert judged(since=since).exit == 1
        assert judged(LACKING, since=since).exit == 0

    def test_when_it_ends_what_it_hid_is_no_new_alarm_but_the_waiver_is_stale(self, judged, tmp_path):
        judged(LACKING, out=tmp_path)
        told = judged(replace(LACKING, expires=date(2026, 4, 22)), since=[tmp_path / "run.ndjson"])
        assert (self.states(told), told.exit) == ({"went-on"}, 5)

    def test_one_that_has_expired_is_stale(self, judged):
        told = judged(replace(LACKING, expires=date(2026, 4, 22)))
        assert (self.states(told), told.exit) == ({"new"}, 5)

    def test_one_that_nothing_needs_is_stale(self, judged):
        assert judged(LACKING, as_of=date(2026, 4, 19)).exit == 5

    def test_one_of_what_only_a_whole_run_can_tell_is_not_stale_in_a_selection(self, judged):
        told = judged(LACKING, replace(LACKING, change="unknown-member"))
        assert told.end["stale"] == []


class TestWhatItCovers:
    CHANGE = Change("answer-member-gone", "chat.completions", "/200/usage/a", "words", model="kimi-k2.6")
    WAIVER = replace(LACKING, change="answer-member-gone", endpoint="chat.completions")

    @pytest.mark.parametrize(
        ("given", "covers"),
        [
            ({}, True),
            ({"where": "/200/usage/*"}, True),
            ({"where": "/200/choices/*"}, False),
            ({"model": "kimi-k2.6"}, True),
            ({"model": "kimi-k3"}, False),
            ({"endpoint": "chat.stream"}, False),
            ({"change": "answer-member-new"}, False),
        ],
    )
    def test_is_what_it_names(self, given, covers):
        assert standing.covers(replace(self.WAIVER, **given), self.CHANGE) is covers


class TestTheTargetsFile:
    def test_brings_waivers_of_clauses_and_of_changes(self, target):
        clause = 'reason = "r"\nowner = "o"\nlink = "https://l"\nexpires = 2026-12-31\n'
        loaded = targets.load(
            str(target(ROW.format(expires="2099-01-01"), f'[[waiver]]\nclause = "chat.id"\n{clause}'))
        )
        assert loaded.waivers == (Waiver("chat.id", "r", "o", "https://l", date(2026, 12, 31)),)
        assert loaded.change_waivers == (replace(LACKING, model="kimi-k2.6"),)

    @pytest.mark.parametrize("name", ["endpoint", "reason", "owner", "link", "expires"])
    def test_is_refused_where_a_waiver_lacks_something(self, target, name):
        lines = [line for line in ROW.format(expires="2099-01-01").splitlines() if not line.startswith(name)]
        with pytest.raises(ConfigurationError, match=f"waiver announced-not-listed: the key '{name}' is missing"):
            targets.load(str(target(*lines)))
