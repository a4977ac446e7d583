"""Each kind of change in a model's life cycle is made by a lie of the reference server, and told from its day on."""

import json
from dataclasses import replace
from datetime import date
from functools import cache
from typing import NamedTuple

import pytest

from conformance.drift import comparison, standing
from conformance.drift.kinds import LifeCycle
from conformance.drift.standing import Stands
from conformance.evidence.redact import Redactor
from conformance.reference import create_app, faults
from conformance.reference.inprocess import client
from conformance.report import drift as report
from conformance.runner import rollcall
from conformance.runner.settings import settings
from conformance.vocabulary import Severity

HONEST = None
PUBLISHED = {"docs.json": "/docs/openapi.json", "prices.md": "/docs/pricing/chat.md"}


class Row(NamedTuple):
    """A lie, the model that it is about, a day on which it is a change, and the one beside it on which it is none."""

    fault: str | None
    model: str
    told: str
    silent: str | None


# Nobody announces a stranger, so there is no day before it: an honest server is the other side.
NEVER = None
ROWS = {
    LifeCycle.ANNOUNCED_NOT_LISTED: Row("stale-models", "kimi-k2.6", "2026-04-20", "2026-04-19"),
    LifeCycle.LISTED_NOT_ANNOUNCED: Row("model-listed-early", "kimi-k3", "2026-07-15", "2026-07-16"),
    LifeCycle.LISTED_UNKNOWN: Row("unknown-model-listed", "kimi-never-announced", "2026-09-02", NEVER),
    LifeCycle.RETIRED_STILL_LISTED: Row("retired-still-listed", "kimi-thinking-preview", "2025-11-12", "2025-11-11"),
    # Models do retire, so an honest server makes it.
    LifeCycle.RETIREMENT_AHEAD: Row(HONEST, "kimi-k2.5", "2026-06-02", "2026-06-01"),
    LifeCycle.CONTEXT_DIFFERS: Row("context-length-wrong", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.MODALITY_DIFFERS: Row("capability-wrong", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.CAPABILITY_DIFFERS: Row("thinking-not-listed", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.LISTED_NOT_CALLABLE: Row("listed-not-callable", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.CALLABLE_NOT_LISTED: Row("newest-model-unlisted", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.ANNOUNCED_NOT_CALLABLE: Row("newest-model-gone", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.RETIRED_STILL_CALLABLE: Row("retired-still-callable", "kimi-k2.5", "2026-09-01", "2026-08-31"),
    LifeCycle.NO_LONGER_LISTED: Row("newest-model-unlisted", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.NO_LONGER_CALLABLE: Row("newest-model-gone", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.SAMPLE_NAMES_DEAD_MODEL: Row("sample-names-old-model", "kimi-k2.5", "2026-09-01", "2026-08-31"),
    LifeCycle.SAMPLE_LAGS_ANNOUNCEMENT: Row("sample-names-old-model", "kimi-k2.6", "2026-04-20", "2026-04-19"),
    LifeCycle.DOCUMENTED_RETIRED: Row("enums-keep-old-model", "kimi-k2.5", "2026-09-01", "2026-08-31"),
    LifeCycle.DOCUMENTED_IN_PART: Row("estimate-lacks-newest-model", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.DOCUMENTED_UNKNOWN: Row("model-documented-early", "kimi-k3", "2026-07-15", "2026-07-16"),
    LifeCycle.ANNOUNCED_NOT_DOCUMENTED: Row("newest-model-undocumented", "kimi-k3", "2026-07-16", "2026-07-15"),
    LifeCycle.PRICE_DIFFERS: Row("price-page-wrong", "kimi-k3", "2026-07-16", "2026-07-15"),
}


def drift(folder, as_of, fault=HONEST, since=None):
    """What all five sources come to on a day, of a reference server that tells a lie."""
    day, lies = date.fromisoformat(as_of), [fault] if fault else []
    with client(create_app(as_of=day, fault=lies), key=None) as asking:
        for name, path in PUBLISHED.items():
            (folder / name).write_bytes(asking.get(f"http://reference.invalid{path}").content)
    asked = replace(settings(mode="reference", as_of=day), faults=tuple(lies))
    paths = [folder / name for name in PUBLISHED]
    rolled = rollcall.ask(asked)
    return comparison.compare(
        comparison.Asked(
            asked.target, paths[:1], None, day, day, paths[1:], rolled.exchanges, rolled.answered_by, since
        ),
        Redactor("", ""),
    )


@cache
def honest(folder, as_of):
    """What an honest server comes to on a day."""
    return drift(folder, as_of)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("published")


def told(folder, as_of, fault=HONEST):
    """The kinds and models of the changes on a day, after an honest run on the same day."""
    earlier = report.document(honest(folder, as_of), Stands(()), Severity.BREAKING)
    (folder / "earlier.json").write_text(json.dumps(earlier))
    return {(one.kind, one.model) for one in drift(folder, as_of, fault, folder / "earlier.json").changes}


def test_every_kind_of_change_has_a_row():
    assert ROWS.keys() == set(LifeCycle)


def test_every_kind_but_a_retirement_to_come_is_made_by_a_fault_that_says_so():
    made = {(kind, row.fault) for kind, row in ROWS.items() if row.fault is not HONEST}
    assert made <= {(kind, fault.name) for fault in faults().values() for kind in fault.changes}
    assert {kind for kind, row in ROWS.items() if row.fault is HONEST} == {LifeCycle.RETIREMENT_AHEAD}


def test_every_change_that_a_fault_names_is_one_of_a_life_cycle():
    assert {kind for fault in faults().values() for kind in fault.changes} <= set(LifeCycle)


@pytest.mark.parametrize("kind", LifeCycle)
def test_it_is_told_from_its_day_on_and_not_on_the_day_beside_it(kind, folder):
    row = ROWS[kind]
    assert (kind, row.model) in told(folder, row.told, row.fault)
    quiet = told(folder, row.silent, row.fault) if row.silent else told(folder, row.told)
    assert (kind, row.model) not in quiet


@pytest.mark.parametrize("kind", LifeCycle)
def test_a_change_names_its_sources_on_both_sides_and_the_odd_one_out(kind, folder):
    row = ROWS[kind]
    told(folder, row.told, row.fault)
    found = drift(folder, row.told, row.fault, folder / "earlier.json").changes
    (change,) = {(one.kind, one.model): one for one in found if (one.kind, one.model) == (kind, row.model)}.values()
    assert change.source
    assert change.other_source
    assert change.source != change.other_source
    assert change.odd_one_out or kind is LifeCycle.RETIREMENT_AHEAD


DAYS = ["2026-04-19", "2026-04-23", "2026-07-15", "2026-07-16", "2026-08-31", "2026-09-01", "2026-11-24"]


@pytest.mark.parametrize("as_of", DAYS)
def test_an_honest_service_and_its_pages_show_no_change_but_retirements_to_come(as_of, folder):
    kinds = {kind for kind, _ in told(folder, as_of)}
    assert kinds & set(LifeCycle) <= {LifeCycle.RETIREMENT_AHEAD}


@pytest.mark.parametrize("as_of", DAYS)
def test_every_source_has_its_cell_in_the_table(as_of, folder):
    rows = [row for row in honest(folder, as_of).models if row.field == "there"]
    assert all(None not in (row.announced, row.documented, row.listed, row.callable) for row in rows)


def test_each_kind_is_said_to_have_ended_where_it_was_looked_at():
    assert {kind.value for kind in LifeCycle} <= standing._places().keys()
