"""Who may call the reference server, what its account has, and how it estimates a prompt."""

from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client

DAY = date(2026, 9, 3)
HELLO = [{"role": "user", "content": "Reply with exactly one word: hello"}]
PATHS = ["/models", "/users/me/balance", "/files", "/files/file_x", "/batches", "/batches/batch_x"]


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=DAY)) as asking:
        yield asking


def balance(api: httpx.Client) -> dict[str, float]:
    return api.get("/users/me/balance").json()["data"]


@pytest.mark.parametrize("path", PATHS)
def test_a_call_without_a_key_is_refused(path: str) -> None:
    with client(create_app(as_of=DAY), key=None) as api:
        answer = api.get(path)
    assert answer.status_code == 401
    assert answer.json() == {"error": {"message": "Incorrect API key provided", "type": "incorrect_api_key_error"}}


@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_key_is_refused(path: str) -> None:
    with client(create_app(as_of=DAY), key="sk-invalid-key") as api:
        answer = api.get(path)
    assert answer.status_code == 401
    assert answer.json() == {"error": {"message": "Invalid Authentication", "type": "invalid_authentication_error"}}


def test_the_key_is_looked_at_before_the_body() -> None:
    with client(create_app(as_of=DAY), key="sk-invalid-key") as api:
        assert api.post("/chat/completions", content=b"{").status_code == 401


def test_only_the_keys_that_are_given_are_accepted() -> None:
    app = create_app(as_of=DAY, keys={"sk-mine"})
    with client(app, key="sk-mine") as mine, client(app, key="sk-other") as other:
        assert (mine.get("/models").status_code, other.get("/models").status_code) == (200, 401)


def test_the_balance_starts_as_in_the_documentation(api: httpx.Client) -> None:
    assert api.get("/users/me/balance").json() == {
        "code": 0,
        "data": {"available_balance": 49.58894, "voucher_balance": 46.58893, "cash_balance": 3.00001},
        "scode": "0x0",
        "status": True,
    }


def test_a_completion_costs_its_price_from_the_vouchers(api: httpx.Client) -> None:
    usage = api.post("/chat/completions", json={"model": "kimi-k3", "messages": HELLO}).json()["usage"]
    price = round((usage["prompt_tokens"] * 3.00 + usage["completion_tokens"] * 15.00) / 1_000_000, 5)
    after = balance(api)
    assert price > 0
    assert after["voucher_balance"] == round(46.58893 - price, 5)
    assert after["cash_balance"] == 3.00001
    assert after["available_balance"] == round(49.58894 - price, 5)


def test_what_comes_from_the_cache_costs_less(api: httpx.Client) -> None:
    spent = []
    for _ in range(2):
        before = balance(api)["available_balance"]
        api.post("/chat/completions", json={"model": "kimi-k3", "messages": HELLO})
        spent.append(before - balance(api)["available_balance"])
    assert spent[1] < spent[0]


def test_a_refused_chat_costs_nothing(api: httpx.Client) -> None:
    api.post("/chat/completions", json={"model": "kimi-k3", "messages": HELLO, "temperature": 0.1})
    assert balance(api)["available_balance"] == 49.58894


def test_what_the_vouchers_lack_is_taken_from_the_cash_down_to_a_debt() -> None:
    with client(create_app(as_of=DAY, balance=(0.00001, 0.00001))) as api:
        api.post("/chat/completions", json={"model": "kimi-k3", "messages": HELLO})
        after = balance(api)
    assert after["voucher_balance"] == 0
    assert after["cash_balance"] < 0
    assert after["available_balance"] == 0


def test_a_debt_does_not_lessen_the_vouchers() -> None:
    with client(create_app(as_of=DAY, balance=(2.5, -1.25))) as api:
        assert balance(api) == {"available_balance": 2.5, "voucher_balance": 2.5, "cash_balance": -1.25}


def test_an_empty_account_is_suspended() -> None:
    with client(create_app(as_of=DAY, balance=(0.0, 0.0))) as api:
        answer = api.post("/chat/completions", json={"model": "kimi-k3", "messages": HELLO})
        assert api.get("/models").status_code == 200
    assert answer.status_code == 429
    assert answer.json()["error"]["type"] == "exceeded_current_quota_error"
    assert "is suspended due to insufficient balance" in answer.json()["error"]["message"]


def test_an_estimate_comes_in_the_envelope_of_the_account(api: httpx.Client) -> None:
    answer = api.post("/tokenizers/estimate-token-count", json={"model": "kimi-k2.6", "messages": HELLO})
    assert answer.json() == {"code": 0, "data": {"total_tokens": 11}, "scode": "0x0", "status": True}


def test_an_estimate_is_what_the_prompt_then_has(api: httpx.Client) -> None:
    asked = {"model": "kimi-k2.6", "messages": HELLO}
    estimate = api.post("/tokenizers/estimate-token-count", json=asked).json()["data"]["total_tokens"]
    assert api.post("/chat/completions", json=asked).json()["usage"]["prompt_tokens"] == estimate


def test_an_estimate_grows_with_the_prompt_and_counts_each_chinese_character(api: httpx.Client) -> None:
    def estimate(text: str) -> int:
        asked = {"model": "kimi-k2.6", "messages": [{"role": "user", "content": text}]}
        return api.post("/tokenizers/estimate-token-count", json=asked).json()["data"]["total_tokens"]

    assert estimate("one") < estimate("one two") == estimate("世界") < estimate("你好世界")


def test_an_estimate_costs_nothing(api: httpx.Client) -> None:
    api.post("/tokenizers/estimate-token-count", json={"model": "kimi-k3", "messages": HELLO})
    assert balance(api)["available_balance"] == 49.58894


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ({"messages": HELLO}, 400, "invalid_request_error"),
        ({"model": "kimi-k3"}, 400, "invalid_request_error"),
        ({"model": "kimi-nonexistent", "messages": HELLO}, 404, "resource_not_found_error"),
    ],
)
def test_an_estimate_of_what_cannot_be_asked_is_refused(
    api: httpx.Client, asked: dict[str, object], status: int, kind: str
) -> None:
    answer = api.post("/tokenizers/estimate-token-count", json=asked)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)
