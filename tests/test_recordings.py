"""The recordings that travel with the suite conform, look at everything, and say who answered."""

from datetime import UTC, datetime

import pytest

from conformance import shipped
from conformance.evidence.cassette import Cassette, path_of
from conformance.runner import session
from conformance.runner.conduct import unfit
from conformance.runner.settings import settings
from conformance.scenarios import scenarios

CASSETTES = shipped.folder("cassettes") / "moonshot"
LATE = shipped.folder("cassettes") / "scenarios" / "k26-announced-k25-listed"
# What the shipped recordings cannot show, and why.
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
