"""``clients`` on the command line: the OpenAI SDK against the reference server, honest and lying."""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
import jsonschema
import pytest

from conformance import targets
from conformance.clients.session import ClientsSession
from conformance.clients.table import Table
from conformance.clients.telling import page
from conformance.clients.through import Surroundings, Through
from conformance.clients.transport import PLACEHOLDER, Bridge, sdk
from conformance.contract import schemas
from conformance.evidence.client import Client
from conformance.evidence.redact import Redactor
from conformance.reference import create_app
from conformance.reference.inprocess import InProcess
from conformance.reference.inprocess import client as asking
from conformance.reference.serving import running
from conformance.runner.settings import OFFLINE_KEY, settings
from conformance.vocabulary import CouldNotCheck, Mode, Run

Row = dict[str, Any]


@cache
def document(*faults: str, model: str = "kimi-k2.6") -> dict[str, Any]:
    """Return what a run against a reference server comes to that tells these lies."""
    return ClientsSession(replace(settings(mode="reference", model=model), faults=faults)).run()


def rows(told: dict[str, Any], **wanted: str) -> list[Row]:
    return [row for row in told["rows"] if all(row[name] == value for name, value in wanted.items())]


def the(told: dict[str, Any], **wanted: str) -> Row:
    (row,) = rows(told, **wanted)
    return row


class TestAnHonestServer:
    @pytest.mark.parametrize("model", ["kimi-k2.6", "kimi-k3"])
    def test_is_left_with_warnings_alone(self, model: str) -> None:
        told = document(model=model)
        assert (told["exit"], told["counts"]["fail"], told["counts"]["could_not_check"]) == (0, 0, 0)

    def test_has_a_document_that_obeys_its_schema(self) -> None:
        jsonschema.validate(document(), schemas.documents()["clients"])

    def test_has_its_promises_hidden_at_known_places(self) -> None:
        hidden = {(row["endpoint"], row["what"]) for row in rows(document(), kind="hidden", status="warn")}
        assert hidden == {
            ("models.list", "answer /data/*/context_length"),
            ("models.list", "answer /data/*/supports_image_in"),
            ("models.list", "answer /data/*/supports_video_in"),
            ("models.list", "answer /data/*/supports_reasoning"),
            ("chat.completions", "answer /choices/*/message/reasoning_content"),
            ("chat.completions", "answer /usage/cached_tokens"),
            ("chat.stream", "answer /choices/*/usage"),
            ("chat.stream", "answer /usage/cached_tokens"),
            ("files.list", "answer /object"),
            ("batches.list", "answer /object"),
        }

    def test_has_values_that_the_sdk_does_not_declare(self) -> None:
        mistyped = {(row["endpoint"], row["what"]) for row in rows(document(), kind="mistyped")}
        of_a_file = {("files.create", "/purpose"), ("files.create", "/status"), ("files.retrieve", "/purpose")}
        of_a_file |= {
            ("files.retrieve", "/status"),
            ("files.list", "/data/*/purpose"),
            ("files.list", "/data/*/status"),
        }
        assert mistyped == {(endpoint, f"answer {where}") for endpoint, where in of_a_file}

    def test_has_endpoints_for_which_the_sdk_has_no_method(self) -> None:
        told = rows(document(), kind="not-expressible", what="request a method for it")
        assert [row["endpoint"] for row in told] == ["balance", "tokens.estimate"]

    def test_gets_headers_that_nobody_gave(self) -> None:
        added = {row["what"] for row in rows(document(), kind="added", endpoint="*")}
        assert {"request header x-stainless-lang", "request header x-stainless-retry-count"} <= added

    def test_gets_a_body_to_which_only_parse_adds_something(self) -> None:
        added = rows(document(), kind="added", endpoint="chat.completions", status="pass")
        assert {(row["what"], *row["scenarios"]) for row in added} == {
            ("request /stream", "clients.parse"),
            ("request /response_format", "clients.parse"),
        }

    def test_gets_a_schema_made_of_a_class_that_is_not_in_moonshots_subset(self) -> None:
        told = [row for row in rows(document(), kind="added", status="warn") if row["what"].endswith("/schema/title")]
        assert [row["reason"] for row in told] == ["not in Moonshot's subset of JSON Schema: expected no title"]

    def test_gets_the_reasoning_back_with_the_sdks_own_message(self) -> None:
        row = the(document(), kind="same", what="request /messages/*/reasoning_content")
        assert "clients.tool-result" in row["scenarios"]

    def test_gets_what_no_type_names_as_it_was_given(self) -> None:
        for where in ("/thinking/type", "/messages/*/partial"):
            assert rows(document(), kind="same", what=f"request {where}")

    @pytest.mark.parametrize(
        ("endpoint", "status", "name"),
        [
            ("chat.completions", 400, "BadRequestError"),
            ("chat.completions", 404, "NotFoundError"),
            ("files.retrieve", 404, "NotFoundError"),
            ("models.list", 401, "AuthenticationError"),
            ("chat.stream", 400, "BadRequestError"),
        ],
    )
    def test_refuses_with_the_exception_of_the_status(self, endpoint: str, status: int, name: str) -> None:
        assert the(document(), endpoint=endpoint, what=f"refusal {status}")["sdk"] == name

    def test_is_told_apart_from_a_model_that_cannot_be_asked(self) -> None:
        told = the(document(model="kimi-k3"), kind="not-applicable", what="scenario batches.cancel")
        assert "kimi-k3 cannot be asked in batches" in told["reason"]

    def test_is_paid_for_few_requests(self) -> None:
        assert document()["spend"]["paid_requests"] <= 12
        assert document()["spend"]["usd"] < 0.01


class TestRetries:
    @pytest.mark.parametrize(
        ("what", "statuses"),
        [
            ("an engine that is overloaded", "429, 200"),
            ("too many requests", "429, 200"),
            ("an empty purse, which no second request fills", "429, 429, 429"),
            ("an error of the server", "500, 500, 500"),
            ("a refused key", "401"),
        ],
    )
    def test_are_counted(self, what: str, statuses: str) -> None:
        assert the(document(), what=f"retries on {what}")["wire"] == statuses


class TestALie:
    @pytest.mark.parametrize(
        ("fault", "kind", "what", "clause"),
        [
            ("usage-as-strings", "converted", "answer /usage/total_tokens", "chat.usage.total-tokens-type"),
            ("usage-missing", "filled-in", "answer /usage", "chat.usage"),
            ("members-capitalised", "filled-in", "answer /choices/*/message/content", "chat.message.content"),
            ("finish-reason-missing", "filled-in", "answer /choices/*/finish_reason", "chat.choice.finish-reason"),
            (
                "tool-arguments-as-object",
                "mistyped",
                "answer /choices/*/message/tool_calls/*/function/arguments",
                "chat.tool-call.arguments-type",
            ),
            ("error-without-type", "filled-in", "refusal /error/type", "errors.type"),
        ],
    )
    def test_that_the_sdk_smooths_over_is_a_warning_with_the_clause_that_it_breaks(
        self, fault: str, kind: str, what: str, clause: str
    ) -> None:
        told = rows(document(fault), kind=kind, what=what, status="warn")
        assert told
        assert all(row["breaks"] == [clause] for row in told)

    def test_of_an_error_that_is_a_text_leaves_the_exception_without_a_type(self) -> None:
        row = the(document("error-as-string"), endpoint="files.retrieve", what="refusal /error/type")
        assert (row["kind"], row["status"], row["sdk"]) == ("filled-in", "warn", "null")

    def test_on_which_the_sdk_fails_is_a_fail_that_says_who_is_to_blame(self) -> None:
        told = document("stream-frames-glued")
        row = the(told, kind="crashed", endpoint="chat.stream")
        assert (told["exit"], row["status"], row["reason"]) == (1, "fail", "the answer breaks the contract")
        assert "stream.json" in row["breaks"]

    def test_that_loses_chunks_is_a_warning(self) -> None:
        row = the(document("stream-goes-on-after-done"), what="answer chunks")
        assert (row["status"], row["wire"] > row["sdk"]) == ("warn", True)

    def test_that_a_refusal_is_accepted_could_not_be_checked(self) -> None:
        told = document("unknown-model-accepted")
        assert told["exit"] == 3
        assert [row["scenarios"] for row in rows(told, kind="could-not-check")] == [["refusals.unknown-model"]]

    def test_that_the_key_is_refused_ends_the_run_at_once(self) -> None:
        told = document("everything-401")
        assert (told["exit"], told["spend"]["requests"]) == (3, 1)


def test_a_stream_behind_a_byte_order_mark_is_legal_and_loses_its_first_chunk_in_the_sdk() -> None:
    row = the(document("stream-lines-end-otherwise"), what="answer chunks")
    assert (row["status"], row["breaks"]) == ("warn", [])


def answering_always(body: bytes, content_type: str = "application/json") -> dict[str, Any]:
    """Return what a run against a server comes to that answers every request with the same."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers={"content-type": content_type}, content=body))
    return ClientsSession(settings(mode="reference"), transport).run()


class TestHostileAnswers:
    @pytest.mark.parametrize(
        "body",
        [
            b"null",
            b"[]",
            b'"text"',
            b'{"choices": [null, 1, {"message": "hi"}], "data": [[], {"id": {}}], "usage": [1]}',
            b'{"model_fields": 1, "model_extra": {}, "to_dict": 3, "__class__": 1}',
            b'{"id": "\\ud800", "\\udfff": 1}',
            b'{"x": ' + b"[" * 3000 + b"]" * 3000 + b"}",
            b'{"created": ' + b"9" * 5000 + b"}",
        ],
    )
    def test_of_any_shape_come_to_a_document_and_never_to_success(self, body: bytes) -> None:
        told = answering_always(body)
        assert json.dumps(told).encode()
        assert told["exit"] in (1, 3)

    def test_write_nothing_that_a_terminal_obeys(self) -> None:
        assert "\x1b" not in page(answering_always(b'{"id": "\\u001b[31mred", "\\u001b[2J": 1}'))

    def test_with_any_number_of_members_have_a_bounded_number_of_rows(self) -> None:
        told = answering_always(json.dumps({f"m{number}": 1 for number in range(1500)}).encode())
        assert len(rows(told, endpoint="models.list", kind="hidden")) <= 1000
        assert rows(told, endpoint="models.list", wire="more than 1000 members")


def test_nothing_that_is_paid_is_asked_of_an_empty_purse() -> None:
    told = ClientsSession(settings(mode="reference"), InProcess(create_app(balance=(0, 0)))).run()
    assert (told["exit"], told["spend"]["paid_requests"]) == (3, 0)
    assert the(told, what="scenario chat.one-word")["reason"] == "not asked: the balance is used up"


class TestTheCommand:
    def test_prints_one_document_and_writes_it(self, cli: Callable[..., Any], folder: Any) -> None:
        ended = cli("clients", "--mode", "reference", "--out", "out", "--json")
        assert ended.code == 0
        assert ended.document == json.loads((folder / "out" / "clients.json").read_text(encoding="utf-8"))
        assert {path.name for path in (folder / "out").iterdir()} == {"clients.json", "clients.txt", "exchanges.ndjson"}

    def test_works_over_the_network_hides_the_key_and_leaves_nothing_behind(
        self, cli: Callable[..., Any], folder: Any, key: str
    ) -> None:
        app = create_app()
        with running(app) as url:
            ended = cli("clients", "--target", url, "--out", "out")
        assert (ended.code, ended.out.splitlines()[0].split()[0]) == (0, "openai")
        assert "no evidence about the service" in ended.out
        assert not [path for path in (folder / "out").iterdir() if key in path.read_text(encoding="utf-8")]
        with asking(app, key) as client:
            assert client.get("/files").json()["data"] == []
            assert {batch["status"] for batch in client.get("/batches").json()["data"]} <= {"cancelled", "cancelling"}

    def test_leaves_exchanges_that_judge_reads(self, cli: Callable[..., Any], folder: Any) -> None:
        cli("clients", "--mode", "reference", "--out", "out")
        assert cli("judge", "out/exchanges.ndjson").code == 0

    def test_says_of_a_dead_host_that_nothing_could_be_checked(
        self, cli: Callable[..., Any], closed_port: str, key: str
    ) -> None:
        ended = cli("clients", "--target", closed_port)
        assert ended.code == 3
        assert "no connection" in ended.out

    def test_says_how_to_get_the_sdk(self, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        ended = cli("clients", "--mode", "reference")
        told = "Error: clients needs the OpenAI SDK: pip install 'kimi-conformance[clients]'\n"
        assert (ended.code, ended.err) == (2, told)

    def test_fits_a_terminal_but_for_addresses(self) -> None:
        long = [line for line in page(document()).splitlines() if len(line) > 80 and "https://" not in line]
        assert long == []


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    """The way from the SDK to an honest server in this process."""
    target = targets.load("reference")
    client = Client(target, Redactor(target.key_variable, OFFLINE_KEY), transport=InProcess(create_app()))
    yield Bridge(client, OFFLINE_KEY)
    client.close()


class TestTheWay:
    def test_shows_the_sdk_another_key(self, bridge: Bridge) -> None:
        with sdk(bridge) as client:
            client.models.list()
            assert client.api_key == PLACEHOLDER
        assert ("authorization", "Bearer $MOONSHOT_API_KEY") in bridge.exchanges[0].request.headers

    def test_gives_no_variable_of_the_environment_a_say(self, bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
        with sdk(bridge) as client:
            client.models.list()
        assert not [name for name in bridge.headers[0] if "organization" in name.lower()]
        assert os.environ["OPENAI_ORG_ID"] == "org-of-somebody"

    def test_does_not_hide_an_error_of_ours_behind_one_of_the_sdk(
        self, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge.client, "exchange", None)
        run = Run("tests", bridge.client.target, Mode.REFERENCE, "kimi-k2.6", datetime.now(UTC))
        with sdk(bridge) as client:
            api = Through(Surroundings(client, bridge, Table(), run), bridge.client, "s", "kimi-k2.6", smallest={})
            with pytest.raises(TypeError):
                api.call("models.list")

    def test_cannot_send_what_the_sdk_cannot(self, bridge: Bridge) -> None:
        run = Run("tests", bridge.client.target, Mode.REFERENCE, "kimi-k2.6", datetime.now(UTC))
        with sdk(bridge) as client:
            api = Through(Surroundings(client, bridge, Table(), run), bridge.client, "s", "kimi-k2.6", smallest={})
            for how in ({"body": b"{"}, {"query": "?limit=1"}, {"key": None}):
                with pytest.raises(CouldNotCheck):
                    api.call("files.list", **how)
        assert bridge.exchanges == []
