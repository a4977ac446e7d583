"""What every answer of the reference server bears, how it is repeated, and how it is reached."""

import re
import subprocess
import sys
import time
from datetime import date
from uuid import UUID

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client
from conformance.reference.serving import running, serve
from conformance.rows import ConfigurationError

DAY = date(2026, 9, 3)
KEY = {"Authorization": "Bearer sk-reference"}
CHAT = {"model": "kimi-k3", "messages": [{"role": "user", "content": "hello"}]}
ACCOUNT = ("Msh-Org-Id", "Msh-Uid", "Msh-Project-Id", "Msh-Gid")


def told(api: httpx.Client) -> list[httpx.Response]:
    return [api.get("/models"), api.post("/chat/completions", json=CHAT), api.get("/nowhere"), api.get("/files/file_x")]


def test_every_answer_can_be_traced_and_says_that_it_is_no_service() -> None:
    with client(create_app(as_of=DAY, seed=7)) as api:
        answers = told(api)
    for answer in answers:
        assert UUID(answer.headers["Msh-Request-Id"]).version == 1
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Msh-Trace-Id"])
        assert answer.headers["Msh-Trace-Mode"] == "on"
        assert re.fullmatch(r"kimi-conformance/\S+ seed=7", answer.headers["X-Kimi-Reference"])
    assert len({answer.headers["Msh-Request-Id"] for answer in answers}) == len(answers)


def test_the_account_is_named_to_its_own_key_only() -> None:
    app = create_app(as_of=DAY)
    with client(app) as known, client(app, key="sk-invalid") as unknown:
        mine, other = known.get("/models"), unknown.get("/models")
    assert mine.headers["Msh-Gid"] == "enterprise-tier-1"
    assert all(name in mine.headers and name not in other.headers for name in ACCOUNT)


def test_the_same_seed_and_clock_give_the_same_bytes() -> None:
    def whole(seed: int) -> list[tuple[int, list[tuple[bytes, bytes]], bytes]]:
        with client(create_app(as_of=DAY, seed=seed, clock=lambda: 1788436800.5)) as api:
            return [(answer.status_code, answer.headers.raw, answer.content) for answer in told(api)]

    assert whole(1) == whole(1)
    assert whole(1) != whole(2)


def test_the_time_begins_at_noon_of_the_day_and_goes_on() -> None:
    with client(create_app(as_of=DAY)) as api:
        created = api.post("/chat/completions", json=CHAT).json()["created"]
    assert 0 <= created - 1788436800 < 60


def test_two_servers_know_nothing_of_each_other() -> None:
    with client(create_app(as_of=DAY)) as one, client(create_app(as_of=DAY)) as other:
        one.post("/files", files={"file": ("a.txt", b"a")}, data={"purpose": "file-extract"})
        assert len(one.get("/files").json()["data"]) == 1
        assert other.get("/files").json()["data"] == []


@pytest.mark.parametrize("path", ["/nowhere", "/models/kimi-k3", "/models/", "/files/a/b/c"])
@pytest.mark.parametrize("key", ["sk-reference", None])
def test_an_unknown_route_is_refused_by_the_gateway_also_without_a_key(path: str, key: str | None) -> None:
    with client(create_app(as_of=DAY), key=key) as api:
        answer = api.get(path, headers={"User-Agent": "me"})
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 5, "error": "url.not_found", "message": "没找到对象", "method": "GET", "scode": "0x5", "status": False,
        "ua": "me", "url": f"/v1{path}",
    }  # fmt: skip


def test_a_wrong_method_is_refused_by_the_api() -> None:
    with client(create_app(as_of=DAY)) as api:
        answer = api.delete("/models")
    assert (answer.status_code, answer.json()["error"]["type"]) == (405, "invalid_request_error")


def test_an_answer_waits_for_the_latency() -> None:
    with client(create_app(as_of=DAY, latency=0.05)) as api:
        begun = time.monotonic()
        api.get("/models")
        assert time.monotonic() - begun >= 0.05


def test_a_timeout_is_kept_in_process() -> None:
    with client(create_app(as_of=DAY, latency=30)) as api, pytest.raises(httpx.ReadTimeout):
        api.get("/models", timeout=0.05)


def test_it_answers_over_http() -> None:
    with running(create_app(as_of=DAY)) as url, httpx.Client(base_url=url, headers=KEY, trust_env=False) as api:
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/v1", url)
        assert api.get("/models").json()["object"] == "list"
        upload = api.post("/files", files={"file": ("a.txt", b"text")}, data={"purpose": "file-extract"})
        assert api.get(f"/files/{upload.json()['id']}/content").content == b"text"
        assert api.get("/nowhere").status_code == 404
    with httpx.Client(trust_env=False) as api, pytest.raises(httpx.ConnectError):
        api.get(f"{url}/models")


def test_a_silent_server_stops_all_the_same() -> None:
    with running(create_app(as_of=DAY, fault=["silent"])) as url, httpx.Client(trust_env=False) as api:
        with pytest.raises(httpx.ReadTimeout):
            api.get(f"{url}/models", headers=KEY, timeout=0.1)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5


def test_serving_announces_its_base_url_once_it_can_be_reached() -> None:
    imports = "from conformance.reference import create_app, serving"
    command = [sys.executable, "-c", f"{imports}; serving.serve(create_app())"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert httpx.get(f"{url}/models", headers=KEY, trust_env=False).status_code == 200
        finally:
            process.terminate()
            rest, complaints = process.communicate(timeout=10)
    assert (rest, complaints) == ("", "")


def test_the_command_serves_at_the_pace_asked_for() -> None:
    command = [sys.executable, "-m", "conformance.cli", "serve", "--port", "0", "--tokens-per-second", "20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            answer = httpx.post(f"{url}/chat/completions", json=CHAT, headers=KEY, trust_env=False)
        finally:
            process.terminate()
    assert answer.elapsed.total_seconds() > answer.json()["usage"]["completion_tokens"] / 20


def test_a_port_that_is_taken_is_told() -> None:
    app = create_app(as_of=DAY)
    with running(app) as url, pytest.raises(ConfigurationError, match="name another port"):
        serve(app, port=int(url.rpartition(":")[2].removesuffix("/v1")))
