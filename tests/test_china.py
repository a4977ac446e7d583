"""The vendor's host in China: a target like the other, whose prices nobody here knows, and whose keys are its own."""

import pytest

from conformance import targets
from conformance.catalogue import gateways
from conformance.contract import ledger
from conformance.judge import costs
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.report import text
from conformance.runner import spending
from conformance.runner.spending import Budget
from conformance.vocabulary import Scenario, Spending

CHINA = targets.load("moonshot-cn")
DEAR = Scenario("a", lambda _: None, (), Spending(1, 10**9, 10**9))
SPEND = {"requests": 3, "paid_requests": 1, "prompt_tokens": 11, "completion_tokens": 2, "usd": None}


class TestTheTarget:
    def test_it_is_judged_as_the_other_host_is(self):
        other = targets.load("moonshot")
        assert (CHINA.official, CHINA.endpoints, CHINA.unpromised) == (True, other.endpoints, other.unpromised)
        assert CHINA.endpoints == {name for name, row in ledger.endpoints().items() if not row.host} - {"batches.input"}

    def test_a_run_against_a_stand_in_conforms_and_tells_the_tokens(self, cli, key):
        with running(create_app()) as url:
            ended = cli(
                "run",
                "--target",
                f"moonshot-cn={url}",
                "--mode",
                "live",
                "--select",
                "balance or chat.one-word",
                "--json",
            )
        assert ended.code == 0
        spend = ended.document["spend"]
        assert (spend["usd"], spend["paid_requests"], spend["prompt_tokens"] > 0) == (None, 1, True)
        assert "at the most 1 paid requests to kimi-k2.6, 150 + 128 tokens; prices in CNY are not known" in ended.err
        assert "USD" not in ended.err

    def test_what_the_balance_fell_by_is_held_against_no_price(self, ran, key):
        with running(create_app()) as url:
            told = ran(target=f"moonshot-cn={url}", mode="live", select="balance.spend-agrees or chat.one-word")
        (verdict,) = (each for each in told.verdicts if each["clause"] == "balance.spend-agrees")
        assert (verdict["status"], verdict["reason"]) == (
            "not-applicable", "nothing was paid for, or at no price that is known",
        )  # fmt: skip


class TestMoney:
    @pytest.mark.parametrize(
        ("target", "currency"),
        [
            ("moonshot-cn", "CNY"),
            ("https://api.moonshot.cn/v1", "CNY"),
            ("moonshot", None),
            ("openrouter", None),
            ("reference", None),
        ],
    )
    def test_no_price_is_known_where_the_currency_is_another(self, target, currency):
        assert costs.unpriced(targets.load(target), "kimi-k2.6") == currency

    def test_no_limit_but_nothing_can_be_kept_where_no_price_is_known(self):
        assert Budget("kimi-k2.6", 0.05, "CNY").reserve(DEAR) is None
        assert Budget("kimi-k2.6", 0.0, "CNY").reserve(DEAR) is not None
        assert Budget("kimi-k2.6", 0.05).reserve(DEAR) is not None

    def test_what_a_run_may_cost_is_told_in_tokens(self):
        assert "1 paid requests to kimi-k3, 1000000000 + 1000000000 tokens" in spending.estimate(
            [DEAR], "kimi-k3", 0.05, "CNY"
        )

    def test_what_it_did_cost_is_told_in_no_currency(self):
        told = text.money({"spend": SPEND | {"balance_before": 50.0, "balance_after": 49.9}})
        assert (
            told
            == "3 requests, 1 of them paid: 11 + 2 tokens, of a price that is not known; the balance fell by 0.10000"
        )

    def test_fuzz_tells_no_money_either(self, cli, key):
        with running(create_app()) as url:
            ended = cli("fuzz", "--target", f"moonshot-cn={url}", "--seed", "1", "--max-requests", "12", "--json")
        assert ended.document["spend"]["usd"] is None


class TestKeysOfAnotherRegion:
    @pytest.mark.parametrize(
        ("url", "other"),
        [("https://api.moonshot.cn/v1", "api.moonshot.ai"), ("https://api.moonshot.ai/v1", "api.moonshot.cn")],
    )
    def test_a_refused_key_may_be_of_the_other_region(self, url, other):
        assert gateways.other_regions(url) == (f" (a key of {other} is refused here: it holds in one region alone)")

    @pytest.mark.parametrize("url", ["https://openrouter.ai/api/v1", "https://gateway.example/v1", ""])
    def test_a_host_without_a_region_has_no_such_keys(self, url):
        assert gateways.other_regions(url) == ""

    def test_it_is_told_where_every_request_is_refused(self, ran, key):
        with running(create_app(keys={"sk-of-the-other-region"})) as url:
            told = ran(target=f"moonshot-cn={url}", mode="live", select="models or balance")
        assert told.exit == 3
        reasons = {each["failure"] for each in told.records if each["kind"] == "exchange" and each["failure"]}
        assert any("a key of api.moonshot.ai is refused here" in reason for reason in reasons)
