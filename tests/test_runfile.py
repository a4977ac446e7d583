"""The run file: one record a line, and an exchange comes out as it went in."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.evidence.redact import MARK, Redactor
from conformance.evidence.runfile import RunFile, change_record, exchange_of, exchange_record, read
from conformance.rows import ConfigurationError
from conformance.vocabulary import Attempt, Change, Exchange, Request, Response

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
HEADERS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple)
BODIES = st.binary(max_size=40) | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
SECONDS = st.floats(0, 1e6)
MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))
RESPONSES = st.builds(Response, st.integers(100, 599), HEADERS, BODIES, st.booleans())
EXCHANGES = st.builds(
    Exchange,
    scenario=TEXTS,
    step=TEXTS,
    endpoint=TEXTS,
    request=st.builds(Request, TEXTS, TEXTS, HEADERS, BODIES),
    response=st.none() | RESPONSES,
    made_at=st.none() | MOMENTS,
    seconds=SECONDS,
    refused=st.booleans(),
    failure=st.none() | TEXTS,
    attempts=st.lists(st.builds(Attempt, st.none() | TEXTS, st.none() | RESPONSES, SECONDS), max_size=2).map(tuple),
    file=st.none() | TEXTS,
)
EXCHANGE = Exchange(
    "models.list", "1", "models.list", Request("GET", "https://x/v1/models"), Response(200, (), b"{}"), None
)


@given(EXCHANGES)
def test_an_exchange_comes_out_of_its_record_as_it_went_in(exchange):
    assert exchange_of(exchange_record(1, exchange)) == exchange


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(EXCHANGES, max_size=3))
def test_an_exchange_comes_out_of_the_file_as_it_went_in(tmp_path, exchanges):
    written = RunFile(tmp_path / "run.ndjson")
    for number, exchange in enumerate(exchanges, 1):
        written.write("exchange", exchange_record(number, exchange))
    written.close()
    assert [exchange_of(record) for record in read(tmp_path / "run.ndjson")] == exchanges


@pytest.mark.parametrize(
    ("body", "kept"),
    [(b'{"a":1}', {"body": '{"a":1}'}), (b"", {"body": ""}), (b"\xff", {"body_base64": "/w=="})],
    ids=["text", "nothing", "no text"],
)
def test_a_body_is_text_or_base64_where_it_is_no_utf_8(body, kept):
    record = exchange_record(1, Exchange("s", "1", "e", Request("", ""), Response(200, (), body), None))
    response = record["response"]
    assert {name: value for name, value in response.items() if name.startswith("body")} == kept


@pytest.mark.parametrize("text", ["\n", "\r", "\r\n", "\u2028", "\x85", "\x0b", "\x1c", "\x00", "é", "🌙"])
def test_a_record_is_one_line_whatever_stands_in_it(tmp_path, text):
    written = RunFile(tmp_path / "run.ndjson")
    written.write("change", {"detail": text})
    written.write("end", {})
    written.close()
    assert [record.get("detail") for record in read(tmp_path / "run.ndjson")] == [text, None]


@pytest.mark.parametrize("value", ["\ud800", ["a\udfff"], float("inf"), float("nan")], ids=repr)
def test_a_value_that_no_strict_reader_reads_does_not_spoil_the_file(tmp_path, value):
    written = RunFile(tmp_path / "run.ndjson")
    with suppress(ValueError):
        written.write("change", {"detail": value})
    written.write("end", {})
    written.close()
    assert list(read(tmp_path / "run.ndjson"))[-1] == {"kind": "end"}


def test_no_record_holds_the_key_however_deep_it_stands(tmp_path):
    written = RunFile(tmp_path / "run.ndjson", Redactor("V", "canary-0123456789"))
    record = written.write(
        "verdict", {"reason": "canary-0123456789", "findings": [{"actual": ["a canary-0123456789"]}]}
    )
    written.close()
    assert record["findings"] == [{"actual": [f"a {MARK}"]}]
    assert list(read(tmp_path / "run.ndjson")) == written.records == [record]
    assert "canary" not in (tmp_path / "run.ndjson").read_text()


def test_every_record_bears_its_kind_first():
    assert RunFile(None).write("verdict", {"clause": "a"}) == {"kind": "verdict", "clause": "a"}


def test_records_are_kept_in_the_order_of_their_writing_also_without_a_file():
    kept = RunFile(None)
    for kind in ("run", "exchange", "end"):
        kept.write(kind, {})
    kept.close()
    assert [record["kind"] for record in kept.records] == ["run", "exchange", "end"]


def test_a_record_is_in_the_file_as_soon_as_it_is_written(tmp_path):
    written = RunFile(tmp_path / "run.ndjson")
    written.write("run", {"suite": "1"})
    seen = (tmp_path / "run.ndjson").read_text()
    written.close()
    assert seen == '{"kind":"run","suite":"1"}\n'


def test_the_folder_of_a_run_file_is_made(tmp_path):
    RunFile(tmp_path / "a" / "b" / "run.ndjson").close()
    assert (tmp_path / "a" / "b" / "run.ndjson").exists()


def test_a_change_keeps_its_own_kind_beside_that_of_the_record():
    record = RunFile(None).write("change", change_record(Change("unknown-member", "models.list", "/x", "d")))
    assert (record["kind"], record["change"], record["since"]) == ("change", "unknown-member", None)


# Reading what is damaged


def refused(path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        list(read(path))
    return str(raised.value)


def test_a_run_file_that_is_not_there_is_named(tmp_path):
    assert "none.ndjson" in refused(tmp_path / "none.ndjson")


def test_a_folder_is_no_run_file(tmp_path):
    assert str(tmp_path) in refused(tmp_path)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"kind":"verd', "line 2"),
        (b"", "line 2"),
        (b"[]", "not a record of a run"),
        (b'"kind"', "not a record of a run"),
        (b"{}", "not a record of a run"),
        (b'{"kind":1}', "not a record of a run"),
        (b'{"kind":"run","kind":"end"}', "stands twice"),
        (b'{"kind":"run","a":NaN}', "NaN"),
        (b"\xff", "UTF-8"),
        (b"[" * 100_000, "deeper"),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path, line, why):
    path = tmp_path / "run.ndjson"
    path.write_bytes(b'{"kind":"run"}\n' + line + b"\n")
    said = refused(path)
    assert why in said
    assert "line 2" in said
    assert "run.ndjson" in said


def test_a_run_file_cut_at_any_byte_is_read_to_the_end_of_a_line_or_refused(tmp_path):
    path = tmp_path / "run.ndjson"
    lines = [json.dumps({"kind": kind, "a": "é"}, ensure_ascii=False) for kind in ("run", "exchange", "end")]
    whole = "\n".join(lines).encode() + b"\n"
    ends = {0, len(whole)}
    for line in lines:
        ends |= {max(ends - {len(whole)}) + len(line.encode()) + 1}
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        if size in ends or size + 1 in ends:
            assert len(list(read(path))) <= 3
        else:
            refused(path)


def test_a_run_that_did_not_end_has_no_last_record(tmp_path):
    written = RunFile(tmp_path / "run.ndjson")
    written.write("run", {})
    written.close()
    assert [record["kind"] for record in read(tmp_path / "run.ndjson")] == ["run"]


def test_the_reports_of_a_run_that_did_not_end_say_so_and_are_no_success(cli, folder):
    cli("run", "--select", "models", "--out", "whole")
    (folder / "cut").mkdir()
    lines = (folder / "whole" / "run.ndjson").read_text().splitlines(keepends=True)
    (folder / "cut" / "run.ndjson").write_text("".join(lines[:-1]))
    ended = cli("report", "cut/run.ndjson")
    assert ended.code == 4
    assert "did not end" in (folder / "cut" / "report.html").read_text()


@pytest.mark.parametrize("missing", ["request", "response", "headers", "attempts", "made_at", "scenario"])
def test_a_record_that_holds_no_exchange_raises_what_is_promised(missing):
    record = exchange_record(1, EXCHANGE)
    for place in (record, record["request"], record["response"]):
        place.pop(missing, None)
    with pytest.raises((KeyError, TypeError, ValueError)):
        exchange_of(record)


def test_the_example_that_the_broken_ones_are_made_of_is_whole():
    assert exchange_of(exchange_record(1, EXCHANGE)) == EXCHANGE
