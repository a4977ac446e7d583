"""Recordings never rot by themselves; a target may say how old they may be, and then an older one is stale."""

from datetime import date, timedelta

import pytest

from conformance import shipped
from conformance.evidence.cassette import Cassette


@pytest.fixture
def replayed(ran):
    """Replay the shipped list of models, as of a day, where recordings may be of some age."""

    def run(allowed, day=None):
        return ran(select="models", as_of=day, target_with={"recordings_days": allowed})

    return run


def test_without_a_limit_a_recording_of_any_age_conforms(replayed):
    told = replayed(None, date(2036, 11, 22))
    assert (told.end["stale"], told.exit != 5) == ([], True)


def test_one_that_is_young_enough_is_not_stale(replayed):
    assert replayed(400_000).end["stale"] == []


def test_one_that_is_older_is_stale(replayed):
    recorded_on = Cassette(shipped.folder("cassettes") / "moonshot" / "models" / "list.yaml").metadata["recorded_on"]
    told = replayed(30, date.fromisoformat(recorded_on) + timedelta(days=365))
    assert told.end["stale"] == ["the recording of models.list is 365 days old; the target allows 30"]
