"""Each lie of the reference server about its models is a change, on a day on which it lies and on none before."""

from datetime import UTC, date, datetime

import httpx
import pytest

from conformance import targets
from conformance.drift import lifecycle
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.vocabulary import Exchange, Request, Response

MOONSHOT = targets.load("moonshot")
NEVER = None


def told(fault, as_of, key):
    """The kinds of change in a list of models of the reference server, on a day of its own."""
    day = date.fromisoformat(as_of)
    with running(create_app(fault=[fault] if fault else [], as_of=day)) as url:
        answer = httpx.get(f"{url}/models", headers={"Authorization": f"Bearer {key}"})
    made = datetime.combine(day, datetime.min.time(), UTC)
    response = Response(answer.status_code, (), answer.content)
    exchange = Exchange("models.list", "1", "models.list", Request("GET", url), response, made)
    return {one.kind for one in lifecycle.changes(exchange, MOONSHOT, day)} - {"retirement-ahead"}


@pytest.mark.parametrize(
    ("fault", "kind", "before", "after"),
    [
        ("stale-models", "announced-not-listed", "2026-04-19", "2026-04-20"),
        ("newest-model-unlisted", "announced-not-listed", "2026-07-15", "2026-07-16"),
        ("retired-still-listed", "retired-still-listed", "2025-11-11", "2025-11-12"),
        ("unknown-model-listed", "listed-unknown", NEVER, "2026-09-02"),
        ("context-length-wrong", "context-differs", NEVER, "2026-09-02"),
        ("thinking-not-listed", "capability-differs", NEVER, "2026-09-02"),
    ],
)
def test_a_lie_about_models_is_a_change(key, fault, kind, before, after):
    assert kind in told(fault, after, key)
    assert before is NEVER or kind not in told(fault, before, key)


@pytest.mark.parametrize("as_of", ["2026-04-23", "2026-08-31", "2026-09-01", "2026-11-24"])
def test_an_honest_list_is_none(key, as_of):
    assert told(None, as_of, key) == set()
