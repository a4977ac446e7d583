"""Whom we ask: the targets that travel along, one's own, and addresses that a key may travel to."""

import re
from contextlib import suppress
from datetime import date

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import catalogue, targets
from conformance.contract import ledger
from conformance.rows import ConfigurationError
from conformance.runner.settings import settings

MINE = {
    "base_url": '"https://gateway.example/v1"',
    "key_variable": '"GATEWAY_KEY"',
    "model": '"kimi-k2.6"',
    "official": "false",
    "endpoints": '["models.list"]',
}
WAIVER = {
    "clause": '"models.list-object"',
    "reason": '"The gateway answers with a list."',
    "owner": '"somebody"',
    "link": '"https://gateway.example/1"',
    "expires": "2026-12-31",
}


UNPROMISED = {
    "clauses": '["thinking.*", "models.owned-by"]',
    "reason": '"Theirs alone."',
    "source": '"https://gateway.example/docs"',
    "read": "2026-11-22",
}


def rows_of(table: dict[str, str]) -> str:
    return "".join(f"{key} = {value}\n" for key, value in table.items())


@pytest.fixture
def mine(tmp_path):
    """Write a target's file and return what ``--target`` means by it."""

    def write(text: str = "", **changed: str | None):
        table = {key: value for key, value in (MINE | changed).items() if value is not None}
        (tmp_path / "mine.toml").write_text(rows_of(table) + text, encoding="utf-8")
        return targets.load(str(tmp_path / "mine.toml"))

    return write


def refused(text: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        targets.load(text)
    return str(raised.value)


# Those that travel along


def test_moonshot_the_gateways_and_the_reference_server_travel_along():
    assert {"moonshot", "reference", "openrouter", "openai-compatible"} <= set(targets.names())


@pytest.mark.parametrize("name", targets.names())
class TestEveryShippedTarget:
    def test_loads_under_its_own_name(self, name):
        assert targets.load(name).name == name

    def test_names_a_variable_and_holds_no_key(self, name):
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*_KEY", targets.load(name).key_variable)

    def test_is_asked_where_a_key_may_travel_or_nowhere(self, name):
        url = targets.load(name).base_url
        assert url == "" or targets.checked_url(url) == url

    def test_does_not_both_waive_a_clause_and_not_promise_it(self, name):
        target = targets.load(name)
        unpromised = [clause for row in target.unpromised for clause in row.clauses]
        assert len(unpromised) == len(set(unpromised))
        assert not {waiver.clause for waiver in target.waivers} & set(unpromised)

    def test_promises_what_the_vendor_promises_where_it_is_the_vendors(self, name):
        target = targets.load(name)
        assert not (target.official and target.unpromised)

    def test_has_endpoints_of_the_contract(self, name):
        assert targets.load(name).endpoints <= set(ledger.endpoints()) | {"unknown"}

    def test_asks_for_a_model_that_is_known_where_it_is_the_vendors(self, name):
        target = targets.load(name)
        assert not target.official or target.model in catalogue.models()

    def test_waives_clauses_of_the_ledger_only(self, name):
        assert {waiver.clause for waiver in targets.load(name).waivers} <= set(ledger.clauses())


def test_an_unknown_name_is_named_with_the_nearest():
    assert refused("moonshoot") == "unknown target 'moonshoot'; did you mean 'moonshot'?"


def test_a_name_like_no_other_is_answered_with_those_that_are_known():
    assert "moonshot" in refused("qqq")


@pytest.mark.parametrize("text", ["", "=", "../moonshot", "moonshot.json"])
def test_what_is_no_target_is_refused(text):
    refused(text)


# One's own file


def test_a_file_is_a_target_under_its_own_name(mine):
    target = mine()
    assert (target.name, target.base_url, target.official) == ("mine", "https://gateway.example/v1", False)
    assert target.endpoints == {"models.list"}
    assert target.waivers == ()


def test_an_unknown_key_is_named(mine):
    with pytest.raises(ConfigurationError, match=r"mine\.toml: unknown key 'concurency'; known are .*concurrency"):
        mine(concurency="3")


@pytest.mark.parametrize("key", ["name", "waivers", "provenance_url"])
def test_what_a_file_may_not_say_of_itself_is_refused(mine, key):
    with pytest.raises(ConfigurationError, match=f"unknown key '{key}'"):
        mine(**{key: '"x"'})


@pytest.mark.parametrize("key", MINE)
def test_a_missing_key_is_named(mine, key):
    with pytest.raises(ConfigurationError, match=f"the key '{key}' is missing"):
        mine(**{key: None})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("base_url", "5"),
        ("official", '"yes"'),
        ("endpoints", '"models.list"'),
        ("endpoints", "[1]"),
        ("concurrency", '"2"'),
        ("concurrency", "1.5"),
        ("requests_per_minute", "true"),
        ("timeouts", "30"),
        ("timeouts", '{ connect = "1" }'),
        ("timeouts", "{ total = 1 }"),
    ],
)
def test_a_value_of_a_wrong_type_is_named(mine, key, value):
    with pytest.raises(ConfigurationError, match=rf"mine\.toml: {key}"):
        mine(**{key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("concurrency", "0"),
        ("concurrency", "-1"),
        ("requests_per_minute", "0"),
        ("body_limit", "0"),
        ("retry_after_limit", "-1"),
        ("seconds_between_looks", "-0.5"),
        ("timeouts", "{ whole = 0 }"),
        ("timeouts", "{ connect = -1 }"),
        ("timeouts", "{ first_byte = nan }"),
    ],
)
def test_a_limit_that_lets_nothing_through_is_named(mine, key, value):
    with pytest.raises(ConfigurationError, match=rf"mine\.toml: {key}"):
        mine(**{key: value})


def test_an_endpoint_that_the_contract_does_not_know_is_named(mine):
    with pytest.raises(ConfigurationError, match=r"mine\.toml: endpoints: 'models\.lst'"):
        mine(endpoints='["models.lst"]')


def test_an_address_in_a_file_is_held_to_the_same_rules(mine):
    with pytest.raises(ConfigurationError, match="clear text"):
        mine(base_url='"http://gateway.example/v1"')


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "none.toml" in refused(str(tmp_path / "none.toml"))


def test_a_file_that_is_no_toml_is_named(tmp_path):
    (tmp_path / "x.toml").write_text("a =")
    assert "x.toml" in refused(str(tmp_path / "x.toml"))


# Waivers


def test_a_waiver_has_a_clause_a_reason_an_owner_a_link_and_an_end(mine):
    (waiver,) = mine("[[waiver]]\n" + rows_of(WAIVER)).waivers
    assert (waiver.clause, waiver.owner, waiver.expires) == ("models.list-object", "somebody", date(2026, 12, 31))


@pytest.mark.parametrize("key", WAIVER)
def test_a_waiver_without_one_of_them_is_refused(mine, key):
    rest = {name: value for name, value in WAIVER.items() if name != key}
    with pytest.raises(ConfigurationError, match=rf"mine\.toml: waiver .*the key '{key}' is missing"):
        mine("[[waiver]]\n" + rows_of(rest))


def test_a_waiver_with_an_unknown_key_is_refused(mine):
    with pytest.raises(ConfigurationError, match=r"waiver models\.list-object: unknown key 'until'"):
        mine("[[waiver]]\n" + rows_of(WAIVER | {"until": "2026-01-01"}))


def test_a_waiver_that_ends_on_no_day_is_refused(mine):
    with pytest.raises(ConfigurationError, match="expires must be a date"):
        mine("[[waiver]]\n" + rows_of(WAIVER | {"expires": '"never"'}))


@pytest.mark.parametrize("text", ["waiver = 5", "waiver = ['x']", f"[waiver]\n{rows_of(WAIVER)}"])
def test_a_waiver_that_is_no_list_of_tables_is_refused(mine, text):
    with pytest.raises(ConfigurationError, match=r"mine\.toml.*waiver"):
        mine(text)


# What a target does not promise


def test_what_is_not_promised_has_clauses_a_reason_a_source_and_the_day_it_was_read(mine):
    (row,) = mine("[[unpromised]]\n" + rows_of(UNPROMISED)).unpromised
    assert (row.reason, row.source, row.read) == ("Theirs alone.", "https://gateway.example/docs", date(2026, 11, 22))


def test_a_pattern_means_every_clause_of_the_ledger_that_it_fits(mine):
    (row,) = mine("[[unpromised]]\n" + rows_of(UNPROMISED)).unpromised
    assert row.clauses == {clause for clause in ledger.clauses() if clause.startswith("thinking.")} | {
        "models.owned-by"
    }


def test_a_pattern_that_fits_no_clause_is_named(mine):
    with pytest.raises(ConfigurationError, match=r"mine\.toml: unpromised: no clause of the ledger is 'modles\.\*'"):
        mine("[[unpromised]]\n" + rows_of(UNPROMISED | {"clauses": '["modles.*"]'}))


@pytest.mark.parametrize("key", UNPROMISED)
def test_without_one_of_them_it_is_refused(mine, key):
    rest = {name: value for name, value in UNPROMISED.items() if name != key}
    with pytest.raises(ConfigurationError, match=rf"mine\.toml: unpromised: the key '{key}' is missing"):
        mine("[[unpromised]]\n" + rows_of(rest))


# Addresses


def test_a_profile_without_a_host_can_judge_files_and_is_asked_only_at_an_address():
    assert targets.load("openai-compatible").base_url == ""
    with pytest.raises(ConfigurationError, match="write openai-compatible=https://HOST/v1"):
        settings(target="openai-compatible", mode="reference")


def test_a_profile_without_a_host_is_recorded_under_the_address_that_it_was_asked_at():
    target = targets.load("openai-compatible=https://gateway.example/v1")
    assert (target.base_url, target.canonical_url) == ("https://gateway.example/v1", "https://gateway.example/v1")
    assert target.unpromised == targets.load("openai-compatible").unpromised


def test_a_url_is_judged_as_another_address_of_moonshots():
    target = targets.load("https://gateway.example/v1/")
    moonshot = targets.load("moonshot")
    assert (target.name, target.base_url) == ("gateway.example", "https://gateway.example/v1")
    assert (target.key_variable, target.endpoints) == (moonshot.key_variable, moonshot.endpoints)
    assert target.canonical_url == target.base_url


def test_a_name_with_nothing_behind_its_sign_is_not_taken_for_the_name_alone():
    assert refused("moonshot=").startswith("'moonshot=' has no address behind the =; write moonshot=https://")


def test_a_name_at_a_url_keeps_its_name_and_its_own_address_for_the_record():
    target = targets.load("moonshot=http://127.0.0.1:8765/v1")
    assert (target.name, target.base_url) == ("moonshot", "http://127.0.0.1:8765/v1")
    assert target.canonical_url == targets.load("moonshot").base_url


@pytest.mark.parametrize("form", ["{}", "moonshot={}"])
def test_an_address_elsewhere_is_held_to_the_limits_of_the_service(form):
    target, moonshot = targets.load(form.format("https://gateway.example/v1")), targets.load("moonshot")
    assert target.requests_per_minute == moonshot.requests_per_minute
    assert target.concurrency == moonshot.concurrency


def test_an_address_on_this_machine_is_not_held_to_the_limits_of_the_service():
    assert targets.load("http://127.0.0.1:1/v1").requests_per_minute is None


def test_what_is_on_this_machine_is_looked_at_again_at_once():
    assert targets.load("moonshot=http://127.0.0.1:1/v1").seconds_between_looks == 0
    assert targets.load("moonshot=https://gateway.example/v1").seconds_between_looks > 0


@pytest.mark.parametrize("form", ["{}", "moonshot={}"])
@pytest.mark.parametrize(
    "url", ["http://gateway.example/v1", "http://0.0.0.0/v1", "http://10.0.0.1/v1", "http://localhost.example/v1"]
)
def test_clear_text_to_another_machine_is_refused(form, url):
    assert "clear text" in refused(form.format(url))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/v1", "http://localhost:1/v1", "http://[::1]:1/v1", "http://127.9.9.9/v1"]
)
def test_clear_text_on_this_machine_is_allowed(url):
    assert targets.load(url).base_url == url


@pytest.mark.parametrize("form", ["{}", "moonshot={}"])
@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@gateway.example/v1",
        "https://hunter2@gateway.example/v1",
        "http://user:hunter2@gateway.example/v1",
        "https://user:hunter2@gateway.example:99999/v1",
        "ftp://user:hunter2@gateway.example/v1",
        "http://127.0.0.1@hunter2.example/v1",
    ],
)
def test_a_url_with_a_login_is_refused_and_the_password_not_shown(form, url):
    said = refused(form.format(url))
    assert "hunter2" not in said.replace("hunter2.example", "")


@pytest.mark.parametrize(
    "url",
    [
        "https://gateway.example/v1?key=1",
        "https://gateway.example/v1#a",
        "ftp://gateway.example/v1",
        "https://",
        "https:///v1",
        "https://gateway.example:port/v1",
        "https://gateway.example:99999/v1",
        "https://[::1/v1",
        "https://gateway .example/v1",
        "https://gateway.example/v1\n/x",
        "https://gateway.example/\x00",
        "moonshot=gateway.example",
        "moonshot=//gateway.example",
    ],
)
def test_what_is_no_address_is_refused(url):
    refused(url)


@given(st.text(max_size=30).map(lambda rest: f"https://{rest}") | st.text(max_size=30))
def test_any_text_is_a_target_that_can_be_asked_or_a_configuration_error(text):
    with suppress(ConfigurationError):
        assert httpx.URL(targets.load(text).base_url).host
