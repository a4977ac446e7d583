"""Recordings: those that travel with the suite conform and look at everything; those of others raise no false alarm."""

import csv
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance import shipped, targets
from conformance.contract import ledger
from conformance.evidence.cassette import Cassette, path_of
from conformance.evidence.runfile import read
from conformance.runner import recorded, session
from conformance.runner.conduct import unfit
from conformance.runner.settings import settings
from conformance.scenarios import scenarios

OTHERS = Path(__file__).parents[2] / "shared" / "recordings"
CASSETTES = shipped.folder("cassettes") / "moonshot"
LATE = shipped.folder("cassettes") / "scenarios" / "k26-announced-k25-listed"
# What the shipped recordings cannot show, and why.
_HISTORY = "gateways/openrouter/{}/fantasy_hist__2025-09-26__TestOpenRouterCommon__{}.sse"
# Streams that the index calls conforming, and the clause that each breaks all the same: the tool guide tells an id
# once, and a client that stops at the finish_reason loses the call behind it.
DISPUTED = {
    _HISTORY.format("upstream_baseten", "tool_streaming_kimi-k2_baseten__0__3fb14ea"): "stream.tool.id-once",
    _HISTORY.format("upstream_baseten", "tool_streaming_kimi-k2_baseten__0__53312e4"): "stream.tool.id-once",
    _HISTORY.format("upstream_deepinfra", "multi_tool_streaming_kimi-k2__0__c720b72"): "stream.finish.last",
    _HISTORY.format("upstream_deepinfra", "multi_tool_streaming_kimi-k2_deepinfra__0__4118b77"): "stream.finish.last",
}
CONDITIONAL = {
    "balance.debt-not-available": "the account of the recordings is not in debt",
    "balance.spend-agrees": "the balances of recordings stand around another run",
    "errors.code-type": "no error of the recordings bears a code",
    "stream.incremental": "only a live run tells when the pieces of a stream arrive",
    "stream.role.same": "no stream of the recordings tells the role twice",
    "tools.schema.enum-type": "no longer refused on the day of the recordings",
    "tools.schema.ref-siblings": "no longer refused on the day of the recordings",
    "tools.schema.required-undefined": "no longer refused on the day of the recordings",
    "tools.schema.type-beside-anyof": "no longer refused on the day of the recordings",
}
MODELS = [path.name.partition(".")[2] or None for path in CASSETTES.parent.glob(f"{CASSETTES.name}*")]


@pytest.fixture(scope="module")
def replayed(ran):
    return ran()


@pytest.fixture(scope="module")
def replays(ran):
    """Runs on the recordings of every model that there are some of."""
    return [ran(model=model) for model in MODELS]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    out = tmp_path_factory.mktemp("judged")
    recorded.judge([OTHERS], targets.load("moonshot"), None, None, out)
    told = defaultdict(list)
    for record in read(out / "run.ndjson"):
        if record["kind"] == "verdict":
            told[Path(record["file"]).relative_to(OTHERS).as_posix()].append(record)
    return told


@pytest.fixture(scope="module")
def index():
    with (OTHERS / "INDEX.tsv").open(encoding="utf-8", newline="") as rows:
        return {row["file"]: row for row in csv.DictReader(rows, delimiter="\t")}


class TestShipped:
    def test_a_replay_conforms_without_any_complaint(self, replays):
        assert [(replay.exit, replay.counts.keys()) for replay in replays] == [
            (0, {"pass", "not_applicable"}) for _ in MODELS
        ]

    def test_every_clause_that_is_checked_is_looked_at_somewhere_but_these(self, replays):
        checked = {record["clause"] for replay in replays for record in replay.verdicts}
        assert checked - {clause for replay in replays for clause in replay.came_to("pass")} == set(CONDITIONAL)

    def test_every_recording_is_played_and_holds_nothing_that_no_schema_knows(self, replays):
        assert [record for replay in replays for record in replay.records if record["kind"] == "change"] == []

    @pytest.mark.parametrize("model", [None, "kimi-k2.7-code", "kimi-k3"])
    def test_every_scenario_that_applies_has_its_cassette_and_every_cassette_its_scenario(self, model):
        asked = settings(model=model)
        fitting = [name for name, scenario in scenarios().items() if unfit(scenario, asked) is None]
        assert {path_of(asked.cassettes, name) for name in fitting} == set(asked.cassettes.rglob("*.yaml"))

    def test_they_say_that_the_reference_server_answered(self):
        told = {Cassette(path).metadata["provenance"] for path in [*CASSETTES.rglob("*.yaml"), *LATE.rglob("*.yaml")]}
        assert told == {"reference"}

    def test_so_does_the_run_in_its_first_record(self, replayed):
        assert replayed.records[0]["provenance"] == "reference"
        assert "no evidence about the service" in replayed.records[0]["provenance_sentence"]

    def test_a_replay_gives_the_same_verdicts_years_later(self, ran, replayed, monkeypatch):
        class Later(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime(2031, 1, 1, tzinfo=UTC)

        def told(run):
            return [(record["clause"], record["scenario"], record["status"]) for record in run.verdicts]

        monkeypatch.setattr(session, "datetime", Later)
        later = ran()
        assert later.records[0]["started"].startswith("2031-01-01")
        assert told(later) == told(replayed)

    def test_a_model_that_is_listed_three_days_late_fails_by_the_clause_that_says_so(self, ran):
        assert ran(cassettes=LATE, select="models").came_to("fail") == {"models.asked-listed", "models.promised-listed"}


@pytest.mark.skipif(not OTHERS.is_dir(), reason="the recordings of other people are not beside this checkout")
class TestOthers:
    def test_every_file_comes_to_at_least_one_verdict(self, verdicts):
        there = {path.relative_to(OTHERS).as_posix() for path in OTHERS.rglob("*") if path.is_file()}
        assert there - set(verdicts) == set()

    def test_no_file_makes_the_suite_itself_fail(self, verdicts):
        assert [file for file, told in verdicts.items() for record in told if record["status"] == "error"] == []

    def test_no_body_that_conforms_gets_a_fail(self, verdicts, index):
        conforming = [file for file, row in index.items() if row["expected"].startswith("conforms")]
        assert len(conforming) > 200
        broken = [
            (file, record["clause"])
            for file in conforming
            for record in verdicts[file]
            if record["status"] == "fail" and not file.startswith("gateways/")
        ]
        assert broken == []

    def test_a_gateway_that_conforms_fails_only_by_what_it_lists_and_by_moments_that_are_zero(self, verdicts, index):
        conforming = [file for file, row in index.items() if row["expected"].startswith("conforms")]
        failing = {
            (file, record["clause"]) for file in conforming for record in verdicts[file] if record["status"] == "fail"
        }
        assert {(file, clause) for file, clause in failing if clause in DISPUTED.values()} == set(DISPUTED.items())
        broken = {clause for _, clause in failing} - set(DISPUTED.values())
        listing = {"models.asked-listed", "models.promised-listed"}
        assert broken <= listing | {"models.created-seconds", "chat.created-seconds"}

    def test_what_violates_the_contract_gets_a_fail(self, verdicts, index):
        wrong = [file for file, row in index.items() if row["expected"].startswith("violates")]
        assert len(wrong) > 30
        assert [file for file in wrong if "fail" not in {record["status"] for record in verdicts[file]}] == []

    def test_what_is_no_evidence_could_not_be_checked(self, verdicts):
        assert {record["status"] for record in verdicts["README.md"]} == {"could-not-check"}

    def test_every_verdict_is_under_a_clause_of_the_ledger(self, verdicts):
        assert {record["clause"] for told in verdicts.values() for record in told} <= set(ledger.clauses())
