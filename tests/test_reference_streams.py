"""How the reference server streams: which chunks, in which order, and that they leave as they are made."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.answers import Answer, Stream
from conformance.reference.inprocess import client
from conformance.reference.serving import running

DAY = date(2026, 9, 3)
HELLO = {"role": "user", "content": "Reply with exactly one word: hello"}
LONG = {"role": "user", "content": "a b c d e f g h"}
KEY = {"Authorization": "Bearer sk-reference"}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
WITH_USAGE = {"stream_options": {"include_usage": True}}


@pytest.fixture
def api() -> Iterator[httpx.Client]:
    with client(create_app(as_of=DAY)) as asking:
        yield asking


def body(*messages: dict[str, Any], model: str = "kimi-k3", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": messages or [HELLO], "stream": True, **more}


def chunks(api: httpx.Client, *messages: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = api.post("/chat/completions", json=body(*messages, **more))
    assert answer.status_code == 200, answer.text
    *events, done, rest = answer.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events]


def kinds(told: list[dict[str, Any]]) -> list[str]:
    """Name what each chunk brings, and what comes several times in a row only once."""
    named = [",".join(chunk["choices"][0]["delta"]) or "finish" for chunk in told if chunk["choices"]]
    return [kind for kind, before in zip(named, [None, *named], strict=False) if kind != before]


def test_role_reasoning_content_and_end_come_in_this_order(api: httpx.Client) -> None:
    assert kinds(chunks(api)) == ["role,content", "reasoning_content", "content", "finish"]


def test_calls_come_where_the_content_would(api: httpx.Client) -> None:
    told = chunks(api, tools=[TOOL], tool_choice="required")
    assert kinds(told) == ["role,content", "reasoning_content", "tool_calls", "finish"]


def test_the_last_piece_of_reasoning_is_empty(api: httpx.Client) -> None:
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks(api)]
    pieces = [delta["reasoning_content"] for delta in deltas if "reasoning_content" in delta]
    assert pieces[-1] == ""
    assert all(pieces[:-1])


def test_the_usage_stands_in_the_choice_that_finishes(api: httpx.Client) -> None:
    *before, last = chunks(api)
    assert last["choices"][0]["usage"]["completion_tokens"] > 0
    assert not any("usage" in chunk or "usage" in chunk["choices"][0] for chunk in before)
    assert "usage" not in last


def test_a_chunk_of_usage_comes_only_where_it_is_asked_for(api: httpx.Client) -> None:
    *_, finish, usage = chunks(api, **WITH_USAGE)
    assert usage["choices"] == []
    assert usage["usage"] == finish["choices"][0]["usage"]


def test_every_chunk_but_that_of_the_usage_has_the_fingerprint(api: httpx.Client) -> None:
    *others, usage = chunks(api, **WITH_USAGE)
    assert {chunk["system_fingerprint"][:5] for chunk in others} == {"fpv0_"}
    assert "system_fingerprint" not in usage


def test_a_fragment_after_the_first_has_its_index_and_arguments_only(api: httpx.Client) -> None:
    told = chunks(api, tools=[TOOL], tool_choice="required")
    first, *others = [call for chunk in told for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert first == {
        "index": 0, "id": "look_up_0", "type": "function", "function": {"name": "look_up", "arguments": ""},
    }  # fmt: skip
    assert all(list(fragment) == ["index", "function"] and fragment["index"] == 0 for fragment in others)


def test_several_answers_come_in_choices_of_their_own() -> None:
    with client(create_app(as_of=date(2026, 8, 1))) as api:
        told = chunks(api, model="moonshot-v1-8k", n=2, temperature=0.3)
    finished = [chunk["choices"][0] for chunk in told if chunk["choices"][0]["finish_reason"]]
    assert [choice["index"] for choice in finished] == [0, 1]


def test_a_budget_that_the_reasoning_eats_ends_a_stream_without_content(api: httpx.Client) -> None:
    told = chunks(api, max_completion_tokens=3)
    assert kinds(told) == ["role,content", "reasoning_content", "finish"]
    assert told[-1]["choices"][0]["finish_reason"] == "length"


def test_a_refusal_is_no_stream(api: httpx.Client) -> None:
    answer = api.post("/chat/completions", json=body(temperature=0.3))
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json; charset=utf-8")


def test_a_stream_is_encoded_frame_by_frame() -> None:
    stream = Stream([{"a": "ü"}, b": a comment\n\n"])
    assert list(stream.encoded()) == ['data: {"a":"ü"}\n\n'.encode(), b": a comment\n\n"]
    assert Answer(stream).encoded() == b"".join(stream.encoded())


def test_chunks_arrive_one_after_the_other_at_the_pace_asked_for() -> None:
    seen: list[tuple[float, bytes]] = []
    with (
        running(create_app(as_of=DAY, tokens_per_second=50)) as url,
        httpx.Client(base_url=url, headers=KEY, trust_env=False) as api,
        api.stream("POST", "/chat/completions", json=body(LONG)) as answer,
    ):
        seen.extend((time.monotonic(), piece) for piece in answer.iter_raw())
    events = b"".join(piece for _, piece in seen).count(b"\n\n")
    assert len(seen) > events // 2
    assert seen[0][1].startswith(b'data: {"id"')
    assert seen[0][1].count(b"\n\n") == 1
    assert seen[-1][0] - seen[0][0] > 0.01 * events


def test_each_chunk_is_a_piece_of_its_own_on_the_wire() -> None:
    with running(create_app(as_of=DAY)) as url:
        host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
        asked = json.dumps(body()).encode()
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-reference\r\n"
            f"Connection: close\r\nContent-Length: {len(asked)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=10) as wire:
            wire.sendall(head.encode() + asked)
            told = b"".join(iter(lambda: wire.recv(65536), b""))
    headers, _, rest = told.partition(b"\r\n\r\n")
    pieces = rest.split(b"\r\n")[1::2]
    assert b"transfer-encoding: chunked" in headers.lower()
    assert all(piece.startswith(b"data: ") and piece.count(b"\n\n") == 1 for piece in pieces if piece)


def test_others_are_answered_while_a_stream_goes_on() -> None:
    with (
        running(create_app(as_of=DAY, tokens_per_second=20)) as url,
        httpx.Client(base_url=url, headers=KEY, trust_env=False) as api,
        api.stream("POST", "/chat/completions", json=body(LONG)) as slow,
    ):
        pieces = slow.iter_raw()
        next(pieces)
        assert api.get("/models").status_code == 200
        answered = time.monotonic()
        assert b"[DONE]" in b"".join(pieces)
        assert time.monotonic() - answered > 0.2


def test_a_whole_answer_takes_the_time_of_its_tokens() -> None:
    with client(create_app(as_of=DAY, tokens_per_second=100)) as api:
        begun = time.monotonic()
        usage = api.post("/chat/completions", json=body(LONG) | {"stream": False}).json()["usage"]
        assert time.monotonic() - begun >= usage["completion_tokens"] / 100


def test_the_same_seed_and_clock_give_the_same_stream() -> None:
    def whole() -> bytes:
        with client(create_app(as_of=DAY, seed=3, clock=lambda: 1788436800)) as api:
            return b"".join(api.post("/chat/completions", json=body(**WITH_USAGE)).content for _ in range(2))

    assert whole() == whole()
