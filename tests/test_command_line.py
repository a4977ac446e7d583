"""What people and programs get from the command line: one document, the files of a run, help with an example."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance import __version__
from conformance.cli import COMMANDS
from conformance.contract import ledger, schemas
from conformance.evidence.client import Client
from conformance.reference import create_app, faults
from conformance.reference.serving import running
from conformance.vocabulary import Timeouts

FILES = ["junit.xml", "report.html", "results.json", "run.ndjson", "summary.md"]
ROOT = Path(__file__).parents[1]


def obeys(schema: str, value: object) -> None:
    jsonschema.Draft202012Validator(
        schemas.documents()[schema], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class TestJson:
    def test_a_run_prints_one_document_that_obeys_its_schema(self, cli):
        ended = cli("run", "--json")
        obeys("run", ended.document)
        assert ended.out.endswith("}\n")

    def test_what_is_printed_is_what_is_written(self, cli, folder):
        ended = cli("run", "--select", "models", "--out", "out", "--json")
        assert (folder / "out" / "results.json").read_text(encoding="utf-8") == ended.out

    def test_text_for_people_goes_to_standard_error(self, cli):
        ended = cli("run", "--select", "models", "--json")
        assert "moonshot (kimi-k2.6, replay, as of" in ended.err
        assert "conforms" in ended.err

    def test_nothing_is_on_standard_output_unless_it_is_asked_for(self, cli):
        assert cli("run", "--select", "models").out == ""

    def test_the_exit_status_stands_in_the_document(self, cli):
        ended = cli(
            "run", "--cassettes", ROOT / "cassettes/scenarios/k26-announced-k25-listed", "--select", "models", "--json"
        )
        assert ended.document["exit"] == ended.code == 1

    def test_the_counts_are_those_of_the_verdicts(self, cli):
        document = cli("run", "--select", "models or refusals", "--json").document
        for status, count in document["counts"].items():
            told = [verdict for verdict in document["verdicts"] if verdict["status"].replace("-", "_") == status]
            assert len(told) == count

    @pytest.mark.parametrize("fault", ["usage-sum-off", "html-page"])
    def test_a_run_that_fails_and_one_that_finds_nothing_obey_the_same_schema(self, cli, key, fault):
        with running(create_app(fault=[fault])) as url:
            select = "chat.usage and chat.one-word"
            obeys(
                "run",
                cli("run", "--target", f"moonshot={url}", "--mode", "live", "--select", select, "--json").document,
            )

    def test_what_judge_prints_obeys_the_schema_and_names_the_file_of_every_verdict(self, cli, folder):
        (folder / "answer.json").write_text('{"object": "list", "data": []}')
        ended = cli("judge", "answer.json", "--endpoint", "models.list", "--json")
        obeys("run", ended.document)
        assert {verdict["file"] for verdict in ended.document["verdicts"]} == {"answer.json"}

    def test_the_ledger_is_one_document_that_obeys_its_schema(self, cli):
        ended = cli("clauses", "--json")
        obeys("clauses", ended.document)
        assert [row["id"] for row in ended.document["clauses"]] == list(ledger.clauses())

    def test_an_error_prints_no_document(self, cli):
        assert cli("run", "--select", "modles", "--json").out == ""


class TestRunFile:
    @pytest.mark.parametrize("fault", ["usage-sum-off", "silent", "not-utf-8"])
    def test_every_line_of_a_live_run_obeys_the_schema(self, key, folder, ran, fault):
        with running(create_app(fault=[fault])) as url:
            select, soon = "models or balance or chat.one-word", {"timeouts": Timeouts(2, 0.5, 5)}
            ran(target=f"moonshot={url}", mode="live", max_cost=1, select=select, out=folder, target_with=soon)
        for line in lines(folder / "run.ndjson"):
            obeys("runfile.line", line)

    def test_every_line_of_a_replay_obeys_the_schema(self, ran, folder):
        ran(out=folder / "out")
        records = lines(folder / "out" / "run.ndjson")
        for line in records:
            obeys("runfile.line", line)
        assert (records[0]["kind"], records[-1]["kind"]) == ("run", "end")

    def test_every_line_of_a_judgement_obeys_the_schema(self, cli, folder):
        (folder / "a.json").write_bytes(b"{}")
        (folder / "b.json").write_bytes(b"\xff")
        (folder / "c.jsonl").write_bytes(b'{"custom_id": 1, "response": 2}\n{')
        cli("judge", ".", "--out", "out")
        for line in lines(folder / "out" / "run.ndjson"):
            obeys("runfile.line", line)

    def test_the_exchanges_that_a_verdict_names_stand_before_it(self, ran, folder):
        ran(out=folder / "out")
        there = set()
        for line in lines(folder / "out" / "run.ndjson"):
            if line["kind"] == "exchange":
                there.add(line["id"])
            assert set(line.get("exchanges", [])) <= there

    def test_the_key_is_nowhere_in_what_is_written(self, cli, folder, key):
        with running(create_app(fault=["key-echoed"])) as url:
            select = "chat.one-word or refusals.bad-key"
            cli("run", "--target", f"moonshot={url}", "--mode", "live", "--select", select, "--out", "out")
        for name in FILES:
            assert key.encode() not in (folder / "out" / name).read_bytes()


class TestFiles:
    def test_a_run_leaves_five_files_below_reports(self, cli, folder):
        cli("run", "--select", "models")
        (made,) = [path for path in (folder / "reports").iterdir() if not path.is_symlink()]
        assert made.name.startswith("moonshot-")
        assert sorted(path.name for path in made.iterdir()) == FILES

    def test_latest_points_at_the_newest(self, cli, folder):
        newest = []
        for _ in range(2):
            cli("run", "--select", "balance")
            newest.append((folder / "reports" / "latest").resolve())
        assert newest[0] != newest[1]
        assert newest[1].is_dir()

    def test_a_folder_that_was_named_gets_the_files_and_nothing_else_is_made(self, cli, folder):
        cli("run", "--select", "balance", "--out", "a/b")
        assert [path.name for path in folder.iterdir()] == ["a"]
        assert sorted(path.name for path in (folder / "a" / "b").iterdir()) == FILES

    def test_junit_names_the_clause_of_every_case(self, cli, folder):
        cli("run", "--select", "models", "--out", "out", "--json")
        cases = list(ElementTree.parse(folder / "out" / "junit.xml").iter("testcase"))
        told = [case.find("properties/property[@name='clause']").get("value") for case in cases]
        assert set(told) <= set(ledger.clauses())
        assert "models.status" in told

    def test_junit_tells_failures_and_skips_as_the_verdicts_are(self, cli, folder):
        cassettes = ROOT / "cassettes/scenarios/k26-announced-k25-listed"
        counts = cli("run", "--cassettes", cassettes, "--select", "models", "--out", "out", "--json").document["counts"]
        suite = ElementTree.parse(folder / "out" / "junit.xml").getroot().find("testsuite")
        assert int(suite.get("tests")) == sum(counts.values())
        assert int(suite.get("failures")) == counts["fail"]
        assert int(suite.get("skipped")) == counts["not_applicable"]

    def test_a_place_that_cannot_be_written_to_is_named(self, cli, folder):
        (folder / "taken").write_text("")
        ended = cli("run", "--out", "taken/below")
        assert ended.code == 2
        assert "--out taken/below: Not a directory" in ended.err


class TestReport:
    def test_it_makes_the_same_results_again(self, cli, folder):
        first = cli("run", "--select", "models or refusals", "--out", "out", "--json")
        for name in FILES:
            if name != "run.ndjson":
                (folder / "out" / name).unlink()
        again = cli("report", "out/run.ndjson", "--json")
        assert (again.code, again.out) == (first.code, first.out)
        assert sorted(path.name for path in (folder / "out").iterdir()) == FILES

    def test_it_makes_the_same_summary_and_cases_again(self, cli, folder):
        def cases() -> list[str]:
            return [case.get("name") for case in ElementTree.parse(folder / "out" / "junit.xml").iter("testcase")]

        cli("run", "--select", "models", "--out", "out")
        summary, count = (folder / "out" / "summary.md").read_text(), len(cases())
        cli("report", "out/run.ndjson")
        assert (folder / "out" / "summary.md").read_text() == summary
        assert len(cases()) == count

    def test_of_several_the_worst_status_counts(self, cli):
        cli("run", "--select", "balance", "--out", "good")
        cassettes = ROOT / "cassettes/scenarios/k26-announced-k25-listed"
        cli("run", "--select", "models", "--out", "bad", "--cassettes", cassettes)
        assert cli("report", "bad/run.ndjson", "good/run.ndjson").code == 1
        assert cli("report", "good/run.ndjson", "good/run.ndjson").code == 0

    def test_one_document_is_not_made_of_two_files(self, cli):
        cli("run", "--select", "balance", "--out", "out")
        ended = cli("report", "out/run.ndjson", "out/run.ndjson", "--json")
        assert (ended.code, ended.out) == (2, "")

    @pytest.mark.parametrize(
        "content",
        [
            b"", b"{}\n", b"[1]\n", b'{"kind": "verdict"}\n', b'{"kind": "run"}\n', b'{"kind": "end"}\n', b"\xff\n",
            b"not json", b'{"kind": "run", "kind": "run"}', b'{"kind": "run", "suite": "\\ud800"}',
        ],
    )  # fmt: skip
    def test_what_is_no_run_file_is_refused_by_name(self, cli, folder, content):
        (folder / "other.ndjson").write_bytes(content)
        ended = cli("report", "other.ndjson")
        assert ended.code == 2
        assert "other.ndjson" in ended.err
        assert "Traceback" not in ended.err

    def test_a_record_that_was_tampered_with_is_refused_by_its_line(self, cli, folder):
        cli("run", "--select", "balance", "--out", "out")
        path = folder / "out" / "run.ndjson"
        written = path.read_text(encoding="utf-8").splitlines(keepends=True)
        number = next(number for number, line in enumerate(written) if '"status":"pass"' in line)
        written[number] = written[number].replace('"status":"pass"', '"status":"passed"')
        path.write_text("".join(written), encoding="utf-8")
        ended = cli("report", "out/run.ndjson")
        assert ended.code == 2
        assert f"run.ndjson, line {number + 1}: not a record of a run" in ended.err


class TestMoney:
    @pytest.fixture
    def counted(self):
        """A server, and the paid requests that it has answered: their paths and statuses."""
        app, paid = create_app(), []

        async def counting(scope, receive, send):
            async def noting(message):
                if message["type"] == "http.response.start" and scope["method"] == "POST":
                    paid.append((scope["path"], message["status"]))
                await send(message)

            await app(scope, receive, noting)

        with running(counting) as url:
            yield ("--target", f"moonshot={url}", "--mode", "live"), paid

    def test_what_a_live_run_may_cost_is_told_before_anything_is_asked(self, cli, key, counted, monkeypatch):
        send = Client._send

        def noted(self, request):
            os.write(2, b"a request\n")
            return send(self, request)

        monkeypatch.setattr(Client, "_send", noted)
        first, second, *_ = cli("run", *counted[0], "--select", "models.list or chat.one-word").err.splitlines()
        assert re.fullmatch(r"may cost 0\.\d{4} USD at the most: 1 paid .* kimi-k2\.6; --max-cost is 0\.05 USD", first)
        assert second == "a request"

    @pytest.mark.parametrize("mode", ["replay", "reference"])
    def test_where_nothing_can_cost_anything_nothing_is_told(self, cli, mode):
        assert "may cost" not in cli("run", "--mode", mode, "--select", "models.list or chat.one-word").err

    def test_the_limit_is_kept_and_what_it_forbids_could_not_be_checked(self, cli, key, counted):
        options, paid = counted
        ended = cli("run", *options, "--max-cost", "0.001", "--json")
        told = ended.document
        assert ended.code == 3
        assert 0 < told["spend"]["usd"] <= 0.001
        chats = [status for path, status in paid if path.endswith("/chat/completions")]
        assert chats.count(200) == told["spend"]["paid_requests"] > 0
        refused = [verdict for verdict in told["verdicts"] if "not asked: it may cost" in verdict["reason"]]
        assert len({verdict["scenario"] for verdict in refused}) > 5
        assert {verdict["status"] for verdict in refused} == {"could-not-check"}
        assert (told["counts"]["fail"], told["counts"]["error"]) == (0, 0)

    def test_a_batch_is_not_begun_that_the_limit_forbids(self, cli, key, counted):
        options, paid = counted
        cli("run", *options, "--max-cost", "0.0001", "--select", "batches.complete or batches.cancel")
        assert [path for path, _ in paid] == []

    def test_with_nothing_to_spend_nothing_is_spent(self, cli, key, counted):
        options, paid = counted
        spend = cli("run", *options, "--max-cost", "0", "--json").document["spend"]
        assert (spend["usd"], spend["paid_requests"]) == (0, 0)
        assert spend["balance_before"] == spend["balance_after"]
        assert 200 not in [status for path, status in paid if path.endswith(("/chat/completions", "/batches"))]


class TestRecordings:
    def test_those_of_another_model_lie_in_a_folder_of_their_own(self, cli):
        ended = cli("run", "--model", "kimi-k3", "--select", "chat.one-word", "--json")
        assert ended.document["model"] == "kimi-k3"
        assert ended.document["counts"]["could_not_check"] == 0

    def test_a_model_without_any_is_told_how_to_make_them(self, cli):
        ended = cli("run", "--model", "kimi-k2.5", "--as-of", "2026-05-01")
        assert ended.code == 2
        assert "moonshot.kimi-k2.5; make them with --mode record --target moonshot --model kimi-k2.5" in ended.err


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_explains_itself_with_an_example(self, cli, command):
        ended = cli(command, "--help")
        assert ended.code == 0
        assert f"Example:\n    kimi-conformance {command}" in ended.out

    def test_the_command_alone_names_every_command_and_status(self, cli):
        ended = cli("--help")
        assert ended.code == 0
        for word in (*COMMANDS, "Example:", "0 conforms", "3 could not", "5 stale"):
            assert word in ended.out

    def test_a_short_option_will_do(self, cli):
        assert cli("-h").out == cli("--help").out

    def test_the_version_is_told(self, cli):
        assert cli("--version").out == f"kimi-conformance, version {__version__}\n"

    def test_every_lie_that_can_be_told_is_listed(self, cli):
        ended = cli("serve", "--fault", "help")
        assert ended.code == 0
        assert set(faults()) <= set(ended.out.split())

    def test_the_ledger_in_words_names_every_clause(self, cli):
        ended = cli("clauses")
        assert ended.code == 0
        assert set(ledger.clauses()) <= set(ended.out.split())
        assert f"{len(ledger.clauses())} clauses" in ended.out


class TestProcesses:
    @pytest.fixture
    def serving(self):
        command = [sys.executable, "-m", "conformance.cli", "serve", "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
            try:
                yield process.stdout.readline().strip()
            finally:
                process.terminate()

    def test_serve_tells_its_address_first_and_a_live_run_there_conforms(self, serving, tmp_path):
        assert serving.startswith("http://127.0.0.1:")
        command = [sys.executable, "-m", "conformance.cli", "run", "--mode", "live", "--target", f"moonshot={serving}"]
        run = subprocess.run(
            [*command, "--json"], cwd=tmp_path, env=environment(MOONSHOT_API_KEY="sk-reference-0123456789"),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        document = json.loads(run.stdout)
        assert document["counts"]["pass"] > 700
        assert document["provenance"]["kind"] == "reference"
        estimate, answered, *_ = run.stderr.splitlines()
        assert estimate.startswith("may cost ")
        assert answered.startswith("Answered by the reference server of this project: no evidence about the service")

    def test_a_reader_that_goes_away_gets_no_traceback(self, tmp_path):
        run = subprocess.run(
            f"{sys.executable} -m conformance.cli clauses | head -1",
            shell=True, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in run.stderr


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)} | more
