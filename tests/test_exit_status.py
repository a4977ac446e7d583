"""Every exit status for its reason, and for no other: each by a run that really comes to it."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from conformance import checks, targets
from conformance.judge import verdict
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner import session

LATE = Path(session.__file__).parents[2] / "cassettes" / "scenarios" / "k26-announced-k25-listed"
MOONSHOT = (Path(targets.__file__).parent / "moonshot.toml").read_text(encoding="utf-8")
# Nobody waits for a silent host in these tests.
IMPATIENT = "\ntimeouts = { connect = 2.0, first_byte = 0.3, whole = 3.0 }\n"
# A little of everything: what is free, what costs tokens, and a refusal.
SOME = "models or balance or chat.one-word or batches.output or refusals.bad-key"
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<!doctype html><title>Sign in</title>"


def waiver(clause: str, expires: date = date(2099, 1, 1)) -> str:
    return (
        f'\n[[waiver]]\nclause = "{clause}"\nreason = "The vendor knows."\nowner = "api-team"\n'
        f'link = "https://example.com/1"\nexpires = {expires}\n'
    )


def says_nothing(connection):
    connection.settimeout(5)
    while connection.recv(1 << 16):
        pass


@pytest.fixture
def mine(folder):
    """Write a target of one's own that is moonshot and more."""

    def write(more: str, **changed: str) -> str:
        kept = [line for line in MOONSHOT.splitlines() if line.partition(" =")[0] not in changed]
        text = "\n".join([*kept, *(f"{name} = {value}" for name, value in changed.items())])
        (folder / "mine.toml").write_text(text + more, encoding="utf-8")
        return "mine.toml"

    return write


class TestConforms:
    def test_0_where_everything_that_was_selected_held(self, cli):
        assert cli("run").code == 0

    def test_0_where_only_a_should_is_broken(self, cli, key):
        with running(create_app(fault=["unknown-model-listed"])) as url:
            ended = cli("run", "--target", f"moonshot={url}", "--mode", "live", "--select", "models", "--json")
        assert ended.code == 0
        assert ended.document["counts"]["warn"] == 1

    def test_0_where_every_broken_must_is_waived(self, cli, mine):
        target = mine(waiver("models.promised-listed") + waiver("models.asked-listed"))
        ended = cli("run", "--target", target, "--cassettes", LATE, "--select", "models", "--json")
        assert ended.code == 0
        assert (ended.document["counts"]["fail"], ended.document["counts"]["waived"]) == (0, 2)


class TestDoesNotConform:
    def test_1_where_an_announced_model_is_not_listed(self, cli):
        ended = cli("run", "--cassettes", LATE, "--select", "models")
        assert ended.code == 1
        for told in ("kimi-k2.6", "2026-04-20", "3 days late", "https://platform.kimi.ai/docs/platform-changelog"):
            assert told in ended.err

    def test_0_for_the_same_answer_on_the_day_before_the_announcement(self, cli):
        assert cli("run", "--cassettes", LATE, "--select", "models", "--as-of", "2026-04-19").code == 0

    def test_1_where_one_of_two_broken_musts_is_waived(self, cli, mine):
        target = mine(waiver("models.promised-listed"))
        assert cli("run", "--target", target, "--cassettes", LATE, "--select", "models").code == 1

    def test_1_although_other_clauses_could_not_be_checked(self, cli, key):
        with running(create_app(fault=["choices-empty"])) as url:
            select = "chat.choices-type or chat.usage or chat.finish"
            ended = cli("run", "--target", f"moonshot={url}", "--mode", "live", "--select", select, "--json")
        assert ended.document["counts"]["could_not_check"] > 0
        assert ended.code == 1


class TestWrongUsage:
    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["run", "--target", "moonshoot"], "unknown target 'moonshoot'; did you mean 'moonshot'?"),
            (["run", "--target", "nowhere.toml"], "there is no target file nowhere.toml"),
            (["run", "--select", "modles"], "nothing answers to 'modles'; did you mean models"),
            (["run", "--select", "models and refusals"], "selects nothing"),
            (["run", "--select", ""], "a word is missing"),
            (["run", "--model", "kimi-k9"], "unknown model 'kimi-k9'; to be had are kimi-k3"),
            (["run", "--modle", "kimi-k3"], "No such option"),
            (["run", "--mode", "dead"], "'dead' is not one of"),
            (["run", "--as-of", "yesterday"], "'yesterday' is no day; write it as 2026-04-23"),
            (["run", "--max-cost", "-1"], "--max-cost must not be negative"),
            (["run", "--max-cost", "nan"], "--max-cost must not be negative"),
            (["run", "--cassettes", "nowhere"], "there are no cassettes in nowhere; check --cassettes"),
            (["run", "--mode", "record"], "--mode record needs --cassettes DIR"),
            (["rnu"], "No such command"),
            (["judge", "nowhere.json"], "nowhere.json: no such file or folder"),
            (["judge", "--endpoint", "chat", "."], "unknown endpoint 'chat'"),
            (["judge"], "Missing argument 'PATH...'"),
            (["report", "nowhere.ndjson"], "nowhere.ndjson: No such file or directory"),
            (["serve", "--fault", "usage-sum-of"], "no fault 'usage-sum-of'; did you mean usage-sum-off"),
            (["serve", "--port", "66000"], "66000"),
        ],
    )
    def test_2_with_a_sentence_that_names_it(self, cli, arguments, told):
        ended = cli(*arguments)
        assert ended.code == 2
        assert told in ended.err
        assert "Traceback" not in ended.err
        assert ended.out == ""

    @pytest.mark.parametrize("mode", ["live", "record"])
    def test_2_without_a_key_naming_its_variable(self, cli, monkeypatch, mode):
        monkeypatch.delenv("MOONSHOT_API_KEY", raising=False)
        ended = cli("run", "--mode", mode, "--cassettes", "new")
        assert ended.code == 2
        assert "set the environment variable MOONSHOT_API_KEY" in ended.err
        assert not Path("reports").exists()

    @pytest.mark.parametrize("held", ["   ", "sk-tiny", "sk-with a blank inside", "sk-mit-ümlaut-0123456789"])
    def test_2_where_the_variable_holds_no_key_which_is_not_repeated(self, cli, monkeypatch, held):
        monkeypatch.setenv("MOONSHOT_API_KEY", held)
        ended = cli("run", "--mode", "live")
        assert ended.code == 2
        assert "MOONSHOT_API_KEY" in ended.err
        assert held.strip() == "" or held not in ended.err

    def test_2_before_anything_is_written(self, cli, folder):
        cli("run", "--select", "modles")
        cli("run", "--target", "moonshoot")
        cli("judge", "nowhere.json")
        assert list(folder.iterdir()) == []


class TestCouldNotCheck:
    def test_3_and_no_pass_at_a_closed_port(self, cli, key, closed_port):
        ended = cli("run", "--target", f"moonshot={closed_port}", "--mode", "live", "--select", SOME, "--json")
        assert ended.code == 3
        assert [name for name, count in ended.document["counts"].items() if count] == ["could_not_check"]
        assert "no connection" in ended.err

    def test_3_and_no_pass_at_a_host_that_accepts_and_says_nothing(self, cli, key, mine, answering):
        with answering(says_nothing) as url:
            target = mine(IMPATIENT, base_url=f'"{url}"')
            ended = cli("run", "--target", target, "--mode", "live", "--select", SOME, "--json")
        assert ended.code == 3
        assert [name for name, count in ended.document["counts"].items() if count] == ["could_not_check"]
        assert "no answer within 0.3 s" in ended.err

    def test_3_and_no_pass_at_a_web_page_whose_title_is_told(self, cli, key, answering):
        with answering(lambda connection: connection.recv(1 << 16) and connection.sendall(PAGE)) as url:
            ended = cli("run", "--target", f"moonshot={url}", "--mode", "live", "--select", SOME, "--json")
        assert ended.code == 3
        assert [name for name, count in ended.document["counts"].items() if count] == ["could_not_check"]
        assert "a web page, status 200: Sign in" in ended.err

    def test_3_where_the_key_is_refused_everywhere_and_one_request_was_sent(self, cli, key):
        with running(create_app(fault=["everything-401"])) as url:
            ended = cli("run", "--target", f"moonshot={url}", "--mode", "live", "--select", SOME, "--json")
        assert ended.code == 3
        assert ended.document["counts"]["fail"] == 0
        assert ended.document["spend"]["requests"] == 1
        reasons = [verdict["reason"] for verdict in ended.document["verdicts"] if verdict["status"] != "pass"]
        assert [reason for reason in reasons if "refused" not in reason and "401" not in reason] == []

    def test_3_with_nothing_but_what_the_account_may_spend_and_what_is_free_is_judged(self, cli, key):
        with running(create_app()) as url:
            ended = cli(
                "run", "--target", f"moonshot={url}", "--mode", "live", "--max-cost", "0", "--select", SOME, "--json"
            )
        assert ended.code == 3
        assert "--max-cost is 0 USD for the run" in ended.err
        told = ended.document["verdicts"]
        paid = [verdict for verdict in told if verdict["scenario"].startswith(("chat.", "batches."))]
        assert {verdict["status"] for verdict in paid} == {"could-not-check"}
        assert [verdict["reason"] for verdict in paid if "not asked: it may cost 0.00" not in verdict["reason"]] == []
        free = [verdict for verdict in told if verdict["scenario"] in ("models.list", "balance.read")]
        assert {verdict["status"] for verdict in free} == {"pass", "not-applicable"}

    def test_3_where_a_recording_is_missing(self, cli, folder):
        (folder / "none").mkdir()
        ended = cli("run", "--cassettes", "none", "--select", f"({SOME}) and not balance.spend-agrees", "--json")
        assert ended.code == 3
        assert [name for name, count in ended.document["counts"].items() if count] == ["could_not_check"]
        assert "there is no recording" in ended.err

    def test_3_where_nothing_that_was_selected_applies(self, cli):
        ended = cli("run", "--mode", "reference", "--model", "kimi-k3", "--select", "batches.complete", "--json")
        assert ended.code == 3
        assert [name for name, count in ended.document["counts"].items() if count] == ["not_applicable"]


class TestSuiteFailed:
    def test_4_where_a_check_of_ours_crashes_also_beside_a_fail(self, cli, monkeypatch):
        def crashing(check, exchanges, run):
            if check.clause.id == "models.status":
                check = checks.Check(check.clause, check.scenario, check.name, lambda _exchanges, _run: iter([1 / 0]))
            return reach(check, exchanges, run)

        reach = verdict.reach
        monkeypatch.setattr(verdict, "reach", crashing)
        ended = cli("run", "--cassettes", LATE, "--select", "models", "--json")
        assert ended.code == 4
        assert (ended.document["counts"]["error"], ended.document["counts"]["fail"]) == (1, 2)
        assert "ZeroDivisionError" in ended.err

    def test_4_where_a_scenario_of_ours_crashes(self, cli, monkeypatch):
        monkeypatch.setattr("conformance.evidence.api.Api.call", lambda *_, **__: 1 / 0)
        ended = cli("run", "--mode", "reference", "--select", "balance", "--json")
        assert ended.code == 4
        assert [name for name, count in ended.document["counts"].items() if count] == ["error"]

    def test_4_where_pytest_itself_fails_and_no_verdict_is_claimed(self, cli, monkeypatch):
        monkeypatch.setattr("conformance.runner.session.RunSession.conduct", lambda *_: 1 / 0)
        ended = cli("run")
        assert ended.code == 4
        assert "ZeroDivisionError" in ended.err
        assert "No verdict was reached." in ended.err

    def test_4_for_a_run_that_did_not_end(self, cli, folder):
        cli("run", "--select", "models", "--out", "out")
        lines = (folder / "out" / "run.ndjson").read_text().splitlines(keepends=True)
        (folder / "cut.ndjson").write_text("".join(lines[:-1]))
        assert cli("report", "cut.ndjson").code == 4


class TestStale:
    def test_5_where_a_waiver_is_no_longer_needed(self, cli, mine):
        target = mine(waiver("models.status"))
        ended = cli("run", "--target", target, "--cassettes", LATE, "--select", "models", "--as-of", "2026-04-19")
        assert ended.code == 5
        assert "the waiver for models.status is no longer needed: the clause holds (owner api-team)" in ended.err

    def test_5_where_a_waiver_has_expired_although_its_clause_holds(self, cli, mine):
        target = mine(waiver("models.status", date(2026, 4, 18)))
        ended = cli("run", "--target", target, "--cassettes", LATE, "--select", "models", "--as-of", "2026-04-19")
        assert ended.code == 5
        assert "expired on 2026-04-18 (owner api-team)" in ended.err

    def test_1_where_the_waiver_of_a_broken_clause_has_expired(self, cli, mine):
        gone = date(2026, 4, 22)
        target = mine(waiver("models.promised-listed", gone) + waiver("models.asked-listed", gone))
        ended = cli("run", "--target", target, "--cassettes", LATE, "--select", "models", "--json")
        assert ended.code == 1
        assert len(ended.document["stale"]) == 2

    def test_0_on_the_day_on_which_a_waiver_ends(self, cli, mine):
        last = date(2026, 4, 23)
        target = mine(waiver("models.promised-listed", last) + waiver("models.asked-listed", last))
        assert cli("run", "--target", target, "--cassettes", LATE, "--select", "models").code == 0

    def test_5_for_a_waiver_of_a_clause_that_nobody_knows(self, cli, mine):
        target = mine(waiver("models.promissed-listed"))
        ended = cli("run", "--target", target, "--cassettes", LATE, "--select", "models", "--as-of", "2026-04-19")
        assert ended.code == 5
        assert "models.promissed-listed is for a clause that the ledger does not know" in ended.err

    def test_a_waiver_that_ends_tomorrow_does_not_hide_that_it_is_not_needed_today(self, cli, mine):
        target = mine(waiver("models.status", date(2026, 4, 19) + timedelta(days=1)))
        ended = cli("run", "--target", target, "--cassettes", LATE, "--select", "models", "--as-of", "2026-04-19")
        assert ended.code == 5
