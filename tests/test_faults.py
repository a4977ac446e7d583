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


# A lie is told to each model in whose answers it shows.
TOLD = [(name, model) for name, fault in faults().items() for model in fault.models or (MODELS[0],)]


def with_effect(*effects):
    return [(name, model) for name, model in TOLD if faults()[name].effect in effects]


@pytest.fixture(scope="module")
def runs(request, ran):
    """The run against each server that a selected test speaks of: most of a run is waiting, so some go side by side."""

    def told_by(lie):
        name, model = lie
        with running(create_app(fault=[name])) as url:
            told = ran(target=f"moonshot={url}", mode="live", max_cost=1, model=model)
        # A hundred runs with all that was said in them fill the memory.
        return replace(told, records=[*told.verdicts, told.end], session=None)

    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    mine = [item for item in items if item.path == request.path and hasattr(item, "callspec")]
    said = [item.callspec.params for item in mine if "name" in item.callspec.params]
    # The last ones wait longest, so they come first.
    lies = list(reversed(dict.fromkeys((params["name"], params["model"]) for params in said)))
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        patch.setenv("MOONSHOT_API_KEY", "sk-tests-of-the-suite-0123456789")
        return dict(zip(lies, pool.map(told_by, lies), strict=True))


@pytest.mark.parametrize(("name", "model"), TOLD)
def test_a_run_exits_as_the_lie_deserves(name, model, runs):
    assert runs[name, model].exit == EXIT[faults()[name].effect]


@pytest.fixture(scope="module")
def looked_at(ran):
    """The clauses that an honest run looks at, by model."""
    runs = {model: ran(mode="reference", model=model) for model in MODELS}
    return {model: told.came_to("pass") | LIVE_ONLY for model, told in runs.items()}


@pytest.fixture(scope="module")
def broken_by(looked_at):
    """Return the clauses that a row names, where a pattern stands for all that a run looks at."""

    def clauses(name, model):
        return {clause for pattern in faults()[name].breaks for clause in fnmatch.filter(looked_at[model], pattern)}

    return clauses


@pytest.mark.parametrize(("name", "model"), with_effect("fail", "warn"))
def test_what_is_found_broken_is_what_the_row_of_the_lie_names(name, model, runs, broken_by):
    found = runs[name, model].came_to("fail") | runs[name, model].came_to("warn")
    assert found == broken_by(name, model)


@pytest.mark.parametrize(("name", "model"), with_effect("fail"))
def test_a_lie_that_must_fail_fails_a_clause_that_its_row_names(name, model, runs, broken_by):
    assert runs[name, model].came_to("fail") & broken_by(name, model)


@pytest.mark.parametrize(("name", "model"), with_effect("warn"))
def test_a_lie_that_must_warn_fails_nothing(name, model, runs, broken_by):
    assert runs[name, model].came_to("fail") == set()
    assert runs[name, model].came_to("warn") & broken_by(name, model)


@pytest.mark.parametrize(("name", "model"), with_effect("could-not-check"))
def test_what_cannot_be_checked_is_not_called_broken(name, model, runs):
    assert runs[name, model].came_to("fail") | runs[name, model].came_to("warn") == set()


@pytest.mark.parametrize(("name", "model"), [("html-page", MODELS[0]), ("silent", MODELS[0])])
def test_a_server_that_gives_no_answer_of_the_api_passes_nothing(name, model, runs):
    assert runs[name, model].counts.keys() <= {"could_not_check", "not_applicable"}


@pytest.mark.parametrize(("name", "model"), with_effect("none"))
def test_what_only_looks_like_a_fault_raises_no_complaint(name, model, runs):
    assert runs[name, model].counts.keys() == {"pass", "not_applicable"}


@pytest.mark.parametrize(("name", "model"), TOLD)
def test_no_lie_makes_the_suite_itself_fail(name, model, runs):
    assert runs[name, model].came_to("error") == set()


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
