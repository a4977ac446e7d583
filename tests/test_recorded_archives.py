"""Recorded evidence: cassettes of several recorders, and HAR files."""

import base64
import gzip
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.evidence.recorded import read
from conformance.evidence.recorded.carry import BODY_LIMIT
from conformance.vocabulary import Exchange

URL = "https://api.moonshot.ai/v1/models"
MODELS = '{"object":"list","data":[]}'


def interaction(*, request: dict | None = None, **response: object) -> dict:
    answer = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": MODELS}}
    return {
        "request": {"method": "GET", "uri": URL, "body": None, "headers": {}} | (request or {}),
        "response": answer | response,
    }


def cassette(folder: Path, *interactions: object, **members: object) -> Path:
    path = folder / "cassette.yaml"
    path.write_text(yaml.safe_dump({"interactions": list(interactions), "version": 1, **members}), encoding="utf-8")
    return path


def only(path: Path, endpoint: str | None = None) -> Exchange:
    (exchange,) = read(path, endpoint)
    return exchange


class TestCassette:
    def test_an_interaction_is_an_exchange_of_the_endpoint_that_was_asked(self, tmp_path):
        exchange = only(cassette(tmp_path, interaction()))
        assert (exchange.step, exchange.endpoint) == ("entry 1", "models.list")
        assert (exchange.request.method, exchange.request.url) == ("GET", URL)
        assert (exchange.response.status, exchange.response.body) == (200, MODELS.encode())

    def test_a_json_cassette_is_read_the_same(self, tmp_path):
        path = tmp_path / "cassette.json"
        path.write_text(json.dumps({"interactions": [interaction()], "version": 1}), encoding="utf-8")
        assert only(path).endpoint == "models.list"

    def test_a_body_in_base64_is_its_bytes(self, tmp_path):
        body = {"base64_string": base64.b64encode(b"\xff{}").decode()}
        assert only(cassette(tmp_path, interaction(body=body))).response.body == b"\xff{}"

    def test_a_binary_body_is_its_bytes(self, tmp_path):
        assert only(cassette(tmp_path, interaction(body={"string": b"\xff\x00"}))).response.body == b"\xff\x00"

    def test_a_refusal_stays_with_the_endpoint_that_was_asked(self, tmp_path):
        body = {"string": '{"error":{"message":"Invalid Authentication","type":"invalid_authentication_error"}}'}
        exchange = only(cassette(tmp_path, interaction(status={"code": 401, "message": ""}, body=body)))
        assert (exchange.endpoint, exchange.response.status) == ("models.list", 401)

    def test_an_address_decides_before_the_endpoint_that_is_given(self, tmp_path):
        assert only(cassette(tmp_path, interaction()), "chat.completions").endpoint == "models.list"

    def test_an_endpoint_that_is_given_decides_before_the_shape(self, tmp_path):
        path = cassette(tmp_path, interaction(request={"uri": "https://gateway.example/llm"}))
        assert only(path, "models.list").endpoint == "models.list"

    def test_what_neither_address_nor_shape_tell_is_not_placed_and_names_the_request(self, tmp_path):
        exchange = only(cassette(tmp_path, interaction(request={"uri": "https://gateway.example/llm"})))
        assert (exchange.endpoint, exchange.response) == ("unknown", None)
        assert exchange.request.url == "https://gateway.example/llm"

    def test_only_harmless_headers_are_carried_over(self, tmp_path):
        asked = {"Authorization": ["Bearer sk-secret"], "Content-Type": ["application/json"]}
        headers = {"Set-Cookie": ["a=b"], "Msh-Org-Id": ["org-1"], "Msh-Request-Id": ["r"], "Retry-After": [1]}
        exchange = only(cassette(tmp_path, interaction(request={"headers": asked}, headers=headers)))
        assert exchange.request.headers == (("Content-Type", "application/json"),)
        assert sorted(exchange.response.headers) == [("Msh-Request-Id", "r"), ("Retry-After", "1")]

    def test_a_login_in_the_address_is_not_carried_over(self, tmp_path):
        path = cassette(tmp_path, interaction(request={"uri": "https://me:secret@api.moonshot.ai/v1/models?limit=2"}))
        assert only(path).request.url == "https://api.moonshot.ai/v1/models?limit=2"

    @pytest.mark.parametrize("when", ["2026-09-03T12:46:12Z", "2026-09-03T20:46:12+08:00", "2026-09-03T12:46:12"])
    def test_the_time_of_a_recording_is_kept(self, tmp_path, when):
        noon = datetime(2026, 9, 3, 12, 46, 12, tzinfo=UTC)
        assert only(cassette(tmp_path, interaction(recorded_at=when))).made_at == noon
        assert only(cassette(tmp_path, interaction(), metadata={"recorded_at": when})).made_at == noon

    @pytest.mark.parametrize("when", ["yesterday", 7, None, "0001-01-01T00:00:00+14:00"])
    def test_a_time_that_is_none_is_unknown(self, tmp_path, when):
        assert only(cassette(tmp_path, interaction(recorded_at=when))).made_at is None

    def test_a_body_that_was_cut_while_recording_says_so(self, tmp_path):
        assert only(cassette(tmp_path, interaction(cut=True))).response.cut is True

    def test_a_body_that_the_recorder_parsed_is_json_again(self, tmp_path):
        part = interaction(headers={"content-length": ["999"]}, parsed_body={"data": ["é"]})
        exchange = only(cassette(tmp_path, part))
        assert (exchange.json, exchange.header("content-length")) == ({"data": ["é"]}, None)


class TestCompression:
    @pytest.mark.parametrize(("encoding", "body"), [
        ("gzip", gzip.compress(MODELS.encode())),
        ("deflate", zlib.compress(MODELS.encode())),
        ("gzip", MODELS.encode()),
        ("br", MODELS.encode()),
    ], ids=["gzip", "deflate", "already decompressed", "already decompressed from br"])  # fmt: skip
    def test_a_body_is_decompressed_and_its_length_forgotten(self, tmp_path, encoding, body):
        headers = {"Content-Encoding": [encoding], "Content-Length": ["7"]}
        exchange = only(cassette(tmp_path, interaction(headers=headers, body={"string": body})))
        assert (exchange.response.body, exchange.response.headers) == (MODELS.encode(), ())

    @pytest.mark.parametrize(("encoding", "body", "sentence"), [
        ("gzip", gzip.compress(bytes(BODY_LIMIT + 1)), "the compressed body is larger than 64 MiB"),
        ("gzip", gzip.compress(MODELS.encode())[:-3], "the compressed body is cut short, or goes on after its end"),
        ("gzip", b"\xff\xfe", "the body is said to be compressed with gzip, and is not"),
        ("zstd", b"\x28\xb5\x2f\xfd", "the body is compressed with 'zstd', which cannot be opened here"),
    ], ids=["bomb", "cut", "not gzip", "zstd"])  # fmt: skip
    def test_what_cannot_be_decompressed_is_unreadable(self, tmp_path, encoding, body, sentence):
        headers = {"content-encoding": [encoding]}
        assert only(cassette(tmp_path, interaction(headers=headers, body={"string": body}))).failure == sentence


BROKEN = {
    "no mapping": ("text", "the interaction is missing or not a mapping"),
    "no request": ({"response": {}}, "the request is missing or not a mapping"),
    "no method": (interaction(request={"method": 7}), "the method is missing or not a text"),
    "no address": (interaction(request={"uri": None}), "the URL is missing or not a text"),
    "no status": (interaction(status=None), "the status is missing or not a mapping"),
    "odd status": (interaction(status={"code": True}), "the status of the answer is missing or not an HTTP status"),
    "odd headers": (interaction(headers=3), "the headers are neither a mapping nor a list"),
    "odd header": (interaction(headers={"a": [{}]}), "the value of a header is missing or not a text"),
    "odd body": (interaction(body=3), "the body is not a text"),
    "no text": (interaction(body={}), "the body is neither a text nor has one"),
    "no base64": (interaction(body={"base64_string": "%"}), "the body is not base64"),
    "date": (interaction(parsed_body=datetime(2026, 1, 1, tzinfo=UTC)),
             "the parsed body holds a value that is not JSON"),
    "large header": (interaction(headers={"a": 1 << 70}), "the value of a header is missing or not a text"),
}  # fmt: skip


@pytest.mark.parametrize(("part", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_interaction_spoils_none_of_the_others(tmp_path, part, sentence):
    first, broken, last = read(cassette(tmp_path, interaction(), part, interaction()))
    assert (broken.step, broken.endpoint, broken.response, broken.failure) == ("entry 2", "unknown", None, sentence)
    assert first.endpoint == last.endpoint == "models.list"


YAMLS = {
    "alias": ("a: &a [1]\nb: *a\n", "YAML with aliases is refused: it can grow without bound"),
    "deep": ("- " * 100_000 + "a", "YAML nested deeper than 200"),
    "nodes": ("[" + "a," * 2_000_100 + "]", "YAML of more than 2000000 nodes"),
    "a number in base 60": ("a: 1" + ":1" * 1_000_000, "YAML with a number in base 60 of that length is refused"),
    "a tagged one": ("a: !!int '1" + ":1" * 1_000_000 + "'", "YAML with a number in base 60 of that length is refused"),
    "nothing": ("interactions: []\n", "cassette without interactions"),
    "other type": ("interactions: {}\n", "cassette without interactions"),
}


@pytest.mark.parametrize(("text", "sentence"), YAMLS.values(), ids=YAMLS)
def test_a_cassette_that_could_harm_or_holds_nothing_is_unreadable(tmp_path, text, sentence):
    path = tmp_path / "cassette.yml"
    path.write_text(text, encoding="utf-8")
    assert only(path).failure == sentence


@pytest.mark.parametrize("text", ["a: [", "a: !!python/object:os.system x", "a: !!binary 'abc'", "{[1]: 2}", "a: \x01"])
def test_what_is_no_safe_yaml_is_unreadable(tmp_path, text):
    path = tmp_path / "cassette.yaml"
    path.write_text(text, encoding="utf-8")
    assert only(path).failure.startswith("not YAML: ")


@pytest.mark.parametrize("text", ["a: 2024-99-99", "a: " + "1" * 5000, "a: !!int ''", "a: !!bool x"])
def test_a_value_that_yaml_cannot_read_is_unreadable(tmp_path, text):
    path = tmp_path / "cassette.yaml"
    path.write_text(text, encoding="utf-8")
    assert only(path).failure.startswith("YAML with a value that cannot be read: ")


def test_ampersands_and_stars_inside_texts_are_no_aliases(tmp_path):
    assert only(cassette(tmp_path, interaction(body={"string": '{"a": "*b &c"}'}))).response.body == b'{"a": "*b &c"}'


def test_a_cassette_of_another_recorder_has_its_status_beside_the_code(tmp_path):
    part = interaction(
        status="200 OK", code=200, body="data: [DONE]\n\n", headers={"Content-Type": "text/event-stream"}
    )
    part["request"]["url"] = part["request"].pop("uri")
    exchange = only(cassette(tmp_path, part))
    assert (exchange.response.status, exchange.header("content-type")) == (200, "text/event-stream")


def test_a_mock_file_may_hold_several_documents(tmp_path):
    mock = {
        "when": {"path": "/v1/models", "method": "GET"},
        "then": {"status": 200, "header": [{"name": "content-type", "value": "application/json"}], "body": MODELS},
    }
    path = tmp_path / "mocks.yaml"
    path.write_text(yaml.safe_dump_all([mock, mock | {"then": 3}]), encoding="utf-8")
    good, bad = read(path)
    assert (good.endpoint, good.response.body) == ("models.list", MODELS.encode())
    assert good.response.headers == (("content-type", "application/json"),)
    assert bad.failure == "the 'then' is missing or not a mapping"


def har(folder: Path, *entries: object) -> Path:
    path = folder / "seen.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}), encoding="utf-8")
    return path


def entry(**response: object) -> dict:
    answer = {"status": 200, "headers": [], "content": {"mimeType": "application/json", "text": MODELS}}
    headers = [{"name": "Cookie", "value": "secret"}]
    return {
        "startedDateTime": "2026-09-03T12:46:12.500Z",
        "request": {"method": "GET", "url": URL, "headers": headers, "postData": {"text": "{}"}},
        "response": answer | response,
    }


class TestHar:
    def test_an_entry_is_an_exchange_with_its_time_and_its_type(self, tmp_path):
        exchange = only(har(tmp_path, entry()))
        assert (exchange.step, exchange.endpoint) == ("entry 1", "models.list")
        assert exchange.made_at == datetime(2026, 9, 3, 12, 46, 12, 500_000, tzinfo=UTC)
        assert (exchange.request.body, exchange.request.headers) == (b"{}", ())
        assert exchange.response.headers == (("Content-Type", "application/json"),)
        assert exchange.response.body == MODELS.encode()

    def test_it_is_known_by_its_shape_alone(self, tmp_path):
        path = har(tmp_path, entry()).rename(tmp_path / "seen.json")
        assert only(path).endpoint == "models.list"

    def test_content_in_base64_is_its_bytes(self, tmp_path):
        content = {"text": base64.b64encode(b"\xff").decode(), "encoding": "base64"}
        assert only(har(tmp_path, entry(content=content))).response.body == b"\xff"

    def test_text_is_already_decompressed_whatever_its_header_says(self, tmp_path):
        headers = [{"name": "content-encoding", "value": "br"}, {"name": "content-length", "value": "9"}]
        exchange = only(har(tmp_path, entry(headers=headers)))
        assert (exchange.response.body, exchange.header("content-length")) == (MODELS.encode(), None)

    def test_an_answer_without_a_body_is_an_empty_one(self, tmp_path):
        assert only(har(tmp_path, entry(status=204, content={"size": 0}))).response.body == b""

    @pytest.mark.parametrize(("response", "sentence"), [
        ({"status": 0}, "no answer was recorded"),
        ({"content": {"size": 12}}, "the answer was recorded without its body"),
        ({"content": None}, "the content is missing or not a mapping"),
        ({"content": {"text": "%", "encoding": "base64"}}, "the body is not base64"),
        ({"headers": [3]}, "a header is missing or not a mapping"),
        ({"headers": [{"name": "location", "value": "\ud800"}]}, "the value of a header holds half of a character"),
        ({"headers": [{"value": "a"}]}, "the name of a header is missing or not a text"),
    ])  # fmt: skip
    def test_a_broken_entry_says_why_and_spoils_no_other(self, tmp_path, response, sentence):
        broken, good = read(har(tmp_path, entry(**response), entry()))
        assert (broken.endpoint, broken.response, broken.failure) == ("unknown", None, sentence)
        assert good.endpoint == "models.list"

    def test_what_the_browser_loaded_besides_is_not_placed(self, tmp_path):
        other = entry()
        other["request"]["url"] = "https://www.example/logo.png"
        other["response"]["content"] = {"text": "iVBOR", "encoding": "base64", "mimeType": "image/png"}
        assert only(har(tmp_path, other)).endpoint == "unknown"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
PLACES = [(), ("request",), ("response",), ("request", "method"), ("request", "uri"), ("request", "headers"),
          ("request", "body"), ("response", "status"), ("response", "status", "code"), ("response", "code"),
          ("response", "headers"), ("response", "headers", "content-encoding"), ("response", "body"),
          ("response", "body", "string"), ("response", "parsed_body"), ("recorded_at",), ("metadata",),
          ("response", "content"), ("response", "content", "text"), ("startedDateTime",), ("request", "url"),
          ("request", "postData"), ("when",), ("then",)]  # fmt: skip


def changed(part: object, place: tuple[str, ...], value: object) -> object:
    if not place:
        return value
    inside = part if isinstance(part, dict) else {}
    return inside | {place[0]: changed(inside.get(place[0]), place[1:], value)}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=3))
def test_whatever_an_interaction_or_entry_holds_there_is_one_exchange_for_it(tmp_path, changes):
    recorded, seen = interaction(), entry()
    for place, value in changes:
        recorded, seen = changed(recorded, place, value), changed(seen, place, value)
    (tmp_path / "seen.har").write_text(json.dumps({"log": {"entries": [seen]}}, default=str), encoding="utf-8")
    assert len(list(read(cassette(tmp_path, recorded)))) == len(list(read(tmp_path / "seen.har"))) == 1
