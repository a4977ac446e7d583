"""Event streams: what the HTML standard says of lines, fields and events, and what is told of everything else."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import sse
from conformance.sse import Broken, Event, parse

ALPHABET = [
    b"data: ", b"data:", b"data", b"event: x", b"id: 7", b"retry: 9", b": a comment", b"foo: bar", b"text", b" ",
    b"\n", b"\n\n", b"\r", b"\r\n", b"\xef\xbb\xbf", "文".encode(), b"\xff", b"\xe6", b"\0", b'{"a":1}', b"[DONE]",
]  # fmt: skip
hostile = st.lists(st.sampled_from(ALPHABET) | st.binary(max_size=5)).map(b"".join)


def datas(body):
    return [event.data for event in parse(body).events]


def kinds(body, cut=False):
    return [(broken.kind, broken.offset) for broken in parse(body, cut=cut).broken]


class TestEvents:
    @pytest.mark.parametrize(
        ("body", "told"),
        [
            (b"data: one\n\ndata: two\n\n", ["one", "two"]),
            (b"data: one\r\n\r\ndata: two\r\n\r\n", ["one", "two"]),
            (b"data: one\r\rdata: two\r\r", ["one", "two"]),
            (b"data: one\n\r\ndata: two\r\n\n", ["one", "two"]),
            (b"data:one\n\n", ["one"]),
            (b"data:  one\n\n", [" one"]),
            (b"data:  one\r\n\r\n", [" one"]),
            (b"data: one\ndata:\ndata: two\n\n", ["one\n\ntwo"]),
            (b"data\n\n", [""]),
            (b"data: a:b\n\n", ["a:b"]),
            (b"\n\n\ndata: one\n\n\n", ["one"]),
            (b": OPENROUTER PROCESSING\n\ndata: one\n\n", ["one"]),
            (b": here\ndata: one\n: and here\ndata: two\n\n", ["one\ntwo"]),
            (b"\xef\xbb\xbfdata: one\n\n", ["one"]),
            (b"\xef\xbb\xbfdata: one\r\n\r\n", ["one"]),
            (b"event: ping\n\n", []),
            (b"retry: 10\nid: 3\n\n", []),
            (b"", []),
        ],
    )
    def test_the_data_of_events_is_what_the_standard_makes_of_the_bytes(self, body, told):
        assert datas(body) == told
        assert parse(body).broken == ()

    def test_an_event_tells_its_number_and_the_bytes_that_it_takes(self):
        body = ": a\n\ndata: 文\n\nevent: x\r\ndata: b\r\n\r\n".encode()
        assert parse(body).events == (Event(1, 5, 16, "文"), Event(2, 16, len(body), "b", "x"))

    def test_the_bytes_before_the_first_event_may_be_a_mark(self):
        assert parse(b"\xef\xbb\xbfdata: a\n\n").events == (Event(1, 3, 12, "a"),)

    def test_the_type_of_an_event_is_its_own_and_the_id_goes_on(self):
        first, second = parse(b"event: error\nid: 7\ndata: a\n\ndata: b\n\n").events
        assert ((first.type, first.id), (second.type, second.id)) == (("error", "7"), ("message", "7"))

    def test_an_id_with_a_zero_character_is_none(self):
        assert parse(b"id: a\0b\ndata: x\n\n").events[0].id == ""


class TestBroken:
    @pytest.mark.parametrize("line", [b"text", b"foo: bar", b'{"a":1}', b" data: x", b"Data: x", b"dat: x"])
    def test_a_line_that_is_no_field_and_no_comment_is_broken_at_its_byte(self, line):
        assert kinds(b"data: a\n\n" + line + b"\n\ndata: b\n\n") == [("line", 9)]

    def test_what_stands_around_a_broken_line_is_still_told(self):
        assert datas(b"data: a\nfoo\ndata: b\n\n") == ["a\nb"]

    def test_bytes_that_are_not_utf_8_are_broken_at_the_first_of_them_and_the_event_is_kept(self):
        told = parse(b"data: a\xffb\n\n")
        assert told.broken == (Broken(7, "UTF-8", "bytes ff 62", "utf-8"),)
        assert told.events[0].data == "a\ufffdb"

    def test_a_second_mark_is_no_mark(self):
        assert kinds(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n") == [("line", 3)]

    @pytest.mark.parametrize(
        ("rest", "offset"),
        [(b"data: [DONE]\n", 9), (b"data: [DO", 9), (b"d", 9), (b"data: x\r\n", 9), (b": a\nid: 1", 13)],
    )
    def test_a_last_event_without_its_blank_line_is_cut_and_no_event(self, rest, offset):
        assert kinds(b"data: a\n\n" + rest) == [("cut", offset)]
        assert datas(b"data: a\n\n" + rest) == ["a"]

    @pytest.mark.parametrize("rest", [b"", b": a comment", b": a comment\n", b"\n"])
    def test_a_comment_or_nothing_at_the_end_is_no_fault(self, rest):
        assert kinds(b"data: a\n\n" + rest) == []

    @pytest.mark.parametrize("rest", [b"data: [DO", b"data: x\n", b"nonsense", b"data: \xe6"])
    def test_the_end_of_a_body_that_we_stopped_reading_is_no_fault(self, rest):
        assert kinds(b"data: a\n\n" + rest, cut=True) == []

    def test_of_each_kind_no_more_than_twenty_are_kept(self):
        assert kinds(b"text\n" * 1000 + b"data: \xff")[19:] == [("line", 95), ("cut", 5000)]

    def test_what_is_shown_of_one_is_short(self):
        assert len(parse(b"text" * 10_000 + b"\n").broken[0].actual) < 200


class TestPieces:
    @given(hostile, st.lists(st.integers(0, 200)), st.booleans())
    def test_however_a_body_is_split_its_events_and_its_faults_are_the_same(self, body, places, cut):
        edges = [0, *sorted(min(place, len(body)) for place in places), len(body)]
        parser, told = sse.Parser(), []
        for begin, end in itertools.pairwise(edges):
            told += parser.feed(body[begin:end])
        end = parser.close(cut=cut)
        assert sse.EventStream((*told, *end.events), end.broken) == parse(body, cut=cut)

    @given(st.binary())
    def test_no_bytes_make_it_raise(self, body):
        assert len(parse(body).broken) <= 3 * sse.BROKEN_KEPT

    @given(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))),
        st.sampled_from(["\n", "\r\n", "\r"]),
    )
    def test_what_is_written_with_any_line_ending_is_read_back(self, written, ending):
        events = ("".join(f"data: {line}{ending}" for line in data.split("\n")) + ending for data in written)
        stream = parse("".join(events).encode())
        assert ([event.data for event in stream.events], stream.broken) == (written, ())

    @given(hostile)
    def test_the_bytes_of_an_event_alone_hold_that_event(self, body):
        for event in parse(body).events:
            (alone,) = parse(body[event.offset : event.end].removeprefix(sse.MARK)).events
            assert (alone.data, alone.type) == (event.data, event.type)

    def test_a_carriage_return_at_the_end_of_a_piece_waits_for_what_follows(self):
        parser = sse.Parser()
        assert parser.feed(b"data: a\r\n\r") == []
        assert [event.data for event in parser.feed(b"\n")] == ["a"]
        assert parser.feed(b"data: b\r\r") == []
        assert [event.data for event in parser.feed(b"d")] == ["b"]

    def test_an_event_may_begin_in_an_earlier_piece(self):
        parser = sse.Parser()
        assert parser.feed(b"data: a\n") == []
        assert [event.data for event in parser.feed(b"data: b\n\n")] == ["a\nb"]
