"""The pieces that a stream came in: measured once, kept beside its body, and the same wherever it is read again."""

import re
import time
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence import arrivals
from conformance.evidence.cassette import Cassette, write
from conformance.evidence.redact import Redactor
from conformance.evidence.runfile import RunFile, exchange_of, exchange_record, read
from conformance.vocabulary import Exchange, Piece, Request, Response, Timeouts

URL = "https://api.moonshot.ai/v1"
PATIENT = Timeouts(connect=10, first_byte=5, whole=60)
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
PIECES = (Piece(0.25, 9), Piece(0.250001, 14), Piece(1.5, 3))
STREAM = b"data: 1\n\ndata: [DONE]\n\n:\n\n"


@pytest.fixture
def tape(tmp_path, wire):
    """Write exchanges to a cassette, and ask it."""

    class Tape:
        path = tmp_path / "stream.yaml"

        def written(self, *exchanges: Exchange) -> "Tape":
            write(self.path, exchanges, {})
            return self

        def holding(self, text: str) -> "Tape":
            self.path.write_text(text, encoding="utf-8")
            return self

        def asked(self) -> Exchange:
            return wire.said(wire.client(wire.target(URL), transport=Cassette(self.path)))

    return Tape()


def recorded(pieces=None, body=None, kind="text/event-stream") -> Exchange:
    """Return an exchange whose answer came in pieces."""
    told = PIECES if pieces is None else tuple(pieces)
    answer = Response(200, (("content-type", kind),), STREAM if body is None else body, pieces=told)
    request = Request("GET", f"{URL}/models")
    return Exchange("s", "1", "chat.stream", request, answer, datetime(2026, 9, 3, 8, 30, tzinfo=UTC))


# As they come


EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n"


def in_pieces(wire, *parts: bytes, head: bytes = EVENTS, pause: float = 0.05):
    """Return a reply whose body comes part by part."""

    def reply(connection):
        wire.request_on(connection)
        connection.sendall(head)
        for part in parts:
            time.sleep(pause)
            connection.sendall(part)

    return reply


@pytest.fixture
def streamed(wire, answering):
    """Ask a server whose body comes part by part, and return the exchange."""

    def ask(*parts: bytes, **how):
        with answering(in_pieces(wire, *parts, **how)) as url:
            return wire.said(wire.client(wire.target(url, timeouts=PATIENT)))

    return ask


def test_a_stream_keeps_when_each_piece_came_and_how_long_it_was(streamed):
    exchange = streamed(b"data: 1\n\n", b"data: 22\n\n", b"data: [DONE]\n\n")
    pieces = exchange.response.pieces
    assert [piece.size for piece in pieces] == [9, 10, 14]
    assert 0.05 <= pieces[0].seconds < pieces[1].seconds < pieces[2].seconds <= exchange.seconds
    assert all(later.seconds - earlier.seconds > 0.025 for earlier, later in pairwise(pieces))


def test_a_whole_answer_keeps_no_pieces(streamed):
    head = EVENTS.replace(b"text/event-stream", b"application/json")
    assert streamed(b'{"a":', b"1}", head=head).response.pieces == ()


def test_a_stream_without_a_body_has_no_piece(streamed):
    assert streamed().response.pieces == ()


def test_pieces_of_a_compressed_stream_are_as_long_as_what_they_say(streamed):
    packing = zlib.compressobj(wbits=31)
    parts = [packing.compress(part) + packing.flush(zlib.Z_SYNC_FLUSH) for part in (b"data: 1\n\n", b"data: 22\n\n")]
    head = EVENTS.replace(b"Connection", b"Content-Encoding: gzip\r\nConnection")
    answer = streamed(*parts, packing.flush(), head=head).response
    assert (answer.body, sum(piece.size for piece in answer.pieces)) == (b"data: 1\n\ndata: 22\n\n", 19)


def test_a_stream_that_held_the_key_is_kept_without_it_and_without_its_pieces(wire, streamed):
    key = wire.key.encode()
    answer = streamed(b"data: " + key[:9], key[9:] + b"\n\n").response
    assert answer.body == b"data: [redacted: the key]\n\n"
    assert answer.pieces == ()


def test_a_stream_that_was_cut_keeps_no_pieces(wire):
    answer = wire.told(EVENTS + b"data: 1\n\n" * 20, body_limit=40).response
    assert (answer.cut, answer.pieces) == (True, ())


def test_a_stream_byte_by_byte_keeps_neither_its_pieces_nor_a_memory_of_them(wire, monkeypatch):
    monkeypatch.setattr("conformance.evidence.client.PIECES_KEPT", 100)
    for count, kept in ((100, 100), (101, 0)):
        frames = b"".join(b"1\r\n:\r\n" for _ in range(count)) + b"0\r\n\r\n"
        answer = wire.told(CHUNKED + frames).response
        assert (answer.body, len(answer.pieces)) == (b":" * count, kept)


def test_the_time_of_a_piece_is_that_of_its_own_attempt(wire, answering):
    asked = []

    def reply(connection):
        wire.request_on(connection)
        asked.append(1)
        if len(asked) == 1:
            time.sleep(0.3)
            connection.sendall(wire.http(503, b"", "Retry-After: 0"))
        else:
            connection.sendall(EVENTS + b"data: [DONE]\n\n")

    with answering(reply) as url:
        exchange = wire.said(wire.client(wire.target(url, timeouts=PATIENT)))
    assert (len(exchange.attempts), exchange.response.pieces[0].seconds < 0.25) == (1, True)


# In a cassette


def test_a_stream_is_played_with_the_pieces_that_it_was_recorded_in(tape):
    assert tape.written(recorded()).asked().response == recorded().response


def test_what_is_played_can_be_recorded_again(tape):
    again = tape.written(recorded()).asked()
    assert tape.written(again).asked().response == recorded().response


def test_what_came_whole_has_no_member_for_pieces(tape):
    assert b"x-chunks" not in tape.written(recorded(pieces=(), kind="application/json")).path.read_bytes()


def test_a_stream_of_which_no_piece_is_known_is_not_given_any(tape):
    played = tape.written(recorded(pieces=())).asked().response
    assert played.body == STREAM
    assert played.pieces == ()


DAMAGED = {
    "no list": "7", "null": "null", "a text": "'0.1'", "a table": "{0.1: 26}", "an empty list": "[]", "no pair": "[7]",
    "half a pair": "[[0.1]]", "three": "[[0.1, 13, 13]]", "texts": "[['0.1', '26']]", "letters": "['12', '34']",
    "a fraction of a byte": "[[0.1, 26.0]]", "truth": "[[0.1, true]]", "not a number": "[[.nan, 26]]",
    "for ever": "[[.inf, 26]]", "endless": "[[0.1, .inf]]", "before it was asked": "[[-0.1, 26]]",
    "too few bytes": "[[0.1, 25]]", "too many bytes": "[[0.1, 27]]", "less than nothing": "[[0.1, 27], [0.2, -1]]",
    "nothing": "[[0.1, 26], [0.2, 0]]", "not in order": "[[0.2, 13], [0.1, 13]]",
    "a number beyond all numbers": f"[[{'9' * 400}, 26]]",
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_pieces_that_cannot_be_those_of_the_stream_are_no_recording_and_said_to_be(tape, damage):
    text = tape.written(recorded(pieces=[Piece(0.5, 26)])).path.read_text(encoding="utf-8")
    found = re.compile(r"x-chunks:\n *- - 0.5\n *- 26\n")
    assert found.search(text)
    exchange = tape.holding(found.sub(f"x-chunks: {damage}\n", text)).asked()
    assert exchange.response is None
    assert "the x-chunks of a recording are damaged: not " in exchange.failure


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3), st.lists, max_leaves=8)
)
def test_whatever_stands_in_place_of_pieces_is_read_or_refused(found):
    with suppress(ValueError):
        read = arrivals.pieces(found, 26)
        assert arrivals.pairs(read) == found
        assert sum(piece.size for piece in read) == 26


MOMENTS = st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 99)), max_size=9).map(sorted)


@given(MOMENTS.map(lambda pairs: tuple(Piece(seconds, size) for seconds, size in pairs)))
def test_pieces_come_out_of_their_pairs_as_they_went_in(pieces):
    assert arrivals.pieces(arrivals.pairs(pieces), sum(piece.size for piece in pieces)) == pieces


# In the run file


def written(folder, record, secret=""):
    """Write the record of an exchange to a run file, and return what is read of it."""
    path = folder / "run.ndjson"
    file = RunFile(path, Redactor("V", secret))
    file.write("exchange", record)
    file.close()
    (told,) = read(path)
    return told


def test_an_exchange_comes_out_of_the_run_file_with_its_pieces(tmp_path):
    assert exchange_of(written(tmp_path, exchange_record(1, recorded()))) == recorded()


def test_a_cassette_and_a_run_file_keep_the_same(tape, tmp_path):
    played = exchange_of(written(tmp_path, exchange_record(1, tape.written(recorded()).asked())))
    assert played.response.pieces == PIECES


def test_a_body_that_is_no_text_has_its_pieces_too(tmp_path):
    binary = recorded(body=b"\xff" * 26)
    assert exchange_of(written(tmp_path, exchange_record(1, binary))) == binary


def test_an_answer_without_pieces_has_no_member_for_them(tmp_path):
    assert "pieces" not in written(tmp_path, exchange_record(1, recorded(pieces=())))["response"]


def test_a_body_that_is_redacted_on_its_way_to_the_file_loses_its_pieces(tmp_path):
    body = b"data: canary-0123456789\n\n"
    told = written(tmp_path, exchange_record(1, recorded([Piece(0.5, len(body))], body)), "canary-0123456789")
    assert "canary" not in told["response"]["body"]
    assert "pieces" not in told["response"]
    assert exchange_of(told).response.pieces == ()


@pytest.mark.parametrize("pieces", [None, [], [[0.5, 25]], [[0.5]], [["0.5", 26]], [[-1, 26]], {"0.5": 26}], ids=repr)
def test_a_record_whose_pieces_cannot_be_those_of_its_body_holds_no_exchange(pieces):
    record = exchange_record(1, recorded())
    record["response"]["pieces"] = pieces
    with pytest.raises(ValueError, match="not "):
        exchange_of(record)
