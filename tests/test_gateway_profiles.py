"""Gateways as targets and as the reference server plays them: honest ones conform, and each has its own shapes."""

import httpx
import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client
from conformance.reference.serving import running
from conformance.rows import ConfigurationError

KEYS = {"openrouter": "OPENROUTER_API_KEY", "aimlapi": "AIMLAPI_API_KEY"}
MODELS = {"openrouter": "moonshotai/kimi-k2.6", "aimlapi": "moonshot/kimi-k2-6"}
HELLO = {"role": "user", "content": "Reply with exactly one word: hello"}
KEY = "sk-tests-of-the-suite-0123456789"


@pytest.fixture
def ask():
    """Ask a gateway in this process: for a path, or for a chat with some members more."""

    def send(profile: str, path: str = "/chat/completions", **more) -> httpx.Response:
        with client(create_app(profile=profile), more.pop("key", KEY)) as api:
            if path != "/chat/completions":
                return api.get(path)
            return api.post(path, json={"model": MODELS[profile], "messages": [HELLO], **more})

    return send


class TestHonest:
    @pytest.mark.parametrize("profile", KEYS)
    def test_one_conforms_over_the_wire(self, profile, ran, monkeypatch):
        monkeypatch.setenv(KEYS[profile], KEY)
        with running(create_app(profile=profile)) as url:
            told = ran(target=f"{profile}={url}", mode="live", max_cost=1)
        assert (told.exit, told.counts.keys()) == (0, {"pass", "not_applicable"})

    @pytest.mark.parametrize("profile", KEYS)
    def test_it_is_asked_for_what_it_has_of_its_own(self, profile, ran):
        told = ran(mode="reference", target=profile, select=profile).came_to("pass")
        assert {f"{profile}.{name}.status" for name in ("models", "chat", "bad-key", "no-key", "unknown-model")} <= told

    def test_the_vendors_own_host_is_asked_for_nothing_of_them(self, ran):
        told = ran(mode="reference", select="openrouter or aimlapi or compatible or gateways.stop")
        assert [record for record in told.records if record["kind"] == "exchange"] == []

    @pytest.mark.parametrize(("profile", "status"), [("openrouter", "402"), ("aimlapi", "403")])
    def test_one_whose_account_is_empty_could_not_be_checked_and_is_asked_for_little(
        self, profile, status, ran, monkeypatch
    ):
        monkeypatch.setenv(KEYS[profile], KEY)
        with running(create_app(profile=profile, balance=(0, 0))) as url:
            told = ran(target=f"{profile}={url}", mode="live", max_cost=1, target_with={"concurrency": 1})
        assert told.exit == 3
        assert told.came_to("fail") == set()
        assert any(status in record["reason"] for record in told.verdicts)

    @pytest.mark.parametrize("profile", KEYS)
    def test_a_key_that_it_refuses_is_none_of_its_faults_although_its_list_is_open(self, profile, ran, monkeypatch):
        monkeypatch.setenv(KEYS[profile], "of-another-kind-0123456789abcdef")
        with running(create_app(profile=profile)) as url:
            told = ran(target=f"{profile}={url}", mode="live", max_cost=1, target_with={"concurrency": 1})
        assert (told.exit, told.came_to("fail"), told.came_to("warn")) == (3, set(), set())
        steps = {record["step"]: record["status"] for record in told.records if record["kind"] == "doctor"}
        assert steps["accepted"] == "fail"

    def test_a_file_of_your_own_is_asked_as_the_host_that_it_names(self, folder, ran):
        (folder / "mine.toml").write_text(
            'base_url = "https://openrouter.ai/api/v1"\nkey_variable = "MY_KEY"\nmodel = "moonshotai/kimi-k3"\n'
            'official = false\nendpoints = ["openrouter.models", "openrouter.key", "openrouter.chat"]\n'
        )
        told = ran(mode="reference", target="mine.toml", select="openrouter")
        assert (told.exit, told.came_to("fail")) == (0, set())
        assert "openrouter.chat.cost" in told.came_to("pass")


class TestOpenRouter:
    def test_an_answer_bears_its_cost_its_provider_and_its_reasoning(self, ask):
        said = ask("openrouter").json()
        assert (said["id"][:4], said["provider"], said["model"]) == (
            "gen-", "Moonshot AI", "moonshotai/kimi-k2.6-20260420",
        )  # fmt: skip
        assert said["usage"]["cost"] > 0
        assert said["choices"][0]["message"]["reasoning"]

    def test_a_stream_begins_with_a_comment(self, ask):
        assert ask("openrouter", stream=True).text.startswith(": OPENROUTER PROCESSING\n\n")

    def test_an_error_has_the_number_of_its_status(self, ask):
        told = ask("openrouter", model="nobody/nothing")
        assert (told.status_code, told.json()["error"]["code"]) == (400, 400)

    def test_what_a_key_has_spent_rises(self):
        with client(create_app(profile="openrouter"), KEY) as api:
            before = api.get("/key").json()["data"]["usage"]
            api.post("/chat/completions", json={"model": MODELS["openrouter"], "messages": [HELLO]})
            assert api.get("/key").json()["data"]["usage"] > before


class TestAimlapi:
    def test_an_answer_tells_what_it_cost_in_meta_and_names_the_vendors_model(self, ask):
        said = ask("aimlapi").json()
        assert said["model"] == "kimi-k2.6"
        assert said["meta"]["usage"]["usd_spent"] > 0

    def test_an_error_is_flat(self, ask):
        told = ask("aimlapi", key=None).json()
        assert told.keys() == {"requestId", "statusCode", "timestamp", "path", "message"}

    def test_the_balance_lies_outside_of_v1(self, ask):
        assert ask("aimlapi", "http://reference.invalid/v2/billing").json()["currency"] == "USD"

    def test_evidence_of_it_bears_the_address_of_the_gateway(self, ran):
        told = ran(mode="reference", target="aimlapi", select="aimlapi.billing")
        urls = {record["request"]["url"] for record in told.records if record["kind"] == "exchange"}
        assert "https://api.aimlapi.com/v2/billing" in urls

    def test_it_is_sent_no_member_that_its_documents_do_not_know(self, ran):
        told = ran(mode="reference", target="aimlapi", select="tools.call")
        sent = [record["request"]["body"] for record in told.records if record["kind"] == "exchange"]
        assert not [body for body in sent if "strict" in body or "max_completion_tokens" in body]


def test_an_unknown_gateway_is_told_with_those_that_are_known():
    with pytest.raises(
        ConfigurationError, match="there is no gateway 'openruter' to be; known are aimlapi, openrouter"
    ):
        create_app(profile="openruter")
