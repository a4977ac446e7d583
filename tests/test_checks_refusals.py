"""Refusals and what all answers share: judged by status, envelope, type and name, and only beside what was accepted."""

import pytest

from conformance.contract import ledger
from conformance.evidence.redact import MARK
from conformance.judge import answers
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.scenarios import refusals as asked_for
from conformance.scenarios import scenarios
from conformance.vocabulary import Timeouts

SCENARIOS = {scenario.refusal: scenario for scenario in scenarios().values() if scenario.refusal}
ENDPOINTS = dict.fromkeys(SCENARIOS, "chat.completions") | {
    "bad-key": "models.list",
    "no-key": "models.list",
    "unknown-route": "unknown",
    "unknown-file": "files.retrieve",
    "unknown-batch": "batches.retrieve",
    "bad-window": "batches.create",
    "streamed": "chat.stream",
    "signature-incomplete": "signatures.verify",
    "signature-bad-key": "signatures.verify",
    **{name: f"{name.partition('.')[0]}.chat" for name in SCENARIOS if "." in name},
}
THING = {name: row.names for name, row in ledger.refusals().items()} | {
    "unknown-model": asked_for.NO_MODEL,
    "unknown-file": asked_for.NO_FILE,
    "unknown-batch": asked_for.NO_BATCH,
}
# What the service says itself, where the form of the whole message is known.
WORDS = {
    "bad-key": "Invalid Authentication",
    "no-key": "Incorrect API key provided",
    "unknown-model": f"Not found the model {asked_for.NO_MODEL} or Permission denied",
    "gateway-id": "Not found the model moonshotai/kimi-k2.6 or Permission denied",
    "tool-id-unknown": "Invalid request: tool_call_id  is not found",
    "tool-id-duplicated": "Invalid request: tool call id write:1 is duplicated",
    "image-by-url": "Invalid request: unsupported image url: https://example.com/picture.png",
    "file-part": "Invalid request: invalid part type: file",
    "context-overflow": "Invalid request: Your request exceeded model token limit: 262144 (requested: 269030)",
    "required-thinking": "tool_choice 'required' is incompatible with thinking enabled",
    "named-thinking": "tool_choice 'specified' is incompatible with thinking enabled",
    "named-disputed": "tool_choice 'specified' is incompatible with thinking enabled",
    "tool-type-unknown": "Invalid request: unknown tool type: , currently only function and plugin are supported",
    "tool-name-duplicated": "function name get_weather is duplicated",
    "tools-in-messages-duplicated": "function name get_weather is duplicated",
    "top-logprobs": "Invalid request: logprobs must be set to true if top_logprobs is used",
    "logit-bias": "Invalid request: logit_bias is not supported yet",
    "stop-six": "stop array too long. Expected an array with maximum length 5, but got 6",
    "thinking-off": "invalid thinking: only type=enabled is allowed for this model",
    "thinking-type": "invalid thinking: only type=enabled or type=disabled is allowed for this model",
    "temperature": "invalid temperature: only 1 is allowed for this model",
    "temperature-disputed": "invalid temperature: only 0.6 is allowed for this model",
    "top-p": "invalid top_p: only 0.95 is allowed for this model",
    "n": "invalid n: only 1 is allowed for this model",
    "presence-penalty": "invalid presence_penalty: only 0 is allowed for this model",
    "frequency-penalty": "invalid frequency_penalty: only 0 is allowed for this model",
    "logprobs": "invalid logprobs: only false is allowed for this model",
}
GATEWAY = {"code": 5, "error": "url.not_found", "message": "no such", "method": "GET", "scode": "0x5", "status": False}
CLAUSES = [clause for clause in ledger.clauses() if clause.startswith("refusals.")]


def body_of(name):
    row = ledger.refusals()[name]
    if not row.types:
        return GATEWAY if name == "unknown-route" else GATEWAY | {"error": "unexpected end of JSON input"}
    return {"error": {"message": WORDS.get(name, f"No {THING.get(name) or 'access'}."), "type": row.types[0]}}


@pytest.fixture
def refused(said, verdict_of):
    """Judge a refusal that is right but for what is given, beside a control that succeeded unless another is given."""

    def judge(clause, body=None, status=None, control="accepted", **more):
        name = clause.split(".")[1]
        row = ledger.refusals()[name]
        answer = said(
            ENDPOINTS[name],
            body_of(name) if body is None else body,
            status=status or row.status[0],
            refused=True,
            **more,
        )
        scenario = SCENARIOS[name]
        endpoint = ENDPOINTS[name] if ENDPOINTS[name] != "unknown" else "models.list"
        accepted = {"accepted": (said(endpoint, {}),), "none": ()}.get(control, control)
        return verdict_of(clause, answer, scenario=scenario.name, others={str(scenario.control): accepted})

    return judge


@pytest.mark.parametrize("clause", CLAUSES)
class TestEveryRefusal:
    def test_one_that_is_as_it_must_be_passes(self, refused, clause):
        assert refused(clause).status == "pass"

    def test_without_its_control_it_could_not_be_checked(self, refused, clause):
        verdict = refused(clause, control="none")
        assert verdict.status == "could-not-check"
        assert "it was not asked" in verdict.reason

    def test_with_a_control_that_was_refused_too_it_could_not_be_checked(self, refused, said, clause):
        for status in (400, 401, 404, 429, 500):
            control = (said(ENDPOINTS[clause.split(".")[1]], {"error": {}}, status=status),)
            assert refused(clause, control=control).status == "could-not-check"

    def test_with_a_control_that_never_got_an_answer_it_could_not_be_checked(self, refused, said, clause):
        control = (said(ENDPOINTS[clause.split(".")[1]], failure="no connection"),)
        verdict = refused(clause, control=control)
        assert verdict.status == "could-not-check"
        assert "no connection" in verdict.reason

    def test_a_request_that_got_no_answer_is_not_refused(self, refused, clause):
        assert refused(clause, failure="no answer within 60 s").status == "could-not-check"

    def test_a_web_page_is_no_refusal(self, refused, clause):
        assert refused(clause, raw=b"<html><title>403</title></html>").status == "could-not-check"

    @pytest.mark.parametrize("status", sorted(answers.PASSING))
    def test_a_busy_service_refuses_everybody(self, refused, clause, status):
        assert refused(clause, status=status).status == "could-not-check"

    def test_what_is_accepted_never_passes(self, refused, clause):
        assert refused(clause, body={}, status=200).status != "pass"

    def test_what_is_no_json_passes_as_a_status_at_most(self, refused, clause):
        verdict = refused(clause, raw=b"no")
        assert verdict.status == ("pass" if clause.endswith(".status") else "could-not-check")


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause.endswith(".status")])
def test_another_status_breaks_it(refused, clause):
    for status in (200, 204, 402, 418, 500):
        assert refused(clause, status=status).status in ("fail", "warn")


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause.endswith(".envelope")])
@pytest.mark.parametrize("body", [{}, [], {"error": None}, {"error": "no"}, {"message": "no"}, {"detail": "no"}])
def test_another_envelope_breaks_it(refused, clause, body):
    assert refused(clause, body=body).status in ("fail", "warn")


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause.endswith(".type")])
def test_another_type_breaks_it_and_a_missing_one_tells_nothing(refused, clause):
    assert refused(clause, body={"error": {"message": "No.", "type": "server_error"}}).status in ("fail", "warn")
    assert refused(clause, body={"error": {"message": "No."}}).status == "could-not-check"
    assert refused(clause, body={"error": {"message": "No.", "type": 7}}).status == "could-not-check"


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause.endswith(".names")])
def test_a_message_that_does_not_name_the_thing_breaks_it(refused, clause):
    assert refused(clause, body={"error": {"message": "No.", "type": "x"}}).status in ("fail", "warn")
    assert refused(clause, body={"error": {"type": "x"}}).status == "could-not-check"


@pytest.mark.parametrize("clause", [clause for clause in CLAUSES if clause.endswith(".message")])
def test_a_message_in_other_words_breaks_it(refused, clause):
    words = WORDS[clause.split(".")[1]]
    for message in ("No.", words.upper(), f"{words} and more", f"So: {words}"):
        assert refused(clause, body={"error": {"message": message, "type": "x"}}).status in ("fail", "warn")


def test_a_name_is_named_as_a_word_and_not_as_letters_of_another(refused):
    assert refused("refusals.n.names", body={"error": {"message": "an unknown one", "type": "x"}}).status == "warn"


def test_every_refusal_whose_words_are_known_is_among_the_cases():
    assert set(WORDS) == {name for name, row in ledger.refusals().items() if row.pattern}


def test_of_several_requests_each_must_be_refused(said, verdict_of):
    right = said("chat.completions", body_of("tools-type"), status=400, refused=True)
    wrong = said("chat.completions", {}, step="2", refused=True)
    control = {"chat.one-word": (said("chat.completions", {}),)}
    verdict = verdict_of("refusals.tools-type.status", right, wrong, others=control)
    assert (verdict.status, [finding.where for finding in verdict.findings]) == ("fail", ["step 2 status"])


def test_every_refusal_names_a_control_that_asks_the_same_endpoint():
    for scenario in scenarios().values():
        if scenario.refusal:
            endpoint = ENDPOINTS[scenario.refusal]
            calls = scenarios()[scenario.control].calls
            assert endpoint in calls or endpoint == "unknown"


@pytest.mark.parametrize("fault", ["everything-401", "everything-500", "html-page", "silent", "redirect"])
def test_a_server_that_says_no_to_everything_refuses_nothing_rightly(ran, key, fault):
    with running(create_app(fault=[fault])) as url:
        select, soon = "refusals and (MUST or SHOULD)", {"timeouts": Timeouts(2, 0.5, 5)}
        told = ran(target=f"moonshot={url}", mode="live", max_cost=1, select=select, target_with=soon)
    passed = {clause for clause in told.came_to("pass") if clause.startswith("refusals.")}
    assert passed == set()


class TestEveryAnswer:
    UUID = "6f1c1f0e-8a3b-4c5d-9e7f-0123456789ab"
    HEADERS = (("content-type", "application/json"), ("msh-request-id", UUID), ("x-msh-trace-id", "a" * 32))

    @pytest.mark.parametrize(
        "clause",
        ["http.content-type", "http.json", "http.no-redirect", "http.key-not-repeated", "http.request-id",
         "http.request-id-form", "http.trace-id"],
    )  # fmt: skip
    def test_one_that_is_as_it_must_be_passes(self, said, verdict_of, clause):
        assert verdict_of(clause, said("models.list", {}, headers=self.HEADERS)).status == "pass"

    @pytest.mark.parametrize(
        ("clause", "wrong"),
        [
            ("http.content-type", {"headers": (("Content-Type", "text/plain"),)}),
            ("http.content-type", {"headers": ()}),
            ("http.content-type", {"headers": (("content-type", "application/json-seq"),)}),
            ("http.json", {"raw": b"{"}),
            ("http.json", {"raw": b""}),
            ("http.json", {"raw": b'{"a": NaN}'}),
            ("http.json", {"raw": b'{"a": 1, "a": 1}'}),
            ("http.json", {"raw": b"\xef\xbb\xbf{}"}),
            ("http.no-redirect", {"status": 307, "headers": (("location", "https://elsewhere.invalid/"),)}),
            ("http.key-not-repeated", {"raw": f'{{"echo": "{MARK}"}}'.encode()}),
            ("http.key-not-repeated", {"headers": (("x-request-id", MARK),)}),
            ("http.request-id", {"headers": ()}),
            ("http.request-id-form", {"headers": (("msh-request-id", "7"),)}),
            ("http.trace-id", {"headers": (("x-msh-trace-id", "A" * 32),)}),
        ],
    )
    def test_one_that_is_not_is_found(self, said, verdict_of, clause, wrong):
        assert verdict_of(clause, said("models.list", **({"body": {}} | wrong))).status in ("fail", "warn")

    def test_a_form_of_the_json_type_with_a_charset_will_do(self, said, verdict_of):
        told = said("models.list", {}, headers=(("Content-Type", "Application/JSON; charset=UTF-8"),))
        assert verdict_of("http.content-type", told).status == "pass"

    def test_without_an_answer_nothing_passes(self, said, verdict_of):
        told = said("models.list", failure="no connection: refused")
        for clause in ("http.content-type", "http.json", "http.no-redirect", "http.request-id"):
            verdict = verdict_of(clause, told)
            assert (verdict.status, "no connection: refused" in verdict.reason) == ("could-not-check", True)

    def test_the_content_of_a_file_need_not_be_json(self, said, verdict_of):
        told = said("files.content", raw=b"text", headers=(("content-type", "text/plain"),))
        for clause in ("http.content-type", "http.json"):
            assert verdict_of(clause, told).status == "not-applicable"


class TestEnvelopes:
    @pytest.mark.parametrize(
        ("body", "broken"),
        [
            ({"error": {"type": "invalid_authentication_error"}}, "errors.message"),
            ({"error": {"message": "No."}}, "errors.type"),
            ({"error": {"message": "", "type": "invalid_authentication_error"}}, "errors.message-type"),
            ({"error": {"message": "No.", "type": 7}}, "errors.type-type"),
            ({"error": {"message": "No.", "type": "odd"}}, "errors.type-value"),
            ({"error": {"message": "No.", "type": "invalid_request_error", "code": []}}, "errors.code-type"),
            ({"error": "No."}, "errors.error-type"),
            ({}, "errors.error"),
        ],
    )
    def test_what_is_wrong_in_an_error_is_found_by_its_clause(self, said, verdict_of, body, broken):
        told = said("models.list", body, status=401, refused=True)
        assert verdict_of(broken, told, scenario="refusals.bad-key").status in ("fail", "warn")

    def test_an_error_that_bears_what_is_documented_passes(self, said, verdict_of):
        body = {"error": {"message": "No.", "type": "invalid_authentication_error", "code": "401"}}
        told = said("models.list", body, status=401, refused=True)
        for clause in ("errors.error", "errors.message", "errors.type", "errors.type-value", "errors.code-type"):
            assert verdict_of(clause, told, scenario="refusals.bad-key").status == "pass"
