"""The disagreements that the published documents show by themselves, by the numbers of the project's contract."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from conformance import catalogue, shipped
from conformance.contract import schemas
from conformance.drift import canonical, history, lints, published, samples
from conformance.drift.documents import differences
from conformance.drift.kinds import LifeCycle

PUBLISHED = Path(__file__).parents[2] / "shared" / "vendor-openapi"
pytestmark = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published documents are not beside the project")

CHAT, ESTIMATE = "POST /v1/chat/completions", "POST /v1/tokenizers/estimate-token-count"


@cache
def vendor():
    """The vendor's documents in the order of their days."""
    paths = sorted(PUBLISHED.glob("moonshot-*.json"))
    return [published.read(path, published.dated(path.name)) for path in paths]


def newest():
    return vendor()[-1]


@cache
def ours():
    files = {f"{name}.json": node for name, node in schemas.documents().items()}
    return canonical.read(json.loads((shipped.folder("schemas") / "openapi.json").read_bytes()), files)


@cache
def changed():
    return list(history.changes(vendor()))


def at(document, day):
    """What a document that stands until a day says of models against what was announced by then."""
    return list(samples.changes(replace(document, until=day)))


def left_open(kind):
    """The endpoints and places of what the newest document leaves open or gets wrong on its own."""
    found = lints.changes(vendor(), official=True)
    return {(one.endpoint, one.where): one for one in found if one.kind == kind}


def against_ours(document, operation, *place):
    """What we say of a place, and what a document says of it: aspect by aspect."""
    return {one.aspect: (one.ours, one.theirs) for one in differences(ours(), document.form)
            if one.at == (operation, *place)}  # fmt: skip


def of(kind, endpoint, where):
    return [one for one in changed() if (one.kind, one.endpoint, one.where) == (kind, endpoint, where)]


class TestDrift06:
    def test_drift_06_the_sample_of_the_list_lags_in_every_document_with_the_days_since_the_announcement(self):
        told = [
            (str(document.day), one.model, one.days)
            for document in vendor()
            for one in samples.changes(document)
            if one.kind == "sample-lags-announcement"
        ]
        days = {
            "2026-05-01": 11,
            "2026-06-12": 53,
            "2026-07-13": 84,
            "2026-07-14": 85,
            "2026-07-16": 87,
            "2026-08-17": 119,
        }
        assert told == [(str(one.day), "kimi-k2.6", days[str(one.day)]) for one in vendor()]

    def test_drift_06_the_sample_of_each_is_told_of_on_each_day_from_the_announcement_on(self):
        since, days = date(2026, 4, 20), [date(2026, 4, 19) + timedelta(days) for days in range(200)]
        for document in vendor():
            told = {
                day: [one.days for one in at(document, day) if one.kind == LifeCycle.SAMPLE_LAGS_ANNOUNCEMENT]
                for day in days
            }
            assert told == {day: [(day - since).days] if day >= since else [] for day in days}

    def test_drift_06_it_names_a_dead_model_from_the_day_after_the_retirement_on(self):
        dead = {
            day: [
                one.severity
                for one in at(newest(), day)
                if (one.kind, one.endpoint) == (LifeCycle.SAMPLE_NAMES_DEAD_MODEL, "models.list")
            ]
            for day in (date(2026, 8, 31), date(2026, 9, 1), date(2026, 11, 24))
        }
        assert dead == {date(2026, 8, 31): [], date(2026, 9, 1): ["breaking"], date(2026, 11, 24): ["breaking"]}


class TestDrift07:
    def test_drift_07_the_enum_of_the_estimate_names_eight_models_that_were_retired_two_weeks_later(self):
        late = published.read(PUBLISHED / newest().name, date(2026, 9, 1))
        dead = {
            one.model
            for one in samples.changes(late)
            if (one.kind, one.endpoint) == ("documented-retired", "tokens.estimate")
        }
        assert "kimi-k2.5" in dead
        assert len([name for name in dead if name.startswith("moonshot-v1-")]) == 7
        assert not [one for one in samples.changes(newest()) if one.kind == "documented-retired"]

    def test_drift_07_its_default_was_k2_5_until_it_became_k3(self):
        assert [
            one.detail for one in changed() if one.endpoint == "tokens.estimate" and one.detail.startswith("default")
        ] == ["default: kimi-k2.5 became kimi-k3"]


class TestDrift08:
    def test_drift_08_the_pattern_of_function_names_changed(self):
        (change,) = list(of("document-changed", "chat.completions", "/request/application/json/tools/*/function/name"))
        assert "{2,63}$ became ^[a-zA-Z_][a-zA-Z0-9-_]{0,255}$" in change.detail
        assert change.severity == "risky"


class TestDrift09:
    def test_drift_09_the_most_tools_of_a_request_are_no_longer_said(self):
        (change,) = of("document-changed", "chat.completions", "/request/application/json/tools")
        assert (change.detail, change.severity) == ("maxItems: 128 became none", "harmless")


class TestDrift10:
    def test_drift_10_logprobs_can_be_asked_for_and_no_answer_knows_them(self):
        assert ("chat.completions", "/request/application/json/logprobs") in left_open("asked-not-answered")


class TestDrift16:
    def test_drift_16_caching_is_a_flap_and_no_change(self):
        told = [
            (one.kind, one.endpoint, str(one.since), one.days) for one in changed() if "/v1/caching" in one.endpoint
        ]
        assert told == [
            ("flap", "POST /v1/caching", "2026-07-13", 1),
            ("flap", "GET /v1/caching/{cache_id}", "2026-07-13", 1),
        ]


class TestDrift17:
    def test_drift_17_the_document_knows_one_type_of_tool(self):
        at = ("request", "application/json", "tools", "*", "type")
        assert against_ours(newest(), CHAT, *at)["values"] == (('"builtin_function"', '"function"'), ('"function"',))


class TestDrift18:
    def test_drift_18_the_document_knows_four_purposes_of_a_file(self):
        media = next(iter(newest().form.parts["POST /v1/files"].parts["request"].parts))
        mine, theirs = against_ours(newest(), "POST /v1/files", "request", media, "purpose")["values"]
        assert set(mine) - set(theirs) == {'"batch_output"', '"lambda"'}


class TestDrift23:
    def test_drift_23_every_message_must_have_a_content_until_k3(self):
        (change,) = of("document-changed", "chat.completions", "/request/application/json/messages/*/content")
        assert (change.detail, str(change.since)) == ("required: True became none", "2026-07-16")

    @pytest.mark.parametrize("member", ["tool_calls", "tool_call_id", "reasoning_content"])
    def test_drift_23_no_message_has_what_a_conversation_with_tools_needs(self, member):
        assert against_ours(newest(), CHAT, "request", "application/json", "messages", "*", member)["there"][1] is None


class TestDrift24:
    def test_drift_24_the_statuses_that_are_not_declared(self):
        told = left_open("undeclared-status")["chat.completions", ""]
        assert told.detail == "the service answers 403, 404, 429, 499, 503, 504, too"
        assert str(told.since) == "2026-05-01"


class TestDrift25:
    def test_drift_25_max_tokens_is_deprecated(self):
        assert (
            newest().form.parts[CHAT].parts["request"].parts["application/json"].parts["max_tokens"].says["deprecated"]
        )


class TestDrift27:
    def test_drift_27_every_document_that_means_something_else_has_the_same_version(self):
        told = [str(one.since) for one in changed() if one.kind == "version-unchanged"]
        assert told == ["2026-06-12", "2026-07-13", "2026-07-14", "2026-07-16", "2026-08-17"]

    def test_drift_27_two_documents_of_one_day_differ_in_the_order_of_keys_alone(self):
        pair = [one for one in vendor() if str(one.day) == "2026-07-13"]
        assert len(pair) == 2
        assert list(history.changes(pair)) == []


class TestDrift34:
    def test_drift_34_nothing_is_required_in_an_answer_of_chat_or_models(self):
        told = {endpoint for endpoint, _ in left_open("nothing-required")}
        assert {"chat.completions", "models.list"} <= told


class TestDrift36:
    @pytest.mark.parametrize("member", ["stop", "messages/*/name", "prompt_cache_key"])
    def test_drift_36_a_default_is_null_that_must_not_be_null(self, member):
        assert ("chat.completions", f"/request/application/json/{member}") in left_open("default-of-other-type")


class TestDrift38:
    def test_drift_38_a_model_refuses_a_temperature_that_its_branch_does_not_declare(self):
        """The branches of K2.6 and K3 say nothing of a temperature, and are not closed; the service takes one value."""
        raw = json.loads((PUBLISHED / newest().name).read_bytes())["components"]["schemas"]
        for name, family in (("KimiK26ChatRequest", "k2.6"), ("KimiK3ChatRequest", "k3")):
            own = raw[name]["allOf"][1]
            assert "temperature" not in own["properties"]
            assert "additionalProperties" not in own
            assert catalogue.rules_for(family, "thinking")["temperature"].only


class TestDrift42:
    def test_drift_42_a_gateway_names_the_model_in_a_space_of_its_own(self):
        text = (PUBLISHED / "aimlapi-kimi-k2-6.openapi.json").read_text()
        assert '"moonshot/kimi-k2-6"' in text
        document = published.read(PUBLISHED / "aimlapi-kimi-k2-6.openapi.json", date(2026, 8, 21))
        assert document.mentions == ()


class TestDrift43:
    def test_drift_43_k3_is_missing_from_the_estimate_when_chat_names_it(self):
        (change,) = [
            one
            for document in vendor()
            for one in samples.changes(document)
            if (one.model, one.endpoint) == ("kimi-k3", "tokens.estimate") and one.kind != "documented-retired"
        ]
        assert (change.kind, str(change.as_of)) == ("documented-in-part", "2026-07-16")
        assert "that of chat.completions names it" in change.detail

    def test_drift_43_it_is_told_of_with_the_days_since_the_announcement_until_the_next_document(self):
        (document,) = [one for one in vendor() if str(one.day) == "2026-07-16"]
        told = {
            day: [one.days for one in at(document, day) if (one.kind, one.model) == ("documented-in-part", "kimi-k3")]
            for day in (date(2026, 7, 15), date(2026, 7, 16), date(2026, 8, 3))
        }
        assert list(told.values()) == [[], [0], [18]]
