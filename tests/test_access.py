"""Who sees which model: every announced model has a row with its regions, the account it needs, a page and a day."""

from dataclasses import replace

import pytest

from conformance import catalogue, rows, targets
from conformance.catalogue import access
from conformance.judge.account import kind_of
from conformance.vocabulary import Account


def test_every_announced_model_has_one_row():
    assert access.access().keys() == catalogue.models().keys()


def test_k3_needs_a_top_up_and_k2_6_does_not():
    known = access.access()
    assert (known["kimi-k3"].account, known["kimi-k2.6"].account) == (Account.TOPPED_UP, Account.UNFUNDED)


@pytest.mark.parametrize("account", [None, Account.UNFUNDED])
def test_an_account_without_a_top_up_need_not_see_k3_and_is_told_the_page(account):
    assert "https://platform.kimi.ai/docs/pricing/limits, read 2026-09-03" in access.need_not(
        "kimi-k3", "international", account
    )


def test_one_with_a_top_up_must():
    assert access.need_not("kimi-k3", "international", Account.TOPPED_UP) is None


def test_a_model_of_another_region_need_not_be_seen(monkeypatch):
    abroad = replace(access.access()["kimi-k2.6"], regions=frozenset({"china"}))
    monkeypatch.setattr(access, "access", lambda: {"kimi-k2.6": abroad})
    assert "announced for china alone" in access.need_not("kimi-k2.6", "international", Account.TOPPED_UP)
    assert access.need_not("kimi-k2.6", "china", Account.TOPPED_UP) is None


def test_a_stranger_is_nobodys_row():
    assert access.need_not("kimi-k9", "international", None) is None


@pytest.mark.parametrize(
    ("url", "region"),
    [("https://api.moonshot.ai/v1", "international"), ("https://api.moonshot.cn/v1", "china"),
     ("http://127.0.0.1:1/v1", "international")],
)  # fmt: skip
def test_a_target_is_of_the_region_of_its_host(url, region):
    assert access.region_of(targets.load(url)) == region


ROW = {
    "models": list(catalogue.models()), "regions": ["china"], "account": "unfunded", "source": "https://example.org",
    "read": catalogue.models()["kimi-k3"].read,
}  # fmt: skip


def test_a_row_that_is_right_is_read():
    assert access.checked([ROW])["kimi-k3"].regions == {"china"}


@pytest.mark.parametrize(
    "wrong",
    [{"regions": []}, {"regions": ["mars"]}, {"account": "rich"}, {"source": "a page"}, {"models": ["kimi-k3"]},
     {"models": [*catalogue.models(), "kimi-k9"]}, {"models": [*catalogue.models(), "kimi-k3"]}, {"more": 1}],
    ids=str,
)  # fmt: skip
def test_a_row_that_is_wrong_is_an_error(wrong):
    with pytest.raises(rows.ConfigurationError):
        access.checked([ROW | wrong])


class TestTheAccount:
    @pytest.mark.parametrize(
        ("cash", "kind"),
        [(3.0, Account.TOPPED_UP), (0.0, None), (-2.0, None), ("3", None), (None, None)],
    )
    def test_cash_was_paid_in_and_that_there_is_none_tells_nothing(self, said, cash, kind):
        balance = {"code": 0, "data": {"available_balance": 5.0, "voucher_balance": 5.0, "cash_balance": cash}}
        assert kind_of([said("balance", balance)], targets.load("moonshot")) is kind

    def test_what_the_target_names_counts_first(self, said):
        balance = {"code": 0, "data": {"cash_balance": 3.0}}
        unfunded = replace(targets.load("moonshot"), account=Account.UNFUNDED)
        assert kind_of([said("balance", balance)], unfunded) is Account.UNFUNDED

    def test_a_target_file_may_name_it(self, tmp_path):
        text = (access._PATH.parents[1] / "targets" / "moonshot.toml").read_text()
        mine = tmp_path / "mine.toml"
        mine.write_text('account = "topped-up"\n' + text)
        assert targets.load(str(mine)).account is Account.TOPPED_UP
