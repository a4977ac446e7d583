"""The proof: every clause was seen to fail, nothing wrong survives, nobody honest is blamed; the score is published."""

import ast
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from conformance.contract import ledger, schemas
from conformance.proof import bench, score
from conformance.proof.score import Alarm, Score
from conformance.proof.trials import Trial
from conformance.reference import faults
from conformance.report import kills
from conformance.vocabulary import Level

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def measured():
    """Every trial, once."""
    return score.measure()


@pytest.fixture(scope="module")
def document(measured):
    return score.document(measured)


@pytest.fixture(scope="module")
def told(measured):
    """What each lie came to, each time that it was told."""
    return [(faults()[trial.what.removeprefix("fault ")], trial) for trial in measured.trials if trial.is_lie]


class TestTheSuite:
    def test_every_clause_that_is_checked_was_seen_to_fail(self, document):
        assert document["unproven"] == []
        assert document["clauses_killable"] == document["clauses"]

    def test_nothing_that_is_wrong_survives(self, document):
        assert document["survivors"] == []
        assert document["killed"] == document["mutants"]

    def test_an_honest_server_is_blamed_for_nothing_whichever_model_is_asked(self, document):
        assert document["false_alarms"] == []

    def test_there_are_more_than_600_mutants_and_120_lies(self, document):
        assert document["mutants"] >= 600
        assert document["lies"] >= 120

    def test_no_mutant_is_one_that_the_contract_allows(self, document):
        assert document["equivalent"] == []


class TestLies:
    def test_each_comes_to_what_its_row_says(self, told):
        assert [(lie.name, trial.model, trial.exit) for lie, trial in told if trial.exit != trial.deserved] == []

    def test_each_breaks_nothing_but_what_its_row_names(self, told):
        assert [(lie.name, trial.model, trial.elsewhere) for lie, trial in told if trial.elsewhere] == []

    def test_every_row_is_tried(self, told):
        assert {lie.name for lie, _ in told} == set(faults())

    def test_every_clause_that_a_row_names_is_broken_somewhere(self, told):
        named = {(lie.name, clause) for lie, _ in told for clause in lie.breaks if "*" not in clause}
        assert named == {(lie.name, clause) for lie, trial in told for clause in trial.broken} & named

    def test_rules_that_were_eased_are_broken_on_a_day_when_they_were_in_force(self, told):
        known = {clause for lie, trial in told if not lie.days for clause in trial.broken}
        eased = {clause for lie, trial in told if lie.days for clause in trial.broken} - known
        assert {"tools.schema.enum-type", "tools.schema.ref-siblings"} <= eased


class TestSchemas:
    def test_each_clause_stands_at_one_node(self):
        """So a node that loses its clause leaves it without any, and that is seen."""
        borne = [clause for name in schemas.documents() for clause in bearers(schemas.documents()[name])]
        assert sorted(borne) == sorted(set(borne))


def bearers(node):
    if isinstance(node, dict):
        found = [node["x-clause"]] if isinstance(node.get("x-clause"), str) else []
        return found + [clause for below in node.values() for clause in bearers(below)]
    return [clause for below in node for clause in bearers(below)] if isinstance(node, list) else []


class TestPublished:
    def test_the_document_is_as_its_schema_says(self, document):
        jsonschema.validate(document, schemas.documents()["selftest"])

    def test_what_every_report_shows_is_what_was_measured(self, document):
        assert kills.published() == kills.kept(document)

    def test_so_is_the_table_in_the_readme(self, document):
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        assert kills.readme(kills.kept(document)) in readme


class TestTheScore:
    """Of trials that are written here."""

    CLAUSE = next(clause.id for clause in score.provable())
    CAUGHT = Trial("a node", "m", "s, step 1", frozenset({CLAUSE}), broken=frozenset({CLAUSE}))

    def test_a_mutant_that_no_clause_complains_of_survives(self):
        missed = Trial("a node", "m", "s, step 1", frozenset({self.CLAUSE}))
        assert Score((missed,), (), 1.0).survivors == [missed]

    def test_one_that_only_another_clause_complains_of_survives(self):
        missed = Trial("a node", "m", "s, step 1", frozenset({self.CLAUSE}), elsewhere=frozenset({"other.clause"}))
        assert Score((missed,), (), 1.0).survivors == [missed]

    def test_one_that_breaks_a_check_of_ours_survives(self):
        crashed = Trial("a", "m", "s", frozenset({self.CLAUSE}), broken=frozenset({self.CLAUSE}), crash="Traceback")
        assert Score((crashed,), (), 1.0).survivors == [crashed]

    def test_a_lie_of_which_one_clause_knows_nothing_survives(self):
        lie = Trial("fault x", "m", "", frozenset({self.CLAUSE, "b.c"}), broken=frozenset({self.CLAUSE}))
        assert Score((lie,), (), 1.0).survivors == [lie]

    def test_a_lie_of_which_nothing_is_expected_survives(self):
        lie = Trial("fault x", "m", "", frozenset())
        assert Score((lie,), (), 1.0).survivors == [lie]

    def test_a_lie_after_which_a_run_ends_otherwise_than_its_row_says_survives(self):
        lie = Trial("fault x", "m", "", frozenset({self.CLAUSE}), broken=frozenset({self.CLAUSE}), exit=0, deserved=1)
        assert Score((lie,), (), 1.0).survivors == [lie]

    def test_a_lie_that_leaves_nothing_to_check_survives_where_the_run_ends_otherwise(self):
        silent = [Trial("fault x", "m", "", frozenset(), exit=code, deserved=3) for code in (0, 3)]
        assert Score(tuple(silent), (), 1.0).survivors == silent[:1]

    def test_a_clause_that_nothing_breaks_is_unproven(self):
        assert self.CLAUSE not in Score((self.CAUGHT,), (), 1.0).unproven
        assert self.CLAUSE in Score((), (), 1.0).unproven

    def test_what_is_caught_beside_other_complaints_is_noisy(self):
        noisy = Trial(
            "a", "m", "s", frozenset({self.CLAUSE}), broken=frozenset({self.CLAUSE}), elsewhere=frozenset("x")
        )
        assert Score((self.CAUGHT, noisy), (), 1.0).noisy == [noisy]

    def test_a_complaint_about_what_is_legal_is_a_false_alarm(self):
        legal = Trial("fault x", "m", "", frozenset(), allowed=True, elsewhere=frozenset({self.CLAUSE}))
        assert [alarm.clause for alarm in score.alarms_of(legal)] == [self.CLAUSE]

    def test_so_is_the_end_of_a_run_that_could_not_check_what_is_legal(self):
        legal = Trial("fault x", "m", "", frozenset(), allowed=True, exit=3)
        assert [alarm.status for alarm in score.alarms_of(legal)] == ["exit 3"]

    def test_a_false_alarm_is_red(self):
        caught = [Trial("a", "m", "s", frozenset({one.id}), broken=frozenset({one.id})) for one in score.provable()]
        assert Score(tuple(caught), (), 1.0).is_green
        assert not Score(tuple(caught), (Alarm("honest server", self.CLAUSE, "s", "fail"),), 1.0).is_green


class TestAWeakerCheck:
    """As if somebody had left a check there, and taken from it what it does."""

    @pytest.mark.parametrize("clause", random.sample([clause.id for clause in score.provable()], 12))
    def test_one_that_finds_nothing_any_more_lets_something_survive(self, clause, measured, instead):
        caught = next(
            trial for trial in measured.trials if trial.broken == {clause} or (trial.is_lie and clause in trial.broken)
        )
        instead(clause, lambda check: replace(check, judge=lambda _conversation, _run: iter(())))
        assert not all(trial.killed for trial in again(caught))

    def test_one_that_only_warns_any_more_lets_a_lie_survive(self, instead):
        instead("models.ids-unique", lambda check: replace(check, clause=replace(check.clause, level=Level.SHOULD)))
        assert [trial.killed for trial in score.told_by("duplicate-model-ids")] == [False]


@pytest.fixture
def instead(monkeypatch):
    """Return what puts others in the place of the checks of a clause."""

    def put(clause, change):
        changed = tuple(change(check) if check.clause.id == clause else check for check in bench.checks())
        monkeypatch.setattr(bench, "checks", lambda: changed)
        monkeypatch.setattr(bench, "checks_of", lambda name: [check for check in changed if check.scenario == name])

    return put


def again(trial):
    """Try once more what a trial tried, and what is tried with it."""
    if trial.is_lie:
        return score.told_by(trial.what.removeprefix("fault "))
    if trial.where.startswith("a file"):
        pytest.skip("the input of a batch is judged by its schema alone: its clauses have no check")
    return score.mutants_of(trial.model, trial.where.partition(",")[0])


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """Return what selftest comes to in a copy of the tree in which one file has another content."""

    def run(file, content):
        copy = tmp_path_factory.mktemp("copy")
        for folder in ("conformance", "schemas", "cassettes"):
            shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / file).write_text(content, encoding="utf-8")
        command = [sys.executable, "-m", "conformance.cli", "selftest", "--json"]
        paths = os.environ | {"PYTHONPATH": str(copy)}
        ended = subprocess.run(command, cwd=copy, env=paths, capture_output=True, text=True, check=False, timeout=900)
        assert ended.stdout, ended.stderr
        return ended.returncode, json.loads(ended.stdout)

    return run


class TestDeleted:
    """One thing at random, in a copy of the tree."""

    def test_a_check_that_is_deleted_makes_selftest_red(self, without):
        file, name, content = random.choice(list(rules_deleted()))
        code, told = without(file, content)
        assert (code, told["clauses_killable"] < told["clauses"]) == (4, True), name

    def test_a_clause_that_is_taken_from_its_node_makes_selftest_red(self, without):
        file, clause, content = random.choice(list(clauses_deleted()))
        code, told = without(file, content)
        assert (code, clause in told["unproven"]) == (4, True), clause


def rules_deleted():
    """Yield each rule of the checks with the text of its file without it."""
    for path in sorted((ROOT / "conformance" / "checks").glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            name = node.name if isinstance(node, ast.FunctionDef) else ast.unparse(getattr(node, "targets", [node])[0])
            if name.startswith("test_"):
                decorators = getattr(node, "decorator_list", [])
                first = min(each.lineno for each in [node, *decorators])
                lines = text.splitlines(keepends=True)
                yield path.relative_to(ROOT), name, "".join([*lines[: first - 1], *lines[node.end_lineno :]])


def clauses_deleted():
    """Yield each clause of a schema with the text of its file in which the node no longer bears it."""
    for path in sorted((ROOT / "schemas").glob("*.json")):
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines():
            clause = line.strip().removeprefix('"x-clause": "').rstrip('",')
            if '"x-clause": "' in line and ledger.clauses()[clause].excluded is None:
                yield path.relative_to(ROOT), clause, text.replace(f'"x-clause": "{clause}"', '"title": ""', 1)
