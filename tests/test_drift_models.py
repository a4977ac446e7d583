"""Models in documents and in lists of models against what was announced of them, with a day on each side."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from conformance import catalogue, targets
from conformance.drift import lifecycle, published, samples
from conformance.vocabulary import Account, CouldNotCheck, Exchange, OddOneOut, Request, Response

MOONSHOT = targets.load("moonshot")
CAPABILITIES = ("supports_image_in", "supports_video_in", "supports_reasoning")


def day(text):
    return date.fromisoformat(text)


def operation(schema):
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


def document(sample, *, chat=(), estimate=(), default=None):
    """A document with a sample of the list of models, and the enums of two operations."""
    chosen = {"enum": list(chat)} | ({"default": default} if default else {})
    return {
        "paths": {
            "/v1/models": {"get": operation({"properties": {"id": {"type": "string", "example": sample}}})},
            "/v1/chat/completions": {"post": operation({"properties": {"model": chosen}})},
            "/v1/tokenizers/estimate-token-count": {
                "post": operation({"properties": {"model": {"enum": [*estimate]}}})
            },
        }
    }


def told(raw, as_of):
    """The kinds and models of what a document comes to on a day."""
    return [(one.kind, one.model) for one in samples.changes(published.of(raw, "docs.json", day(as_of)))]


class TestTheSampleOfTheList:
    def test_it_lags_from_the_announcement_of_a_later_model_on(self):
        assert told(document("kimi-k2.5"), "2026-04-19") == []
        assert told(document("kimi-k2.5"), "2026-04-20") == [("sample-lags-announcement", "kimi-k2.6")]

    def test_it_says_both_and_counts_the_days(self):
        (change,) = samples.changes(published.of(document("kimi-k2.5"), "docs.json", day("2026-04-23")))
        assert change.detail == "kimi-k2.6 announced 2026-04-20, the List Models sample still lists kimi-k2.5"
        assert (change.days, change.odd_one_out, change.source) == (3, OddOneOut.DOCS, "docs.json")
        assert change.other_source.startswith("https://")
        assert change.where.endswith("/properties/id/example")

    def test_one_that_names_the_newest_model_does_not_lag(self):
        assert told(document("kimi-k3"), "2026-08-17") == []

    def test_it_names_a_dead_model_from_the_day_after_the_retirement_on(self):
        dead = ("sample-names-dead-model", "kimi-k2.5")
        assert dead not in told(document("kimi-k2.5"), "2026-08-31")
        assert dead in told(document("kimi-k2.5"), "2026-09-01")

    def test_a_member_that_is_called_example_is_no_sample(self):
        raw = document("kimi-k3")
        raw["paths"]["/v1/models"]["get"] = operation({"properties": {"example": {"title": "kimi-k2.5"}}})
        assert told(raw, "2026-09-01") == []

    def test_a_sample_behind_a_reference_is_one_of_each_operation_that_refers_to_it(self):
        raw = document("kimi-k2.5")
        schema = raw["paths"]["/v1/models"]["get"]["responses"]["200"]["content"]["application/json"].pop("schema")
        raw["components"] = {"schemas": {"Model": schema}}
        raw["paths"]["/v1/models"]["get"] = operation({"$ref": "#/components/schemas/Model"})
        (change,) = samples.changes(published.of(raw, "docs.json", day("2026-04-23")))
        assert (change.endpoint, change.where) == ("models.list", "/components/schemas/Model/properties/id/example")


class TestEnumsAndDefaults:
    def test_a_model_that_one_operation_names_and_another_lacks_from_its_announcement_on(self):
        models = ["kimi-k2.6", "kimi-k2.7-code", "kimi-k2.7-code-highspeed", "kimi-k2.5"]
        old = [name for name in catalogue.models() if name.startswith("moonshot-")]
        raw = document("kimi-k3", chat=[*models, *old, "kimi-k3"], estimate=[*models, *old])
        assert ("documented-in-part", "kimi-k3") not in told(raw, "2026-07-15")
        assert told(raw, "2026-07-16") == [("documented-in-part", "kimi-k3")]

    def test_a_model_that_none_names_is_announced_and_not_documented(self):
        raw = document("kimi-k3", chat=["kimi-k2.6", "kimi-k2.7-code", "kimi-k2.7-code-highspeed"])
        assert ("announced-not-documented", "kimi-k3") in told(raw, "2026-09-02")
        assert ("announced-not-documented", "kimi-k2.6") not in told(raw, "2026-09-02")

    def test_a_retired_model_that_an_enum_offers(self):
        raw = document("kimi-k3", chat=["kimi-k2.5"])
        assert ("documented-retired", "kimi-k2.5") not in told(raw, "2026-08-31")
        assert ("documented-retired", "kimi-k2.5") in told(raw, "2026-09-01")

    def test_a_default_is_copied_like_a_sample(self):
        raw = document("kimi-k3", chat=["kimi-k3"], default="kimi-k2.5")
        assert ("sample-names-dead-model", "kimi-k2.5") in told(raw, "2026-09-01")

    def test_a_model_that_nothing_announced_is_documented_and_unknown(self):
        (change,) = [
            one
            for one in samples.changes(published.of(document("kimi-k9"), "docs.json", day("2026-09-02")))
            if one.kind == "documented-unknown"
        ]
        assert (change.model, change.odd_one_out) == ("kimi-k9", OddOneOut.OURS)

    def test_a_model_of_a_later_announcement_is_unknown_until_then(self):
        unknown = ("documented-unknown", "kimi-k3")
        assert unknown in told(document("kimi-k3"), "2026-07-15")
        assert unknown not in told(document("kimi-k3"), "2026-07-16")

    def test_what_is_no_id_of_the_vendor_is_none(self):
        assert told(document("moonshotai/kimi-k2.6"), "2026-09-02") == []
        assert told(document("moonshot"), "2026-09-02") == []


def entry(name, **changed):
    """A model of a list as it was announced."""
    known = catalogue.models().get(name)
    if known is None:
        return {"id": name}
    said = [word in known.modalities for word in ("image", "video")]
    thinks = catalogue.families()[known.family].thinks != "never"
    listed = dict(zip(CAPABILITIES, [*said, thinks], strict=True))
    return {"id": name, "context_length": known.context, **listed, **changed}


def listing(entries):
    body = json.dumps({"object": "list", "data": entries}).encode()
    made = datetime(2026, 9, 2, tzinfo=UTC)
    return Exchange(
        "models.list", "1", "models.list", Request("GET", "x"), Response(200, (), body), made, file="m.json"
    )


def listed(entries, as_of):
    """The kinds and models of what a list of models comes to on a day."""
    return [(one.kind, one.model) for one in lifecycle.changes(listing(entries), MOONSHOT, day(as_of))]


def honest(as_of):
    return [entry(name) for name in catalogue.available(day(as_of))]


class TestTheListOfModels:
    @pytest.mark.parametrize("as_of", ["2026-04-20", "2026-09-02"])
    def test_an_honest_one_is_as_announced(self, as_of):
        assert [kind for kind, _ in listed(honest(as_of), as_of) if kind != "retirement-ahead"] == []

    def test_a_model_is_announced_and_not_listed_from_its_announcement_on(self):
        before = honest("2026-04-19")
        missing = ("announced-not-listed", "kimi-k2.6")
        assert missing not in listed(before, "2026-04-19")
        assert missing in listed(before, "2026-04-20")

    def test_one_that_every_account_sees_breaks_and_another_may(self):
        changes = lifecycle.changes(listing([]), MOONSHOT, day("2026-09-02"), Account.TOPPED_UP)
        weights = {one.model: one.severity for one in changes}
        assert (weights["kimi-k2.6"], weights["kimi-k3"]) == ("breaking", "risky")

    @pytest.mark.parametrize("account", [None, Account.UNFUNDED])
    def test_an_account_that_need_not_see_a_model_misses_none(self, account):
        entries = [one for one in honest("2026-09-02") if one["id"] in ("kimi-k2.6", "kimi-k2.7-code")]
        assert list(lifecycle.changes(listing(entries), MOONSHOT, day("2026-09-02"), account)) == []

    def test_a_model_may_be_gone_in_the_course_of_its_last_day(self):
        entries = [one for one in honest("2026-08-31") if one["id"] != "kimi-k2.5"]
        assert ("announced-not-listed", "kimi-k2.5") not in listed(entries, "2026-08-31")
        assert ("announced-not-listed", "kimi-k2.5") in listed(entries, "2026-08-30")

    def test_a_recording_that_is_older_than_a_retirement_is_stale_and_no_fault_of_the_service(self):
        old = replace(listing([entry("kimi-k2.5")]), made_at=datetime(2026, 8, 1, tzinfo=UTC))
        (change,) = [one for one in lifecycle.changes(old, MOONSHOT, day("2026-09-02")) if one.model == "kimi-k2.5"]
        assert (change.odd_one_out, change.severity) == (OddOneOut.RECORDING, "harmless")

    def test_a_model_is_retired_and_still_listed_from_the_day_after_on(self):
        entries = [*honest("2026-09-01"), entry("kimi-k2.5")]
        still = ("retired-still-listed", "kimi-k2.5")
        assert still not in listed(entries, "2026-08-31")
        assert still in listed(entries, "2026-09-01")

    def test_a_model_is_listed_and_not_announced_until_it_is(self):
        entries = honest("2026-07-16")
        early = ("listed-not-announced", "kimi-k3")
        assert early in listed(entries, "2026-07-15")
        assert early not in listed(entries, "2026-07-16")

    def test_a_model_that_nothing_announced_is_listed_and_unknown(self):
        assert listed([*honest("2026-09-02"), entry("kimi-k9")], "2026-09-02") == [("listed-unknown", "kimi-k9")]

    @pytest.mark.parametrize(("length", "weight"), [(131072, "breaking"), (524288, "risky"), ("long", "breaking")])
    def test_a_context_that_differs_breaks_where_it_is_less(self, length, weight):
        entries = [*honest("2026-09-02"), entry("kimi-k2.6", context_length=length)]
        (change,) = lifecycle.changes(listing(entries), MOONSHOT, day("2026-09-02"))
        assert (change.kind, change.severity) == ("context-differs", weight)

    @pytest.mark.parametrize("name", CAPABILITIES)
    def test_a_capability_that_is_announced_and_not_listed(self, name):
        entries = [*honest("2026-09-02"), entry("kimi-k2.6", **{name: False})]
        (change,) = lifecycle.changes(listing(entries), MOONSHOT, day("2026-09-02"))
        kind = "capability-differs" if name == "supports_reasoning" else "modality-differs"
        assert (change.kind, change.severity) == (kind, "breaking")
        assert change.where.endswith(f"/{name}")

    def test_what_the_list_does_not_say_differs_from_nothing(self):
        assert listed([{"id": name} for name in catalogue.available(day("2026-09-02"))], "2026-09-02") == []

    @pytest.mark.parametrize(
        ("as_of", "within"), [("2026-06-01", None), ("2026-06-02", 90), ("2026-07-01", 90), ("2026-07-02", 60),
                              ("2026-07-31", 60), ("2026-08-01", 30), ("2026-08-31", 30), ("2026-09-01", None)],
    )  # fmt: skip
    def test_a_retirement_is_told_90_and_60_and_30_days_ahead(self, as_of, within):
        changes = lifecycle.changes(listing([entry("kimi-k2.5")]), MOONSHOT, day(as_of))
        ahead = [one.detail for one in changes if one.kind == "retirement-ahead"]
        assert len(ahead) == (within is not None)
        assert all(f"(within {within})" in detail for detail in ahead)

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"data": {}}', b'{"data": [1]}', b'{"data": [{"id": 1}]}'])
    def test_what_is_no_list_of_models_could_not_be_checked(self, body):
        exchange = Exchange("a", "1", "models.list", Request("GET", "x"), Response(200, (), body), None)
        with pytest.raises(CouldNotCheck):
            list(lifecycle.changes(exchange, MOONSHOT, day("2026-09-02")))
