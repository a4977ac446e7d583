"""Lies of the reference server, told over HTTP as they are told to people, and honesty, which raises no alarm there.

In this process every lie is told by the tests of selftest; here some are that only the wire shows, and a few others.
"""

import fnmatch
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from conformance.contract import ledger
from conformance.proof import bench
from conformance.proof.trials import EXIT
from conformance.reference import create_app, faults
from conformance.reference.serving import running

MODELS = ("kimi-k2.6", "kimi-k2.7-code", "kimi-k3")
AT_ONCE = 4
WIRE = (
    "everything-200", "everything-401", "everything-500", "html-page", "huge-body", "not-utf-8", "rate-limited-once",
    "redirect", "silent", "stream-in-one-burst", "truncated-json",
)  # fmt: skip
# Those of gateways are told in tests/test_gateway_faults.py.
OF_THE_SERVER = [name for name, fault in faults().items() if not {*fault.models} & {*bench.GATEWAYS}]
TOLD = sorted({*WIRE, *OF_THE_SERVER[::25]})


@pytest.fixture(scope="module")
def runs(request, ran):
    """The run against each server that a selected test speaks of: most of a run is waiting, so some go side by side."""

    def told_by(name):
        model = faults()[name].models[:1] or MODELS[:1]
        with running(create_app(fault=[name])) as url:
            told = ran(target=f"moonshot={url}", mode="live", max_cost=1, model=model[0])
        # All that was said in so many runs would fill the memory.
        return replace(told, records=[*told.verdicts, told.end], session=None)

    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    names = dict.fromkeys(item.callspec.params["name"] for item in items if "name" in item.callspec.params)
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(AT_ONCE) as pool:
        patch.setenv("MOONSHOT_API_KEY", "sk-tests-of-the-suite-0123456789")
        return dict(zip(names, pool.map(told_by, names), strict=True))


@pytest.mark.parametrize("name", TOLD)
def test_a_run_exits_as_the_lie_deserves(name, runs):
    assert runs[name].exit == EXIT[faults()[name].effect]


@pytest.mark.parametrize("name", [name for name in TOLD if faults()[name].effect == "fail"])
def test_a_lie_that_must_fail_fails_a_clause_that_its_row_names(name, runs):
    assert any(fnmatch.filter(runs[name].came_to("fail"), pattern) for pattern in faults()[name].breaks)


@pytest.mark.parametrize("name", [name for name in TOLD if faults()[name].effect == "could-not-check"])
def test_what_cannot_be_checked_is_not_called_broken(name, runs):
    assert runs[name].came_to("fail") | runs[name].came_to("warn") == set()


@pytest.mark.parametrize("name", ["html-page", "silent"])
def test_a_server_that_gives_no_answer_of_the_api_passes_nothing(name, runs):
    assert runs[name].counts.keys() <= {"could_not_check", "not_applicable"}


@pytest.mark.parametrize("name", TOLD)
def test_no_lie_makes_the_suite_itself_fail(name, runs):
    assert runs[name].came_to("error") == set()


def test_every_clause_that_a_lie_breaks_is_in_the_ledger():
    plain = {clause for fault in faults().values() for clause in fault.breaks if "*" not in clause}
    assert plain - set(ledger.clauses()) == set()


def test_every_effect_of_a_lie_is_one_that_a_run_can_come_to():
    assert {fault.effect for fault in faults().values()} == set(EXIT)


@pytest.mark.parametrize("model", MODELS)
def test_an_honest_server_conforms_over_http(model, key, ran):
    with running(create_app()) as url:
        told = ran(target=f"moonshot={url}", mode="live", max_cost=1, model=model)
    assert (told.exit, told.counts.keys()) == (0, {"pass", "not_applicable"})


def test_a_model_that_cannot_be_asked_in_batches_says_so_with_the_page_that_tells_it(ran):
    told = ran(mode="reference", model="kimi-k3", select="batches.complete").verdicts
    assert {(record["status"], record["reason"]) for record in told} == {
        ("not-applicable", "kimi-k3 cannot be asked in batches (https://platform.kimi.ai/docs/api/models-overview)")
    }
