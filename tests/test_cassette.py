"""Cassettes: standard files of vcrpy, written from finished exchanges and played as they were recorded."""

import json
import re
from datetime import UTC, date, datetime

import httpx
import pytest
import vcr
import vcr.cassette
import vcr.record_mode
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import shipped, strictjson
from conformance.evidence.cassette import Cassette, path_of, write
from conformance.evidence.client import NoRecording
from conformance.vocabulary import Attempt, Exchange, Request, Response

URL = "https://api.moonshot.ai/v1"
MOMENT = datetime(2026, 9, 3, 8, 30, tzinfo=UTC)
SHIPPED = sorted(shipped.folder("cassettes").rglob("*.yaml"))


def said(body: bytes = b"", answer: bytes = b"{}", path: str = "/models", status: int = 200, **fields) -> Exchange:
    request = Request("POST" if body else "GET", URL + path, (("authorization", "Bearer $T_KEY"),), body)
    response = Response(status, (("content-type", "application/json"),), answer)
    return Exchange("s", "1", "models.list", request, response, MOMENT, **fields)


@pytest.fixture
def tape(tmp_path, wire):
    """Write exchanges to a cassette; return it, and a way to ask it."""

    class Tape:
        path = tmp_path / "models" / "list.yaml"

        def written(self, *exchanges: Exchange, **metadata: str) -> "Tape":
            write(self.path, exchanges, metadata)
            self.cassette = Cassette(self.path)
            return self

        def holding(self, text: str | bytes) -> "Tape":
            self.path.parent.mkdir(exist_ok=True)
            self.path.write_bytes(text.encode() if isinstance(text, str) else text)
            self.cassette = Cassette(self.path)
            return self

        def asked(self, body: bytes = b"", path: str = "/models") -> Exchange:
            client = wire.client(wire.target(URL), transport=self.cassette)
            return wire.said(client, path=path, body=body)

    return Tape()


# The file


def test_a_scenarios_cassette_lies_under_its_endpoint(tmp_path):
    assert path_of(tmp_path, "chat.one-word") == tmp_path / "chat" / "one-word.yaml"


def test_a_cassette_is_one_that_vcrpy_reads(tape):
    tape.written(said(answer=b'{"a":1}'), said(b'{"b":2}'), provenance="live")
    loaded = vcr.cassette.Cassette.load(path=str(tape.path), record_mode=vcr.record_mode.RecordMode.NONE)
    assert [(request.method, request.uri) for request in loaded.requests] == [
        ("GET", f"{URL}/models"),
        ("POST", f"{URL}/models"),
    ]
    assert loaded.responses[0]["body"]["string"] == b'{"a":1}'
    assert loaded.responses[0]["status"]["code"] == 200
    assert loaded.responses[0]["headers"] == {"content-type": ["application/json"]}


def test_a_cassette_says_what_it_was_told_to_say(tape):
    tape.written(said(), provenance="reference", recorded_on="2026-09-03")
    assert tape.cassette.metadata == {"provenance": "reference", "recorded_on": "2026-09-03"}


def test_an_older_cassette_is_replaced_and_nothing_else_is_left(tape):
    tape.written(said(answer=b"1")).written(said(answer=b"2"))
    assert tape.asked().response.body == b"2"
    assert [path.name for path in tape.path.parent.iterdir()] == ["list.yaml"]


def test_a_cassette_is_plain_ascii_text(tape):
    tape.written(said(answer='{"a":"é中"}'.encode()))
    assert tape.path.read_bytes().isascii()


# The answers


def test_what_was_recorded_is_played(tape):
    played = tape.written(said(answer=b'{"object":"list"}')).asked()
    assert played.response == said(answer=b'{"object":"list"}').response
    assert played.made_at == MOMENT
    assert played.seconds == 0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")))
def test_a_body_is_played_byte_for_byte(tape, body):
    assert tape.written(said(answer=body)).asked().response.body == body


@pytest.mark.parametrize("body", [b"\r\n", b"a\rb", b" a ", b"\xef\xbb\xbf{}", b"\xc2\x85", b"\xe2\x80\xa8", b"\x00"])
def test_a_body_of_odd_blanks_is_played_byte_for_byte(tape, body):
    assert tape.written(said(answer=body)).asked().response.body == body


def test_a_header_that_stands_twice_is_played_twice(tape):
    answer = Response(200, (("x-request-id", "1"), ("x-request-id", "2")), b"{}")
    exchange = Exchange("s", "1", "models.list", Request("GET", f"{URL}/models"), answer, MOMENT)
    assert tape.written(exchange).asked().response.headers == answer.headers


def test_repeated_requests_are_answered_in_the_order_of_their_recording(tape):
    tape.written(*(said(answer=body) for body in (b"1", b"2", b"3")))
    assert [tape.asked().response.body for _ in range(3)] == [b"1", b"2", b"3"]


def test_attempts_are_recorded_before_the_answer(tape):
    later = Response(429, (("retry-after", "1"),), b"later")
    played = tape.written(said(attempts=(Attempt(None, later, 1.0),))).asked()
    assert [attempt.response.body for attempt in played.attempts] == [b"later"]
    assert played.response.status == 200


def test_an_attempt_without_an_answer_is_not_recorded(tape):
    played = tape.written(said(attempts=(Attempt("no connection", None, 0.5),))).asked()
    assert played.attempts == ()
    assert played.response.status == 200


def test_an_exchange_is_of_the_day_that_the_cassette_names(tape):
    assert tape.written(said(), as_of="2026-04-23").asked().made_at.date() == date(2026, 4, 23)


def test_where_nothing_says_when_the_exchange_is_of_now(tape):
    tape.written(said())
    tape.holding(re.sub(r"    recorded_at: .*\n", "", tape.path.read_text()))
    assert tape.asked().made_at.date() >= date(2026, 9, 3)


def test_a_moment_without_a_zone_can_be_compared_with_others(tape):
    tape.written(said())
    tape.holding(tape.path.read_text().replace("+00:00", ""))
    played = tape.asked()
    assert played.failure is not None or played.made_at <= datetime.now(UTC)


# What is the same request


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (b'{"a":1,"b":2}', b'{"b":2,"a":1}'),
        (b'{"a":[1,2]}', b' { "a" : [ 1 , 2 ] }\n'),
        ('{"a":"é"}'.encode(), b'{"a":"\\u00e9"}'),
        (b"no json", b"no json"),
        (b"\xff\xfe", b"\xff\xfe"),
    ],
)
def test_bodies_of_the_same_value_match(tape, recorded, asked):
    assert tape.written(said(recorded)).asked(asked).response is not None


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (b'{"a":1}', b'{"a":true}'),
        (b'{"a":1}', b'{"a":1.0}'),
        (b'{"a":true}', b'{"a":1.0}'),
        (b'{"a":1}', b'{"a":"1"}'),
        (b'{"a":null}', b'{"a":false}'),
        (b'{"a":null}', b"{}"),
        (b'{"a":[1,2]}', b'{"a":[2,1]}'),
        (b'{"a":"x"}', b'{"a":"X"}'),
        (b"no json", b"no  json"),
        (b"\xff", b"\xfe"),
        (b"\xff", b"\\xff"),
    ],
)
def test_bodies_of_different_values_do_not_match(tape, recorded, asked):
    assert tape.written(said(recorded)).asked(asked).response is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 1.5, "", "1", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(JSON, JSON)
def test_two_bodies_match_if_and_only_if_their_values_are_the_same(tape, first, second):
    played = tape.written(said(json.dumps(first).encode())).asked(json.dumps(second, indent=1).encode())
    assert (played.response is not None) == (strictjson.canonical(first) == strictjson.canonical(second))


@pytest.mark.parametrize("path", ["/models?limit=1", "/files", "/models/x"])
def test_another_path_or_query_does_not_match(tape, path):
    assert tape.written(said()).asked(path=path).response is None


def test_another_method_does_not_match(tape):
    assert tape.written(said()).asked(b"{}").response is None


# What is told where nothing can be played


def test_a_request_that_was_not_recorded_names_the_nearest_recording(tape):
    tape.written(said(path="/files"), said(b'{"model":"kimi-k2.5"}'))
    failure = tape.asked(b'{"model":"kimi-k2.6"}').failure
    assert f"the nearest is POST {URL}/models, which differs in body" in failure
    assert "kimi-k2.5" in failure
    assert "kimi-k2.6" in failure
    assert "list.yaml" in failure


def test_a_recording_that_is_played_already_is_said_to_be(tape):
    tape.written(said())
    tape.asked()
    assert tape.asked().failure.endswith("was recorded 1 time(s), and every recording is already played")


def test_a_cassette_that_is_not_there_says_how_to_make_it(tape):
    tape.cassette = Cassette(tape.path)
    assert tape.asked().failure == f"there is no recording {tape.path}; --mode record makes it"


def test_recordings_that_nothing_asked_for_are_listed(tape):
    tape.written(said(), said(path="/files"), said(path="/files"))
    tape.asked()
    tape.asked(path="/files")
    assert tape.cassette.unplayed() == [f"GET {URL}/files"]


def test_a_cassette_that_nothing_asked_lists_nothing(tape):
    assert tape.written(said()).cassette.unplayed() == []


WHOLE = """
interactions:
- request: {body: null, headers: {}, method: GET, uri: https://api.moonshot.ai/v1/models}
  response:
    body: {string: '{}'}
    headers: {content-type: [application/json]}
    status: {code: 200, message: OK}
version: 1
"""
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
DAMAGED = {
    "empty": "",
    "blank": " \n\n",
    "a word": "cassette",
    "a list": "- a",
    "no mapping": "5",
    "no YAML": "interactions: [",
    "a tab": "a:\n\t- b",
    "no UTF-8": b"\xff\xfe",
    "binary": bytes(range(256)),
    "no interactions": "version: 1",
    "interactions of nothing": "interactions: []",
    "interactions that are a text": "interactions: abc",
    "interactions that are a number": "interactions: 5",
    "an interaction that is a text": "interactions: [a]",
    "no request": WHOLE.replace("request:", "asked:"),
    "no response": WHOLE.replace("response:", "answer:"),
    "no body": WHOLE.replace("body: {string", "text: {string"),
    "a body that is a number": WHOLE.replace("'{}'", "5"),
    "a body that is a list": WHOLE.replace("'{}'", "[1, 2]"),
    "a body that is nothing": WHOLE.replace("'{}'", "null"),
    "a request that is a number": WHOLE.replace("body: null", "body: 5"),
    "a request that is a mapping": WHOLE.replace("body: null", "body: {a: 1}"),
    "a method that is a number": WHOLE.replace("GET", "5"),
    "an address that is a number": WHOLE.replace("https://api.moonshot.ai/v1/models", "5"),
    "an address that is none": WHOLE.replace("https://api.moonshot.ai/v1/models", "'https://[::1'"),
    "headers that are a number": WHOLE.replace("{content-type: [application/json]}", "5"),
    "a header that is a number": WHOLE.replace("[application/json]", "5"),
    "a header of numbers": WHOLE.replace("[application/json]", "[5]"),
    "a status that is a word": WHOLE.replace("200", "fine"),
    "a status that is none": WHOLE.replace("200", "99999"),
    "a status that is nothing": WHOLE.replace("200", "null"),
    "metadata that are a list": WHOLE + "metadata: [a]\n",
    "a day that is none": WHOLE + "metadata: {as_of: yesterday}\n",
    "a moment that is none": WHOLE.replace("    status:", "    recorded_at: yesterday\n    status:"),
    "a bomb": BOMB,
    "a bomb in a body": BOMB + WHOLE.replace("'{}'", "*i"),
    "a bomb in a request": BOMB + WHOLE.replace("body: null", "body: *i"),
    "a bomb in the metadata": BOMB + WHOLE + "metadata: {a: *i}\n",
    "itself within itself": "&a [*a]",
    "depth": "[" * 100_000,
    "python": WHOLE.replace("'{}'", "!!python/object/apply:os.getcwd []"),
    "python name": WHOLE.replace("'{}'", "!!python/name:os.system"),
    "a tag": WHOLE.replace("'{}'", "!secret x"),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_cassette_is_no_recording_and_a_sentence_says_so(tape, text):
    failure = tape.holding(text).asked().failure
    assert failure is not None
    assert "list.yaml" in failure or "moment" in failure
    assert len(failure) < 2000


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_what_a_damaged_cassette_says_of_itself_is_a_text_or_nothing(tape, text):
    try:
        metadata = tape.holding(text).cassette.metadata
    except NoRecording:
        return
    assert all(isinstance(value, str) and len(value) < 1000 for value in metadata.values())


def test_a_cassette_executes_nothing(tape, tmp_path):
    witness = tmp_path / "witness"
    tape.holding(WHOLE.replace("'{}'", f"!!python/object/apply:os.mkdir ['{witness}']"))
    assert tape.asked().response is None
    assert not witness.exists()


def test_the_example_that_the_damaged_ones_are_made_of_is_whole(tape):
    assert tape.holding(WHOLE).asked().response.body == b"{}"


# Those that travel along

SECRET = re.compile(
    r"sk-(?!kimi-conformance|invalid|\[redacted)[\w-]{12,}|\b(org|ak|proj)-[0-9A-Za-z]{6,}"
    r"|Bearer (?!\$MOONSHOT_API_KEY|another key)|[Cc]ookie"
)


def test_there_are_some():
    assert len(SHIPPED) > 10


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: "/".join(path.parts[-3:]))
class TestEveryShippedCassette:
    def test_holds_no_text_like_a_key(self, path):
        assert SECRET.search(path.read_text()) is None

    def test_says_who_answered_when_and_for_which_model(self, path):
        metadata = Cassette(path).metadata
        assert metadata["provenance"] in ("reference", "live", "elsewhere")
        assert date.fromisoformat(metadata["recorded_on"])
        assert {"suite", "target", "model", "scenario"} <= set(metadata)

    def test_does_not_pass_the_reference_server_for_the_service(self, path):
        document = yaml.safe_load(path.read_text())
        marked = any("x-kimi-reference" in said["response"]["headers"] for said in document["interactions"])
        assert marked == (document["metadata"]["provenance"] == "reference")

    def test_keeps_headers_that_are_on_the_list_only(self, path):
        from conformance.evidence.redact import REQUEST_HEADERS, RESPONSE_HEADERS

        for said in yaml.safe_load(path.read_text())["interactions"]:
            assert set(said["request"]["headers"]) <= REQUEST_HEADERS | {"authorization"}
            assert set(said["response"]["headers"]) <= RESPONSE_HEADERS

    def test_lies_where_its_scenario_is_looked_for(self, path):
        assert path_of(path.parent.parent, Cassette(path).metadata["scenario"]) == path


def test_a_header_of_any_letters_is_played_as_it_was_recorded(tmp_path):
    answer = Response(200, (("content-type", "application/json"), ("msh-request-id", "éÿ汉")), b"{}")
    request = Request("GET", "https://api.moonshot.ai/v1/models")
    said = Exchange("models.list", "1", "models.list", request, answer, datetime(2026, 11, 22, tzinfo=UTC))
    write(tmp_path / "list.yaml", [said], {"provenance": "live"})
    played = Cassette(tmp_path / "list.yaml").handle_request(httpx.Request("GET", request.url))
    assert played.headers["msh-request-id"] == "éÿ汉"


DAYS = [
    ({"recorded_on": "2026-09-03"}, date(2026, 9, 3)),
    ({"recorded_on": "2026-09-03", "as_of": "2026-04-23"}, date(2026, 4, 23)),
    ({"recorded_on": "yesterday"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("metadata", "day"), DAYS)
def test_a_cassette_tells_the_day_that_it_was_recorded_on_or_its_server_was_set_to(tape, metadata, day):
    assert tape.written(said(), **metadata).cassette.day == day


def test_a_cassette_that_is_not_there_tells_no_day(tmp_path):
    assert Cassette(tmp_path / "none.yaml").day is None
