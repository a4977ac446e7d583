"""The checks of a stream beside its grammar: its type, when it comes, and that it says what a whole answer says."""

import json
from dataclasses import replace

import pytest

from conformance.checks import checks_by_clause
from conformance.judge.stream import GRAMMAR
from conformance.vocabulary import ABSENT, Mode, Piece

CHAT, STREAM = "chat.completions", "chat.stream"
OFF = {"model": "kimi-k2.6", "messages": [], "thinking": {"type": "disabled"}}
EVENTS = (("content-type", "text/event-stream"),)
MESSAGE, FINISH = "/choices/0/message", "/choices/0/finish_reason"
WHOLE = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
}


def stream(*deltas, finish="stop", usage=WHOLE["usage"]):
    chunks = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks += [{"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}]
    chunks += [{"choices": [], "usage": usage}] if usage else []
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"


BEGIN, HELLO = {"role": "assistant", "content": ""}, {"content": "hello"}
CALL = {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CUT = {FINISH: "length"}
# Clause, the stream that holds, the one that breaks, and the one that tells nothing.
CASES = [
    ("stream.same-finish", stream(BEGIN, HELLO), stream(BEGIN, HELLO, finish="length"), stream(finish=None)),
    ("stream.same-finish", stream(HELLO), stream(HELLO, finish="tool_calls"), b"data: [DONE]\n\n"),
    ("stream.same-prompt", stream(HELLO), stream(HELLO, usage={"prompt_tokens": 8}), stream(HELLO, usage=None)),
    ("stream.same-prompt", stream(), stream(usage={"prompt_tokens": 10}), stream(usage={"prompt_tokens": "9"})),
    ("stream.same-content", stream(BEGIN, HELLO), stream(HELLO, HELLO), stream(HELLO, finish="length")),
    ("stream.same-content", stream({"content": "Hello."}), stream({"content": "hell"}), stream(BEGIN, finish="length")),
    ("stream.same-members", stream(BEGIN, HELLO), stream(HELLO), stream(BEGIN, finish="length")),
    ("stream.same-members", stream(BEGIN, {"reasoning_content": ""}, HELLO), stream(BEGIN), b": a comment\n\n"),
    ("stream.same-members", stream(BEGIN, HELLO), stream(BEGIN, HELLO, {"reasoning_content": "Hm."}), b""),
    ("stream.same-members", stream(BEGIN, HELLO), stream(BEGIN, HELLO, {"tool_calls": [CALL]}), b"data: {}\n\n"),
]


@pytest.fixture
def reached(said, verdict_of, changed):
    """Judge a stream beside the whole answer to the same request, which has some changes."""

    def judge(clause, raw, changes=(), asked=OFF, control=None, **known):
        one_word = said(CHAT, changed(WHOLE, dict(changes)), asked=asked) if control is None else control
        told = said(STREAM, raw=raw, asked=asked, headers=EVENTS)
        return verdict_of(clause, told, others={"chat.one-word": (one_word,) if one_word else ()}, **known)

    return judge


@pytest.mark.parametrize(("clause", "raw"), [(row[0], row[1]) for row in CASES])
def test_a_stream_that_holds_passes(reached, clause, raw):
    assert reached(clause, raw).status == "pass"


@pytest.mark.parametrize(("clause", "raw"), [(row[0], row[2]) for row in CASES])
def test_a_stream_that_breaks_a_clause_is_found(reached, clause, raw):
    verdict = reached(clause, raw)
    assert (verdict.status, len(verdict.findings)) == ("warn", 1)


@pytest.mark.parametrize(("clause", "raw"), [(row[0], row[3]) for row in CASES])
def test_a_stream_that_tells_nothing_never_passes(reached, clause, raw):
    verdict = reached(clause, raw)
    assert verdict.status == "could-not-check"
    assert verdict.reason


COMPARED = sorted({row[0] for row in CASES})


@pytest.mark.parametrize("clause", COMPARED)
class TestTheWholeAnswerBeside:
    def test_one_that_was_not_asked_leaves_a_stream_unchecked(self, reached, clause):
        verdict = reached(clause, stream(BEGIN, HELLO), control=())
        assert (verdict.status, "it was not asked" in verdict.reason) == ("could-not-check", True)

    def test_one_that_failed_leaves_a_stream_unchecked(self, reached, said, clause):
        failed = said(CHAT, {"error": {"message": "No."}}, status=500)
        lost = said(CHAT, failure="no answer")
        for control in (failed, lost):
            assert reached(clause, stream(BEGIN, HELLO), control=control).status == "could-not-check"

    @pytest.mark.parametrize("body", [None, [], 7, {}, {"choices": [], "usage": []}, {"choices": [{"message": 7}]}])
    def test_one_of_another_shape_leaves_a_stream_unchecked(self, reached, said, clause, body):
        assert reached(clause, stream(BEGIN, HELLO), control=said(CHAT, body, asked=OFF)).status == "could-not-check"

    def test_a_stream_that_failed_could_not_be_checked(self, said, verdict_of, clause):
        others = {"chat.one-word": (said(CHAT, WHOLE, asked=OFF),)}
        for told in (said(STREAM, {"error": {}}, status=500), said(STREAM, failure="no answer")):
            assert verdict_of(clause, told, others=others).status == "could-not-check"


class TestTheMembersOfAMessage:
    def test_a_message_without_any_member_is_nothing_to_compare(self, reached):
        empty = {MESSAGE: {"content": None}}
        assert reached("stream.same-members", stream(), empty).status == "could-not-check"

    def test_answers_that_are_cut_may_differ(self, reached):
        assert reached("stream.same-members", stream(BEGIN, HELLO), CUT).status == "could-not-check"

    def test_the_role_that_a_whole_answer_lacks_is_found(self, reached):
        assert reached("stream.same-members", stream(BEGIN, HELLO), {f"{MESSAGE}/role": ABSENT}).status == "warn"

    @pytest.mark.parametrize("model", ["kimi-k3", "a/model-of-others"])
    def test_a_model_that_may_think_may_do_so_once_and_once_not(self, reached, model):
        thinking = {"model": model, "messages": []}
        assert reached(
            "stream.same-members", stream(BEGIN, {"reasoning_content": "Hm."}, HELLO), (), thinking
        ).status == ("pass")


class TestContentType:
    @pytest.fixture
    def typed(self, said, verdict_of):
        def judge(*headers, **more):
            return verdict_of("stream.content-type", said(STREAM, raw=stream(HELLO), headers=headers, **more)).status

        return judge

    @pytest.mark.parametrize("value", ["text/event-stream", "Text/Event-Stream; charset=utf-8"])
    def test_an_event_stream_passes(self, typed, value):
        assert typed(("Content-Type", value)) == "pass"

    @pytest.mark.parametrize("value", ["application/json", "text/plain", "", "text/event-streams"])
    def test_another_type_fails(self, typed, value):
        assert typed(("content-type", value)) == "fail"

    def test_no_type_at_all_fails_where_the_headers_are_known(self, typed):
        assert typed() == "fail"
        assert typed(file="answer.sse") == "not-applicable"

    def test_a_stream_that_failed_tells_no_type(self, typed):
        assert typed(("content-type", "text/event-stream"), status=500) == "could-not-check"


class TestWhenItComes:
    LONG = stream(BEGIN, *[{"content": "a"}] * 30)

    @pytest.fixture
    def timed(self, said, verdict_of):
        """Judge when the pieces of a stream arrive, beside the seconds that a whole answer of one word took."""

        def came(seconds, raw, **more):
            told = said(STREAM, raw=raw, headers=EVENTS, **more)
            pieces = tuple(Piece(moment, 10) for moment in seconds)
            return replace(told, response=replace(told.response, pieces=pieces))

        def judge(*seconds, word=0.5, mode=Mode.LIVE, raw=self.LONG, status=200, other=None, free=(), **more):
            words = () if word is None else (said(CHAT, WHOLE, seconds=word, status=status),)
            lists = tuple(said("models.list", {}, seconds=taken) for taken in free)
            others = {"chat.one-word": words, "stream.other": (came(other, raw),) if other else (), "lists": lists}
            return verdict_of("stream.incremental", came(seconds, raw, **more), mode=mode, others=others).status

        return judge

    def test_pieces_that_come_bit_by_bit_pass(self, timed):
        assert timed(0.5, 1.0, 1.5, 2.0) == "pass"

    @pytest.mark.parametrize("mode", [Mode.LIVE, Mode.RECORD])
    def test_a_long_stream_that_comes_at_once_is_found(self, timed, mode):
        assert timed(3.0, 3.01, 3.02, mode=mode) == "warn"
        assert timed(3.0, mode=mode) == "warn"

    def test_one_that_is_late_beside_another_that_is_not_had_to_wait(self, timed):
        assert timed(3.0, 3.01, other=(0.6, 0.61)) == "not-applicable"
        assert timed(3.0, 3.01, other=(0.6, 2.0)) == "not-applicable"
        assert timed(3.0, 3.01, other=(2.6, 2.61)) == "warn"

    def test_a_stream_of_less_than_a_second_is_not_spoken_of(self, timed):
        assert timed(0.001, 0.0012, 0.002, word=0.001) == "not-applicable"
        assert timed(0.9, 0.9, word=0.001) == "not-applicable"

    def test_a_stream_of_few_events_is_not_spoken_of_however_late_it_comes(self, timed):
        assert timed(9.0, 9.1, raw=stream(BEGIN, HELLO)) == "not-applicable"

    @pytest.mark.parametrize("word", [2.5, None])
    def test_what_any_answer_may_need_is_no_generation(self, timed, word):
        assert timed(3.0, 3.01, word=word) == "not-applicable"

    def test_nor_is_what_the_answers_need_that_are_not_generated(self, timed):
        assert timed(3.0, 3.01, free=[0.1, *[2.5] * 3]) == "not-applicable"
        assert timed(3.0, 3.01, free=[*[0.1] * 10, 2.5]) == "warn"

    def test_a_whole_answer_that_failed_tells_no_time(self, timed):
        assert timed(3.0, 3.01, word=0.1, status=500) == "not-applicable"

    @pytest.mark.parametrize("mode", [Mode.REPLAY, Mode.REFERENCE])
    def test_a_replay_tells_no_time(self, timed, mode):
        assert timed(0.5, 1.0, 1.5, mode=mode) == "not-applicable"

    def test_a_file_or_a_stream_without_pieces_tells_no_time(self, timed):
        assert timed(0.5, 1.5, file="answer.sse") == "not-applicable"
        assert timed() == "not-applicable"


class TestEvents:
    def test_a_clause_that_no_event_speaks_of_is_not_applicable(self, reached):
        assert reached("stream.tool.begin", stream(HELLO), scenario="stream.text").status == "not-applicable"

    def test_a_clause_that_a_scenario_exists_to_show_is_not_excused(self, said, verdict_of):
        told = said(STREAM, raw=stream(HELLO), scenario="stream.tools")
        assert verdict_of("stream.tool.begin", told, scenario="stream.tools").status == "could-not-check"

    @pytest.mark.parametrize("clause", ["stream.tool.appended", "stream.tool.id-once", "stream.tool.name-once"])
    def test_a_call_that_comes_whole_in_one_fragment_is_excused_from_what_later_ones_must_keep(
        self, said, verdict_of, clause
    ):
        told = said(STREAM, raw=stream(BEGIN, {"tool_calls": [CALL]}), scenario="stream.tools")
        assert verdict_of(clause, told, scenario="stream.tools").status == "not-applicable"

    @pytest.mark.parametrize("raw", [b"", b"data: [DONE]\n\n", b"{}", b"\xff\xfe"])
    def test_a_stream_without_a_chunk_passes_nothing_about_chunks(self, reached, raw):
        for clause in ("stream.id.constant", "stream.choices.empty", "stream.finish.told", "stream.role.first"):
            assert reached(clause, raw, scenario="stream.text").status != "pass"

    @pytest.mark.parametrize("clause", GRAMMAR)
    def test_what_is_no_success_passes_nothing(self, said, verdict_of, clause):
        for told in (said(STREAM, raw=stream(HELLO), status=500), said(STREAM, failure="no answer")):
            assert verdict_of(clause, told).status == "could-not-check"


def test_every_clause_of_streams_that_has_a_function_of_its_own_is_among_the_cases():
    plain = {
        clause.id
        for clause, checks in checks_by_clause().items()
        if clause.id.startswith("stream.") and any(check.name not in ("test_events", "test_status") for check in checks)
    }
    customs = {f"stream.{name}" for name in ("fingerprint-told", "first-empty", "finish-empty", "reasoning-ends")}
    assert plain == {*COMPARED, *customs, "stream.content-type", "stream.incremental"}
