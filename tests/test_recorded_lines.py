"""Recorded evidence: JSON lines, one exchange each, of batches, of our own run files, and of any other answers."""

import json
import resource
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.evidence import runfile
from conformance.evidence.recorded import read
from conformance.evidence.recorded.source import LINE_LIMIT
from conformance.vocabulary import Exchange, Request, Response

OUTPUT = {"id": "r-1", "custom_id": "r-1", "response": {"status_code": 200, "body": {}}, "error": None}
INPUT = {"custom_id": "r-1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "kimi-k2.6"}}
CHAT = {"object": "chat.completion", "choices": [{"message": {}}]}
ERROR = {"error": {"message": "m", "type": "t"}}


def written(folder: Path, *lines: object, name: str = "lines.jsonl", end: bytes = b"\n") -> Path:
    path = folder / name
    path.write_bytes(b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + end for line in lines))
    return path


def told(path: Path, endpoint: str | None = None) -> list[tuple[str, str]]:
    return [(exchange.step, exchange.endpoint) for exchange in read(path, endpoint)]


class TestBatches:
    @pytest.mark.parametrize(("line", "endpoint"), [(OUTPUT, "batches.output"), (INPUT, "batches.input")])
    def test_each_line_is_an_exchange_of_the_file_s_endpoint(self, tmp_path, line, endpoint):
        assert told(written(tmp_path, line, line)) == [("line 1", endpoint), ("line 2", endpoint)]

    def test_a_line_is_carried_as_its_bytes_and_left_for_the_judge_to_parse(self, tmp_path):
        (exchange,) = read(written(tmp_path, OUTPUT, end=b"\r\n"))
        assert (exchange.response.status, exchange.response.body) == (200, json.dumps(OUTPUT).encode())
        assert "json" not in vars(exchange)
        assert exchange.json == OUTPUT

    @pytest.mark.parametrize("bad", [b'{"custom_id": NaN}', b'{"id": 1, "id": 2}', b"{", b"\xff", b"[[]]"])
    def test_a_bad_line_is_carried_like_the_others(self, tmp_path, bad):
        good, carried = read(written(tmp_path, OUTPUT, bad))
        assert (carried.step, carried.endpoint, carried.response.body) == ("line 2", good.endpoint, bad)

    def test_a_bad_first_line_does_not_hide_what_the_file_is(self, tmp_path):
        assert told(written(tmp_path, b"{", OUTPUT)) == [("line 1", "batches.output"), ("line 2", "batches.output")]

    def test_blank_lines_are_counted_and_left_out(self, tmp_path):
        assert told(written(tmp_path, OUTPUT, b"", OUTPUT, b" ")) == [
            ("line 1", "batches.output"), ("line 3", "batches.output"),
        ]  # fmt: skip

    def test_a_last_line_without_its_end_is_a_line(self, tmp_path):
        path = written(tmp_path, OUTPUT, OUTPUT)
        path.write_bytes(path.read_bytes().rstrip())
        assert len(told(path)) == 2

    def test_their_format_is_stronger_than_the_endpoint_that_is_given(self, tmp_path):
        assert told(written(tmp_path, OUTPUT), "chat.completions") == [("line 1", "batches.output")]

    def test_an_endpoint_that_is_given_places_lines_that_do_not_tell(self, tmp_path):
        assert told(written(tmp_path, {"id": "r-1"}), "batches.output") == [("line 1", "batches.output")]

    def test_a_line_past_the_limit_is_told_and_the_next_one_read(self, tmp_path):
        path = written(tmp_path, OUTPUT, b"[" * (LINE_LIMIT + 1), OUTPUT)
        exchanges = list(read(path))
        assert [exchange.failure for exchange in exchanges] == [None, "a line longer than 16 MiB", None]
        assert exchanges[2].step == "line 3"

    @pytest.mark.parametrize("name", ["output.json", "output", "output.txt"])
    def test_lines_are_known_under_any_name(self, tmp_path, name):
        assert len(told(written(tmp_path, OUTPUT, OUTPUT, name=name))) == 2

    @pytest.mark.skipif(sys.platform != "linux", reason="the unit of the measure is known for Linux")
    def test_memory_does_not_grow_with_the_file(self, tmp_path):
        path = tmp_path / "large.jsonl"
        line = json.dumps(OUTPUT | {"pad": "x" * 1000}).encode() + b"\n"
        path.write_bytes(line * 100_000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert sum(1 for _ in read(path)) == 100_000
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024


class TestAnswers:
    def test_each_line_is_placed_by_its_own_shape(self, tmp_path):
        assert told(written(tmp_path, CHAT, ERROR)) == [("line 1", "chat.completions"), ("line 2", "error")]

    def test_a_line_that_does_not_tell_is_of_the_endpoint_of_the_file(self, tmp_path):
        assert told(written(tmp_path, CHAT, {}, b"{")) == [
            ("line 1", "chat.completions"), ("line 2", "chat.completions"), ("line 3", "chat.completions"),
        ]  # fmt: skip

    def test_it_is_parsed_once(self, tmp_path):
        (exchange,) = read(written(tmp_path, CHAT))
        assert vars(exchange)["json"] == CHAT

    def test_the_status_of_an_error_is_unknown(self, tmp_path):
        (exchange,) = read(written(tmp_path, ERROR), "chat.completions")
        assert (exchange.endpoint, exchange.response.status) == ("chat.completions", 0)

    def test_a_file_that_nothing_places_is_one_unreadable_exchange(self, tmp_path):
        (exchange,) = read(written(tmp_path, {"event": "login"}, {"event": "logout"}))
        assert (exchange.step, exchange.endpoint, exchange.response) == ("1", "unknown", None)
        assert exchange.failure.startswith("nothing in it looks like an answer")

    def test_a_file_of_which_no_line_can_be_read_names_the_first(self, tmp_path):
        (exchange,) = read(written(tmp_path, b"{'a': 1}", b"{'b': 2}"))
        assert exchange.failure.startswith("line 1: not strict JSON: ")

    def test_a_single_object_on_one_line_is_a_body(self, tmp_path):
        assert told(written(tmp_path, CHAT, name="chat.json")) == [("1", "chat.completions")]


SAID = Exchange(
    "chat.plain", "1", "chat.completions", Request("POST", "https://api.moonshot.ai/v1/chat/completions", (), b"{}"),
    Response(200, (("content-type", "application/json"),), b"{}"), datetime(2026, 9, 3, tzinfo=UTC), 0.5,
)  # fmt: skip


class TestRunFile:
    def record(self) -> dict:
        return {"kind": "exchange"} | runfile.exchange_record(1, SAID)

    def test_its_exchanges_are_read_and_nothing_else(self, tmp_path):
        lines = ({"kind": "run"}, self.record(), {"kind": "verdict"}, {"kind": "end"})
        path = written(tmp_path, *lines, name="run.ndjson")
        (exchange,) = read(path)
        assert exchange == replace(SAID, file=str(path), scenario="recorded", step="line 2")

    def test_the_line_at_which_a_run_was_ended_is_told(self, tmp_path):
        path = written(tmp_path, {"kind": "run"}, self.record(), b'{"kind": "exch', name="run.ndjson")
        whole, cut = read(path)
        assert whole.failure is None
        assert (cut.step, cut.response) == ("line 3", None)
        assert cut.failure.startswith("not strict JSON: ")

    @pytest.mark.parametrize(
        "change",
        [
            {"request": 3},
            {"endpoint": 3},
            {"made_at": "soon"},
            {"attempts": [{}]},
            {"failure": "?"},
            {"response": None},
        ],
    )
    def test_a_broken_exchange_is_told(self, tmp_path, change):
        (exchange,) = read(written(tmp_path, self.record() | change, name="run.ndjson"))
        assert (exchange.step, exchange.response) == ("line 1", None)
        assert exchange.failure.startswith("not an exchange of a run file: ")

    def test_a_foreign_line_is_told(self, tmp_path):
        _, foreign = read(written(tmp_path, self.record(), {"kind": ["run"]}, name="run.ndjson"))
        assert foreign.failure == "not a line of a run file"

    def test_a_run_without_exchanges_is_unreadable(self, tmp_path):
        (exchange,) = read(written(tmp_path, {"kind": "run"}, {"kind": "end"}, name="run.ndjson"))
        assert exchange.failure == "a run file without exchanges"
