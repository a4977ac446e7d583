"""The reference server's list of models: what was announced by the day, in the form in which the service sends it."""

from datetime import date

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client

PERMISSION = {
    "created": 0, "id": "", "object": "", "organization": "moonshot", "group": "moonshot", "is_blocking": False,
}  # fmt: skip


def listed(day: date) -> dict[str, dict]:
    with client(create_app(as_of=day)) as api:
        return {model["id"]: model for model in api.get("/models").json()["data"]}


def test_the_list_is_an_object_with_data() -> None:
    with client(create_app(as_of=date(2026, 9, 3))) as api:
        answer = api.get("/models")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json()["object"] == "list"


@pytest.mark.parametrize(
    ("day", "there", "not_there"),
    [
        (date(2026, 4, 19), "kimi-k2.5", "kimi-k2.6"),
        (date(2026, 4, 20), "kimi-k2.6", "kimi-k2.7-code"),
        (date(2026, 8, 31), "kimi-k2.5", "kimi-latest"),
        (date(2026, 9, 1), "kimi-k2.6", "kimi-k2.5"),
    ],
)
def test_a_model_is_listed_from_its_announcement_until_it_is_retired(day: date, there: str, not_there: str) -> None:
    models = listed(day)
    assert there in models
    assert not_there not in models


def test_an_entry_has_the_members_that_the_service_sends() -> None:
    entry = listed(date(2026, 9, 3))["kimi-k2.6"]
    assert entry == {
        "id": "kimi-k2.6", "object": "model", "created": 1788143653, "owned_by": "moonshot", "root": "", "parent": "",
        "permission": [PERMISSION],
        "context_length": 262144,
        "supports_image_in": True, "supports_video_in": True, "supports_reasoning": True,
    }  # fmt: skip


def test_kimi_k3_alone_tells_of_dynamic_tools_and_efforts() -> None:
    models = listed(date(2026, 9, 3))
    assert models["kimi-k3"]["supports_dynamic_tools"] is True
    assert models["kimi-k3"]["supports_thinking_type"] == "only"
    assert models["kimi-k3"]["think_efforts"]["valid_efforts"] == ["low", "high", "max"]
    assert models["kimi-k3"]["think_efforts"] == models["kimi-k3"]["reasoning_efforts"]
    assert [name for name, model in models.items() if "think_efforts" in model] == ["kimi-k3"]


def test_kimi_k3_began_with_one_effort() -> None:
    assert listed(date(2026, 7, 17))["kimi-k3"]["reasoning_efforts"]["valid_efforts"] == ["max"]


def test_a_model_that_does_not_think_says_so() -> None:
    entry = listed(date(2026, 8, 1))["moonshot-v1-8k"]
    assert (entry["supports_reasoning"], entry["supports_image_in"], entry["context_length"]) == (False, False, 8192)


def test_all_entries_bear_the_time_of_the_deployment_before_the_day() -> None:
    assert {model["created"] for model in listed(date(2026, 9, 3)).values()} == {1788143653}


def test_the_list_follows_the_clock_where_no_day_is_given() -> None:
    def clock() -> float:
        return 1788436800.0

    with client(create_app(clock=clock)) as api:
        answer: httpx.Response = api.get("/models")
    assert {model["id"] for model in answer.json()["data"]} == set(listed(date(2026, 9, 3)))
