"""What pages and lists say that models cost, against what was announced."""

from datetime import date

import pytest

from conformance import targets
from conformance.drift import prices

DAY = date(2026, 9, 1)
# As the vendor writes its tables, once with the sign of dollars apart and once beside the number.
PAGE = """
<DocTable
  columns={[
{ title: "Model", width: "24%%" },
{ title: "Unit", width: "12%%" },
{ title: "Input Price (Cache Hit)", width: "16%%" },
{ title: "Input Price (Cache Miss)", width: "16%%" },
{ title: "Output Price", width: "14%%" },
{ title: "Context Window", width: "18%%" },
]}
  rows={[
["kimi-k3", "1M tokens", <>{"$"}0.30</>, <>{"$"}3.00</>, <>{"$"}%s</>, "1,048,576 tokens"],
["kimi-k2.6", "1M tokens", "$0.16", "$0.95", "$4.00", "262,144 tokens"],
]}
/>
"""
MARKDOWN = "| Model | Input Price | Output Price |\n| --- | --- | --- |\n| `kimi-k2.6` | \\$0.95 | %s |\n"


def told(text, as_of=DAY, target="moonshot"):
    """The models, details, weights and odd ones out of what a page comes to."""
    return [
        (one.model, one.detail, one.severity, one.odd_one_out)
        for offer in prices.of_page(text)
        for one in prices.differing(offer, targets.load(target), as_of, "page")
    ]


@pytest.mark.parametrize("text", [PAGE % "15.00", MARKDOWN % "$4.00"])
def test_a_page_that_tells_what_was_announced_differs_in_nothing(text):
    assert list(prices.of_page(text))
    assert told(text) == []


def test_a_dearer_answer_is_risky_and_tells_both_prices():
    (change,) = told(PAGE % "18.00")
    assert change == ("kimi-k3", "output announced 15, told 18 USD a million tokens", "risky", "docs-lag")


def test_a_cheaper_one_is_harmless():
    assert told(PAGE % "12.00")[0][2] == "harmless"


def test_a_page_of_a_later_day_than_the_catalogue_was_read_shows_that_the_catalogue_is_wrong():
    assert told(PAGE % "18.00", date(2026, 11, 1))[0][3] == "ours-wrong"


def test_a_model_is_compared_from_its_announcement_on():
    assert told(PAGE % "18.00", date(2026, 7, 15)) == []
    assert told(PAGE % "18.00", date(2026, 7, 16)) != []


def test_prices_in_batches_are_a_share_of_the_others():
    row = "| Model | Output Price |\n| kimi-k2.6 (Batch) | $%s |"
    assert told(row % "2.40") == []
    assert told(row % "2.50")[0][1] == "output announced 2.4, told 2.5 USD a million tokens in batches"


def test_drift_29_a_price_in_batches_that_is_rounded_is_told_and_harmless():
    (change,) = told("| Model | Input Price (Cache Hit) |\n| kimi-k2.6 (Batch) | $0.10 |")
    assert change[1:3] == ("cache_hit announced 0.096, told 0.1 USD a million tokens in batches", "harmless")


def test_prices_of_another_currency_differ_from_nothing():
    assert told(MARKDOWN % "¥28.00") == []
    assert told("| Model | Output Price |\n| kimi-k2.6 | ¥28.00 |") == []


def test_a_list_tells_prices_for_one_token_in_texts():
    told_by_a_list = {"prompt": "0.00000095", "completion": "0.000004", "input_cache_read": "0.00000016"}
    offer = prices.of_entry("kimi-k2.6", {"pricing": told_by_a_list}, "/data/0")
    assert list(prices.differing(offer, targets.load("openrouter"), DAY, "list")) == []
    offer = prices.of_entry("kimi-k2.6", {"pricing": told_by_a_list | {"completion": "0.0000042"}}, "/data/0")
    (change,) = prices.differing(offer, targets.load("openrouter"), DAY, "list")
    assert (change.detail, change.odd_one_out, change.where) == (
        "output announced 4, told 4.2 USD a million tokens", "gateway-rewrote", "/data/0/pricing",
    )  # fmt: skip


@pytest.mark.parametrize("pricing", [None, [], "0.1", {}, {"prompt": 1}, {"prompt": "x"}, {"prompt": "NaN"},
                                     {"prompt": "Infinity"}, {"prompt": "-1"}, {"prompt": "9" * 100},
                                     {"prompt": "1e9999999"}])  # fmt: skip
def test_a_price_that_is_none_is_no_word(pricing):
    assert prices.of_entry("kimi-k2.6", {"pricing": pricing}, "") is None


class TestTheCommand:
    def test_a_page_is_of_the_day_in_its_name(self, cli, folder):
        (folder / "prices-2026-07-15.md").write_text(PAGE % "18.00")
        (folder / "prices-2026-07-16.md").write_text(PAGE % "18.00")
        before, after = (cli("drift", "--prices", f"prices-2026-07-{day}.md", "--json").document for day in (15, 16))
        assert before["changes"] == []
        assert [(one["change"], one["model"], one["where"]) for one in after["changes"]] == [
            ("price-differs", "kimi-k3", "line 12")
        ]

    def test_the_table_has_both_prices(self, cli, folder):
        (folder / "prices-2026-09-01.md").write_text(PAGE % "18.00")
        rows = cli("drift", "--prices", "prices-2026-09-01.md", "--json").document["models"]
        (row,) = [one for one in rows if (one["model"], one["field"]) == ("kimi-k3", "price")]
        assert (row["announced"], row["documented"], row["agrees"]) == ("0.3/3/15 USD", "0.3/3/18 USD", False)

    @pytest.mark.parametrize(
        "text", [b"", b"\xff\xfe", b"# Prices", b"| Model |\n| kimi-k9 |", b"\x1f\x8b", b"|" * 9999]
    )
    def test_a_page_without_prices_could_not_be_checked(self, cli, folder, text):
        (folder / "page.md").write_bytes(text)
        ended = cli("drift", "--prices", "page.md", "--json")
        assert (ended.code, ended.document["changes"]) == (3, [])

    def test_a_page_of_endless_rows_and_lines_comes_to_an_end(self, cli, folder):
        row = '["kimi-k3", ' + '<>{"$"}' * 100 + "],\n"
        (folder / "page.md").write_text(PAGE % "15.00" + row * 5000 + '["' + "[" * 200_000)
        assert cli("drift", "--prices", "page.md", "--json").code == 0
