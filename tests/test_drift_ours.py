"""The last document against our own: what it knows alone is told place by place, the rest as how much there is."""

import copy
from datetime import date

from conformance.drift import ours, published

DAY = date(2026, 9, 2)


def document(said):
    """A document of a few operations: a list of models whose entries have these members."""
    entry = {"properties": {"data": {"type": "array", "items": {"properties": said}}}}
    answer = {"200": {"content": {"application/json": {"schema": entry}}}}
    servers = [{"url": "https://api.example.com/v1"}]
    return {"openapi": "3.1.0", "servers": servers, "paths": {"/models": {"get": {"responses": answer}}}}


def told(*raw):
    return {one.kind: one for one in ours.changes([published.of(copy.deepcopy(one), "d.json", DAY) for one in raw])}


def test_a_member_that_our_schemas_do_not_know_is_ours_to_mend():
    change = told(document({"novelty": {"type": "string"}}))["documented-not-ours"]
    assert (change.endpoint, change.where) == ("models.list", "/200/application/json/data/*/novelty")
    assert (change.severity, change.odd_one_out) == ("risky", "ours-wrong")


def test_one_that_they_know_is_none():
    assert "documented-not-ours" not in told(document({"id": {"type": "string"}}))


def test_an_operation_that_they_do_not_know_is_one_change():
    raw = document({})
    raw["paths"]["/novelty"] = {"get": {"responses": {"200": {}}}}
    change = told(raw)["documented-not-ours"]
    assert (change.endpoint, change.where) == ("GET /v1/novelty", "")


def test_all_that_it_says_less_is_one_change_that_harms_nobody():
    change = told(document({}))["ours-not-documented"]
    assert (change.severity, change.odd_one_out, change.where) == ("harmless", "docs-lag", "")
    assert int(change.detail.split()[0]) > 10


def test_all_that_it_says_otherwise_is_one_change():
    change = told(document({"id": {"type": "integer"}, "created": {"type": "string"}}))["documented-otherwise"]
    assert change.detail.startswith("2 things it says that our schemas say in another way")


def test_of_several_documents_the_last_one_counts():
    assert "documented-not-ours" not in told(document({"novelty": {"type": "string"}}), document({}))


def test_without_a_document_there_is_nothing_to_tell():
    assert told() == {}


def test_places_without_end_are_counted():
    raw = document({f"novelty-{number}": {"type": "string"} for number in range(200)})
    found = list(ours.changes([published.of(raw, "d.json", DAY)]))
    assert len(found) == ours.KEPT + 2
