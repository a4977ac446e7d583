"""``judge`` and streams: transcripts, run files, cassettes and archives of them, and chunks that are kept alone."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import targets
from conformance.contract import schemas
from conformance.evidence import cassette, runfile
from conformance.evidence.runfile import RunFile
from conformance.judge.stream import GRAMMAR
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner.file_judge import FileJudge
from conformance.runner.tally import Evidence
from conformance.vocabulary import Exchange, Mode, Request, Response, Run, Status, Verdict

NOON = datetime(2026, 9, 3, 12, tzinfo=UTC)
EVENTS = (("content-type", "text/event-stream"),)
HEAD = {"id": "chatcmpl-69f0a1b2c3d4e5f607182930", "created": 1777377714, "model": "kimi-k2.6"}
USAGE = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}


def chunk(delta: dict, finish: str | None = None, **more) -> dict:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, **more}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice]}


CHUNKS = [chunk({"role": "assistant", "content": ""}), chunk({"content": "hello"}), chunk({}, "stop", usage=USAGE)]


def transcript(*chunks: dict, done: bool = True) -> bytes:
    told = b"".join(f"data: {json.dumps(each)}\n\n".encode() for each in chunks)
    return told + (b"data: [DONE]\n\n" if done else b"")


WHOLE = transcript(*CHUNKS)
UNFINISHED = transcript(*CHUNKS, done=False)


@pytest.fixture
def judged(cli, folder):
    """Judge one file; the exit status, and the verdicts by clause."""

    def judge(name: str, content: bytes, *arguments: str):
        (folder / name).write_bytes(content)
        ended = cli("judge", name, "--json", *arguments)
        assert "No verdict was reached" not in ended.err
        return ended.code, {verdict["clause"]: verdict for verdict in ended.document["verdicts"]}

    return judge


def stream(body: bytes = WHOLE, **changes) -> Exchange:
    """Return a recorded stream that tells neither when it was made nor who was asked."""
    answer = Response(200, EVENTS, body)
    request = Request("POST", "https://api.moonshot.ai/v1/chat/completions")
    return replace(Exchange("s", "1", "chat.completions", request, answer, None, file="a"), **changes)


def verdicts(*exchanges: Exchange) -> dict[str, Verdict]:
    """Judge the exchanges of one file; the verdicts by clause."""
    target = targets.load("moonshot")
    judging = FileJudge(Run("tests", target, Mode.REPLAY, target.model, NOON), Evidence(RunFile(None)))
    for exchange in exchanges:
        judging.add(exchange)
    return {verdict.clause.id: verdict for verdict in judging.verdicts("a")}


class TestTranscripts:
    def test_one_that_conforms_conforms(self, judged):
        code, told = judged("answer.sse", WHOLE)
        assert (code, told["stream.done"]["status"], told["stream.accumulates"]["status"]) == (0, "pass", "pass")

    def test_every_clause_of_a_chunk_and_of_the_grammar_is_spoken_of(self, judged):
        _, told = judged("answer.sse", WHOLE)
        assert {*schemas.clauses_of("chat.chunk"), *GRAMMAR} <= told.keys()

    def test_it_is_judged_as_a_stream_and_not_as_a_whole_answer(self, judged):
        _, told = judged("answer.sse", WHOLE)
        assert told["stream.done"]["endpoint"] == "chat.stream"
        assert "chat.message.role" not in told

    def test_one_without_its_end_fails_by_the_clause_that_asks_for_it_alone(self, judged):
        code, told = judged("answer.sse", UNFINISHED)
        assert code == 1
        assert [clause for clause, verdict in told.items() if verdict["status"] == "fail"] == ["stream.done"]

    def test_a_finding_tells_the_event_that_it_is_of(self, judged):
        _, told = judged("answer.sse", transcript(CHUNKS[0], CHUNKS[1] | {"id": "other"}, CHUNKS[2]))
        (finding,) = told["stream.id.constant"]["findings"]
        assert finding["where"].startswith("event 2")
        assert finding["actual"] == "other"

    def test_one_of_nothing_but_comments_adds_up_to_nothing(self, judged):
        code, told = judged("answer.sse", b": keep-alive\n\ndata: [DONE]\n\n")
        assert (code, told["stream.accumulates"]["status"]) == (1, "fail")

    def test_a_bare_one_tells_neither_status_nor_type_so_no_clause_of_these_passes(self, judged):
        _, told = judged("answer.sse", WHOLE)
        passed = {clause for clause, verdict in told.items() if verdict["status"] == "pass"}
        assert not passed & {"stream.status", "stream.content-type", "http.content-type", "stream.incremental"}

    def test_whether_a_usage_was_asked_for_is_not_known_of_a_bare_one(self, judged):
        _, told = judged("answer.sse", WHOLE)
        assert told["stream.usage.chunk"]["status"] == "not-applicable"


class TestAnswersThatAreNone:
    def test_a_web_page_that_calls_itself_a_stream_could_not_be_checked(self):
        told = verdicts(stream(b"<html><title>Sign in</title>"))
        assert {verdict.status for verdict in told.values()} == {Status.COULD_NOT_CHECK}
        assert "a web page, status 200: Sign in" in told["http.json"].reason

    def test_one_that_was_not_read_to_its_end_could_not_be_checked(self):
        told = verdicts(stream(response=Response(200, EVENTS, WHOLE, cut=True)))
        assert {verdict.status for verdict in told.values()} == {Status.COULD_NOT_CHECK}
        assert "reading stopped at the limit" in told["http.json"].reason

    def test_a_stream_in_place_of_a_list_could_not_be_checked(self):
        told = verdicts(stream(endpoint="models.list"))
        assert told["http.json"].status is Status.COULD_NOT_CHECK
        assert "a stream of models.list" in told["http.json"].reason

    def test_what_an_error_says_as_a_stream_is_judged_as_an_error(self):
        body = b'{"error": {"message": "No.", "type": "invalid_request_error"}}'
        told = verdicts(stream(response=Response(400, EVENTS, body), refused=True))
        assert told["errors.type-value"].status is Status.PASS
        assert "stream.done" not in told

    @given(st.binary(max_size=200).map(lambda junk: b"data: " + junk) | st.binary(max_size=200))
    def test_no_bytes_break_it(self, body):
        assert all(verdict.status is not Status.ERROR for verdict in verdicts(stream(body)).values())


class TestSeveral:
    def test_a_good_stream_beside_a_bad_one_does_not_hide_it(self):
        told = verdicts(stream(), stream(UNFINISHED, step="2"), stream(step="3"))
        assert told["stream.done"].status is Status.FAIL
        assert [finding.where for finding in told["stream.done"].findings] == [f"2 end (byte {len(UNFINISHED)})"]

    def test_a_stream_beside_a_whole_answer_is_judged_apart_from_it(self):
        whole = stream(b'{"object": "chat.completion"}', response=Response(200, (), b'{"object": "chat.completion"}'))
        told = verdicts(stream(), whole)
        assert (told["stream.done"].endpoint, told["chat.id"].endpoint) == ("chat.stream", "chat.completions")


class TestOrigins:
    @pytest.fixture(scope="class")
    @classmethod
    def live(cls, ran, tmp_path_factory):
        """A recording of a stream that lacks its end, as a run file and as a cassette."""
        folder = tmp_path_factory.mktemp("live")
        with pytest.MonkeyPatch.context() as patch, running(create_app(fault=["stream-without-done"])) as url:
            patch.setenv("MOONSHOT_API_KEY", "sk-tests-of-the-suite-0123456789")
            ran(target=f"moonshot={url}", mode="record", cassettes=folder, select="stream.text", out=folder)
        return folder

    @pytest.mark.parametrize("path", ["run.ndjson", "stream/text.yaml"])
    def test_a_run_file_and_a_cassette_are_judged_as_the_run_was(self, cli, live, path):
        document = cli("judge", live / path, "--json").document
        failed = {verdict["clause"] for verdict in document["verdicts"] if verdict["status"] == "fail"}
        assert failed == {"stream.done"}

    def test_a_judgement_of_recorded_pieces_has_no_timing(self, cli, live):
        assert cli("judge", live / "run.ndjson", "--json").document["timings"] == []

    def test_pieces_that_are_not_those_of_the_body_are_no_evidence(self, cli, live, folder):
        records = [json.loads(line) for line in (live / "run.ndjson").read_text(encoding="utf-8").splitlines()]
        (told,) = (each for each in records if each["kind"] == "exchange" and each["endpoint"] == "chat.stream")
        told["response"]["pieces"][0][1] += 1
        (folder / "run.ndjson").write_text(json.dumps(records[0]) + "\n" + json.dumps(told) + "\n")
        ended = cli("judge", "run.ndjson", "--json")
        assert ended.code == 3
        assert {verdict["status"] for verdict in ended.document["verdicts"]} == {"could-not-check"}

    def test_an_archive_of_a_browser_is_judged(self, judged):
        request = {"method": "POST", "url": "https://api.moonshot.ai/v1/chat/completions", "headers": []}
        answer = {"status": 200, "headers": [], "content": {"mimeType": "text/event-stream", "text": WHOLE.decode()}}
        archive = {"log": {"entries": [{"request": request, "response": answer}]}}
        code, told = judged("session.har", json.dumps(archive).encode())
        assert (code, told["stream.done"]["status"]) == (0, "pass")

    def test_a_cassette_that_was_written_of_a_stream_is_judged(self, judged, folder):
        cassette.write(folder / "text.yaml", [stream(file=None, made_at=NOON)], {})
        _, told = judged("text.yaml", (folder / "text.yaml").read_bytes())
        assert told["stream.done"]["status"] == "pass"

    def test_a_stream_of_a_run_file_keeps_its_own_place_in_it(self, judged):
        lines = (
            runfile.exchange_record(number, stream(body, step=str(number)))
            for number, body in ((1, WHOLE), (2, UNFINISHED))
        )
        text = "".join(json.dumps({"kind": "exchange", **line}) + "\n" for line in lines)
        _, told = judged("run.ndjson", text.encode())
        assert len(told["stream.done"]["findings"]) == 1


class TestChunksAlone:
    def test_a_chunk_that_is_kept_alone_is_judged_as_one(self, judged):
        code, told = judged("chunk.json", json.dumps(CHUNKS[1]).encode())
        assert code == 0
        assert {clause for clause, verdict in told.items() if verdict["status"] == "pass"} <= set(
            schemas.clauses_of("chat.chunk")
        ) | {"http.json"}

    def test_a_chunk_that_is_wrong_fails(self, judged):
        code, told = judged("chunk.json", json.dumps(CHUNKS[1] | {"choices": "none"}).encode())
        assert code == 1
        assert [verdict["status"] for clause, verdict in told.items() if "choices" in clause].count("fail") == 1

    def test_of_a_chunk_no_order_and_no_end_is_asked(self, judged):
        _, told = judged("chunk.json", json.dumps(CHUNKS[1]).encode())
        assert not set(GRAMMAR) & told.keys()
