"""What one gateway has of its own is none of another host's, and nothing else is left out for it."""

import pytest

from conformance import targets
from conformance.checks import all_checks
from conformance.runner import hosts
from conformance.runner.conduct import unfit
from conformance.runner.settings import settings
from conformance.scenarios import scenarios

NAMES = ["moonshot", "moonshot-cn", "openrouter", "aimlapi"]


def left_out(target):
    kept = set(map(id, hosts.concerning(all_checks(), target)))
    return [check for check in all_checks() if id(check) not in kept]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_out_could_not_apply(name, monkeypatch):
    target = targets.load(name)
    monkeypatch.setenv(target.key_variable, "sk-tests-of-the-suite-0123456789")
    asked = settings(target=name, mode="live")
    for check in left_out(target):
        if not check.clause.id.startswith("gateways."):
            assert unfit(scenarios()[check.scenario], asked) or check.clause.endpoint not in target.endpoints


@pytest.mark.parametrize("name", ["moonshot", "moonshot-cn"])
def test_what_any_gateway_may_change_says_nothing_of_the_vendor(name):
    target = targets.load(name)
    assert not [check for check in hosts.concerning(all_checks(), target) if check.clause.id.startswith("gateways.")]


@pytest.mark.parametrize(("name", "other"), [("moonshot", "openrouter"), ("openrouter", "aimlapi")])
def test_no_scenario_of_another_host_is_left(name, other):
    kept = hosts.concerning(all_checks(), targets.load(name))
    assert not [check for check in kept if check.scenario.startswith(f"{other}.")]


def test_where_nothing_concerns_a_target_all_is_kept_and_says_why():
    others = [check for check in all_checks() if check.scenario == "openrouter.key"]
    assert hosts.concerning(others, targets.load("moonshot")) == others
