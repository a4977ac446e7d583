"""The checks of files and batches: each with a conversation that holds, one that breaks, one that tells nothing."""

import json

import pytest

from conformance.checks import checks_by_clause
from conformance.contract import ledger
from conformance.scenarios import files
from conformance.vocabulary import ABSENT

CREATED = 1788436700
FILE = {
    "id": "file_1",
    "object": "file",
    "bytes": len(files.CONTENT),
    "created_at": CREATED,
    "filename": files.NAME,
    "purpose": files.PURPOSE,
    "status": "ok",
}
WANTED = {
    "input_file_id": "file_1",
    "endpoint": "/v1/chat/completions",
    "completion_window": "24h",
    "metadata": {"made_by": "us"},
}
BATCH = {
    "id": "batch_1",
    "object": "batch",
    "status": "completed",
    "output_file_id": "file_2",
    "created_at": CREATED,
    "in_progress_at": CREATED + 1,
    "finalizing_at": CREATED + 2,
    "completed_at": CREATED + 3,
    "expires_at": CREATED + 86_400,
    "request_counts": {"total": 2, "completed": 2, "failed": 0},
    **WANTED,
}
COUNTS = "/request_counts"
UNTOLD = {"/in_progress_at": None, "/finalizing_at": None, "/completed_at": None}
CANCELLED = {"/finalizing_at": None, "/completed_at": None, "/cancelling_at": CREATED + 2, "/cancelled_at": CREATED + 3}
# Clause, endpoint, what holds, what breaks, and what tells nothing: each as changes of the file or the batch above.
ALONE = [
    ("files.created-seconds", "files.create", {}, {"/created_at": CREATED * 1000}, {"/created_at": None}),
    ("files.id-prefix", "files.create", {}, {"/id": "d1ab2c"}, {"/id": 7}),
    ("files.id-prefix", "files.create", {}, {"/id": "file-d1ab2c"}, {"/id": 7}),
    ("batches.state-initial", "batches.create", {"/status": "validating"}, {"/status": "cancelled"}, {"/status": None}),
    ("batches.state-initial", "batches.create", {"/status": "failed"}, {"/status": "expired"}, {"/status": ABSENT}),
    ("batches.echo", "batches.create", {}, {"/completion_window": "1d"}, {"/endpoint": None}),
    ("batches.echo", "batches.create", {}, {"/metadata": {}}, {"/input_file_id": ABSENT}),
    ("batches.echo", "batches.create", {}, {"/metadata": ABSENT}, {"": []}),
    ("batches.created-seconds", "batches.create", {}, {"/created_at": CREATED + 9000}, {"/created_at": ABSENT}),
    ("batches.moments-ordered", "batches.retrieve", {}, {"/in_progress_at": CREATED - 1}, {"/created_at": None}),
    ("batches.moments-ordered", "batches.retrieve", CANCELLED, {"/cancelled_at": CREATED - 1}, {"/created_at": "now"}),
    ("batches.moments-ordered", "batches.retrieve", {}, {"/finalizing_at": CREATED - 1}, UNTOLD),
    ("batches.counts-within-total", "batches.retrieve", {}, {f"{COUNTS}/failed": 1}, {f"{COUNTS}/failed": "0"}),
    ("batches.counts-complete", "batches.retrieve", {}, {f"{COUNTS}/completed": 1}, {"/status": "in_progress"}),
    ("batches.counts-complete", "batches.retrieve", {}, {f"{COUNTS}/total": 3}, {COUNTS: ABSENT}),
    ("batches.expires-in-window", "batches.retrieve", {}, {"/expires_at": CREATED + 86_461}, {"/expires_at": None}),
    ("batches.expires-in-window", "batches.retrieve", {}, {"/expires_at": CREATED + 3600}, {"/expires_at": None}),
    ("batches.expires-in-window", "batches.retrieve", {"/completion_window": "1d"}, {"/completion_window": "2d"},
     {"/completion_window": "a day"}),
    ("batches.output-present", "batches.retrieve", {}, {"/output_file_id": None}, {"/status": "finalizing"}),
    ("batches.output-present", "batches.retrieve", {}, {"/output_file_id": ABSENT}, {f"{COUNTS}/completed": 0}),
]  # fmt: skip


@pytest.fixture
def reached(said, verdict_of, changed):
    """Judge one answer of an endpoint, with some changes."""

    def judge(clause, endpoint, changes, **known):
        body = changed(FILE if endpoint.startswith("files.") else BATCH, changes)
        return verdict_of(clause, said(endpoint, body, asked=WANTED), **known)

    return judge


@pytest.mark.parametrize(("clause", "endpoint", "changes"), [(row[0], row[1], row[2]) for row in ALONE])
def test_an_answer_that_holds_passes(reached, clause, endpoint, changes):
    assert reached(clause, endpoint, changes).status == "pass"


@pytest.mark.parametrize(("clause", "endpoint", "changes"), [(row[0], row[1], row[3]) for row in ALONE])
def test_an_answer_that_breaks_a_clause_is_found(reached, clause, endpoint, changes):
    verdict = reached(clause, endpoint, changes)
    assert verdict.status == ("fail" if ledger.clauses()[clause].level == "MUST" else "warn")
    assert verdict.findings


@pytest.mark.parametrize(("clause", "endpoint", "changes"), [(row[0], row[1], row[4]) for row in ALONE])
def test_an_answer_that_tells_nothing_never_passes(reached, clause, endpoint, changes):
    assert reached(clause, endpoint, changes).status in ("could-not-check", "not-applicable")


@pytest.mark.parametrize(("clause", "endpoint"), sorted({(row[0], row[1]) for row in ALONE}))
@pytest.mark.parametrize("body", [None, [], "text", {}, {"status": 7, "request_counts": [], "created_at": True}])
def test_an_answer_of_another_shape_never_passes_and_never_crashes(said, verdict_of, clause, endpoint, body):
    verdict = verdict_of(clause, said(endpoint, body, asked=WANTED))
    assert verdict.status in ("could-not-check", "not-applicable"), verdict.reason


class TestLifeOfAFile:
    @pytest.fixture
    def life(self, said, verdict_of, changed):
        """Judge the life of a file, in which some answers are changed."""

        def judge(clause, content=files.CONTENT, after=404, without=(), **answers):
            told = {
                "create": FILE,
                "list": {"data": [FILE]},
                "retrieve": FILE,
                "delete": {"id": "file_1", "deleted": True},
            }
            told = {name: changed(body, answers.get(name, {})) for name, body in told.items()}
            steps = [
                said("files.create", told["create"]),
                said("files.list", told["list"]),
                said("files.retrieve", told["retrieve"]),
                said("files.content", raw=content, headers=(("content-type", "text/plain; charset=utf-8"),)),
                said("files.delete", told["delete"]),
                said("files.retrieve", {"error": {"message": "No.", "type": "x"}}, status=after, refused=True),
            ]
            kept = [step for step in steps if step.endpoint.removeprefix("files.") not in without]
            return verdict_of(clause, *kept, scenario="files.life")

        return judge

    CLAUSES = (
        "files.size-uploaded", "files.purpose-uploaded", "files.listed", "files.retrieved-same", "files.content-same",
        "files.deleted-id", "files.deleted-gone", "files.content-type",
    )  # fmt: skip

    @pytest.mark.parametrize("clause", CLAUSES)
    def test_one_that_is_as_it_must_be_passes(self, life, clause):
        assert life(clause).status == "pass"

    @pytest.mark.parametrize(
        ("clause", "wrong"),
        [
            ("files.size-uploaded", {"create": {"/bytes": 1}}),
            ("files.purpose-uploaded", {"create": {"/purpose": "batch"}}),
            ("files.listed", {"list": {"/data": []}}),
            ("files.listed", {"list": {"/data/0/id": "file_9"}}),
            ("files.retrieved-same", {"retrieve": {"/filename": "other.txt"}}),
            ("files.retrieved-same", {"retrieve": {"/bytes": 1}}),
            ("files.content-same", {"content": files.CONTENT[:-2]}),
            ("files.content-same", {"content": b""}),
            ("files.content-same", {"content": b"{broken"}),
            ("files.deleted-id", {"delete": {"/id": "file_9"}}),
            ("files.deleted-gone", {"after": 200}),
            ("files.deleted-gone", {"after": 500}),
        ],
    )
    def test_one_that_is_not_is_found(self, life, clause, wrong):
        verdict = life(clause, **wrong)
        assert verdict.status == ("fail" if ledger.clauses()[clause].level == "MUST" else "warn")

    @pytest.mark.parametrize(
        ("clause", "nothing"),
        [
            ("files.size-uploaded", {"create": {"/bytes": "59"}}),
            ("files.purpose-uploaded", {"create": {"/purpose": ABSENT}}),
            ("files.listed", {"list": {"/data": None}}),
            ("files.listed", {"without": ["list"]}),
            ("files.retrieved-same", {"retrieve": {"/created_at": ABSENT}}),
            ("files.content-same", {"without": ["content"]}),
            ("files.deleted-id", {"without": ["delete"]}),
            ("files.deleted-gone", {"without": ["delete"]}),
            ("files.deleted-gone", {"after": 429}),
            ("files.content-type", {"without": ["content"]}),
        ],
    )
    def test_one_that_tells_nothing_never_passes(self, life, clause, nothing):
        assert life(clause, **nothing).status == "could-not-check"

    def test_the_content_may_be_wrapped_as_in_older_recordings(self, life):
        wrapped = json.dumps({"content": files.CONTENT.decode(), "file_type": "text/plain"}).encode()
        assert life("files.content-same", content=wrapped).status == "pass"

    def test_content_of_another_type_warns(self, said, verdict_of):
        told = said("files.content", raw=files.CONTENT, headers=(("content-type", "application/json"),))
        assert verdict_of("files.content-type", told).status in ("fail", "warn")

    def test_a_file_of_older_days_needs_no_prefix(self, reached):
        from datetime import UTC, datetime

        old = datetime(2026, 8, 31, tzinfo=UTC)
        assert reached("files.id-prefix", "files.create", {"/id": "d1ab2c"}, started=old).status != "pass"


LINES = [
    {"id": f"r{number}", "custom_id": name, "response": {"status_code": 200, "body": {"choices": []}}, "error": None}
    for number, name in enumerate(("first", "second"))
]
FAILED = {"/response": {"status_code": 400, "body": {"error": {"message": "No."}}}, "/error": {"message": "No."}}


class TestLifeOfABatch:
    @pytest.fixture
    def life(self, said, verdict_of, changed):
        """Judge a batch that completes, with its states and the lines of its output; or one that is cancelled."""

        def judge(clause, states=("validating", "in_progress", "completed"), lines=LINES, cancel=None, listed=BATCH):
            told = [changed(BATCH, {"/status": state}) for state in states]
            steps = [said("batches.create", told[0], asked=WANTED, step="2")]
            steps += [said("batches.retrieve", body, step=str(number)) for number, body in enumerate(told[1:], 3)]
            if cancel:
                steps += [
                    said("batches.list", {"data": [listed]}),
                    said("batches.cancel", changed(BATCH, cancel), step="9"),
                ]
                steps += [said("batches.retrieve", changed(BATCH, {"/status": "cancelled"}), step="10")]
            elif lines is not None:
                steps += [said("batches.output", raw="\n".join(map(json.dumps, lines)).encode())]
            return verdict_of(clause, *steps, scenario="batches.cancel" if cancel else "batches.complete")

        return judge

    COMPLETE = (
        "batches.same", "batches.transitions", "batches.completes", "batches.output.every-line",
        "batches.output.ids-unique", "batches.output.truthful", "batches.output.counted", "batches.some-succeed",
    )  # fmt: skip

    @pytest.mark.parametrize("clause", COMPLETE)
    def test_one_that_completes_passes(self, life, clause):
        assert life(clause).status == "pass"

    @pytest.mark.parametrize("clause", ["batches.same", "batches.cancelled", "batches.listed", "batches.transitions"])
    def test_one_that_is_cancelled_passes(self, life, clause):
        assert life(clause, states=("validating", "in_progress"), cancel={"/status": "cancelling"}).status == "pass"

    @pytest.mark.parametrize(
        "states",
        [
            ("in_progress", "validating"),
            ("completed", "in_progress"),
            ("validating", "running"),
            ("cancelling", "completed"),
            ("expired", "completed"),
            ("validating", "in_progress", "finalizing", "in_progress"),
        ],
    )
    def test_a_state_that_cannot_follow_is_found(self, life, states):
        assert life("batches.transitions", states=states).status == "fail"

    @pytest.mark.parametrize(
        "states",
        [
            ("validating", "completed"),
            ("validating", "validating", "completed"),
            ("validating", "failed"),
            ("in_progress", "expired"),
            ("finalizing", "cancelled"),
        ],
    )
    def test_a_state_that_was_missed_is_no_break(self, life, states):
        assert life("batches.transitions", states=states).status == "pass"

    def test_one_look_shows_no_transition(self, life):
        assert life("batches.transitions", states=("validating",)).status == "could-not-check"

    def test_a_batch_that_does_not_complete_is_found(self, life):
        assert life("batches.completes", states=("validating", "expired")).status in ("fail", "warn")

    def test_a_batch_that_is_another_is_found(self, said, verdict_of, changed):
        told = [said("batches.create", BATCH), said("batches.retrieve", changed(BATCH, {"/id": "batch_9"}))]
        assert verdict_of("batches.same", *told).status == "fail"

    @pytest.mark.parametrize(
        ("clause", "lines"),
        [
            ("batches.output.every-line", LINES[:1]),
            ("batches.output.every-line", [*LINES, LINES[0] | {"custom_id": "third"}]),
            ("batches.output.ids-unique", [*LINES, LINES[0]]),
            ("batches.output.truthful", [LINES[0], LINES[1] | {"response": FAILED["/response"]}]),
            ("batches.output.truthful", [LINES[0], LINES[1] | {"response": None}]),
            ("batches.output.counted", LINES[:1]),
            ("batches.output.counted", [LINES[0], LINES[1] | {"error": {"message": "No."}}]),
        ],
    )
    def test_output_that_is_not_that_of_the_input_is_found(self, life, clause, lines):
        verdict = life(clause, lines=lines)
        assert verdict.status == ("fail" if ledger.clauses()[clause].level == "MUST" else "warn")

    @pytest.mark.parametrize(
        "clause",
        ["batches.output.every-line", "batches.output.ids-unique", "batches.output.truthful", "batches.output.counted"],
    )
    @pytest.mark.parametrize("lines", [None, [], [7], [{"custom_id": 7}], [LINES[0], "text"]])
    def test_output_that_cannot_be_read_never_passes(self, life, clause, lines):
        assert life(clause, lines=lines).status == "could-not-check"

    def test_a_failure_that_is_told_is_truthful(self, life):
        told = LINES[1] | {"response": FAILED["/response"], "error": FAILED["/error"]}
        assert life("batches.output.truthful", lines=[LINES[0], told]).status == "pass"

    @pytest.mark.parametrize("code", [400, 404, 500])
    def test_a_batch_of_which_every_request_failed_is_found(self, none_succeeded, code):
        assert none_succeeded(code).status == "fail"

    def test_one_that_failed_and_tells_no_line_is_found(self, none_succeeded):
        assert none_succeeded().status == "fail"

    @pytest.mark.parametrize("code", [402, 429, 503])
    def test_failures_that_speak_of_the_account_or_the_hour_tell_nothing(self, none_succeeded, code):
        assert none_succeeded(code).status == "could-not-check"

    @pytest.fixture
    def none_succeeded(self, said, verdict_of, changed):
        """Judge a completed batch whose requests all failed with a status, which no line tells where there is none."""

        def judge(code=None):
            counts = {"completed": 0, "failed": 2, "total": 2}
            done = said("batches.retrieve", changed(BATCH, {"/status": "completed", "/request_counts": counts}))
            line = json.dumps({"custom_id": "first", "response": {"status_code": code}, "error": {}}).encode()
            output = [said("batches.output", raw=line)] if code else []
            return verdict_of("batches.some-succeed", said("batches.create", BATCH), done, *output)

        return judge

    def test_a_batch_that_is_not_completed_is_not_spoken_of(self, life):
        assert life("batches.some-succeed", states=("validating", "expired")).status == "not-applicable"

    def test_cancelling_that_changes_nothing_is_found(self, life):
        running = ("validating", "in_progress")
        assert life("batches.cancelled", states=running, cancel={"/status": "in_progress"}).status == "fail"

    def test_a_batch_that_is_not_in_the_list_is_found(self, life, changed):
        other = changed(BATCH, {"/id": "batch_9"})
        assert (
            life("batches.listed", states=("validating",), cancel={"/status": "cancelling"}, listed=other).status
            == "fail"
        )

    def test_a_cancelling_that_failed_could_not_be_checked(self, said, verdict_of):
        told = [said("batches.create", BATCH), said("batches.cancel", {"error": {}}, status=500)]
        assert verdict_of("batches.cancelled", *told).status == "could-not-check"


class TestALineOfABatchBesideAChatAnswer:
    CLAUSE = "batches.output.same-as-chat"

    @pytest.fixture
    def compared(self, said, verdict_of, changed):
        """Judge the line of the request that chat.one-word asks too, beside its answer; both with some changes."""

        def judge(line=(), chat=(), lines=None, control=None):
            body = {"choices": [{"message": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9}}
            told = {"custom_id": "first", "response": {"status_code": 200, "body": changed(body, dict(line))}}
            output = [json.dumps(each) for each in ([told, LINES[1]] if lines is None else lines)]
            whole = said("chat.completions", changed(body, dict(chat))) if control is None else control
            others = {"chat.one-word": (whole,) if whole else ()}
            return verdict_of(self.CLAUSE, said("batches.output", raw="\n".join(output).encode()), others=others)

        return judge

    def test_one_that_is_the_same_passes(self, compared):
        assert compared().status == "pass"

    @pytest.mark.parametrize("line", [{"/usage/prompt_tokens": 59}, {"/choices/0/finish_reason": "length"}])
    def test_one_that_is_not_warns(self, compared, line):
        assert compared(line).status == "warn"

    @pytest.mark.parametrize("nothing", [{"/usage": ABSENT}, {"/choices": []}, {"/choices/0/finish_reason": None}])
    def test_what_tells_nothing_could_not_be_checked(self, compared, nothing):
        assert compared(nothing).status == "could-not-check"
        assert compared(chat=nothing).status == "could-not-check"
        assert compared(nothing, nothing).status == "could-not-check"

    @pytest.mark.parametrize("lines", [[], [7], [LINES[1]], [LINES[0] | FAILED], [LINES[0] | {"response": None}]])
    def test_without_its_line_it_could_not_be_checked(self, compared, lines):
        told = [{name.strip("/"): value for name, value in line.items()} if line != 7 else 7 for line in lines]
        assert compared(lines=told).status == "could-not-check"

    def test_without_the_chat_answer_it_could_not_be_checked(self, compared, said):
        assert "it was not asked" in compared(control=()).reason
        assert compared(control=said("chat.completions", {}, status=500)).status == "could-not-check"


def test_every_clause_of_files_and_batches_that_has_a_function_is_among_the_cases():
    plain = {
        clause.id
        for clause, checks in checks_by_clause().items()
        if clause.id.startswith(("files.", "batches."))
        and any(check.name not in ("test_shape", "test_status") for check in checks)
    }
    cancelled = {"batches.cancelled", "batches.cancel-status", "batches.listed"}
    beside = {TestALineOfABatchBesideAChatAnswer.CLAUSE}
    lives = {*TestLifeOfAFile.CLAUSES, *TestLifeOfABatch.COMPLETE}
    assert plain == {row[0] for row in ALONE} | lives | cancelled | beside
