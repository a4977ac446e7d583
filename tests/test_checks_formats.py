"""The checks of formats and parameters: JSON where it was asked for, by its schema, and no stop in a text."""

import json

import pytest

from conformance.checks import checks_by_clause
from conformance.scenarios.formats import LOOSE, SCHEMA, STRICT
from conformance.vocabulary import ABSENT

CHAT, STREAM = "chat.completions", "chat.stream"
CONTENT, FINISH = "/choices/0/message/content", "/choices/0/finish_reason"
PARIS = '{"city":"Paris","number":1}'
ANSWER = {"choices": [{"index": 0, "message": {"role": "assistant", "content": PARIS}, "finish_reason": "stop"}]}
CALLS = {"/choices/0/message/tool_calls": [{"function": {"name": "a", "arguments": "{}"}}], FINISH: "tool_calls"}
CUT = {CONTENT: PARIS[:9], FINISH: "length"}
OBJECT = {"response_format": {"type": "json_object"}}
BY_SCHEMA, LOOSELY = {"response_format": STRICT}, {"response_format": LOOSE}
STOP, STOPS = {"stop": "four"}, {"stop": ["five", "four"]}
# Clause, what is asked, what holds, what breaks, and what tells nothing: each as changes of the answer above.
CASES = [
    ("formats.object", OBJECT, {}, {CONTENT: "Paris"}, CUT),
    ("formats.object", OBJECT, {CONTENT: " {}\n"}, {CONTENT: "[1]"}, CALLS),
    ("formats.object", OBJECT, {CONTENT: '{"a": {"b": []}}'}, {CONTENT: '"{}"'}, {CONTENT: None}),
    ("formats.object", OBJECT, {}, {CONTENT: ""}, {CONTENT: ABSENT}),
    ("formats.object", OBJECT, {}, {CONTENT: "```json\n{}\n```"}, {CONTENT: {"city": "Paris"}}),
    ("formats.object", OBJECT, {}, {CONTENT: '{"a": NaN}'}, {"/choices": []}),
    ("formats.object", OBJECT, {}, {CONTENT: "{} {}"}, {"/choices/0/message/tool_calls": 7}),
    ("formats.schema", BY_SCHEMA, {}, {CONTENT: '{"city":"Paris"}'}, CUT),
    ("formats.schema", BY_SCHEMA, {}, {CONTENT: '{"city":"Paris","number":"1"}'}, CALLS),
    ("formats.schema", BY_SCHEMA, {}, {CONTENT: '{"city":"Paris","number":1,"more":0}'}, {CONTENT: None}),
    ("formats.schema", BY_SCHEMA, {CONTENT: json.dumps(json.loads(PARIS), indent=1)}, {CONTENT: "Paris"}, {CONTENT: 7}),
    ("formats.schema-loose", LOOSELY, {}, {CONTENT: "{}"}, CUT),
    ("formats.schema-loose", LOOSELY, {}, {CONTENT: "Paris"}, CALLS),
    ("formats.compact", BY_SCHEMA, {}, {CONTENT: '{\n"city":"Paris"}'}, CUT),
    ("formats.compact", BY_SCHEMA, {CONTENT: '{"city": "a\\nb"}'}, {CONTENT: '{\t"city":"Paris"}'}, {CONTENT: ""}),
    ("formats.compact", BY_SCHEMA, {CONTENT: "{}"}, {CONTENT: "{}\n"}, CALLS),
    ("formats.compact", BY_SCHEMA, {CONTENT: "{}"}, {CONTENT: "{\n}"}, {CONTENT: "\n"}),
    ("parameters.stop", STOP, {}, {CONTENT: "three-four"}, {CONTENT: ""}),
    ("parameters.stop", STOPS, {CONTENT: "one-two-three-"}, {CONTENT: "one-four"}, {CONTENT: None}),
    ("parameters.stop", STOPS, {CONTENT: "Four"}, {CONTENT: "fourteen", FINISH: "length"}, CALLS | {CONTENT: ""}),
    ("parameters.stop", {"stop": ["", 7, "four"]}, {}, {CONTENT: "four"}, {CONTENT: ["four"]}),
]  # fmt: skip


@pytest.fixture
def reached(said, verdict_of, changed):
    """Judge the answer above with some changes, to what is asked."""

    def judge(clause, asked, changes, **known):
        told = said(CHAT, changed(ANSWER, changes), asked={"model": "kimi-k2.6", "messages": []} | asked, **known)
        return verdict_of(clause, told)

    return judge


def test_an_answer_that_holds_passes(reached, holding):
    assert reached(*holding).status == "pass"


def test_an_answer_that_breaks_a_clause_is_found(reached, breaking):
    verdict = reached(*breaking)
    assert verdict.status == ("fail" if verdict.clause.level == "MUST" else "warn")
    assert verdict.findings


def test_an_answer_that_tells_nothing_never_passes(reached, telling_nothing):
    verdict = reached(*telling_nothing)
    assert verdict.status in ("could-not-check", "not-applicable")
    assert verdict.reason


CLAUSES = sorted({row[0] for row in CASES})
ASKED = {row[0]: row[1] for row in CASES}


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("body", [None, [], "text", 7, {}, {"choices": None}, {"choices": [7]}, {"choices": [{}]}])
def test_an_answer_of_another_shape_never_passes_and_never_crashes(said, verdict_of, clause, body):
    verdict = verdict_of(clause, said(CHAT, body, asked=ASKED[clause]))
    assert verdict.status in ("could-not-check", "not-applicable"), verdict.reason


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_request_that_asked_for_nothing_of_it_is_not_spoken_of(reached, clause):
    for asked in ({}, {"response_format": {"type": "text"}, "stop": None}, {"response_format": {}, "stop": []}):
        assert reached(clause, asked, {CONTENT: "four"}).status in ("not-applicable", "could-not-check")


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_recording_without_its_request_is_not_spoken_of(said, verdict_of, clause):
    assert verdict_of(clause, said(CHAT, ANSWER, file="answer.json")).status in ("not-applicable", "could-not-check")


@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize("strange", [7, "json_object", [7], {"type": {}}, {"type": "json_schema"}, True])
def test_a_recorded_request_of_another_shape_never_passes_and_never_crashes(reached, clause, strange):
    verdict = reached(clause, {"response_format": strange, "stop": [strange] if strange != "json_object" else {}}, {})
    assert verdict.status in ("could-not-check", "not-applicable"), verdict.reason


def test_every_clause_of_formats_and_parameters_that_has_a_function_is_among_the_cases():
    plain = {clause.id for clause in checks_by_clause() if clause.id.startswith(("formats.", "parameters."))}
    assert plain - {"parameters.unknown-ignored", "parameters.unknown-not-echoed"} == set(CLAUSES)


class TestWhichFormat:
    def test_a_schema_is_strict_where_nothing_else_is_said(self, reached):
        unsaid = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA}}
        assert reached("formats.schema", {"response_format": unsaid}, {CONTENT: "{}"}).status == "fail"

    @pytest.mark.parametrize(
        ("clause", "asked"),
        [("formats.schema", LOOSELY), ("formats.compact", LOOSELY), ("formats.schema-loose", BY_SCHEMA),
         ("formats.object", BY_SCHEMA), ("formats.schema", OBJECT)],
    )  # fmt: skip
    def test_a_clause_does_not_speak_of_another_format(self, reached, clause, asked):
        assert reached(clause, asked, {CONTENT: "{\n}"}).status in ("not-applicable", "could-not-check")

    @pytest.mark.parametrize("schema", [{"type": 7}, {"pattern": "("}, {"$ref": "https://elsewhere.invalid/"}, 7, None])
    def test_a_schema_that_is_none_could_not_be_checked(self, reached, schema):
        asked = {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}}
        assert reached("formats.schema", asked, {}).status == "could-not-check"

    @pytest.mark.parametrize("clause", ["formats.object", "formats.schema"])
    def test_a_scenario_that_exists_to_show_a_format_is_not_excused(self, reached, clause):
        scenario = {"formats.object": "formats.json-object", "formats.schema": "formats.json-schema"}[clause]
        assert reached(clause, {}, {}, scenario=scenario).status == "could-not-check"

    def test_a_second_choice_that_is_wrong_is_found(self, reached):
        second = {"index": 1, "message": {"content": "Paris"}, "finish_reason": "stop"}
        verdict = reached("formats.object", OBJECT, {"/choices": [ANSWER["choices"][0], second]})
        assert verdict.findings[0].where == "/choices/1/message/content"


class TestATextThatNeedNotBeWhole:
    @pytest.mark.parametrize("clause", ["formats.object", "formats.compact"])
    def test_one_that_ends_at_a_stop_is_not_spoken_of(self, reached, clause):
        assert reached(clause, ASKED[clause] | {"stop": ","}, {CONTENT: '{"city":\n'}).status in (
            "not-applicable",
            "could-not-check",
        )

    def test_one_that_goes_on_with_what_the_request_began_is_not_spoken_of(self, reached):
        begun = {"messages": [{"role": "assistant", "content": '{"city":', "partial": True}]}
        assert reached("formats.object", OBJECT | begun, {CONTENT: '"Paris"}'}).status == "not-applicable"

    def test_stops_that_are_none_do_not_excuse_it(self, reached):
        assert reached("formats.object", OBJECT | {"stop": [""]}, {CONTENT: "Paris"}).status == "fail"


class TestFormatsInAStream:
    @pytest.fixture
    def told(self, said, verdict_of):
        def judge(clause, *texts, finish="stop"):
            chunks = [{"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]} for text in texts]
            chunks += [{"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}]
            body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode()
            return verdict_of(clause, said(STREAM, raw=body, asked=ASKED[clause])).status

        return judge

    def test_pieces_are_judged_together(self, told):
        assert told("formats.object", '{"city":', '"Paris"}') == "pass"
        assert told("formats.object", '{"city":', '"Paris"') == "fail"
        assert told("parameters.stop", "fo", "ur") == "fail"

    def test_a_stream_that_is_cut_could_not_be_checked(self, told):
        assert told("formats.schema", '{"city":', finish="length") == "could-not-check"

    def test_a_stream_without_a_text_could_not_be_checked(self, told):
        for clause in CLAUSES:
            assert told(clause) in ("could-not-check", "not-applicable")
