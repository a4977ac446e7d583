"""How fast streams came: measured where a server was asked live, and told nowhere else."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import targets
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner import timing
from conformance.vocabulary import Exchange, Mode, Piece, Request, Response, Run

EVENTS = (("content-type", "text/event-stream"),)
GAP = 0.02
TIMES = [
    "first_byte", "first_reasoning", "first_content", "whole", "gap_p50", "gap_p95", "gap_max", "tokens_per_second",
]  # fmt: skip


def frame(**chunk) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


def delta(**told) -> bytes:
    return frame(choices=[{"index": 0, "delta": told}])


DONE = b"data: [DONE]\n\n"
ROLE, REASON, SAY = delta(role="assistant", content=""), delta(reasoning_content="Hm."), delta(content="hello")
USAGE = frame(choices=[], usage={"prompt_tokens": 5, "completion_tokens": 12, "total_tokens": 17})


def arrived(*pieces: tuple[float, bytes]) -> Exchange:
    """Return a stream whose pieces arrived at given seconds."""
    body = b"".join(content for _, content in pieces)
    answer = Response(200, EVENTS, body, pieces=tuple(Piece(seconds, len(content)) for seconds, content in pieces))
    return Exchange("stream.text", "1", "chat.stream", Request("POST", "https://x/v1"), answer, None)


def times(*pieces: tuple[float, bytes]) -> dict:
    exchange = arrived(*pieces)
    return timing.times(exchange, exchange.response.pieces)


def timed(mode: Mode, *exchanges: Exchange) -> list:
    target = targets.load("moonshot")
    run = Run("tests", target, mode, target.model, datetime.now(UTC), conversations={"stream.text": exchanges})
    return list(timing.of(run))


def of_kind(ran, kind: str) -> list[dict]:
    return [record for record in ran.records if record["kind"] == kind]


@pytest.fixture(scope="module")
def recorded(ran, tmp_path_factory):
    """A run that records streams of fifty tokens a second, and the folder of its cassettes."""
    folder = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch, running(create_app(tokens_per_second=1 / GAP)) as url:
        patch.setenv("MOONSHOT_API_KEY", "sk-tests-of-the-suite-0123456789")
        options = {"target": f"moonshot={url}", "select": "stream.text or stream.structured", "max_cost": 1}
        return ran(mode="record", cassettes=folder, out=folder / "out", **options), folder


class TestOneStream:
    def test_each_moment_is_that_of_the_piece_in_which_the_event_ended(self):
        told = times((0.5, ROLE), (0.7, REASON), (0.9, SAY[:9]), (1.0, SAY[9:]), (1.5, DONE))
        assert [told[name] for name in ("first_byte", "first_reasoning", "first_content", "whole")] == [
            0.5, 0.7, 1.0, 1.5,
        ]  # fmt: skip

    def test_an_empty_content_is_no_first_content(self):
        assert times((0.5, ROLE), (0.9, SAY), (1.0, DONE))["first_content"] == 0.9

    def test_what_never_came_has_no_moment(self):
        told = times((0.5, ROLE), (1.0, DONE))
        assert (told["first_reasoning"], told["first_content"], told["tokens_per_second"]) == (None, None, None)

    def test_events_that_came_in_one_piece_came_at_one_moment(self):
        told = times((0.5, ROLE + REASON + SAY + DONE))
        assert told["first_reasoning"] == told["first_content"] == told["first_byte"] == told["whole"] == 0.5

    def test_one_piece_has_no_gap_and_no_pace(self):
        told = times((0.5, ROLE + SAY + USAGE + DONE))
        assert [told[name] for name in TIMES[4:]] == [None] * 4

    def test_gaps_are_those_between_pieces_by_their_ranks(self):
        gaps = [0.01] * 10 + [0.02] * 9 + [1.0]
        moments = [sum(gaps[:number]) for number in range(len(gaps) + 1)]
        told = times(*((moment, b":\n") for moment in moments))
        assert [round(told[name], 3) for name in ("gap_p50", "gap_p95", "gap_max")] == [0.01, 0.02, 1.0]

    def test_the_pace_is_the_tokens_of_the_usage_by_the_time_from_the_first_piece_to_the_last(self):
        assert times((0.5, ROLE), (1.0, SAY), (2.5, USAGE + DONE))["tokens_per_second"] == 6.0

    @pytest.mark.parametrize("usage", [None, {}, {"completion_tokens": "12"}, {"completion_tokens": -1}, [], 7])
    def test_a_usage_that_tells_no_count_gives_no_pace(self, usage):
        told = times((0.5, ROLE), (1.0, SAY), (2.5, frame(choices=[], usage=usage) + DONE))
        assert told["tokens_per_second"] is None

    @given(st.lists(st.tuples(st.floats(0, 100), st.binary(min_size=1, max_size=60)), min_size=1, max_size=8))
    def test_no_stream_breaks_it_and_gaps_are_in_order(self, found):
        moments = sorted(seconds for seconds, _ in found)
        exchange = arrived(*zip(moments, (content for _, content in found), strict=True))
        for _, told in timed(Mode.LIVE, exchange):
            assert list(told) == TIMES
            if len(found) > 1:
                assert 0 <= told["gap_p50"] <= told["gap_p95"] <= told["gap_max"]


class TestWhichStreams:
    @pytest.mark.parametrize("mode", Mode)
    def test_only_a_live_run_and_one_that_records_have_times(self, mode):
        assert bool(timed(mode, arrived((0.1, SAY), (0.2, DONE)))) == (mode in (Mode.LIVE, Mode.RECORD))

    def test_a_stream_of_which_no_piece_is_known_has_none(self):
        stream = arrived((0.1, SAY))
        assert timed(Mode.LIVE, replace(stream, response=replace(stream.response, pieces=()))) == []

    def test_a_whole_answer_has_none(self):
        assert timed(Mode.LIVE, replace(arrived((0.1, b"{}")), endpoint="chat.completions")) == []

    def test_a_web_page_that_calls_itself_a_stream_has_none_and_breaks_nothing(self):
        assert timed(Mode.LIVE, arrived((0.1, b"<html><title>Sign in</title>"))) == []

    def test_a_request_that_nobody_answered_has_none(self):
        assert timed(Mode.LIVE, replace(arrived((0.1, SAY)), response=None, failure="no connection")) == []


class TestRuns:
    def test_a_live_stream_tells_its_first_byte_before_its_first_content(self, recorded):
        for told in of_kind(recorded[0], "timing"):
            assert 0 < told["first_byte"] < told["first_content"] <= told["whole"]

    def test_one_that_thinks_tells_its_first_reasoning_before_its_first_content(self, recorded):
        (told,) = (each for each in of_kind(recorded[0], "timing") if each["scenario"] == "stream.structured")
        assert told["first_byte"] < told["first_reasoning"] < told["first_content"]

    def test_its_gaps_are_near_those_that_the_server_makes(self, recorded):
        for told in of_kind(recorded[0], "timing"):
            assert GAP * 0.5 < told["gap_p50"] < GAP * 3
            assert told["gap_p50"] <= told["gap_p95"] <= told["gap_max"]

    def test_its_pace_is_plausible(self, recorded):
        (told,) = (each for each in of_kind(recorded[0], "timing") if each["scenario"] == "stream.structured")
        assert 0.2 / GAP < told["tokens_per_second"] < 2 / GAP

    def test_a_timing_names_the_exchange_that_it_is_of(self, recorded):
        scenarios = {record["id"]: record["scenario"] for record in of_kind(recorded[0], "exchange")}
        told = {record["exchange"]: record["scenario"] for record in of_kind(recorded[0], "timing")}
        assert sorted(told.values()) == ["stream.structured", "stream.text"]
        assert all(scenarios[number] == scenario for number, scenario in told.items())

    def test_its_replay_has_the_same_pieces_and_no_timing(self, ran, recorded):
        live, folder = recorded
        replayed = ran(cassettes=folder, select="stream.text or stream.structured")

        def pieces(run):
            streams = (record for record in of_kind(run, "exchange") if record["endpoint"] == "chat.stream")
            return {record["scenario"]: record["response"]["pieces"] for record in streams}

        assert len(pieces(live)) == 2
        assert pieces(replayed) == pieces(live)
        assert of_kind(replayed, "timing") == []

    def test_a_replay_takes_no_time_of_its_own_for_the_services(self, ran, recorded):
        replayed = ran(cassettes=recorded[1], select="stream.text")
        assert {record["seconds"] for record in of_kind(replayed, "exchange")} == {0.0}

    def test_a_run_on_the_reference_server_in_this_process_has_no_timing(self, ran):
        assert of_kind(ran(mode="reference", select="stream.text"), "timing") == []

    def test_a_live_web_page_in_place_of_a_stream_does_not_keep_a_run_from_its_end(self, ran, wire, key, answering):
        page = b"<html><title>Sign in</title>"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

        def reply(connection):
            wire.request_on(connection)
            connection.sendall(head + page[:9])
            time.sleep(0.01)
            connection.sendall(page[9:])

        with answering(reply) as url:
            told = ran(target=f"moonshot={url}", mode="live", select="stream.tools")
        assert (told.end["kind"], of_kind(told, "timing"), told.exit) == ("end", [], 3)
