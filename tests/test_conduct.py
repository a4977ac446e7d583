"""The order in which scenarios are asked, what stops them, and that nothing ever waits for what cannot come."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import targets
from conformance.checks import all_checks
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner import selection
from conformance.runner.conduct import Conducted, Conductor, costs, needed, stages
from conformance.runner.session import RunSession
from conformance.runner.settings import Settings, settings
from conformance.runner.spending import most
from conformance.scenarios import BALANCES, scenarios
from conformance.vocabulary import Mode, Scenario, Spending

MODEL = "kimi-k2.6"
BALANCE, BALANCE_AFTER = "balance.read", "balance.after"
PAID = ("chat.one-word", "stream.partial", "tools.none")
# No run of these takes a second; what takes longer waits for something that does not come.
SOON = 30
SUBSETS = st.lists(st.sampled_from(sorted(scenarios())), min_size=1, unique=True)


@pytest.fixture
def conducted(key):
    """Run some scenarios live at an address, side by side, and return what they came to; never for ever."""

    def run(url, names, *, concurrency=4, max_cost=1.0, tell=lambda _: None, **target_with) -> Conducted:
        target = replace(targets.load(f"moonshot={url}"), concurrency=concurrency, requests_per_minute=None)
        asked = Settings(replace(target, **target_with), Mode.LIVE, MODEL, key, Path("cassettes"), max_cost=max_cost)
        conductor = Conductor(asked, tell)
        pool = ThreadPoolExecutor(1)
        try:
            return pool.submit(conductor.run, needed(names)).result(SOON)
        finally:
            pool.shutdown(wait=False)

    return run


def answered(done: Conducted) -> set[str]:
    """Return the scenarios that got an answer."""
    return {name for name, said in done.conversations.items() if any(exchange.response for exchange in said)}


def why_not(done: Conducted, name: str) -> str:
    """Return why a scenario was not asked."""
    (exchange,) = done.conversations[name]
    assert exchange.request.method == ""
    return exchange.failure


class TestStages:
    @given(SUBSETS)
    def test_each_scenario_is_asked_once(self, names):
        wanted = needed(names)
        asked = [scenario.name for stage in stages(wanted) for scenario in stage]
        assert sorted(asked) == sorted(scenario.name for scenario in wanted)

    @given(SUBSETS)
    def test_the_first_goes_alone_and_never_waits_for_a_balance_that_is_still_to_come(self, names):
        first, *_ = stages(needed(names))
        assert len(first) == 1
        assert not costs(first[0]) or not {*BALANCES} & {each.name for each in needed(names)}

    @given(SUBSETS)
    def test_the_balances_are_the_first_of_the_rest(self, names):
        first, rest, _ = stages(needed(names))
        asked = [scenario.name in BALANCES for scenario in [*first, *rest]]
        assert asked[1:] == sorted(asked[1:], reverse=True)

    def test_what_follows_another_brings_along_what_it_goes_on_from(self):
        asked = {scenario.name for scenario in needed(["refusals.signature-bad-key"])}
        assert asked == {"refusals.signature-bad-key", "signatures.verify", "chat.one-word"}

    @given(SUBSETS)
    def test_what_follows_others_comes_when_all_else_is_done(self, names):
        *before, last = stages(needed(names))
        assert {scenario.name for scenario in last} == {each.name for each in needed(names) if each.follows}
        assert not any(scenario.follows for stage in before for scenario in stage)

    def test_controls_come_next_and_then_what_has_most_to_ask(self):
        _, rest, _ = stages([one for one in needed(scenarios()) if one.name not in BALANCES])
        controls = {scenario.control for scenario in scenarios().values()}
        place = [scenario.name not in controls for scenario in rest]
        assert place == sorted(place)
        others = [scenario.name for scenario in rest if scenario.name not in controls]
        assert others[:2] == ["browser.page", "tools.schema-rules"]
        assert {*others[2:4]} == {"tools.call", "batches.complete"}

    def test_nothing_has_no_stage_with_anything_in_it(self):
        assert [*stages([])] == [[], [], []]


class TestWhatCosts:
    @pytest.mark.parametrize("name", [*PAID, "refusals.unknown-model", "batches.cancel", "refusals.bad-window"])
    def test_what_is_paid_for_and_what_would_be_if_it_were_answered(self, name):
        assert costs(scenarios()[name])

    @pytest.mark.parametrize("name", ["models.list", BALANCE, BALANCE_AFTER, "refusals.bad-key", "files.life"])
    def test_what_is_free_and_its_refusals_do_not(self, name):
        assert not costs(scenarios()[name])


class TestNothingWaitsForEver:
    @pytest.mark.parametrize("concurrency", [1, 2, 8])
    def test_where_the_balance_is_read(self, conducted, concurrency):
        with running(create_app()) as url:
            done = conducted(url, [BALANCE, *PAID], concurrency=concurrency)
        assert answered(done) == {BALANCE, *PAID}

    @pytest.mark.parametrize("concurrency", [1, 4])
    def test_where_the_balance_is_not_selected(self, conducted, concurrency):
        with running(create_app()) as url:
            assert answered(conducted(url, PAID, concurrency=concurrency)) == set(PAID)

    def test_where_the_target_has_no_balance(self, conducted):
        with running(create_app()) as url:
            endpoints = targets.load("moonshot").endpoints - {"balance"}
            assert answered(conducted(url, [BALANCE, BALANCE_AFTER, *PAID], endpoints=endpoints)) == set(PAID)

    @pytest.mark.parametrize("names", [[BALANCE, *PAID], ["models.list", BALANCE, *PAID]])
    def test_where_asking_for_the_balance_breaks(self, conducted, monkeypatch, names):
        monkeypatch.setitem(scenarios(), BALANCE, replace(scenarios()[BALANCE], ask=lambda _: 1 / 0))
        with running(create_app()) as url:
            done = conducted(url, names)
        assert done.crashes.keys() == {BALANCE}
        assert set(PAID) <= answered(done)

    def test_where_the_balance_is_a_web_page(self, conducted):
        with running(create_app(fault=["html-page"])) as url:
            assert answered(conducted(url, [BALANCE, *PAID])) == {BALANCE, *PAID}

    def test_where_a_scenario_breaks_while_others_wait_for_its_money(self, conducted, monkeypatch):
        waiting = threading.Event()

        def breaking(_):
            waiting.wait(0.3)
            raise ZeroDivisionError

        dear = Spending(1, 10, 100_000)
        for name in PAID:
            monkeypatch.setitem(scenarios(), name, replace(scenarios()[name], ask=breaking, spends=dear))
        with running(create_app()) as url:
            done = conducted(url, ["models.list", *PAID], max_cost=most(scenarios()["chat.one-word"], MODEL))
        assert done.crashes.keys() == set(PAID)

    def test_where_whoever_shows_the_progress_breaks(self, conducted):
        def tell(name):
            if name in PAID:
                raise BrokenPipeError

        with running(create_app()) as url:
            done = conducted(url, ["models.list", *PAID], tell=tell)
        assert done.crashes.keys() == set(PAID)


class TestStops:
    def test_an_empty_purse_is_known_before_anything_is_paid_for(self, conducted):
        with running(create_app(balance=(0, 0))) as url:
            done = conducted(url, ["models.list", BALANCE, *PAID, "tokens.estimate"], concurrency=8)
        assert answered(done) == {"models.list", BALANCE, "tokens.estimate"}
        assert {why_not(done, name) for name in PAID} == {"not asked: the balance is used up"}

    def test_nothing_is_asked_after_a_refused_key(self, conducted):
        with running(create_app(fault=["everything-401"])) as url:
            done = conducted(url, ["models.list", BALANCE, *PAID], concurrency=8)
        assert answered(done) == {"models.list"}

    def test_nothing_is_asked_after_a_port_that_is_closed(self, conducted, closed_port):
        done = conducted(closed_port, ["models.list", BALANCE, *PAID])
        assert answered(done) == set()
        assert "no connection" in why_not(done, BALANCE)

    def test_who_waits_for_money_learns_that_there_is_none(self, conducted, wire, answering):
        """The second paid request waits for the first, which is told that the account has no credit."""
        lock, paid = threading.Lock(), []

        def reply(connection):
            request = wire.request_on(connection)
            if request.startswith(b"POST"):
                with lock:
                    paid.append(request)
                time.sleep(0.3)
                body = {"error": {"message": "no money", "type": "exceeded_current_quota_error"}}
                connection.sendall(wire.http(429, json.dumps(body).encode(), "Content-Type: application/json"))
                return
            connection.sendall(wire.http(200, b'{"object":"list","data":[]}', "Content-Type: application/json"))

        limit = most(scenarios()["chat.one-word"], MODEL)
        with answering(reply) as url:
            done = conducted(url, ["models.list", "chat.one-word", "stream.partial"], max_cost=limit)
        assert len(paid) == 1
        assert answered(done) == {"models.list", "chat.one-word"}
        assert why_not(done, "stream.partial") == "not asked: the account has no credit: no money"

    def test_a_service_that_answers_what_it_must_refuse_is_not_paid_beyond_the_limit(self, conducted, wire, answering):
        """Each answer costs six tenths of the limit: the second passes it, and is the last."""
        limit = 0.01
        tokens = round(0.6 * limit / most(Scenario("a", lambda _: None, (), Spending(1, 0, 1)), MODEL))
        answer = json.dumps({"usage": {"prompt_tokens": 0, "completion_tokens": tokens}}).encode()
        paid = []

        def reply(connection):
            paid.append(wire.request_on(connection))
            connection.sendall(wire.http(200, answer, "Content-Type: application/json"))

        refused = [name for name in scenarios() if name.startswith("refusals.") and costs(scenarios()[name])]
        names = [name for name in refused if scenarios()[name].control == "chat.one-word"][:8]
        with answering(reply) as url:
            done = conducted(url, names, concurrency=1, max_cost=limit)
        assert len(paid) == 2
        assert len(answered(done)) == 2
        assert sum("not asked" in (said[0].failure or "") for said in done.conversations.values()) == len(names) - 1

    def test_an_interrupted_run_asks_no_more_and_keeps_what_it_was_told(self, key, tmp_path, monkeypatch, request):
        """As by Ctrl-C, while the second scenario is asked."""

        def interrupting(api):
            api.call("models.list")
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)

        # Where the tests run in the background, the interrupt that they inherit is to be ignored.
        previous = signal.signal(signal.SIGINT, signal.default_int_handler)
        request.addfinalizer(lambda: signal.signal(signal.SIGINT, previous))
        monkeypatch.setitem(scenarios(), BALANCE, replace(scenarios()[BALANCE], ask=interrupting))
        with running(create_app()) as url:
            session = RunSession(settings(target=f"moonshot={url}", mode="live"), tmp_path)
            with pytest.raises(KeyboardInterrupt):
                session.conduct(selection.select("models.list or balance.read or chat.one-word", all_checks()))
        records = [json.loads(line) for line in (tmp_path / "run.ndjson").read_text().splitlines()]
        assert records[0]["kind"] == "run"
        said = {record["scenario"]: record for record in records if record["kind"] == "exchange"}
        assert said["models.list"]["response"]["status"] == said[BALANCE]["response"]["status"] == 200
        assert "chat.one-word" not in said or said["chat.one-word"]["response"] is None


class TestTime:
    def test_everything_is_asked_in_at_most_twice_the_longest_chain(self, ran, key):
        """The span from the first exchange to the last, against what must be asked one after the other."""
        latency = 0.5
        with running(create_app(latency=latency)) as url:
            live = {"concurrency": 8, "requests_per_minute": None, "seconds_between_looks": 0}
            told = ran(target=f"moonshot={url}", mode="live", max_cost=1, target_with=live)
        said = told.session.run.conversations
        chain = len(said["models.list"]) + len(said[BALANCE]) + len(said[BALANCE_AFTER])
        chain += max(len(each) for each in said.values())
        moments = [each.made_at for exchanges in said.values() for each in exchanges if each.made_at]
        span = (max(moments) - min(moments)).total_seconds() + latency
        assert chain >= 6
        assert span <= 2 * chain * latency


def test_a_scenario_of_ones_own_that_has_no_control_is_conducted(conducted, monkeypatch):
    mine = Scenario("models.mine", lambda api: api.call("models.list"), ("models.list",))
    monkeypatch.setitem(scenarios(), "models.mine", mine)
    with running(create_app()) as url:
        assert answered(conducted(url, ["models.mine"])) == {"models.mine"}
