"""The ledger: what a row must say to be read at all, and what is true of every row that is there."""

import re
from datetime import date

import pytest

from conformance.checks import all_checks, checks_by_clause
from conformance.contract import ledger, schemas
from conformance.fuzz.rules import KEY_REQUIRED, RULES, SCHEMATHESIS
from conformance.rows import ConfigurationError
from conformance.scenarios import scenarios
from conformance.vocabulary import Kind, Level

ROW = {
    "id": '"chat.id"',
    "sentence": '"An answer has an id."',
    "level": '"MUST"',
    "kind": '"documented"',
    "source": '"https://platform.kimi.ai/docs/api/chat"',
    "read": "2026-09-03",
    "endpoint": '"chat.completions"',
}
CLAUSES = ledger.clauses()


@pytest.fixture
def read(tmp_path):
    """Read a file of one row that is right but for what is changed; None leaves a key out."""

    def clause(**changed):
        rows = "\n".join(f"{name} = {value}" for name, value in (ROW | changed).items() if value is not None)
        (tmp_path / "chat.toml").write_text(f"[[clause]]\n{rows}\n", encoding="utf-8")
        return ledger.read_clauses(tmp_path / "chat.toml")

    return clause


class TestReading:
    def test_a_row_that_is_right_becomes_a_clause(self, read):
        (clause,) = read()
        assert (clause.id, clause.level, clause.kind, clause.read) == (
            "chat.id", Level.MUST, Kind.DOCUMENTED, date(2026, 9, 3),
        )  # fmt: skip

    @pytest.mark.parametrize("missing", ROW)
    def test_a_row_without_one_of_its_keys_is_refused_by_name(self, read, missing):
        with pytest.raises(ConfigurationError, match=f"the key '{missing}' is missing"):
            read(**{missing: None})

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"sorce": '"https://a"'}, r"chat\.toml: chat\.id: unknown key 'sorce'"),
            ({"source": '"http://platform.kimi.ai"'}, r"chat\.toml: chat\.id: source must be an https link"),
            ({"source": '""'}, "source must be an https link"),
            ({"sentence": '"An answer has an id"'}, "one sentence that ends with a full stop"),
            ({"sentence": '"."'}, "one sentence that ends with a full stop"),
            ({"kind": '"observed"'}, "what is only observed is never a MUST"),
            ({"level": '"must"'}, "level must be one of MUST, SHOULD, MAY, not 'must'"),
            ({"kind": '"rumoured"'}, "kind must be one of documented, inherited, observed"),
            ({"id": '"Chat.Id"'}, "a clause id is dotted lower-case words"),
            ({"id": '"chat"'}, "a clause id is dotted lower-case words"),
            ({"read": '"2026-09-03"'}, "read must be a date such as 2026-04-20"),
            ({"tags": '"health"'}, "tags must be an array"),
            ({"excluded": '" "'}, "excluded needs its reason"),
        ],
    )
    def test_a_row_that_is_wrong_is_refused_by_its_id_and_what_is_wrong(self, read, changed, told):
        with pytest.raises(ConfigurationError, match=told):
            read(**changed)

    def test_a_file_that_holds_anything_else_is_refused(self, tmp_path):
        (tmp_path / "chat.toml").write_text("[[clauses]]\n", encoding="utf-8")
        with pytest.raises(ConfigurationError, match=r"chat\.toml: unknown key 'clauses'"):
            ledger.read_clauses(tmp_path / "chat.toml")

    @pytest.mark.parametrize(
        ("second", "told"),
        [
            (ROW, "'chat.id' stands twice"),
            (ROW | {"id": '"chat.other"', "endpoint": '"chat.nothing"'}, "clause chat.other: unknown endpoint"),
        ],
    )
    def test_the_ledger_as_a_whole_has_each_id_once_and_only_endpoints_that_exist(
        self, tmp_path, monkeypatch, second, told
    ):
        (tmp_path / "clauses").mkdir()
        for name, row in (("a.toml", ROW), ("b.toml", second)):
            rows = "\n".join(f"{key} = {value}" for key, value in row.items())
            (tmp_path / "clauses" / name).write_text(f"[[clause]]\n{rows}\n", encoding="utf-8")
        for name in ("endpoints", "refusals"):
            source = ledger._HERE / f"{name}.toml"
            (tmp_path / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        monkeypatch.setattr(ledger, "_HERE", tmp_path)
        with pytest.raises(ConfigurationError, match=told):
            ledger.clauses.__wrapped__()


class TestEveryClause:
    def test_there_are_enough_to_call_it_a_contract(self):
        assert len(CLAUSES) >= 90

    def test_ten_to_fifteen_tell_whether_an_api_is_alive(self):
        assert 10 <= sum("health" in clause.tags for clause in CLAUSES.values()) <= 15

    def test_what_tells_whether_it_is_alive_costs_little_and_may_fail(self):
        assert {clause.level for clause in CLAUSES.values() if "health" in clause.tags} == {Level.MUST}

    def test_what_is_only_observed_never_fails_a_run(self):
        assert [
            clause.id for clause in CLAUSES.values() if clause.kind is Kind.OBSERVED and clause.level is Level.MUST
        ] == []

    @pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
    def test_its_sentence_is_one_sentence_that_states_the_fact(self, clause):
        assert re.fullmatch(r"\S.*[^.]\.", clause.sentence)
        assert re.search(r"[.!?]\s+[A-Z]", clause.sentence) is None
        assert (
            re.search(r"\b(should|shall|test(s|ed)? that|checks? that|verif)", clause.sentence, re.IGNORECASE) is None
        )

    def test_no_sentence_stands_under_two_ids(self):
        sentences = [clause.sentence for clause in CLAUSES.values()]
        assert [sentence for sentence in set(sentences) if sentences.count(sentence) > 1] == []

    def test_none_was_read_in_the_future(self):
        assert max(clause.read for clause in CLAUSES.values()) <= date.today()

    def test_each_that_is_not_excluded_is_checked_somewhere(self):
        unchecked = {clause for clause, checks in checks_by_clause().items() if not checks and clause.excluded is None}
        judged_alone = {CLAUSES[name] for name in schemas.clauses_of("batch.input.line")}
        of_any_request = {clause for clause in CLAUSES.values() if "fuzz" in clause.tags}
        assert unchecked == judged_alone | of_any_request

    def test_each_of_the_fuzzer_says_so_and_has_a_rule_there(self):
        named = {clause.id for clause in CLAUSES.values() if "fuzz" in clause.tags}
        assert named == {name for name in CLAUSES if name.startswith("fuzz.")}
        assert named == {rule.clause for rule in RULES} | set(SCHEMATHESIS.values()) | {KEY_REQUIRED}

    def test_each_that_is_excluded_has_its_reason_and_no_check(self):
        excluded = {clause: checks for clause, checks in checks_by_clause().items() if clause.excluded is not None}
        assert excluded
        assert all(clause.excluded.endswith(".") and not checks for clause, checks in excluded.items())

    def test_each_that_a_schema_bears_is_in_the_ledger(self):
        borne = {clause for name in schemas.documents() for clause in schemas.clauses_of(name)}
        assert borne - set(CLAUSES) == set()

    def test_every_refusal_has_its_clauses_and_every_clause_of_one_its_refusal(self):
        told = {clause.id.split(".")[1] for clause in CLAUSES.values() if clause.id.startswith("refusals.")}
        told |= {name for name in ledger.refusals() if "." in name and f"{name}.status" in CLAUSES}
        assert told == set(ledger.refusals()) == {row.refusal for row in scenarios().values() if row.refusal}


class TestEveryCheck:
    def test_a_check_is_asked_for_in_a_scenario_that_exists(self):
        assert {check.scenario for check in all_checks()} == set(scenarios())


class TestEndpointsAndRefusals:
    def test_every_endpoint_names_schemas_that_exist(self):
        named = {name for row in ledger.endpoints().values() for name in (row.answer, row.request) if name}
        assert named - set(schemas.documents()) == set()

    def test_every_endpoint_and_every_clause_links_to_its_page(self):
        rows = [*ledger.endpoints().values(), *CLAUSES.values()]
        assert [row for row in rows if not row.source.startswith("https://")] == []

    def test_every_refusal_names_envelopes_that_are_schemas_and_a_status_of_refusal(self):
        for refusal in ledger.refusals().values():
            assert set(refusal.envelopes) <= set(schemas.documents())
            assert all(400 <= status < 500 for status in refusal.status)
