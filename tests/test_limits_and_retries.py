"""How often, how many at once, and when again: the limits of a target and the attempts that are kept."""

import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.cassette import Cassette, write
from conformance.evidence.client import ATTEMPTS
from conformance.evidence.limits import Limits, seconds_of
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.vocabulary import Timeouts

NOW = 1_790_000_000.0


def date_in(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(NOW + seconds, UTC), usegmt=True)


def again(wire, *headers: str, status: int = 429) -> bytes:
    return wire.http(status, b'{"error":{"message":"later","type":"rate_limit_reached_error"}}', *headers)


# When a request is made again


def test_a_refused_port_is_tried_again_and_every_attempt_is_kept(wire, closed_port):
    exchange = wire.said(wire.client(wire.target(closed_port)))
    assert exchange.response is None
    assert len(exchange.attempts) == ATTEMPTS - 1
    assert all(attempt.failure.startswith("no connection") for attempt in exchange.attempts)
    assert exchange.failure.startswith("no connection")


def test_the_wait_for_a_connection_grows(wire, closed_port):
    waits = []
    exchange = wire.said(wire.client(wire.target(closed_port), sleep=waits.append))
    assert waits == [0.5, 1.0]
    assert [attempt.waited for attempt in exchange.attempts] == waits


def test_a_read_time_out_is_not_tried_again(wire, answering):
    requests, over = [], threading.Event()

    def silent(connection):
        requests.append(wire.request_on(connection))
        over.wait(5)

    with answering(silent) as url:
        exchange = wire.said(wire.client(wire.target(url, timeouts=Timeouts(connect=2, first_byte=0.1, whole=5))))
        over.set()
    assert exchange.attempts == ()
    assert len(requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_what_asks_for_a_later_attempt_is_tried_again(wire, status):
    exchange = wire.told(again(wire, "Retry-After: 1", status=status), wire.http())
    assert exchange.response.status == 200
    assert [attempt.response.status for attempt in exchange.attempts] == [status]


def test_an_attempt_is_kept_with_its_answer_and_its_wait(wire):
    (attempt,) = wire.told(again(wire, "Retry-After: 7"), wire.http()).attempts
    assert attempt.failure is None
    assert attempt.waited == 7.0
    assert dict(attempt.response.headers)["retry-after"] == "7"
    assert b"rate_limit_reached_error" in attempt.response.body


@pytest.mark.parametrize("status", [429, 503])
def test_without_retry_after_nothing_is_tried_again(wire, status):
    exchange = wire.told(again(wire, status=status), wire.http())
    assert exchange.response.status == status
    assert exchange.attempts == ()


@pytest.mark.parametrize("status", [200, 400, 401, 404, 500, 502, 504])
def test_no_other_status_is_tried_again(wire, status):
    exchange = wire.told(wire.http(status, b"{}", "Retry-After: 1"), wire.http())
    assert exchange.response.status == status
    assert exchange.attempts == ()


def test_attempts_come_to_an_end(wire):
    with wire.scripted(again(wire, "Retry-After: 0")) as (url, requests):
        exchange = wire.said(wire.client(wire.target(url)))
    assert len(requests) == ATTEMPTS
    assert len(exchange.attempts) == ATTEMPTS - 1
    assert exchange.response.status == 429


def test_every_attempt_sends_the_same_bytes(wire):
    with wire.scripted(again(wire, "Retry-After: 0"), wire.http()) as (url, requests):
        wire.said(wire.client(wire.target(url)), body=b'{"a":1}')
    assert requests[0] == requests[1]


@pytest.mark.parametrize("asked", ["31", "3600", "9" * 400])
def test_a_longer_wait_than_the_targets_limit_is_not_waited(wire, asked):
    exchange = wire.told(again(wire, f"Retry-After: {asked}"), wire.http(), retry_after_limit=30.0)
    assert exchange.response.status == 429
    assert exchange.attempts == ()


def test_a_wait_of_just_the_targets_limit_is_waited(wire):
    assert wire.told(again(wire, "Retry-After: 30"), wire.http(), retry_after_limit=30.0).response.status == 200


def test_a_date_is_waited_for(wire):
    waits = []
    with wire.scripted(again(wire, f"Retry-After: {date_in(12)}"), wire.http()) as (url, _):
        exchange = wire.said(wire.client(wire.target(url), clock=lambda: NOW, sleep=waits.append))
    assert exchange.response.status == 200
    assert waits == [12.0]


def test_a_date_beyond_the_targets_limit_is_not_waited_for(wire):
    with wire.scripted(again(wire, f"Retry-After: {date_in(31)}"), wire.http()) as (url, requests):
        wire.said(wire.client(wire.target(url, retry_after_limit=30.0), clock=lambda: NOW))
    assert len(requests) == 1


@pytest.mark.parametrize("seconds", [12, 3600])
def test_a_recording_is_tried_again_just_as_the_service_was(wire, tmp_path, seconds):
    with wire.scripted(again(wire, f"Retry-After: {date_in(seconds)}"), wire.http()) as (url, _):
        target = wire.target(url)
        live = wire.said(wire.client(target, clock=lambda: NOW))
    write(tmp_path / "c.yaml", [live], {})
    tape = Cassette(tmp_path / "c.yaml")
    played = wire.said(wire.client(target, transport=tape))
    assert (played.response, played.attempts) == (live.response, live.attempts)
    assert tape.unplayed() == []


# What Retry-After says


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 5 ", 5.0),
        (date_in(60), 60.0),
        (date_in(-60), 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_else_nothing(header, seconds):
    assert seconds_of(header, NOW) == seconds


@given(st.text() | st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d\d:\d\d:\d\d [+-]\d{4}\Z"))
def test_no_retry_after_is_an_error_or_a_negative_wait(header):
    seconds = seconds_of(header, NOW)
    assert seconds is None or seconds >= 0


# Requests a minute, and at a time


class Clock:
    """A clock that stands still but for sleep."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def sent_at(wire, clock, requests, **fields):
    limits = Limits(wire.target("http://127.0.0.1/v1", **fields), clock=lambda: clock.now, sleep=clock.sleep)
    moments = []
    for _ in range(requests):
        with limits:
            moments.append(clock.now)
    return moments


def test_the_fourth_request_of_three_a_minute_waits_for_the_minute_to_pass(wire):
    clock = Clock()
    assert sent_at(wire, clock, 4, requests_per_minute=3) == [1000, 1000, 1000, 1060]


@pytest.mark.parametrize("allowed", [1, 3, 20])
def test_no_minute_ever_holds_more_requests_than_allowed(wire, allowed):
    moments = sent_at(wire, Clock(), 50, requests_per_minute=allowed)
    assert all(later - sooner >= 60 for sooner, later in zip(moments, moments[allowed:], strict=False))


def test_without_a_limit_a_minute_nothing_waits(wire):
    clock = Clock()
    sent_at(wire, clock, 100, requests_per_minute=None)
    assert clock.slept == []


def test_an_attempt_counts_as_a_request_of_its_minute(wire):
    waits = []
    with wire.scripted(again(wire, "Retry-After: 0"), again(wire, "Retry-After: 0"), wire.http()) as (url, _):
        wire.said(wire.client(wire.target(url, requests_per_minute=2), sleep=waits.append))
    assert waits[:2] == [0.0, 0.0]
    assert 50 < waits[2] <= 60


@pytest.mark.parametrize("allowed", [1, 3])
def test_no_more_requests_are_under_way_than_the_target_allows(wire, answering, allowed):
    lock, under_way, most, asked = threading.Lock(), 0, 0, 0

    def reply(connection):
        nonlocal under_way, most, asked
        wire.request_on(connection)
        with lock:
            under_way, asked = under_way + 1, asked + 1
            most = max(most, under_way)
        time.sleep(0.02)
        with lock:
            under_way -= 1
        connection.sendall(wire.http())

    def ask():
        request = client.request("GET", "/models", key=wire.key)
        client.exchange("s", "1", "models.list", request, refused=False)

    with answering(reply) as url:
        client = wire.client(wire.target(url, concurrency=allowed))
        threads = [threading.Thread(target=ask) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        client.close()
    assert asked == 9
    assert most == allowed


def test_threads_do_not_mix_up_their_answers(wire):
    with running(create_app()) as url:
        client = wire.client(wire.target(url, concurrency=4))
        found = {}

        def ask(name):
            request = client.request("GET", f"/files/{name}", key=wire.key)
            found[name] = client.exchange(name, "1", "files.retrieve", request, refused=False)

        threads = [threading.Thread(target=ask, args=(f"file-{number}",)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        client.close()
    assert all(name.encode() in exchange.response.body for name, exchange in found.items())
    assert len(found) == 12
