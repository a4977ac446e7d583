"""A run against the runs before it: what is new is an alarm once, what goes on is counted, and what ended is told."""

import json
from dataclasses import replace
from datetime import date

import jsonschema
import pytest

from conformance import shipped
from conformance.contract import schemas
from conformance.drift import earlier, runs, standing
from conformance.drift.earlier import Night, Told
from conformance.drift.standing import Looked, State
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.report import results
from conformance.rows import ConfigurationError
from conformance.runner import pytest_run
from conformance.vocabulary import Change, Severity, Waiver

LATE = shipped.folder("cassettes") / "scenarios" / "k26-announced-k25-listed"
# That the list lacks a model breaks these, and is a change, too.
KNOWN = tuple(
    Waiver(clause, "known", "api-team", "https://example.com/1", date(2099, 1, 1))
    for clause in ("models.promised-listed", "models.asked-listed")
)
LACKING = "announced-not-listed"


def changes(told):
    """The changes of a run by their kind, model and state."""
    return {(one["change"], one["model"], one["state"]) for one in told.records if one["kind"] == "change"}


@pytest.fixture
def night(ran, tmp_path):
    """Judge the list that lacks kimi-k2.6 on a day, with what else it shows waived; the run, and its file."""

    def judged(day, since=(), **options):
        out = tmp_path / day
        told = ran(
            cassettes=LATE, select="models", as_of=date.fromisoformat(day), since=since, out=out,
            target_with={"waivers": KNOWN}, **options,
        )  # fmt: skip
        return told, out / "run.ndjson"

    return judged


@pytest.fixture(scope="module")
def answered(ran, key_of_all, tmp_path_factory):
    """Ask the reference server, honest or lying, for chats; the run and its file."""

    def run(*faults, since=(), select="chat or refusals"):
        out = tmp_path_factory.mktemp("run")
        with running(create_app(fault=list(faults))) as url:
            told = ran(target=f"moonshot={url}", mode="live", max_cost=1, select=select, since=since, out=out)
        return told, out / "run.ndjson"

    return run


@pytest.fixture(scope="module")
def key_of_all():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOONSHOT_API_KEY", "sk-tests-of-the-suite-0123456789")
        yield


@pytest.fixture(scope="module")
def honest(answered):
    return answered()[1]


@pytest.fixture(scope="module")
def tiered(answered):
    """The file of a run whose answers have a member more."""
    return answered("service-tier-told")[1]


class TestNights:
    def test_without_an_earlier_run_a_change_fails_nothing(self, night):
        assert night("2026-04-23")[0].exit == 0

    def test_what_is_new_is_an_alarm(self, night):
        _, before = night("2026-04-19")
        told, _ = night("2026-04-20", [before])
        assert (LACKING, "kimi-k2.6", "new") in changes(told)
        assert told.exit == 1

    def test_what_goes_on_is_none_and_bears_the_day_on_which_it_was_first_seen(self, night):
        _, first = night("2026-04-20", [])
        _, second = night("2026-04-21", [first])
        told, _ = night("2026-04-22", [second])
        (lacking,) = [one for one in told.records if one.get("change") == LACKING and one["model"] == "kimi-k2.6"]
        assert (lacking["state"], lacking["first_seen"], lacking["days"]) == ("went-on", "2026-04-20", 2)
        assert told.exit == 0

    def test_what_is_not_so_any_more_is_told_as_ended_once(self, night):
        _, first = night("2026-04-20", [])
        second, file = night("2026-04-19", [first])
        assert (LACKING, "kimi-k2.6", "ended") in changes(second)
        assert second.exit == 0
        assert (LACKING, "kimi-k2.6", "ended") not in changes(night("2026-04-18", [file])[0])

    def test_what_could_not_be_looked_at_has_not_ended_and_is_no_new_alarm_later(
        self, night, ran, tmp_path, closed_port, key
    ):
        _, first = night("2026-04-20", [])
        target = f"moonshot={closed_port}"
        dead = ran(
            target=target, mode="live", select="models", since=[first], out=tmp_path / "dead", as_of=date(2026, 4, 21)
        )
        assert (LACKING, "kimi-k2.6", "not-looked-at") in changes(dead)
        told, _ = night("2026-04-22", [tmp_path / "dead" / "run.ndjson"])
        assert (LACKING, "kimi-k2.6", "went-on") in changes(told)

    def test_what_is_told_again_is_the_last_of_several_runs(self, night):
        _, lacking = night("2026-04-20", [])
        _, without = night("2026-04-19", [])
        assert (LACKING, "kimi-k2.6", "new") not in changes(night("2026-04-22", [without, lacking])[0])

    def test_a_run_that_did_not_end_told_nothing_and_is_said_so(self, night):
        _, first = night("2026-04-20", [])
        lines = first.read_text(encoding="utf-8").splitlines(keepends=True)
        first.write_text("".join(line for line in lines if json.loads(line)["kind"] in ("run", "exchange")))
        told, _ = night("2026-04-21", [first])
        assert told.exit == 1
        assert told.end["notes"][0].endswith(
            "run.ndjson is of a run that did not end: what it would have told is told as new"
        )


class TestAnswers:
    def test_of_an_honest_server_do_not_change(self, answered, honest):
        told, _ = answered(since=[honest])
        assert changes(told) == set()
        assert told.exit == 0

    def test_a_member_that_is_gone_breaks_although_no_clause_asks_for_it(self, answered, tiered):
        told, _ = answered(since=[tiered])
        assert changes(told) == {
            ("answer-member-gone", "kimi-k2.6", "new"), ("unknown-member", None, "ended"),
        }  # fmt: skip
        assert told.came_to("fail") == set()
        assert told.exit == 1

    @pytest.mark.parametrize(
        ("fault", "kind", "where", "weight"),
        [
            ("service-tier-told", "answer-member-new", "/200/service_tier", "harmless"),
            ("completion-id-missing", "answer-member-gone", "/200/id", "breaking"),
            ("usage-as-strings", "answer-type-changed", "/200/usage/total_tokens", "breaking"),
            ("finish-reason-unknown", "answer-values-changed", "/200/choices/*/finish_reason", "risky"),
            ("error-without-type", "answer-member-gone", "/400/error/type", "breaking"),
        ],
    )
    def test_a_lie_is_a_change_since_the_day_of_the_earlier_run(self, answered, honest, fault, kind, where, weight):
        told, _ = answered(fault, since=[honest])
        found = {one["where"]: one for one in told.records if one.get("change") == kind}
        assert (found[where]["severity"], found[where]["odd_one_out"]) == (weight, "service-lag")
        assert found[where]["since"] == earlier.read(honest).day.isoformat()

    def test_what_changed_is_told_once(self, answered, honest):
        _, first = answered("service-tier-told", since=[honest])
        told, _ = answered("service-tier-told", since=[first])
        assert changes(told) == {("unknown-member", None, "went-on")}

    def test_what_was_not_asked_before_is_named_and_not_compared(self, answered, honest):
        told, _ = answered(since=[honest], select="chat or refusals or balance")
        assert told.end["notes"] == [
            "no request was answered in this run and in an earlier one, so nothing is compared: balance"
        ]


class TestSettings:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (None, "No such file"),
            ("", "empty"),
            ("{", "property name"),
            ("[1]", "neither a run file nor"),
            ('{"a": 1}', "neither a run file nor"),
            ('{"kind": "run"}', "as_of"),
            ('{"kind": "run", "as_of": "x"}', "x"),
            ('{"kind": "run", "as_of": "2026-04-20", "target": "openrouter"}', "is of the target openrouter"),
            ('{"kind": "run", "as_of": "2026-04-20", "target": "moonshot", "model": "kimi-k3"}', "asked for kimi-k3"),
            ('{"as_of": "2026-04-20", "target": "moonshot", "changes": [1]}', "list of objects"),
            ('{"as_of": "2026-04-20", "target": "moonshot", "changes": [{"change": 1}]}', "endpoint"),
        ],
    )  # fmt: skip
    def test_what_is_no_earlier_run_of_the_same_exits_with_2(self, cli, folder, text, words):
        if text is not None:
            (folder / "earlier.ndjson").write_text(text)
        ended = cli("run", "--select", "models", "--since", "earlier.ndjson")
        assert (ended.code, ended.out) == (2, "")
        assert words in ended.err

    def test_a_link_to_the_latest_run_is_followed_before_it_points_at_this_one(self, cli):
        arguments = ("run", "--cassettes", LATE, "--select", "models")
        cli(*arguments, "--as-of", "2026-04-20")
        ended = cli(*arguments, "--as-of", "2026-04-22", "--since", "reports/latest/run.ndjson", "--json")
        told = {(one["change"], one["model"]): one for one in ended.document["changes"]}
        assert (told[LACKING, "kimi-k2.6"]["state"], told[LACKING, "kimi-k2.6"]["first_seen"]) == (
            "went-on",
            "2026-04-20",
        )
        assert "went on, first seen on 2026-04-20" in ended.err


class TestReports:
    def test_the_records_and_the_document_obey_their_schemas(self, answered, honest):
        told, file = answered("service-tier-told", since=[honest])
        for line in file.read_text(encoding="utf-8").splitlines():
            jsonschema.Draft202012Validator(schemas.documents()["runfile.line"]).validate(json.loads(line))
        jsonschema.Draft202012Validator(schemas.documents()["run"]).validate(results.document(told.records))

    def test_a_report_made_again_knows_why_the_run_failed(self, night):
        _, before = night("2026-04-19")
        told, file = night("2026-04-20", [before])
        assert pytest_run.again(file)[-1]["exit"] == told.exit == 1

    def test_the_summary_tells_what_is_new_and_what_went_on(self, night):
        _, before = night("2026-04-19")
        told, _ = night("2026-04-20", [before])
        lines = results.changed(told.records)
        assert lines[0].startswith("breaking: announced-not-listed kimi-k2.6 models.list /data: announced 2026-04-20")
        assert any("went on, first seen on 2026-04-19" in line for line in lines)


class TestDrift:
    def test_two_runs_are_compared_offline(self, cli, honest, tiered):
        ended = cli("drift", "--since", tiered, "--run", honest)
        assert ended.code == 1
        assert "BREAKING  answer-member-gone  kimi-k2.6 chat.completions (service-lag)" in ended.out

    def test_several_earlier_runs_are_more_samples(self, cli, answered):
        files = [answered(select="stream")[1] for _ in range(4)]
        _, now = answered("stream-without-object", select="stream")
        one = cli("drift", "--run", now, "--since", files[0])
        all_of_them = cli("drift", "--run", now, *(part for file in files for part in ("--since", file)))
        assert (one.code, "RISKY  answer-differs-in-few" in one.out) == (0, True)
        assert (all_of_them.code, "BREAKING  answer-member-gone" in all_of_them.out) == (1, True)

    def test_a_run_alone_tells_its_own_changes(self, cli, tiered):
        ended = cli("drift", "--run", tiered, "--json")
        assert [one["change"] for one in ended.document["changes"]] == ["unknown-member"]
        assert ended.document["sources"][0]["kind"] == "run"

    def test_its_document_obeys_its_schema(self, cli, honest, tiered):
        ended = cli("drift", "--since", tiered, "--run", honest, "--json")
        jsonschema.Draft202012Validator(schemas.documents()["drift"]).validate(ended.document)
        assert ended.document["counts"]["breaking"] == 1

    def test_a_run_of_another_target_exits_with_2(self, cli, honest):
        ended = cli("drift", "--target", "openrouter", "--run", honest)
        assert (ended.code, "is of the target moonshot" in ended.err) == (2, True)

    def test_a_key_in_an_earlier_file_is_written_nowhere(self, cli, folder, key):
        change = {"change": "x", "endpoint": key, "where": key, "detail": f"\x1b[2J{key}"}
        (folder / "a.json").write_text(json.dumps({"as_of": "2026-04-20", "target": "moonshot", "changes": [change]}))
        ended = cli("drift", "--models", LATE / "models" / "list.yaml", "--since", "a.json")
        assert key not in ended.out + ended.err


DAY = date(2026, 9, 2)
CHANGE = Change("retired-still-listed", "models.list", "/data/0", "words", since=date(2026, 9, 1), model="kimi-k2.5")


def stands(change, before, looked=Looked(), day=DAY):  # noqa: B008 - a frozen value
    """How a change stands after another was told on the day before."""
    told = (Told(before, date(2026, 8, 20)),) if before else ()
    last = Night("a/run.ndjson", date(2026, 9, 1), "moonshot", told=told)
    now = [change] if change else []
    return [(one.state, one.first_seen) for one in standing.standings(now, last, looked, (), day)]


class TestIdentity:
    def test_other_words_make_no_other_change(self):
        before = replace(CHANGE, detail="other", source="x", other_source="y", as_of=date(2026, 9, 1))
        assert stands(CHANGE, before) == [(State.WENT_ON, date(2026, 8, 20))]

    @pytest.mark.parametrize("name", ["kind", "endpoint", "where", "model"])
    def test_another_kind_endpoint_place_or_model_does(self, name):
        assert stands(CHANGE, replace(CHANGE, **{name: "other"}))[0] == (State.NEW, DAY)

    def test_what_became_worse_is_new(self):
        assert stands(replace(CHANGE, severity=Severity.RISKY), CHANGE)[0][0] is State.NEW
        assert stands(CHANGE, replace(CHANGE, severity=Severity.RISKY))[0][0] is State.WENT_ON

    def test_what_began_only_after_the_earlier_run_is_new(self):
        assert stands(replace(CHANGE, since=DAY), CHANGE)[0][0] is State.NEW

    def test_what_ended_only_ended_where_its_place_was_looked_at(self):
        assert stands(None, CHANGE, Looked(frozenset({"listing"})))[0][0] is State.ENDED
        assert stands(None, CHANGE, Looked(frozenset({"document"})))[0][0] is State.NOT_LOOKED_AT

    def test_a_kind_of_which_no_place_is_known_has_not_ended(self):
        places = Looked(frozenset({"listing", "document"}))
        assert stands(None, replace(CHANGE, kind="unheard-of"), places)[0][0] is State.NOT_LOOKED_AT

    def test_what_changed_between_two_runs_is_the_new_normal_later(self):
        assert stands(None, replace(CHANGE, kind="answer-member-gone")) == []


def test_a_run_that_asked_another_model_is_refused():
    seen = Night("a/run.ndjson", DAY, "moonshot", "kimi-k3")
    with pytest.raises(ConfigurationError, match="asked for kimi-k3"):
        runs.require_same("moonshot", "kimi-k2.6", [seen])
    runs.require_same("moonshot", None, [seen])
