"""Which models can be called: asked for one token each, and told beside what is announced, documented and listed."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import jsonschema
import pytest

from conformance import targets
from conformance.contract import schemas
from conformance.drift import presence, seen
from conformance.drift.seen import Call, Seen
from conformance.drift.table import Row
from conformance.evidence.client import json_bytes
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.report.models import table
from conformance.runner import rollcall
from conformance.runner.settings import settings
from conformance.vocabulary import Account, Exchange, Request, Response

DAY = date(2026, 9, 2)
MOONSHOT = targets.load("moonshot")
GONE = {"message": "Not found the model kimi-k2.6 or Permission denied", "type": "resource_not_found_error"}


def chat(status, body, model="kimi-k2.6"):
    """A chat that was asked of a model, and what came of it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    asked = Request("POST", "x", (), json_bytes({"model": model}))
    made = datetime(2026, 9, 2, tzinfo=UTC)
    return Exchange("a", "1", "chat.completions", asked, Response(status, (), content), made)


def answered(*exchanges):
    return seen.calls(exchanges, MOONSHOT)["kimi-k2.6"].answered


CHOICE = {"choices": [{"index": 0, "message": {"role": "assistant", "content": ""}}]}


class TestWhatAnAnswerTells:
    def test_an_answer_with_a_choice_shows_that_a_model_can_be_called(self):
        assert answered(chat(200, CHOICE)) is True

    def test_a_refusal_of_the_model_shows_that_it_cannot(self):
        assert answered(chat(404, {"error": GONE})) is False

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(400, "invalid_request_error"), (401, "invalid_authentication_error"), (402, "x"), (403, "permission_denied"),
         (404, "invalid_request_error"), (408, "x"), (429, "rate_limit_reached_error"),
         (429, "exceeded_current_quota_error"), (429, "engine_overloaded_error"), (500, "server_error"), (503, "x")],
    )  # fmt: skip
    def test_any_other_refusal_tells_nothing_of_the_model(self, status, kind):
        assert answered(chat(status, {"error": {"message": "the model is busy", "type": kind}})) is None

    @pytest.mark.parametrize("body", [b"", b"<html>", b"{", {}, {"choices": []}, {"error": GONE}, [], {"choices": 1}])
    def test_a_success_without_a_choice_tells_nothing(self, body):
        assert answered(chat(200, body)) is None

    @pytest.mark.parametrize(
        "body", [b"", b"<!doctype html>", {"error": "gone"}, {"code": 5, "error": "url.not_found"}]
    )
    def test_a_404_of_a_route_or_a_page_tells_nothing(self, body):
        assert answered(chat(404, body)) is None

    def test_one_answer_counts_whatever_else_was_refused(self):
        gone, busy, good = chat(404, {"error": GONE}), chat(429, {}), chat(200, CHOICE)
        assert answered(busy, gone) is answered(gone, busy) is False
        assert answered(gone, good, busy) is True

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": 1}', b"{}"])
    def test_a_request_that_names_no_model_tells_of_none(self, body):
        exchange = replace(chat(200, CHOICE), request=Request("POST", "x", (), body))
        assert seen.calls([exchange], MOONSHOT) == {}


def told(listed, calls, account=Account.TOPPED_UP, day=DAY, target=MOONSHOT):
    """The kinds and models of what is called against a list of ids."""
    entries = None if listed is None else {name: ("/data/0", {"id": name}) for name in listed}
    made = {name: Call(answer, "404") for name, answer in calls.items()}
    return [(one.kind, one.model) for one in presence.changes(Seen("x", day, entries, made, account), target, day)]


class TestDisagreement:
    def test_what_could_not_be_checked_disagrees_with_nothing(self):
        assert told(["kimi-k2.6"], {"kimi-k2.6": None, "kimi-k3": None}) == []

    def test_a_model_that_is_announced_and_refused_where_no_list_was_seen(self):
        assert told(None, {"kimi-k2.6": False}) == [("announced-not-callable", "kimi-k2.6")]

    @pytest.mark.parametrize("account", [None, Account.UNFUNDED])
    def test_a_model_that_this_account_need_not_see_may_be_refused(self, account):
        assert told([], {"kimi-k3": False}, account) == []
        assert told([], {"kimi-k3": False}) == [("announced-not-callable", "kimi-k3")]

    def test_a_model_that_is_listed_must_be_callable_for_any_account(self):
        assert told(["kimi-k3"], {"kimi-k3": False}, None) == [("listed-not-callable", "kimi-k3")]

    def test_a_model_may_be_refused_on_its_last_day(self):
        assert told(["kimi-k2.5"], {"kimi-k2.5": False}, day=date(2026, 8, 31)) == []
        assert told(["kimi-k2.5"], {"kimi-k2.5": False}, day=date(2026, 8, 30)) != []

    def test_a_gateway_may_sell_what_the_vendor_retired(self):
        gateway = targets.load("openrouter")
        assert told([], {"kimi-k2.5": True}, target=gateway) == []
        assert told([], {"kimi-k2.5": True}) == [("retired-still-callable", "kimi-k2.5")]


class TestTheRollCall:
    @pytest.fixture
    def called(self):
        """The roll call at the reference server on a day, with a lie."""

        def call(as_of="2026-09-02", *faults):
            asked = settings(mode="reference", as_of=date.fromisoformat(as_of))
            return rollcall.ask(replace(asked, faults=faults))

        return call

    @staticmethod
    def models(rolled):
        return [one.asked["model"] for one in rolled.exchanges if one.scenario == rollcall.SCENARIO]

    def test_it_asks_what_is_announced_and_what_was_retired_in_the_last_90_days(self, called):
        assert "kimi-k2.5" in self.models(called("2026-11-29"))
        assert "kimi-k2.5" not in self.models(called("2026-11-30"))

    def test_it_asks_what_is_listed_and_nothing_announced(self, called):
        assert self.models(called("2026-09-02", "unknown-model-listed"))[-1] == "kimi-never-announced"

    def test_each_model_is_asked_for_one_token_with_the_smallest_legal_call_of_its_family(self, called):
        bodies = {one.asked["model"]: one.asked for one in called().exchanges if one.scenario == rollcall.SCENARIO}
        assert {body["max_completion_tokens"] for body in bodies.values()} == {1}
        assert bodies["kimi-k2.6"]["thinking"] == {"type": "disabled"}
        assert bodies["kimi-k3"]["reasoning_effort"] == "low"

    def test_what_is_answered_is_paid_for_and_what_is_refused_is_not(self, called):
        rolled = called()
        assert (rolled.requests, rolled.paid_requests) == (14, 4)
        assert 0 < rolled.usd < 0.001

    def test_a_refused_key_ends_it_with_the_first_request(self, called):
        rolled = called("2026-09-02", "everything-401")
        assert rolled.requests == 1
        whys = {call.why for call in seen.calls(rolled.exchanges, MOONSHOT).values()}
        assert whys == {"not asked: the key was refused with 401: Invalid Authentication"}


@pytest.fixture
def live(cli, key):
    """Run ``drift --mode live`` against a reference server that tells some lies."""

    def call(*arguments, faults=(), **options):
        with running(create_app(fault=faults, as_of=DAY, **options)) as url:
            return cli("drift", "--target", f"moonshot={url}", "--mode", "live", "--as-of", DAY, *arguments)

    return call


def cells(ended, column):
    """What a column of the table says of each model."""
    return {row["model"]: row[column] for row in ended.document["models"] if row["field"] == "there"}


class TestTheCommand:
    def test_an_honest_service_agrees_with_itself(self, live):
        ended = live("--json")
        assert (ended.code, ended.document["changes"]) == (0, [])
        assert cells(ended, "listed") == cells(ended, "callable")
        jsonschema.Draft202012Validator(schemas.documents()["drift"]).validate(ended.document)

    def test_what_it_cost_is_told(self, live):
        spend = live("--json").document["spend"]
        assert (spend["requests"], spend["paid_requests"]) == (14, 4)

    def test_nothing_is_asked_that_may_cost_more_than_is_allowed(self, live):
        ended = live("--max-cost", "0", "--json")
        assert ended.code == 3
        assert ended.document["spend"] == {"requests": 2, "paid_requests": 0, "usd": 0.0}
        assert set(cells(ended, "callable").values()) == {"?"}
        assert "--max-cost is 0 USD" in json.dumps(ended.document["sources"])

    def test_the_limit_holds_also_on_the_way(self, live):
        ended = live("--max-cost", "0.0005", "--json")
        assert ended.document["spend"]["usd"] <= 0.0005
        assert 0 < ended.document["spend"]["paid_requests"] < 4

    @pytest.mark.parametrize("fault", ["everything-401", "everything-500", "html-page", "truncated-json"])
    def test_a_service_that_answers_nothing_could_not_be_checked(self, live, fault):
        ended = live("--json", faults=[fault])
        assert ended.code == 3
        assert [one for one in ended.document["changes"] if one["change"].endswith("callable")] == []

    def test_an_empty_purse_says_nothing_of_the_models(self, live):
        ended = live("--json", balance=(0.0, 0.0))
        assert ended.code == 3
        assert set(cells(ended, "callable").values()) == {"?"}

    def test_nobody_there_could_not_be_checked(self, cli, key, closed_port):
        ended = cli("drift", "--target", f"moonshot={closed_port}", "--mode", "live", "--json")
        assert (ended.code, ended.document["spend"]["paid_requests"]) == (3, 0)

    def test_an_account_of_vouchers_need_not_see_k3_and_is_told_so(self, live):
        ended = live(faults=["newest-model-gone"], balance=(5.0, 0.0))
        assert ended.code == 0
        assert " no*    no " in next(line for line in ended.out.splitlines() if line.startswith("kimi-k3 "))
        assert "need not see kimi-k3" in " ".join(ended.out.split())

    def test_money_of_ones_own_shows_that_k3_must_be_seen(self, live):
        assert live(faults=["newest-model-gone"], balance=(0.0, 5.0)).code == 1

    def test_the_reference_server_is_never_taken_for_the_service(self, cli):
        ended = cli("drift", "--mode", "reference", "--as-of", DAY)
        assert "says nothing about the service" in ended.out
        assert "api.moonshot.ai" not in ended.out

    def test_live_without_a_key_is_wrong_usage(self, cli, monkeypatch):
        monkeypatch.delenv("MOONSHOT_API_KEY", raising=False)
        ended = cli("drift", "--mode", "live")
        assert (ended.code, ended.out) == (2, "")

    def test_the_key_is_written_nowhere(self, live, key):
        ended = live("--json", faults=["unknown-model-listed"])
        assert key not in ended.out + ended.err


class TestHostileLists:
    @pytest.mark.parametrize(
        "entries",
        [
            [{"id": f"kimi-{number}"} for number in range(20_000)],
            [{"id": "kimi-k2.6", "context_length": value} for value in (True, [], {}, "x" * 9999, 1e300, None)],
            [{"id": "\x1b[2J\u202e" + "x" * 9999}],
        ],
        ids=["endless", "odd", "escapes"],
    )
    def test_a_list_is_told_in_bounded_and_printable_rows(self, cli, folder, entries):
        (folder / "models-2026-09-02.json").write_text(json.dumps({"object": "list", "data": entries}))
        ended = cli("drift", "--models", "models-2026-09-02.json", "--json")
        jsonschema.Draft202012Validator(schemas.documents()["drift"]).validate(ended.document)
        assert len(ended.document["models"]) < 4000
        page = cli("drift", "--models", "models-2026-09-02.json").out
        assert max(map(len, page.splitlines())) <= 80
        assert not {"\x1b", "\u202e"} & set(page)

    @pytest.mark.parametrize("models", [[1], [{}], [{"model": "m"}], [{"model": "m", "field": "there", "listed": []}]])
    def test_a_document_of_an_earlier_run_that_is_none_tells_nothing(self, cli, folder, models):
        document = {"as_of": "2026-09-01", "changes": [], "models": models}
        (folder / "earlier.json").write_text(json.dumps(document))
        ended = cli("drift", "--mode", "reference", "--as-of", DAY, "--since", "earlier.json", "--json")
        assert ended.code == 0
        assert set(cells(ended, "last_seen").values()) == {None}


class TestWhatWasSeenLast:
    def test_a_run_file_tells_what_was_listed_and_called(self, live, ran, folder):
        ran(mode="reference", as_of=DAY, select="models or chat.one-word", out=folder / "earlier")
        ended = live("--since", "earlier/run.ndjson", "--json", faults=["stale-models"])
        assert cells(ended, "last_seen")["kimi-k2.6"] == "yes"
        assert ("no-longer-listed", "kimi-k2.6") in [(one["change"], one["model"]) for one in ended.document["changes"]]

    def test_a_document_of_drift_tells_it_too(self, live, folder):
        (folder / "earlier.json").write_text(live("--json").out)
        ended = live("--since", "earlier.json", "--json", faults=["listed-not-callable"])
        gone = [one["model"] for one in ended.document["changes"] if one["change"] == "no-longer-callable"]
        assert sorted(gone) == ["kimi-k2.6", "kimi-k2.7-code", "kimi-k2.7-code-highspeed", "kimi-k3"]

    def test_what_was_retired_since_then_is_not_missed(self):
        entries = {"kimi-k2.5": ("", {})}
        last = Seen("last", date(2026, 8, 30), entries, {"kimi-k2.5": Call(True)})
        now = Seen("now", date(2026, 9, 1), {}, {"kimi-k2.5": Call(False)})
        assert list(presence.since(last, now, MOONSHOT, date(2026, 8, 30))) != []
        assert list(presence.since(last, now, MOONSHOT, date(2026, 9, 1))) == []


class TestARun:
    def test_a_model_that_is_listed_and_refused_in_a_run_is_a_change(self, ran, key):
        with running(create_app(fault=["listed-not-callable"])) as url:
            records = ran(target=f"moonshot={url}", mode="live", max_cost=1, select="models or chat.one-word").records
        assert ("listed-not-callable", "kimi-k2.6") in [
            (one["change"], one["model"]) for one in records if one["kind"] == "change"
        ]

    def test_a_name_that_a_run_makes_up_to_be_refused_is_no_model(self, ran):
        records = ran(mode="reference", select="refusals.unknown-model").records
        assert [one for one in records if one["kind"] == "change"] == []


class TestTheTable:
    def test_no_line_is_longer_than_80_columns(self, live):
        assert max(map(len, live(faults=["newest-model-gone"], balance=(5.0, 0.0)).out.splitlines())) <= 80

    def test_a_field_on_which_the_sources_disagree_has_a_line_of_its_own(self, live):
        lines = live(faults=["context-length-wrong"]).out.splitlines()
        below = lines[next(at for at, line in enumerate(lines) if line.startswith("kimi-k2.6 ")) + 1]
        assert below.split() == ["context", "262144", "-", "131072", "-", "-"]

    @pytest.mark.parametrize(
        ("agrees", "cells"),
        [
            (True, {"announced": "2026-04-20", "documented": "sample", "listed": "yes", "callable": "?"}),
            (False, {"announced": "2026-04-20", "documented": "no", "listed": "yes"}),
            (False, {"announced": "2026-04-20", "listed": "yes", "callable": "no"}),
            (False, {"announced": "2026-04-20", "listed": "yes", "last_seen": "no"}),
            (False, {"announced": "retired", "listed": "no", "callable": "yes"}),
            (True, {"announced": "retired", "listed": "no", "last_seen": "yes"}),
            (True, {"announced": "2026-07-16", "listed": "no", "callable": "no", "note": "need not"}),
            (True, {"announced": "no"}),
        ],
    )
    def test_sources_agree_where_all_that_were_checked_say_the_same(self, agrees, cells):
        assert Row("m", "there", **cells).agrees is agrees

    def test_a_number_is_no_boolean(self):
        assert not Row("m", "image", True, None, 1).agrees

    def test_a_long_or_hostile_name_is_cut(self):
        row = {"model": "x" * 99, "field": "there", "announced": "no", "documented": "y" * 99, "listed": "yes",
               "callable": "?", "last_seen": None, "note": "z " * 99, "agrees": True}  # fmt: skip
        assert max(map(len, table([row]))) <= 80
