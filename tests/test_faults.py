"""Every lie of the reference server, told over HTTP: a run comes to what its row says, and honesty raises no alarm."""

import fnmatch
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from conformance.contract import ledger
from conformance.reference import create_app, faults
from conformance.reference.serving import running

EXIT = {"fail": 1, "warn": 0, "could-not-check": 3, "none": 0}
AT_ONCE = 8
MODELS = ("kimi-k2.6", "kimi-k2.7-code", "kimi-k3")
# What is looked at only where time passes, or only in a reading that complains: nothing else shows it in an honest run.
LIVE_ONLY = {"stream.incremental", "stream.role.same", "balance.debt-not-available", "errors.code-type"}


def named(*effects: str) -> list[str]:
    return [name for name, fault in faults().items() if fault.effect in effects]


@pytest.fixture(scope="module")
def runs(request, ran):
    """The run against each server that a selected test speaks of: most of a run is waiting, so some go side by side."""

    def told_by(name):
        with running(create_app(fault=[name])) as url:
            told = ran(target=f"moonshot={url}", mode="live", max_cost=1, model=faults()[name].model)
        # A hundred runs with all that was said in them fill the memory.
        return replace(told, records=[*told.verdicts, told.end], session=None)

    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    mine = [item for item in items if item.path == request.path and hasattr(item, "callspec")]
    selected = dict.fromkeys(item.callspec.params["name"] for item in mine if "name" in item.callspec.params)
    # The last ones wait longest, so they come first.
    names = list(reversed(selected))
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        patch.setenv("MOONSHOT_API_KEY", "sk-tests-of-the-suite-0123456789")
        return dict(zip(names, pool.map(told_by, names), strict=True))


@pytest.mark.parametrize("name", faults())
def test_a_run_exits_as_the_lie_deserves(name, runs):
    assert runs[name].exit == EXIT[faults()[name].effect]


@pytest.fixture(scope="module")
def looked_at(ran):
    """The clauses that an honest run looks at, by model."""
    runs = {model: ran(mode="reference", model=model) for model in MODELS}
    return {model: told.came_to("pass") | LIVE_ONLY for model, told in runs.items()}


@pytest.fixture(scope="module")
def broken_by(looked_at):
    """Return the clauses that a row names, where a pattern stands for all that a run looks at."""

    def clauses(name):
        known = looked_at[faults()[name].model or MODELS[0]]
        return {clause for pattern in faults()[name].breaks for clause in fnmatch.filter(known, pattern)}

    return clauses


@pytest.mark.parametrize("name", named("fail", "warn"))
def test_what_is_found_broken_is_what_the_row_of_the_lie_names(name, runs, broken_by):
    found = runs[name].came_to("fail") | runs[name].came_to("warn")
    assert found == broken_by(name)


@pytest.mark.parametrize("name", named("fail"))
def test_a_lie_that_must_fail_fails_a_clause_that_its_row_names(name, runs, broken_by):
    assert runs[name].came_to("fail") & broken_by(name)


@pytest.mark.parametrize("name", named("warn"))
def test_a_lie_that_must_warn_fails_nothing(name, runs, broken_by):
    assert runs[name].came_to("fail") == set()
    assert runs[name].came_to("warn") & broken_by(name)


@pytest.mark.parametrize("name", named("could-not-check"))
def test_what_cannot_be_checked_is_not_called_broken(name, runs):
    assert runs[name].came_to("fail") | runs[name].came_to("warn") == set()


@pytest.mark.parametrize("name", ["html-page", "silent"])
def test_a_server_that_gives_no_answer_of_the_api_passes_nothing(name, runs):
    assert runs[name].counts.keys() == {"could_not_check"}


@pytest.mark.parametrize("name", named("none"))
def test_what_only_looks_like_a_fault_raises_no_complaint(name, runs):
    assert runs[name].counts.keys() == {"pass", "not_applicable"}


@pytest.mark.parametrize("name", faults())
def test_no_lie_makes_the_suite_itself_fail(name, runs):
    assert runs[name].came_to("error") == set()


def test_every_clause_that_a_lie_breaks_is_in_the_ledger():
    patterns = {pattern for fault in faults().values() for pattern in fault.breaks}
    assert [pattern for pattern in patterns if not fnmatch.filter(ledger.clauses(), pattern)] == []


def test_every_effect_of_a_lie_is_one_that_a_run_can_come_to():
    assert {fault.effect for fault in faults().values()} == set(EXIT)


@pytest.mark.parametrize("model", MODELS)
def test_an_honest_server_raises_no_alarm(model, ran):
    assert ran(mode="reference", model=model).counts.keys() == {"pass", "not_applicable"}


def test_an_honest_server_conforms_over_http(key, ran):
    with running(create_app()) as url:
        told = ran(target=f"moonshot={url}", mode="live", max_cost=1)
    assert (told.exit, told.counts.keys()) == (0, {"pass", "not_applicable"})


def test_a_model_that_cannot_be_asked_in_batches_says_so_with_the_page_that_tells_it(ran):
    told = ran(mode="reference", model="kimi-k3", select="batches.complete").verdicts
    assert {(record["status"], record["reason"]) for record in told} == {
        ("not-applicable", "kimi-k3 cannot be asked in batches (https://platform.kimi.ai/docs/api/models-overview)")
    }
