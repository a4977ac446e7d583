"""The reference server signs what bears a nonce, and tells its own signatures from others."""

from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client

NONCE = {"X-Msh-Request-Nonce": "7d929748-0ae6-41c2-ab5d-a186498ad721"}
CHAT = {"model": "kimi-k2.6", "messages": [{"role": "user", "content": "Reply with exactly one word: hello"}]}


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=date(2026, 9, 3))) as asking:
        yield asking


def told(answer: httpx.Response) -> dict[str, object]:
    return {
        "nonce": NONCE["X-Msh-Request-Nonce"],
        "timestamp": int(answer.headers["Msh-Request-Timestamp"]),
        "model": "kimi-k2.6",
        "signature": answer.headers["Msh-Request-Signature"],
    }


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_to_a_request_with_a_nonce_is_signed_and_the_signature_is_valid_again_and_again(api, stream):
    signed = told(api.post("/chat/completions", json=CHAT | {"stream": stream}, headers=NONCE))
    for _ in range(2):
        answer = api.post("/signatures/verify", json=signed)
        assert (answer.json(), answer.headers["cache-control"]) == ({"valid": True}, "no-store")


@pytest.mark.parametrize("other", [{"nonce": "n"}, {"timestamp": 1}, {"model": "kimi-k3"}, {"signature": "reqsigv1_"}])
def test_a_signature_is_not_valid_for_anything_else(api, other):
    signed = told(api.post("/chat/completions", json=CHAT, headers=NONCE))
    answer = api.post("/signatures/verify", json=signed | other)
    assert (answer.status_code, answer.json()) == (200, {"valid": False})


@pytest.mark.parametrize("nonce", [[], [("X-Msh-Request-Nonce", "")], [("X-Msh-Request-Nonce", "n")] * 2])
def test_without_one_nonce_that_is_not_empty_a_request_is_answered_unsigned(api, nonce):
    answer = api.post("/chat/completions", json=CHAT, headers=nonce)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("msh-request-") and name != "msh-request-id"]


def test_the_same_seed_signs_the_same_and_another_does_not():
    def signature(seed: int) -> str:
        with client(create_app(as_of=date(2026, 9, 3), clock=lambda: 1788436800.0, seed=seed)) as api:
            return api.post("/chat/completions", json=CHAT, headers=NONCE).headers["Msh-Request-Signature"]

    assert signature(1) == signature(1) != signature(2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": ""}, {"nonce": 7}, {"timestamp": 0}, {"timestamp": "1"}, {"timestamp": True}, {"model": None},
        {"signature": ""},
    ],
)  # fmt: skip
def test_what_is_incomplete_or_of_another_type_is_refused_by_its_name(api, wrong):
    signed = told(api.post("/chat/completions", json=CHAT, headers=NONCE))
    answer = api.post("/signatures/verify", json=signed | wrong)
    assert answer.status_code == 400
    assert next(iter(wrong)) in answer.json()["error"]["message"]
