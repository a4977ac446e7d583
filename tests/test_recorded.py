"""Recorded evidence: which files are read, and what a body, a transcript or an unreadable file becomes."""

import errno
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.evidence.recorded import files, read
from conformance.rows import ConfigurationError
from conformance.vocabulary import Exchange

CHAT = {"id": "chatcmpl-1", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant"}}]}
ERROR = {"error": {"message": "Invalid Authentication", "type": "invalid_authentication_error"}}


def written(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def only(path: Path, endpoint: str | None = None) -> Exchange:
    (exchange,) = read(path, endpoint)
    return exchange


def why(path: Path, endpoint: str | None = None) -> str:
    exchange = only(path, endpoint)
    assert (exchange.endpoint, exchange.response) == ("unknown", None)
    assert exchange.failure is not None
    return exchange.failure


class TestFiles:
    def test_walks_folders_in_sorted_order_without_hidden_names(self, tmp_path):
        for name in ("b.json", "a/z.json", "a/.hidden.json", ".git/c.json", "c.json"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            written(tmp_path, name, "{}")
        found = [str(path.relative_to(tmp_path)) for path in files([tmp_path])]
        assert found == ["a/z.json", "b.json", "c.json"]

    def test_keeps_the_order_of_the_paths_and_takes_a_hidden_file_that_is_named(self, tmp_path):
        late, hidden = written(tmp_path, "z.json", "{}"), written(tmp_path, ".a.json", "{}")
        assert list(files([late, hidden])) == [late, hidden]

    def test_a_link_back_to_a_folder_above_is_not_followed_twice(self, tmp_path):
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "up").symlink_to(tmp_path)
        (tmp_path / "in" / "self").symlink_to("self")
        written(tmp_path, "in/a.json", "{}")
        assert list(files([tmp_path])) == [tmp_path / "in" / "a.json"]

    def test_a_path_that_is_not_there_is_named_before_anything_is_yielded(self, tmp_path):
        with pytest.raises(ConfigurationError, match=r"absent\.json: no such file"):
            next(files([tmp_path, tmp_path / "absent.json"]))

    def test_a_link_to_nothing_is_told_and_not_left_out(self, tmp_path):
        (tmp_path / "gone.json").symlink_to("nowhere")
        (path,) = files([tmp_path])
        assert why(path) == f"cannot be read: {os.strerror(errno.ENOENT)}"

    def test_an_empty_folder_has_no_files(self, tmp_path):
        assert list(files([tmp_path])) == []

    def test_a_fifo_is_yielded_and_never_opened(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.json")
        (path,) = files([tmp_path])
        assert why(path) == "a FIFO, not an ordinary file"

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device on this system")
    def test_a_device_is_never_opened(self):
        assert why(Path("/dev/zero")) == "a device, not an ordinary file"


class TestBody:
    def test_an_answer_is_carried_with_its_very_bytes(self, tmp_path):
        raw = json.dumps(CHAT, indent=3).encode() + b"\n"
        path = written(tmp_path, "chat.json", raw)
        exchange = only(path)
        assert (exchange.file, exchange.scenario, exchange.step) == (str(path), "recorded", "1")
        assert (exchange.endpoint, exchange.failure, exchange.made_at) == ("chat.completions", None, None)
        assert (exchange.request.method, exchange.request.url) == ("", "")
        assert (exchange.response.status, exchange.response.headers, exchange.response.body) == (200, (), raw)

    def test_it_is_parsed_once(self, tmp_path):
        assert vars(only(written(tmp_path, "chat.json", json.dumps(CHAT))))["json"] == CHAT

    def test_the_status_of_a_bare_error_is_unknown(self, tmp_path):
        exchange = only(written(tmp_path, "error.json", json.dumps(ERROR)))
        assert (exchange.endpoint, exchange.response.status) == ("error", 0)

    def test_an_endpoint_that_is_given_wins_over_the_shape(self, tmp_path):
        exchange = only(written(tmp_path, "error.json", json.dumps(ERROR)), "chat.completions")
        assert (exchange.endpoint, exchange.response.status) == ("chat.completions", 0)

    @pytest.mark.parametrize("name", ["answer", "answer.txt", "answer.JSON"])
    def test_the_name_of_the_file_matters_little(self, tmp_path, name):
        assert only(written(tmp_path, name, json.dumps(CHAT))).endpoint == "chat.completions"

    def test_another_json_document_is_not_placed(self, tmp_path):
        assert why(written(tmp_path, "package.json", '{"name": "left-pad"}')) == (
            "nothing in it looks like an answer of this API; --endpoint says which it is"
        )


STRICT = {
    "nan": (b'{"id": NaN}', "not strict JSON: NaN is not JSON"),
    "twice": (b'{"id": 1, "id": 2}', "not strict JSON: member 'id' stands twice in one object"),
    "latin-1": (b'{"id": "caf\xe9"}', "not strict JSON: not UTF-8: invalid continuation byte, at byte 11"),
    "cut": (b'{"id": "chat', "not strict JSON: Unterminated string starting, at byte 7"),
    "deep": (b"[" * 300 + b"]" * 300, "not strict JSON: nested deeper than 200"),
    "very deep": (b"[" * 1_000_000, "not strict JSON: nested deeper than 200"),
    "mark": (b"\xef\xbb\xbf{}", "not strict JSON: it begins with a byte order mark; save it without one"),
}


@pytest.mark.parametrize(("raw", "sentence"), STRICT.values(), ids=STRICT)
class TestStrictness:
    def test_what_only_a_lenient_reader_can_read_is_unreadable(self, tmp_path, raw, sentence):
        assert why(written(tmp_path, "answer.json", raw)) == sentence

    def test_it_is_carried_for_the_judge_where_the_endpoint_is_given(self, tmp_path, raw, sentence):
        exchange = only(written(tmp_path, "answer.json", raw), "chat.completions")
        assert (exchange.endpoint, exchange.response.status, exchange.response.body) == ("chat.completions", 200, raw)


class TestTranscript:
    def test_a_stream_is_carried_with_its_bytes_and_no_header_that_was_not_recorded(self, tmp_path):
        raw = b'data: {"object":"chat.completion.chunk"}\r\n\r\ndata: [DONE]\n\n'
        exchange = only(written(tmp_path, "stream.sse", raw))
        assert (exchange.endpoint, exchange.step) == ("chat.stream", "1")
        assert (exchange.response.status, exchange.response.headers, exchange.response.body) == (200, (), raw)

    def test_it_is_known_under_another_name_too(self, tmp_path):
        exchange = only(written(tmp_path, "saved.txt", ": PROCESSING\n\ndata: {}\n\n"))
        assert exchange.endpoint == "chat.stream"

    def test_a_refusal_saved_as_a_stream_is_a_json_error(self, tmp_path):
        exchange = only(written(tmp_path, "stream.sse", json.dumps(ERROR)))
        assert (exchange.endpoint, exchange.response.status, exchange.response.headers) == ("error", 0, ())

    def test_a_stream_of_the_other_protocol_is_told_as_such(self, tmp_path):
        raw = 'event: message_start\ndata: {"type":"message_start"}\n\n'
        assert only(written(tmp_path, "stream.sse", raw)).endpoint == "anthropic.messages"


UNREADABLE = {
    "empty.json": (b"", "empty file"),
    "blank.json": (b" \n\n", "empty file"),
    "blank.jsonl": (b"\n \n", "empty file"),
    "blank.yaml": (b"\n", "empty file"),
    "zeros.json": (b"{\0}", "binary data, no text"),
    "answer.gz": (b"\x1f\x8b\x08", "compressed with gzip: unpack it first"),
    "powershell.json": ("\ufeff{}".encode("utf-16-le"), "UTF-16 text: save it as UTF-8"),
    "README.md": (b"# Recordings\n",
                  "not evidence: neither JSON, JSON lines, an SSE transcript, a cassette nor a HAR file"),
    "notes.yaml": (b"a: 1\n", "cassette without interactions"),
    "empty.har": (b'{"log": {"entries": []}}', "HAR without entries"),
    "other.har": (b'{"choices": []}', "HAR without entries"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content"), UNREADABLE.items(), ids=UNREADABLE)
def test_what_cannot_be_read_says_why_in_one_sentence(tmp_path, name, content):
    assert why(written(tmp_path, name, content[0])) == content[1]


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    path = tmp_path / "locked.json"
    os.close(os.open(path, os.O_CREAT))
    assert why(path) == "cannot be read: Permission denied"


SUFFIXES = ("", ".json", ".jsonl", ".ndjson", ".sse", ".yaml", ".yml", ".har", ".txt")
FRAGMENTS = st.sampled_from([
    b'{"log":{"entries":[', b'{"interactions":[', b"interactions:\n- ", b"request: {method: GET, uri: /models}\n",
    b"response: {status: {code: 200}, body: ", b"when:\n", b"then:\n", b"!!binary ", b"&a ", b"*a", b"!!int ''",
    b'{"kind":"exchange"}', b'{"custom_id":"1","response":{}}', b'{"choices":[]}', b"data: {}\n\n", b"2024-99-99",
    b"\n", b"\0", b"\xff", b"]", b"}", b"[", b"{", b": ", b"- ", b'"', b"1e999", b"NaN", b"<<: ", b"? ",
    b"\x1f\x8b", b"\xef\xbb\xbf",
])  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.binary(max_size=200) | st.lists(FRAGMENTS | st.binary(max_size=8), max_size=12).map(b"".join),
    suffix=st.sampled_from(SUFFIXES),
    endpoint=st.sampled_from([None, "chat.completions", "batches.output"]),
)
def test_whatever_the_bytes_there_is_an_exchange_and_no_exception(tmp_path, raw, suffix, endpoint):
    exchanges = list(read(written(tmp_path, f"any{suffix}", raw), endpoint))
    assert exchanges
    assert all((exchange.response is None) == (exchange.failure is not None) for exchange in exchanges)


READ_IT = """
import resource, sys
from pathlib import Path
from conformance.evidence.recorded import read
resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20))
print(*(exchange.failure for exchange in read(Path(sys.argv[1]))))
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS") or sys.platform == "darwin", reason="no bound on memory here")
@pytest.mark.parametrize(("name", "start", "sentence"), [
    ("a.json", b"", "binary data, no text"),
    ("a.jsonl", b"", "binary data, no text"),
    ("a.json", b"[" * 10_000, "larger than 256 MiB and not line-delimited JSON"),
    ("a.sse", b"d" * 10_000, "larger than 256 MiB and not line-delimited JSON"),
    ("a.yaml", b"a" * 10_000, "larger than 64 MiB"),
    ("a.jsonl", b"[" * 10_000, "line 1: a line longer than 16 MiB"),
], ids=["zeros", "zeros as lines", "json", "stream", "yaml", "one line"])  # fmt: skip
def test_a_file_of_a_gigabyte_is_refused_within_bounded_memory(tmp_path, name, start, sentence):
    with (tmp_path / name).open("wb") as stream:
        stream.write(start)
        stream.truncate(1 << 30)
    told = subprocess.run([sys.executable, "-c", READ_IT, tmp_path / name], capture_output=True, text=True, check=False)
    assert (told.stdout.strip(), told.stderr) == (sentence, "")


def test_more_values_than_fit_into_memory_are_refused_unparsed(tmp_path):
    path = written(tmp_path, "dense.json", b"[" + b"[]," * 6_000_000 + b"[]]")
    assert why(path, "chat.completions") == "JSON of more than 10000000 values"
