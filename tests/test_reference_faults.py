"""The lies of the reference server: each is described, each is told, and none changes what it does not lie about."""

import base64
import json
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from conformance.proof import bench
from conformance.reference import create_app, faults
from conformance.reference.inprocess import client
from conformance.rows import ConfigurationError
from conformance.scenarios import refused_chats

KEY = "sk-reference/key"
HELLO = {"role": "user", "content": "Reply with exactly one word: hello"}
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}
TIME = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object"}}}
CITY = {"name": "city", "strict": True, "schema": WEATHER["function"]["parameters"]}
PLAIN = {"thinking": {"type": "disabled"}}
ASK_TWICE = {"role": "user", "content": "Call get_weather for the city of Paris, and get_time."}
CALL = {"id": "get_weather_0", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
OTHERWISE = CALLED | {"tool_calls": [CALL | {"id": "functions.get_weather:0"}], "reasoning_content": ""}
RESULT = {"role": "tool", "tool_call_id": "get_weather_0", "content": "sunny"}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
REFUSED = refused_chats.read(Path(refused_chats.__file__).with_suffix(".toml"))
# Those that answer late or never: nobody waits for them here, and for every other answer as long as it takes.
LATE = {"silent", "stream-in-one-burst"}
# Those of gateways are told in front of the server, and tried in tests/test_gateway_faults.py.
OF_THE_SERVER = [name for name, fault in faults().items() if not {*fault.models} & {*bench.GATEWAYS}]
TODAY = date(2026, 9, 3)
# Of these days a model is still to come.
EARLY = {"model-listed-early": date(2026, 7, 15), "model-documented-early": date(2026, 7, 15)}
NONCE = "X-Msh-Request-Nonce"
Said = tuple[str, int, list[tuple[bytes, bytes]], bytes]


class Conversation:
    """Asks for everything once, and keeps what was said to each request, silence too."""

    def __init__(self, api: httpx.Client, patience: float = 60) -> None:
        self.api = api
        self.patience = patience
        self.said: list[Said] = []

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = self.api.request(method, path, timeout=self.patience, **more)
        except httpx.ReadTimeout:
            self.said.append((path, 0, [], b""))
            return {}
        self.said.append((path, answer.status_code, answer.headers.raw, answer.content))
        try:
            value = json.loads(answer.content)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def chat(self, model: str, **more: Any) -> None:
        self.ask("POST", "/chat/completions", json={"model": model, "messages": [HELLO], **more})

    def messages(self, model: str, *messages: dict[str, Any], **more: Any) -> None:
        self.ask("POST", "/chat/completions", json={"model": model, "messages": list(messages), **more})

    def upload(self, name: str, content: bytes, purpose: str) -> str:
        sent = {"file": (name, content)}
        # The boundary is a random one otherwise.
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        return str(self.ask("POST", "/files", files=sent, data={"purpose": purpose}, headers=headers).get("id"))

    def batch(self, window: str = "24h") -> str:
        body = {"model": "kimi-k2.6", "messages": [HELLO]}
        lines = [
            {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body} for name in ("a", "b")
        ]
        file = self.upload("in.jsonl", "\n".join(map(json.dumps, lines)).encode(), "batch")
        asked = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": window}
        return str(self.ask("POST", "/batches", json={**asked, "metadata": {"who": "me"}}).get("id"))


def chats(talk: Conversation) -> None:
    talk.ask("GET", "/models")
    for model in ("kimi-k3", "kimi-k3", "kimi-k2.6"):
        talk.chat(model)
    talk.chat("kimi-k2.6", max_completion_tokens=3)
    talk.chat("kimi-k3", tools=[WEATHER], tool_choice="required")
    talk.chat("kimi-k3", response_format={"type": "json_object"})
    talk.chat("kimi-k2.6", response_format={"type": "json_schema", "json_schema": CITY})
    for choice in ("none", "required", {"type": "function", "function": {"name": "get_time"}}):
        talk.messages("kimi-k2.6", ASK_TWICE, tools=[WEATHER, TIME], tool_choice=choice, **PLAIN)
    talk.messages("kimi-k2.6", ASK_TWICE, tools=[WEATHER, TIME], **PLAIN)
    talk.messages("kimi-k2.6", HELLO, CALLED, RESULT, tools=[WEATHER], **PLAIN)
    talk.messages("kimi-k3", {"role": "system", "content": "", "tools": [WEATHER]}, ASK_TWICE)
    talk.messages("kimi-k2.6", HELLO, {"role": "assistant", "content": "He", "partial": True})
    talk.messages("kimi-k2.6", {"role": "user", "content": [PICTURE]})
    talk.chat("kimi-k2.6", stop=["ell"], seed=1, prompt_cache_key="key")
    talk.chat("kimi-k2.6", stop=["ell"], seed=1, prompt_cache_key="key")
    talk.chat("kimi-k3", thinking={"type": "disabled"})
    talk.chat("kimi-k2.6", temperature=1)
    talk.messages("kimi-k2.6", {"role": "system", "content": "Be brief."}, HELLO)
    talk.messages("kimi-k2.6", {"role": "user", "content": "一二三四"}, stop=["三"], stream=True, **PLAIN)
    talk.messages("kimi-k2.6", HELLO, OTHERWISE, RESULT | {"tool_call_id": OTHERWISE["tool_calls"][0]["id"]})
    talk.chat("kimi-k3", reasoning_effort="medium")
    for usage in (True, False):
        talk.chat("kimi-k3", stream=True, stream_options={"include_usage": usage})
    talk.chat("kimi-k2.6", stream=True, **PLAIN)
    talk.chat("kimi-k2.6", stream=True, max_completion_tokens=3)
    talk.chat("kimi-k2.6", stream=True, response_format={"type": "bogus"})
    talk.messages("kimi-k2.6", ASK_TWICE, tools=[WEATHER, TIME], stream=True, **PLAIN)
    talk.chat("kimi-k3", temperature=0.3)
    talk.chat("kimi-k3", response_format={"type": "bogus"})
    talk.ask("GET", "/users/me/balance")
    for text in ("short", "a longer text"):
        asked = {"model": "kimi-k2.6", "messages": [{"role": "user", "content": text}]}
        talk.ask("POST", "/tokenizers/estimate-token-count", json=asked)


def stores(talk: Conversation) -> None:
    file = talk.upload("a.txt", b"text", "file-extract")
    for method, path in (("GET", ""), ("GET", f"/{file}"), ("GET", f"/{file}/content"), ("DELETE", f"/{file}")):
        talk.ask(method, f"/files{path}")
    talk.ask("GET", f"/files/{file}")
    done, stopped = talk.batch(), talk.batch()
    states = [talk.ask("GET", f"/batches/{done}") for _ in range(3)]
    talk.ask("GET", f"/files/{states[-1].get('output_file_id')}/content")
    talk.ask("GET", "/batches")
    talk.ask("POST", f"/batches/{stopped}/cancel")
    talk.ask("GET", f"/batches/{stopped}")


def is_refused(talk: Conversation) -> None:
    for model in ("kimi-k2.6", "kimi-k2.7-code", "kimi-k3"):
        for row in REFUSED:
            for text in row.bodies:
                asked = {"model": model, "messages": [HELLO], **json.loads(text)}
                talk.ask(
                    "POST", "/chat/completions", json={name: asked[name] for name in asked if name not in row.without}
                )
        for name, value in {"temperature": 0.5, "top_p": 0.8, "n": 2, "logprobs": True}.items():
            talk.chat(model, **{name: value})
        talk.chat(model, presence_penalty=0.5)
        talk.chat(model, frequency_penalty=0.5)
    talk.chat(
        "kimi-k3",
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "no"}}}],
        max_completion_tokens=1,
    )
    talk.ask("GET", "/models", headers={"Authorization": "Bearer sk-invalid"})
    talk.ask("GET", "/models", headers={"Authorization": ""})
    talk.chat("kimi-nonexistent")
    talk.ask("GET", "/nowhere")
    talk.ask("POST", "/chat/completions", content=b"{")
    talk.ask("GET", "/files/file_nothing")
    talk.ask("GET", "/batches/batch_nothing")
    talk.batch("1h")


def from_a_page(talk: Conversation) -> None:
    page = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST"}
    for names in ("authorization, content-type", "authorization, content-type, x-stainless-lang"):
        talk.ask("OPTIONS", "/chat/completions", headers={**page, "Access-Control-Request-Headers": names})
    talk.ask("GET", "/models", headers=page)
    talk.ask("GET", "/models", headers={**page, "Authorization": "Bearer sk-invalid"})


def signed(talk: Conversation) -> None:
    """Ask whether signatures are valid: whole and streamed, again, of others, and in requests that must be refused."""
    hello = [{"role": "user", "content": "Reply with exactly one word: hello"}]
    asked = {"model": "kimi-k2.6", "messages": hello, "max_completion_tokens": 8, **PLAIN}
    for nonce in ("", "a-nonce-of-the-tests"):
        for stream in (False, True):
            talk.ask("POST", "/chat/completions", json=asked | {"stream": stream}, headers={NONCE: nonce})
    headers = {name.decode().lower(): value.decode() for name, value in talk.said[-1][2]}
    told = {
        "nonce": "a-nonce-of-the-tests",
        "timestamp": int(headers.get("msh-request-timestamp", 1)),
        "model": "kimi-k2.6",
        "signature": headers.get("msh-request-signature", "reqsigv1_"),
    }
    others = ({}, {}, {"nonce": "n"}, {"timestamp": 1}, {"model": "kimi-k3"}, {"signature": "reqsigv1_"})
    for other in others:
        talk.ask("POST", "/signatures/verify", json=told | other)
    talk.ask("POST", "/signatures/verify", json={"nonce": "n"})
    talk.ask("POST", "/signatures/verify", json=told, headers={"Authorization": "Bearer sk-invalid"})


def published(talk: Conversation) -> None:
    talk.chat("kimi-k2.5", **PLAIN)
    for path in ("openapi.json", "pricing/chat.md"):
        talk.ask("GET", f"http://reference.invalid/docs/{path}")


@cache
def said_with(*names: str, day: date = TODAY) -> tuple[Said, ...]:
    with client(create_app(as_of=day, clock=lambda: 1788436800.0, fault=names), key=KEY) as api:
        talk = Conversation(api, 0.02 if LATE & set(names) else 60)
        for part in (chats, stores, is_refused, from_a_page, signed, published):
            part(talk)
    return tuple(talk.said)


def listed(*names: str) -> list[str]:
    return [model["id"] for model in json.loads(said_with(*names)[0][3])["data"]]


@pytest.mark.parametrize("name", OF_THE_SERVER)
def test_a_fault_shows_in_some_answer(name: str) -> None:
    day = EARLY.get(name, TODAY)
    assert said_with(name, day=day) != said_with(day=day)


@pytest.mark.parametrize("name", OF_THE_SERVER)
def test_a_fault_is_told_on_all_answers_alike(name: str) -> None:
    with client(create_app(as_of=date(2026, 9, 3), fault=[name]), key=KEY) as api:
        try:
            answer = api.get("/models", timeout=0.02)
        except httpx.ReadTimeout:
            return
    assert answer.headers["X-Kimi-Reference"].startswith("kimi-conformance/")


def test_an_honest_server_answers_everything_without_an_error_of_its_own() -> None:
    statuses = [status for _, status, _, _ in said_with()]
    assert {200, 204, 400, 401, 404} == set(statuses)


def test_there_are_lies_and_harmless_oddities() -> None:
    effects = [fault.effect for fault in faults().values()]
    assert len([effect for effect in effects if effect != "none"]) >= 34
    assert all(not fault.breaks for fault in faults().values() if fault.effect == "none")


def test_every_fault_has_a_sentence_and_a_source() -> None:
    for fault in faults().values():
        assert fault.sentence.endswith(".")
        assert fault.source.startswith("https://")


def test_an_unknown_fault_is_told_with_the_nearest_names() -> None:
    with pytest.raises(ConfigurationError, match=r"no fault 'usage-sum-of'; did you mean usage-sum-off"):
        create_app(fault=["usage-sum-of"])


def test_two_faults_are_told_together() -> None:
    with client(create_app(fault=["usage-sum-off", "role-missing"])) as api:
        answer = api.post("/chat/completions", json={"model": "kimi-k3", "messages": [HELLO]}).json()
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] + 1
    assert "role" not in answer["choices"][0]["message"]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("stale-models", lambda ids: [model for model in ids if model != "kimi-k2.6"]),
        ("unknown-model-listed", lambda ids: [*ids, "kimi-never-announced"]),
        ("duplicate-model-ids", lambda ids: [*ids, ids[0]]),
    ],
)
def test_a_list_lies_about_its_models_only(name: str, change: Callable[[list[str]], list[str]]) -> None:
    assert listed(name) == change(listed())
    others, honest = ([each for each in said if each[0] != "/models"] for said in (said_with(name), said_with()))
    assert others == honest


def test_the_model_that_was_retired_last_is_listed_as_if_it_were_there() -> None:
    assert listed("retired-still-listed") == [*listed(), "kimi-k2.5"]


@pytest.mark.parametrize("name", [name for name in faults() if name.startswith(("balance", "voucher", "scode"))])
def test_a_lie_about_the_balance_is_told_there_only(name: str) -> None:
    differing = {honest[0] for honest, lied in zip(said_with(), said_with(name), strict=True) if honest != lied}
    assert differing == {"/users/me/balance"}


def test_the_key_is_echoed_in_three_forms_and_in_a_header() -> None:
    authorization = f"Bearer {KEY}"
    with client(create_app(fault=["key-echoed"]), key=KEY) as api:
        answer = api.post("/chat/completions", json={"model": "kimi-k3", "messages": [HELLO]})
    content = answer.json()["choices"][0]["message"]["content"]
    assert answer.headers["X-Debug-Authorization"] == authorization
    for form in (authorization, base64.b64encode(authorization.encode()).decode(), quote(authorization, safe="")):
        assert form in content


def test_a_first_request_is_limited_and_the_second_is_honest() -> None:
    with client(create_app(fault=["rate-limited-once"])) as api:
        first, second = api.get("/models"), api.get("/models")
    assert (first.status_code, first.headers["Retry-After"], second.status_code) == (429, "1", 200)
    assert first.json()["error"]["type"] == "rate_limit_reached_error"
    assert "Msh-Request-Id" in first.headers


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("html-page", 403, "text/html; charset=UTF-8"),
        ("everything-401", 401, "application/json; charset=utf-8"),
        ("everything-500", 500, "application/json; charset=utf-8"),
        ("everything-200", 200, "application/json; charset=utf-8"),
    ],
)
def test_some_servers_say_one_thing_to_everything(name: str, status: int, kind: str) -> None:
    answers = said_with(name)
    assert {(told[1], told[3]) for told in answers} == {(status, answers[0][3])}
    assert all((b"content-type", kind.encode()) in told[2] for told in answers)


def test_a_redirect_leads_to_another_host() -> None:
    with client(create_app(fault=["redirect"])) as api:
        answer = api.get("/models", follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, "https://elsewhere.invalid/moved/v1/models")


def test_a_huge_body_is_longer_than_eight_mebibytes() -> None:
    assert len(said_with("huge-body")[0][3]) > 8 * 1024 * 1024


def test_a_cancelled_batch_goes_on_where_cancelling_is_ignored() -> None:
    lied = said_with("batch-cancel-ignored")
    path = next(told[0] for told in lied if told[0].endswith("/cancel")).removesuffix("/cancel")
    assert [json.loads(told[3])["status"] for told in lied if told[0] == path] == ["in_progress"]
