"""The command ``doctor``, and what a live run tells of it: first, and without asking anything twice."""

import json

import jsonschema
import pytest

from conformance.contract import schemas
from conformance.doctor.examination import STEPS
from conformance.evidence.client import Client
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.report import doctor
from tests.conftest import KEY, Wire

PAGE = Wire.http(200, b"<!doctype html><title>Sign in</title>", "Content-Type: text/html")
SOME = "models or chat.one-word"
OF_ANOTHER_VENDOR = "sk-ant-" + "x" * 24


def obeys(schema, value):
    jsonschema.Draft202012Validator(schemas.documents()[schema]).validate(value)


def statuses(steps) -> dict[str, str]:
    return {step["step"]: step["status"] for step in steps}


def steps_of(told) -> dict[str, str]:
    return statuses(record for record in told.records if record["kind"] == "doctor")


@pytest.fixture
def counted():
    """An honest service and the requests that came to it."""
    came: list[tuple[str, str]] = []
    app = create_app()

    async def counting(scope, receive, send):
        came.append((scope["method"], scope["path"]))
        await app(scope, receive, send)

    with running(counting) as url:
        yield url, came


@pytest.fixture
def sent(monkeypatch):
    """What the client sends, which goes nowhere."""
    requests = []
    monkeypatch.setattr(Client, "_send", lambda _, request: requests.append(request))
    return requests


class TestCommand:
    def test_0_where_all_is_well_or_warned_of(self, cli, key, counted):
        ended = cli("doctor", "--target", f"moonshot={counted[0]}", "--json")
        assert ended.code == ended.document["exit"] == 0
        obeys("doctor", ended.document)
        assert list(statuses(ended.document["steps"])) == list(STEPS)
        assert (ended.document["spend"]["requests"], ended.document["spend"]["paid_requests"]) == (4, 1)

    def test_what_it_may_cost_is_told_first(self, cli, key, counted):
        first, *_ = cli("doctor", "--target", f"moonshot={counted[0]}").err.splitlines()
        assert first == f"asks {counted[0]}; the last step may cost 0.0007 USD at the most"

    def test_3_where_a_step_failed_and_the_document_is_whole(self, cli, key, closed_port):
        ended = cli("doctor", "--target", f"moonshot={closed_port}", "--json")
        assert ended.code == ended.document["exit"] == 3
        obeys("doctor", ended.document)
        assert statuses(ended.document["steps"])["connection"] == "fail"

    def test_3_without_a_key_which_is_asked_for(self, cli, monkeypatch):
        monkeypatch.delenv("MOONSHOT_API_KEY", raising=False)
        ended = cli("doctor")
        assert ended.code == 3
        assert "set the environment variable MOONSHOT_API_KEY" in ended.err

    def test_3_with_a_key_of_another_vendor_which_is_sent_nowhere(self, cli, monkeypatch, sent):
        monkeypatch.setenv("MOONSHOT_API_KEY", OF_ANOTHER_VENDOR)
        ended = cli("doctor", "--json")
        assert (ended.code, sent) == (3, [])
        assert OF_ANOTHER_VENDOR not in ended.err + ended.out

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["--target", "moonshoot"], "did you mean 'moonshot'?"),
            (["--target", "openai-compatible"], "has no host of its own"),
            (["--model", "kimi-k9"], "unknown model 'kimi-k9'"),
            (["--target", "openrouter", "--model", "kimi-k2.6"], "use moonshotai/kimi-k2.6 there"),
        ],
    )
    def test_2_where_it_is_used_wrongly(self, cli, key, arguments, told):
        ended = cli("doctor", *arguments)
        assert (ended.code, ended.out) == (2, "")
        assert told in ended.err

    def test_the_key_is_not_told_although_the_service_repeats_it(self, cli, key, wire):
        echo = Wire.http(401, json.dumps({"error": {"message": f"no {KEY}", "type": "x"}}).encode())
        with wire.scripted(Wire.http(204, b""), echo) as (url, _):
            ended = cli("doctor", "--target", f"moonshot={url}", "--json")
        assert "401" in ended.err
        assert KEY not in ended.err + ended.out

    def test_what_a_service_says_cannot_move_the_cursor(self, cli, key, wire):
        hostile = Wire.http(401, json.dumps({"error": {"message": "\x1b[2J\x07", "type": "x"}}).encode())
        with wire.scripted(Wire.http(204, b""), hostile) as (url, _):
            ended = cli("doctor", "--target", f"moonshot={url}")
        assert "\\x1b[2J" in ended.err
        assert "\x1b" not in ended.err


def step(name, status, sentence, **more):
    return {"step": name, "status": status, "sentence": sentence, "advice": "", "source": "", **more}


LONG = step("dns", "fail", "word " * 30, advice="Do " * 40, source="https://a.example/" + "x" * 90)
TOLD = [
    step("key", "pass", "All is well."),
    LONG,
    step("tls", "could-not-check", "Before."),
    step("call", "could-not-check", "Before."),
]


class TestTerminal:
    def test_a_line_is_no_longer_than_the_terminal_is_wide_unless_it_is_an_address(self):
        told = list(doctor.lines(TOLD, 80))
        assert [line for line in told if len(line) > 80 and "https://" not in line] == []

    def test_where_there_is_no_terminal_a_sentence_stays_whole(self):
        assert any("word " * 30 in line for line in doctor.lines(TOLD, None))

    def test_what_was_not_looked_at_is_one_line(self):
        *_, last = doctor.lines(TOLD, 80)
        assert last.split() == ["?", "tls,", "call:", "Before."]


class TestRun:
    def test_tells_the_doctors_steps_first_in_every_report(self, cli, key, counted, folder):
        ended = cli(
            "run", "--target", f"moonshot={counted[0]}", "--mode", "live", "--select", "health", "--json", "--out", "o"
        )
        steps = ended.document["doctor"]
        assert list(statuses(steps)) == list(STEPS)
        assert set(statuses(steps).values()) == {"pass", "not-applicable"}
        kinds = [json.loads(line)["kind"] for line in (folder / "o/run.ndjson").read_text().splitlines()]
        assert kinds[: len(STEPS) + 2] == ["run", *["doctor"] * len(STEPS), "exchange"]
        page = (folder / "o/report.html").read_text()
        assert 0 < page.index('class="doctor"') < page.index('class="counts"')
        summary = (folder / "o/summary.md").read_text()
        assert 0 < summary.index("Doctor: ") < summary.index("| pass |")
        assert ended.err.splitlines()[2].startswith("Doctor: ")

    def test_asks_one_preflight_more_and_nothing_twice(self, cli, key, counted):
        url, came = counted
        cli(
            "run",
            "--target",
            f"moonshot={url}",
            "--mode",
            "live",
            "--select",
            "models.list or balance.read or chat.one-word",
        )
        assert sorted(came) == sorted(
            [
                ("GET", "/v1/models"),
                ("OPTIONS", "/v1/chat/completions"),
                ("GET", "/v1/users/me/balance"),
                ("POST", "/v1/chat/completions"),
            ]
        )
        assert came[:2] == [("GET", "/v1/models"), ("OPTIONS", "/v1/chat/completions")]

    def test_counts_the_preflight_among_its_requests_and_shows_it(self, cli, key, counted, folder):
        ended = cli(
            "run", "--target", f"moonshot={counted[0]}", "--mode", "live", "--select", "models", "--json", "--out", "o"
        )
        assert ended.document["spend"]["requests"] == len(counted[1])
        assert "doctor: OPTIONS" in (folder / "o/report.html").read_text()

    def test_makes_the_same_reports_of_its_run_file_again(self, cli, key, counted, folder):
        cli("run", "--target", f"moonshot={counted[0]}", "--mode", "live", "--select", "models", "--out", "o")
        before = (folder / "o/results.json").read_text()
        assert cli("report", "o/run.ndjson").code == 0
        assert (folder / "o/results.json").read_text() == before

    def test_records_no_cassette_of_the_preflight(self, cli, key, counted, folder):
        cli(
            "run",
            "--target",
            f"moonshot={counted[0]}",
            "--mode",
            "record",
            "--cassettes",
            "tapes",
            "--select",
            "models.list",
        )
        assert [path.name for path in (folder / "tapes").rglob("*.yaml")] == ["list.yaml"]

    def test_a_step_that_nothing_selected_asks_for_could_not_be_checked(self, ran, key, counted):
        told = ran(target=f"moonshot={counted[0]}", mode="live", select="models.list")
        steps = steps_of(told)
        assert (steps["models"], steps["balance"], steps["call"]) == ("pass", "could-not-check", "could-not-check")
        assert told.exit == 0

    @pytest.mark.parametrize("mode", ["replay", "reference"])
    def test_that_asks_no_service_has_no_doctor(self, ran, mode):
        assert steps_of(ran(mode=mode, select="models.list")) == {}

    def test_3_with_a_key_of_another_vendor_which_is_sent_nowhere(self, ran, monkeypatch, sent):
        monkeypatch.setenv("MOONSHOT_API_KEY", OF_ANOTHER_VENDOR)
        told = ran(mode="live", select=SOME)
        assert (told.exit, sent, set(told.counts) - {"not_applicable"}) == (3, [], {"could_not_check"})
        assert "as those of Anthropic do" in told.verdicts[0]["reason"]

    def test_3_behind_a_page_and_only_one_request_was_sent(self, ran, key, wire):
        with wire.scripted(PAGE) as (url, requests):
            told = ran(target=f"moonshot={url}", mode="live", select=SOME)
        assert (told.exit, len(requests), steps_of(told)["answer"]) == (3, 1, "fail")

    def test_3_after_a_refused_key_and_no_preflight_is_sent(self, ran, key):
        with running(create_app(fault=["everything-401"])) as url:
            told = ran(target=f"moonshot={url}", mode="live", select=SOME)
        assert (told.exit, told.end["spend"]["requests"]) == (3, 1)
        assert (steps_of(told)["connection"], steps_of(told)["accepted"]) == ("pass", "fail")

    def test_goes_on_where_the_model_is_not_listed(self, ran, key):
        with running(create_app(fault=["newest-model-unlisted"])) as url:
            told = ran(target=f"moonshot={url}", mode="live", select=SOME, model="kimi-k3")
        assert (steps_of(told)["models"], steps_of(told)["call"]) == ("warn", "pass")
        assert "chat.status" in told.came_to("pass")

    def test_hostile_text_in_a_step_becomes_no_markup(self, cli, key, wire, folder):
        attack = json.dumps({"error": {"message": "<script>alert(1)</script>", "type": "x"}}).encode()
        with wire.scripted(Wire.http(401, attack)) as (url, _):
            cli("run", "--target", f"moonshot={url}", "--mode", "live", "--select", "models.list", "--out", "o")
        assert "<script>alert" not in (folder / "o/report.html").read_text()
        assert "<script>" not in (folder / "o/summary.md").read_text()
