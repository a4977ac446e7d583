"""``frontend`` tells what to enter in front ends for people, from facts with their sources, and never has the key."""

import json
from contextlib import nullcontext

import pytest

from conformance import rows
from conformance.catalogue import frontends as catalogue
from conformance.catalogue.frontends import Sender, frontends
from conformance.frontends import chromium
from conformance.reference import create_app
from conformance.reference.serving import running
from tests.test_command_line import obeys

ALL = list(frontends())


@pytest.fixture
def told(cli):
    """Return what a front end is told to enter, as a document."""

    def tell(name, *options):
        ended = cli("frontend", name, "--json", *options)
        assert ended.code == 0, ended.err
        obeys("frontend", ended.document)
        return ended.document

    return tell


def entered(document):
    return {row["field"]: row["value"] for row in document["settings"]}


def of(parameter, document):
    return next(row for row in document["parameters"] if row["parameter"] == parameter)


class TestTheFacts:
    @pytest.mark.parametrize("name", ALL)
    def test_who_asks_from_a_browser_has_an_origin_without_a_path(self, name):
        row = frontends()[name]
        assert (row.requests_from is Sender.BROWSER) is bool(row.origin)
        assert row.origin.count("/") in (0, 2)
        assert all(header == header.lower() for header in row.headers)

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            ({"requests_from": "server"}, "an origin and headers go with requests from a browser"),
            ({"headers": []}, "an origin and headers go with requests from a browser"),
            ({"sources": []}, "needs a source"),
            ({"sources": ["http://plain.example"]}, "each is an https link"),
            ({"settings": [{"field": "URL"}]}, "the key 'value' is missing"),
            ({"requests_from": "phone"}, "must be one of"),
        ],
    )  # fmt: skip
    def test_a_row_that_is_wrong_is_refused(self, change, complaint):
        row = next(row for row in rows.tables(catalogue._PATH, "frontend") if row["id"] == "typingmind")
        with pytest.raises(rows.ConfigurationError, match=complaint):
            catalogue._read({**row, **change}, "frontends.toml: typingmind")


class TestWhatToEnter:
    def test_typingmind_wants_the_whole_path_and_one_header(self, told):
        found = entered(told("typingmind"))
        assert found["Endpoint"] == "https://api.moonshot.ai/v1/chat/completions"
        assert (found["Model ID"], found["Context Length"]) == ("kimi-k2.6", "262144")
        assert found["Custom header Authorization"] == "Bearer <your key>"
        assert (found["Vision"], found["Plugins (tools)"], found["Thinking"]) == ("yes", "yes", "yes")

    def test_open_webui_wants_the_base_url(self, told):
        assert entered(told("open-webui"))["URL"] == "https://api.moonshot.ai/v1"

    def test_a_model_has_its_own_context(self, told):
        assert entered(told("typingmind", "--model", "kimi-k3"))["Context Length"] == "1048576"

    def test_a_gateway_has_its_own_address_and_id(self, told):
        found = entered(told("typingmind", "--target", "openrouter", "--model", "moonshotai/kimi-k3"))
        assert found["Endpoint"] == "https://openrouter.ai/api/v1/chat/completions"
        assert (found["Model ID"], found["Context Length"]) == ("moonshotai/kimi-k3", "1048576")

    def test_what_is_not_known_of_a_model_is_said_to_be_so(self, told):
        document = told("typingmind", "--target", "openai-compatible=https://gateway.example/v1", "--model", "our-own")
        assert (entered(document)["Context Length"], entered(document)["Vision"]) == ("not known", "not known")
        assert document["parameters"] == []

    def test_a_retired_model_is_said_to_be_gone(self, told):
        assert (
            told("typingmind", "--model", "kimi-k2.5")["gone"] == "kimi-k2.5 was retired on 2026-08-31; use kimi-k2.6"
        )
        assert told("typingmind")["gone"] is None

    @pytest.mark.parametrize("name", ALL)
    def test_every_front_end_is_told_without_a_key_and_without_showing_one(self, cli, name, key):
        for options in ((), ("--json",)):
            ended = cli("frontend", name, *options)
            assert ended.code == 0
            assert key not in ended.out + ended.err

    @pytest.mark.parametrize("name", ALL)
    def test_every_placeholder_is_filled(self, told, name):
        values = [*entered(told(name)), *entered(told(name)).values()]
        assert [value for value in values if "{" in value] == (["${MOONSHOT_API_KEY}"] if name == "librechat" else [])

    @pytest.mark.parametrize("name", ALL)
    def test_no_line_but_a_link_is_longer_than_a_terminal(self, cli, name):
        assert [
            line for line in cli("frontend", name).out.splitlines() if len(line) > 80 and "https://" not in line
        ] == []


class TestParameters:
    def test_one_that_is_sent_and_refused_is_named_and_dropped(self, told):
        document = told("librechat", "--model", "kimi-k3")
        top_p = of("top_p", document)
        assert (top_p["sends"], top_p["refused"], top_p["takes"]) == ("1", True, "0.95 alone")
        assert top_p["do"] == "it sends 1, which is refused: leave it out"
        assert json.loads(entered(document)["dropParams"]) == ["top_p"]

    def test_one_that_is_refused_in_one_mode_alone_is_dropped_too(self, told):
        temperature = of("temperature", told("librechat"))
        assert temperature["takes"] == "0.6 alone while it does not think, 1 alone while it thinks"
        assert temperature["do"].endswith("which is refused while it does not think: leave it out")
        assert json.loads(entered(told("librechat"))["dropParams"]) == ["temperature", "top_p"]

    def test_one_that_is_sent_and_taken_stays(self, told):
        assert of("presence_penalty", told("librechat"))["do"] == "it sends 0, which is taken"

    def test_where_no_source_tells_what_is_sent_that_is_said(self, told):
        document = told("typingmind")
        assert {row["sends"] for row in document["parameters"]} == {None}
        assert "which parameters it sends unasked, and with which values" in document["not_found"]


class TestUsage:
    def test_without_a_name_all_are_listed(self, cli):
        assert [line.split()[0] for line in cli("frontend").out.splitlines()] == ALL

    def test_a_wrong_name_is_told_with_the_nearest(self, cli):
        ended = cli("frontend", "typingmnid")
        assert (ended.code, ended.out) == (2, "")
        assert "there is no front end 'typingmnid'; did you mean typingmind?" in ended.err

    def test_an_id_of_another_host_is_refused(self, cli):
        assert cli("frontend", "typingmind", "--model", "moonshotai/kimi-k3").code == 2

    def test_to_check_takes_a_key(self, cli, monkeypatch):
        monkeypatch.delenv("MOONSHOT_API_KEY", raising=False)
        ended = cli("frontend", "typingmind", "--check")
        assert ended.code == 2
        assert "MOONSHOT_API_KEY" in ended.err


class TestCheckWithoutABrowser:
    @pytest.fixture
    def checked(self, cli, key):
        def check(name, *options, fault=(), url=None):
            with nullcontext(url) if url else running(create_app(fault=fault)) as address:
                ended = cli("frontend", name, "--target", f"moonshot={address}", "--check", "--json", *options)
            obeys("frontend", ended.document)
            assert ended.document["check"]["exit"] == ended.code
            assert key not in ended.out + ended.err
            return ended.code, {row["check"]: row for row in ended.document["check"]["results"]}

        return check

    def test_a_server_needs_no_leave_and_is_answered(self, checked):
        code, results = checked("librechat", fault=["cors-missing"])
        assert code == 0
        assert {name: row["status"] for name, row in results.items()} == {
            "leave": "not-applicable", "chat": "pass", "stream.done": "pass", "stream.incremental": "not-applicable",
        }  # fmt: skip

    def test_where_there_is_no_chromium_that_could_not_be_checked(self, checked, monkeypatch):
        monkeypatch.setattr(chromium, "PROGRAMS", ("no-such-browser",))
        code, results = checked("typingmind")
        assert code == 3
        assert results["chat"]["status"] == "could-not-check"
        assert "apt-get install chromium" in results["chat"]["reason"]
        assert results["browser.preflight-answered"]["status"] == "pass"

    def test_nor_where_it_ends_at_once(self, checked, monkeypatch):
        monkeypatch.setattr(chromium, "PROGRAMS", ("false",))
        code, results = checked("typingmind")
        assert (code, results["chat"]["reason"]) == (3, "the browser ended by itself: it said nothing")

    def test_what_is_broken_weighs_more_than_what_could_not_be_checked(self, checked, monkeypatch):
        monkeypatch.setattr(chromium, "PROGRAMS", ())
        assert checked("typingmind", fault=["cors-missing-on-errors"])[0] == 1

    @pytest.mark.parametrize("fault", ["everything-401", "html-page"])
    def test_no_browser_is_asked_where_nobody_is_answered(self, checked, monkeypatch, fault):
        monkeypatch.setattr(chromium, "visit", None)
        code, results = checked("typingmind", fault=[fault])
        assert (code, {row["status"] for row in results.values()}) == (3, {"could-not-check"})

    def test_a_dead_host_could_not_be_checked(self, checked, closed_port):
        code, results = checked("typingmind", url=closed_port)
        assert (code, {row["status"] for row in results.values()}) == (3, {"could-not-check"})
