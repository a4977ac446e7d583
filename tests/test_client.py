"""The one that asks: what it sends, what it keeps of an answer, and what it does not let a server do to it."""

import base64
import gzip
import threading
import time
import tracemalloc
import zlib
from datetime import UTC, datetime

import pytest

from conformance.evidence.cassette import Cassette, write
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.vocabulary import Timeouts

MEBI = 1024 * 1024
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"


def dribbling(wire, head: bytes, drop: bytes):
    """Return a reply that says something at once, and then a little again and again, for as long as it is heard."""

    def reply(connection):
        wire.request_on(connection)
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(drop)
            time.sleep(0.02)

    return reply


def test_a_kimi_is_asked_and_its_answer_kept(wire):
    with running(create_app()) as url:
        exchange = wire.said(wire.client(wire.target(url)))
    assert exchange.response.status == 200
    assert "kimi-k2.6" in [model["id"] for model in exchange.json["data"]]


def test_an_exchange_knows_when_it_was_made_and_how_long_it_took(wire):
    with wire.scripted(wire.http()) as (url, _):
        exchange = wire.said(wire.client(wire.target(url), clock=lambda: 1_790_000_000.0))
    assert exchange.made_at == datetime.fromtimestamp(1_790_000_000, UTC)
    assert exchange.seconds > 0


# What is sent


def test_the_key_is_sent_as_a_bearer(wire):
    with wire.scripted(wire.http()) as (url, requests):
        wire.said(wire.client(wire.target(url)))
    assert f"Authorization: Bearer {wire.key}".encode() in requests[0]


def test_without_a_key_no_authorization_is_sent(wire):
    with wire.scripted(wire.http()) as (url, requests):
        wire.said(wire.client(wire.target(url)), key=None)
    assert b"authorization" not in requests[0].lower()


def test_a_body_is_sent_byte_for_byte(wire):
    body = b'{"a" : 1.50, "a": "\xff"'
    with wire.scripted(wire.http()) as (url, requests):
        exchange = wire.said(wire.client(wire.target(url)), body=body)
    assert requests[0].endswith(b"\r\n\r\n" + body)
    assert exchange.request.body == body


def test_compressed_answers_are_not_asked_for(wire):
    with wire.scripted(wire.http()) as (url, requests):
        wire.said(wire.client(wire.target(url)))
    assert b"accept-encoding: identity" in requests[0].lower()


def test_the_suite_says_who_it_is(wire):
    with wire.scripted(wire.http()) as (url, requests):
        wire.said(wire.client(wire.target(url)))
    assert b"user-agent: kimi-conformance/" in requests[0].lower()


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request(wire):
    with wire.scripted(wire.http(200, b"{}", "Set-Cookie: session=1; Path=/")) as (url, requests):
        client = wire.client(wire.target(url))
        for _ in range(2):
            client.exchange("s", "1", "models.list", client.request("GET", "/models", key=wire.key), refused=False)
        client.close()
    assert len(requests) == 2
    assert b"cookie" not in requests[1].lower()


# What is kept


def test_authorization_is_kept_as_the_name_of_the_variable(wire):
    assert wire.told(wire.http()).request.headers[-1] == ("authorization", "Bearer $T_KEY")


def test_a_wrong_key_that_was_sent_is_not_shown(wire):
    with wire.scripted(wire.http(401)) as (url, _):
        exchange = wire.said(wire.client(wire.target(url)), key="sk-of-somebody-else-0123456789")
    assert exchange.request.headers[-1] == ("authorization", "Bearer another key")
    assert "somebody" not in repr(exchange)


def test_a_request_without_a_key_is_kept_without_authorization(wire):
    with wire.scripted(wire.http(401)) as (url, _):
        exchange = wire.said(wire.client(wire.target(url)), key=None)
    assert "authorization" not in dict(exchange.request.headers)


def test_only_allow_listed_headers_of_an_answer_are_kept(wire):
    exchange = wire.told(
        wire.http(200, b"{}", "Set-Cookie: a=b", "Msh-Request-Id: r1", "X-New: 1", "X-Debug-Authorization: x")
    )
    assert dict(exchange.response.headers) == {"content-length": "2", "msh-request-id": "r1"}


def test_only_allow_listed_headers_of_a_request_are_kept(wire):
    kept = {name for name, _ in wire.told(wire.http()).request.headers}
    assert kept == {"accept", "accept-encoding", "user-agent", "authorization"}


def test_a_header_that_stands_twice_is_kept_twice(wire):
    exchange = wire.told(wire.http(200, b"{}", "X-Request-Id: 1", "X-Request-Id: 2"))
    assert [value for name, value in exchange.response.headers if name == "x-request-id"] == ["1", "2"]


def test_a_stand_ins_exchange_is_kept_under_the_targets_own_address(wire):
    with wire.scripted(wire.http()) as (url, _):
        exchange = wire.said(
            wire.client(wire.target(url, provenance_url="https://api.moonshot.ai/v1")), path="/models?a=b"
        )
    assert exchange.request.url == "https://api.moonshot.ai/v1/models?a=b"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("https://Gateway.EXAMPLE/v1", "https://Gateway.EXAMPLE/v1/models"),
        ("https://gateway.example:443/v1", "https://gateway.example:443/v1/models"),
        ("https://gateway.example", "https://gateway.example/models"),
        ("https://gateway.example/a b", "https://gateway.example/a b/models"),
    ],
)
def test_an_address_is_kept_as_the_target_writes_it(wire, base, expected, tmp_path):
    exchange = wire.said(wire.client(wire.target(base), transport=Cassette(tmp_path / "none.yaml")))
    assert exchange.request.url == expected


# What a server may not do


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_the_key_never_reaches_the_other_host(wire, status):
    with wire.scripted(wire.http()) as (elsewhere, stolen):
        exchange = wire.told(wire.http(status, b"", f"Location: {elsewhere}/models"))
    assert exchange.response.status == status
    assert exchange.header("location") == f"{elsewhere}/models"
    assert stolen == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_not_used_for_this_machine(wire, variable, monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with wire.scripted(wire.http()) as (url, asked), wire.scripted(wire.http(502)) as (proxy, stolen):
        monkeypatch.setenv(variable, proxy.removesuffix("/v1"))
        assert wire.said(wire.client(wire.target(url))).response.status == 200
    assert len(asked) == 1
    assert stolen == []


def test_a_proxy_of_the_environment_is_not_used_for_this_machine_over_https_either(wire, monkeypatch, closed_port):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with wire.scripted(wire.http(502)) as (proxy, stolen):
        monkeypatch.setenv("HTTPS_PROXY", proxy.removesuffix("/v1"))
        exchange = wire.said(wire.client(wire.target(closed_port.replace("http://", "https://"))))
    assert exchange.failure.startswith("no connection")
    assert stolen == []


def test_a_body_above_the_limit_is_cut_and_said(wire):
    exchange = wire.told(wire.http(200, b"x" * 100_000), body_limit=1000)
    assert exchange.response.body == b"x" * 1000
    assert exchange.response.cut


def test_a_body_of_just_the_limit_is_whole(wire):
    exchange = wire.told(wire.http(200, b"x" * 1000), body_limit=1000)
    assert len(exchange.response.body) == 1000
    assert not exchange.response.cut


def test_an_endless_body_is_cut(wire):
    with wire.answering(dribbling(wire, CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n")) as url:
        exchange = wire.said(wire.client(wire.target(url, body_limit=3000)))
    assert exchange.response.cut


@pytest.mark.parametrize(
    "spelling",
    [bytes, base64.b64encode, lambda key: key.hex().encode(), lambda key: key[::-1]],
    ids=["plain", "base64", "hex", "reversed"],
)
def test_a_cut_in_the_middle_of_the_key_shows_no_half_of_it(wire, spelling):
    shown = spelling(wire.key.encode())
    exchange = wire.told(wire.http(200, b"." * 1000 + shown + b"." * 1000), body_limit=1000 + len(shown) // 2)
    assert exchange.response.cut
    assert shown[:8] not in exchange.response.body


def bomb(layers: int) -> bytes:
    """Return a text of 64 MiB compressed again and again."""
    body = b"\0" * (64 * MEBI)
    for _ in range(layers):
        body = gzip.compress(body)
    return body


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_gzip_bomb_stays_bounded_in_memory(wire, layers):
    answer = wire.http(200, bomb(layers), "Content-Encoding: " + ", ".join(["gzip"] * layers))
    with wire.scripted(answer) as (url, _):
        client = wire.client(wire.target(url, body_limit=MEBI))
        tracemalloc.start()
        try:
            exchange = wire.said(client)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert exchange.response is None or exchange.response.cut
    assert peak < 16 * MEBI


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
        ("GZIP", gzip.compress),
        ("identity", bytes),
    ],
    ids=["gzip", "x-gzip", "zlib", "raw-deflate", "upper", "identity"],
)
def test_an_answer_that_is_compressed_unasked_is_opened(wire, encoding, pack):
    exchange = wire.told(wire.http(200, pack(b'{"object":"list"}'), f"Content-Encoding: {encoding}"))
    assert exchange.json == {"object": "list"}


def test_a_long_compressed_answer_is_whole(wire):
    body = bytes(range(256)) * 2048
    assert wire.told(wire.http(200, gzip.compress(body), "Content-Encoding: gzip")).response.body == body


def test_compressed_bytes_that_are_cut_short_are_no_whole_answer(wire):
    exchange = wire.told(wire.http(200, gzip.compress(b'{"a":1}' * 100)[:-12], "Content-Encoding: gzip"))
    assert exchange.response is None
    assert "gzip" in exchange.failure


def test_bytes_that_are_said_to_be_compressed_and_are_not_are_no_answer(wire):
    exchange = wire.told(wire.http(200, b"{}", "Content-Encoding: gzip"))
    assert exchange.response is None
    assert exchange.failure


def test_a_compressed_answer_is_replayed_as_it_was_kept(wire, tmp_path):
    with wire.scripted(wire.http(200, gzip.compress(b'{"object":"list"}'), "Content-Encoding: gzip")) as (url, _):
        target = wire.target(url)
        live = wire.said(wire.client(target))
    write(tmp_path / "c.yaml", [live], {})
    played = wire.said(wire.client(target, transport=Cassette(tmp_path / "c.yaml")))
    assert played.failure is None
    assert played.response.body == live.response.body


def test_an_answer_in_chunks_is_put_together(wire):
    assert wire.told(CHUNKED + b'7\r\n{"a":1,\r\n6\r\n"b":2}\r\n0\r\n\r\n').json == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b'7\r\n{"a":1,\r\n',
        CHUNKED + b"zz\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\n",
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        bytes(range(256)),
    ],
    ids=[
        "cut-chunks", "bad-chunk", "short-body", "cut-head", "nothing", "ssh", "no-status", "no-colon",
        "negative-length", "huge-header", "garbage",
    ],
)  # fmt: skip
def test_what_is_no_whole_answer_is_no_answer_and_the_reason_is_kept(wire, answer):
    exchange = wire.told(answer)
    assert exchange.response is None
    assert exchange.failure.startswith("the connection broke: ")


def test_what_is_no_whole_answer_is_not_asked_for_again(wire):
    with wire.scripted(b"") as (url, requests):
        exchange = wire.said(wire.client(wire.target(url)))
    assert exchange.attempts == ()
    assert len(requests) == 1


def test_a_body_that_is_no_utf_8_is_kept_byte_for_byte(wire):
    assert wire.told(wire.http(200, b"\xff\xfe\x00\r\n")).response.body == b"\xff\xfe\x00\r\n"


def test_a_header_that_is_no_ascii_is_kept(wire):
    assert wire.told(wire.http(200, b"{}", "Msh-Request-Id: caf\xe9")).header("msh-request-id") == "caf\xe9"


# Time


def test_a_server_that_says_nothing_is_given_up(wire):
    silent = threading.Event()
    with wire.answering(lambda _: silent.wait(5)) as url:
        exchange = wire.said(wire.client(wire.target(url, timeouts=Timeouts(connect=2, first_byte=0.1, whole=5))))
        silent.set()
    assert exchange.response is None
    assert exchange.failure.startswith("no answer within 0.1 s")


def test_a_body_that_drips_is_ended_by_the_time_for_the_whole_answer(wire):
    with wire.answering(dribbling(wire, CHUNKED, b"1\r\nx\r\n")) as url:
        exchange = wire.said(wire.client(wire.target(url, timeouts=Timeouts(connect=2, first_byte=2, whole=0.2))))
    assert exchange.response is None
    assert "0.2 s" in exchange.failure
    assert "within 2 s" not in exchange.failure


def test_a_head_that_drips_is_ended_by_the_time_for_the_whole_answer(wire, answering):
    with answering(dribbling(wire, b"HTTP/1.1 200 OK\r\nX: ", b"y")) as url:
        exchange = wire.said(wire.client(wire.target(url, timeouts=Timeouts(connect=0.2, first_byte=2, whole=0.2))))
    assert exchange.response is None
    assert exchange.failure == "the answer was not whole within 0.2 s"


def test_what_is_waited_for_in_vain_does_not_keep_the_next_request_from_being_sent(wire, answering):
    with answering(dribbling(wire, b"HTTP/1.1 200 OK\r\nX: ", b"y")) as url:
        target = wire.target(url, concurrency=1, timeouts=Timeouts(connect=0.1, first_byte=2, whole=0.1))
        client = wire.client(target)
        request = client.request("GET", "/models", key=wire.key)
        failures = [client.exchange("s", "1", "models.list", request, refused=False).failure for _ in range(2)]
        client.close()
    assert failures == ["the answer was not whole within 0.1 s"] * 2
