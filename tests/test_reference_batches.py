"""Batches of the reference server: created, watched through every state, cancelled, listed, and refused."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from typing import Any

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client

START = 1788436800
HELLO = [{"role": "user", "content": "Reply with exactly one word: hello"}]


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    ticks = count(START, 0.25)
    with client(create_app(as_of=date(2026, 9, 3), clock=lambda: next(ticks))) as asking:
        yield asking


def line(name: str = "first", **body: Any) -> dict[str, Any]:
    asked = {"model": "kimi-k2.6", "messages": HELLO, **body}
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": asked}


def upload(api: httpx.Client, *lines: Any, name: str = "input.jsonl", purpose: str = "batch") -> str:
    content = "".join(f"{text if isinstance(text, str) else json.dumps(text)}\n" for text in lines)
    return api.post("/files", files={"file": (name, content.encode())}, data={"purpose": purpose}).json()["id"]


def create(api: httpx.Client, *lines: Any, **members: Any) -> httpx.Response:
    file = upload(api, *(lines or [line()]))
    asked = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h", **members}
    return api.post("/batches", json=asked)


def walk(api: httpx.Client, name: str) -> list[dict[str, Any]]:
    seen = [api.get(f"/batches/{name}").json()]
    while seen[-1]["status"] not in ("completed", "failed", "expired", "cancelled"):
        seen.append(api.get(f"/batches/{name}").json())
    return seen


def output(api: httpx.Client, batch: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(text) for text in api.get(f"/files/{batch['output_file_id']}/content").text.splitlines()]


def test_a_new_batch_is_validating_and_has_every_member(api: httpx.Client) -> None:
    batch = create(api, metadata={"who": "me"}).json()
    assert batch.pop("id").startswith("batch_")
    assert batch.pop("input_file_id").startswith("file_")
    created = batch.pop("created_at")
    assert batch.pop("expires_at") == created + 24 * 3600
    assert batch == {
        "object": "batch", "endpoint": "/v1/chat/completions", "completion_window": "24h", "status": "validating",
        "output_file_id": None, "error_file_id": None, "in_progress_at": None, "finalizing_at": None,
        "completed_at": None, "failed_at": None, "cancelling_at": None, "cancelled_at": None,
        "request_counts": {"completed": 0, "failed": 0, "total": 0}, "metadata": {"who": "me"},
    }  # fmt: skip


def test_each_look_shows_the_next_state(api: httpx.Client) -> None:
    seen = walk(api, create(api).json()["id"])
    assert [batch["status"] for batch in seen] == ["in_progress", "finalizing", "completed"]


def test_a_completed_batch_stays_as_it_is(api: httpx.Client) -> None:
    last = walk(api, create(api).json()["id"])[-1]
    assert api.get(f"/batches/{last['id']}").json() == last


def test_the_times_never_go_back(api: httpx.Client) -> None:
    last = walk(api, create(api).json()["id"])[-1]
    times = [last[name] for name in ("created_at", "in_progress_at", "finalizing_at", "completed_at")]
    assert times == sorted(times)
    assert times[0] < times[-1] < last["expires_at"]
    assert all(isinstance(time, int) for time in times)


def test_the_counts_add_up(api: httpx.Client) -> None:
    seen = walk(api, create(api, line("a"), line("b", messages=[]), line("c")).json()["id"])
    assert [batch["request_counts"] for batch in seen] == [
        {"completed": 0, "failed": 0, "total": 3},
        {"completed": 2, "failed": 1, "total": 3},
        {"completed": 2, "failed": 1, "total": 3},
    ]


def test_the_output_has_a_line_for_each_request(api: httpx.Client) -> None:
    lines = output(api, walk(api, create(api, line("a"), line("b")).json()["id"])[-1])
    assert [told["custom_id"] for told in lines] == [told["id"] for told in lines] == ["a", "b"]
    assert [told["error"] for told in lines] == [None, None]
    assert lines[0]["response"]["status_code"] == 200
    assert lines[0]["response"]["request_id"] == ""
    assert lines[0]["response"]["body"]["choices"][0]["message"]["content"] == "hello"


def test_a_request_that_fails_has_the_error_in_its_line(api: httpx.Client) -> None:
    (told,) = output(api, walk(api, create(api, line(temperature=0.1)).json()["id"])[-1])
    assert told["response"]["status_code"] == 400
    assert told["response"]["body"]["error"]["type"] == "invalid_request_error"
    assert told["error"] is None


def test_the_output_is_a_file_of_the_account(api: httpx.Client) -> None:
    last = walk(api, create(api).json()["id"])[-1]
    assert api.get(f"/files/{last['output_file_id']}").json()["purpose"] == "batch_output"


def test_a_batch_costs_three_fifths_of_the_price(api: httpx.Client) -> None:
    def spent(run: Callable[[dict[str, Any]], object], words: str) -> float:
        before = api.get("/users/me/balance").json()["data"]["available_balance"]
        run({"messages": [{"role": "user", "content": words * 4000}], "max_completion_tokens": 64})
        return before - api.get("/users/me/balance").json()["data"]["available_balance"]

    at_once = spent(lambda body: api.post("/chat/completions", json={"model": "kimi-k2.6", **body}), "one ")
    in_batch = spent(lambda body: walk(api, create(api, line(**body)).json()["id"]), "two ")
    assert at_once > 0.001
    assert in_batch == pytest.approx(0.6 * at_once, abs=0.00001)


@pytest.mark.parametrize("looks", [0, 1, 2])
def test_a_batch_that_is_not_done_can_be_cancelled(api: httpx.Client, looks: int) -> None:
    name = create(api).json()["id"]
    for _ in range(looks):
        api.get(f"/batches/{name}")
    cancelling = api.post(f"/batches/{name}/cancel").json()
    cancelled = api.get(f"/batches/{name}").json()
    assert (cancelling["status"], cancelled["status"]) == ("cancelling", "cancelled")
    assert cancelling["cancelling_at"] <= cancelled["cancelled_at"]


def test_a_batch_that_is_done_cannot_be_cancelled(api: httpx.Client) -> None:
    name = walk(api, create(api).json()["id"])[-1]["id"]
    answer = api.post(f"/batches/{name}/cancel")
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        ["{"],
        ["[]"],
        [{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions"}],
        [line("")],
        [line("a"), line("a")],
        [line("a"), line("b", model="kimi-k2.7-code")],
        [line(model="kimi-k3")],
        [line(model="kimi-nonexistent")],
        [line() | {"method": "GET"}],
        [line() | {"url": "/v1/models"}],
    ],
)
def test_an_input_that_cannot_be_fails_the_batch(api: httpx.Client, lines: list[Any]) -> None:
    seen = walk(api, create(api, *lines).json()["id"])
    assert [batch["status"] for batch in seen] == ["failed"]
    assert seen[0]["failed_at"] >= seen[0]["created_at"]


def test_an_input_that_was_deleted_fails_the_batch(api: httpx.Client) -> None:
    batch = create(api).json()
    api.delete(f"/files/{batch['input_file_id']}")
    assert walk(api, batch["id"])[-1]["status"] == "failed"


def test_a_batch_that_nobody_looks_at_expires() -> None:
    now = [float(START)]
    with client(create_app(as_of=date(2026, 9, 3), clock=lambda: now[0])) as api:
        name = create(api).json()["id"]
        api.get(f"/batches/{name}")
        now[0] += 24 * 3600 + 1
        assert api.get(f"/batches/{name}").json()["status"] == "expired"


@pytest.mark.parametrize(("window", "seconds"), [("12h", 43200), ("1d", 86400), ("168h", 604800), ("7d", 604800)])
def test_a_window_sets_the_time_of_expiry(api: httpx.Client, window: str, seconds: int) -> None:
    batch = create(api, completion_window=window).json()
    assert batch["expires_at"] - batch["created_at"] == seconds


@pytest.mark.parametrize("window", ["1h", "11h", "8d", "169h", "24", "24H", "1.5d", "", None, 24])
def test_another_window_is_refused_by_its_name(api: httpx.Client, window: object) -> None:
    answer = create(api, completion_window=window)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "completion_window" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "members",
    [
        {"input_file_id": "file_nothing"},
        {"input_file_id": None},
        {"endpoint": "/v1/embeddings"},
        {"endpoint": None},
        {"metadata": []},
        {"metadata": {"a": 1}},
        {"metadata": {str(number): "" for number in range(17)}},
        {"metadata": {"k" * 65: ""}},
        {"metadata": {"k": "v" * 513}},
    ],
)
def test_what_cannot_be_is_refused(api: httpx.Client, members: dict[str, Any]) -> None:
    answer = create(api, **members)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("file", [{"name": "input.txt"}, {"purpose": "file-extract"}])
def test_an_input_of_another_kind_is_refused(api: httpx.Client, file: dict[str, str]) -> None:
    assert create(api, input_file_id=upload(api, line(), **file)).status_code == 400


def test_the_list_has_the_newest_first_and_goes_on_after_a_cursor(api: httpx.Client) -> None:
    names = [create(api).json()["id"] for _ in range(3)][::-1]
    whole = api.get("/batches").json()
    first = api.get("/batches", params={"limit": 2}).json()
    rest = api.get("/batches", params={"limit": 2, "after": names[1]}).json()
    assert (whole["object"], [batch["id"] for batch in whole["data"]], whole["has_more"]) == ("list", names, False)
    assert ([batch["id"] for batch in first["data"]], first["has_more"]) == (names[:2], True)
    assert ([batch["id"] for batch in rest["data"]], rest["has_more"]) == (names[2:], False)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "ten"}, {"after": "batch_nothing"}])
def test_a_page_that_cannot_be_is_refused(api: httpx.Client, query: dict[str, str]) -> None:
    assert api.get("/batches", params=query).status_code == 400


@pytest.mark.parametrize(("method", "path"), [("GET", "/batches/batch_x"), ("POST", "/batches/batch_x/cancel")])
def test_an_unknown_batch_is_not_found_by_its_name(api: httpx.Client, method: str, path: str) -> None:
    answer = api.request(method, path)
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "resource_not_found_error")
    assert "batch_x" in answer.json()["error"]["message"]


def test_an_empty_account_takes_on_no_batch() -> None:
    with client(create_app(as_of=date(2026, 9, 3), balance=(0.0, 0.0))) as api:
        assert create(api).status_code == 429
