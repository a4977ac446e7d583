"""``verify``: what the signatures in recorded answers of a gateway prove, and what they do not."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from conformance.contract import schemas
from conformance.evidence import signatures
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner.signed import asked_about
from tests.conftest import KEY

ROOT = Path(__file__).parents[1]
CHATS = "chat.one-word or stream.text"


@pytest.fixture
def gateway(cli, folder, monkeypatch):
    """The run file of a run against a gateway that lies at an address."""
    monkeypatch.setenv("GATEWAY_API_KEY", "sk-of-the-gateway-0123456789")

    def run(url):
        ended = cli(
            "run", "--target", f"openai-compatible={url}", "--mode", "live", "--select", CHATS, "--out", "gateway"
        )
        assert ended.code == 0, ended.err
        return folder / "gateway" / "run.ndjson"

    return run


@pytest.fixture
def verify(cli, monkeypatch):
    """Ask a stand-in of Moonshot about a file."""
    monkeypatch.setenv("MOONSHOT_API_KEY", KEY)
    # No limits: it is this machine.
    return lambda path, url: cli("verify", path, "--target", f"moonshot={url}", "--json")


def proofs(ended):
    jsonschema.Draft202012Validator(schemas.documents()["verify"]).validate(ended.document)
    return {answer["proof"] for answer in ended.document["answers"]}


def test_a_gateway_that_forwards_bears_signatures_that_are_valid(gateway, verify):
    with running(create_app()) as url:
        ended = verify(gateway(url), url)
    assert (ended.code, proofs(ended), len(ended.document["answers"])) == (0, {"valid"}, 2)


def test_one_that_makes_signatures_up_is_found(gateway, verify):
    with running(create_app(seed=1)) as url, running(create_app(seed=2)) as other:
        ended = verify(gateway(url), other)
    assert (ended.code, proofs(ended)) == (1, {"invalid"})


def test_one_that_sends_another_model_on_is_found(gateway, verify):
    with running(create_app(fault=["other-model-signed"])) as url:
        ended = verify(gateway(url), url)
    assert (ended.code, proofs(ended)) == (1, {"invalid"})


def test_one_that_bears_no_signature_proves_nothing(gateway, verify):
    with running(create_app(fault=["signature-headers-missing"])) as url:
        ended = verify(gateway(url), url)
    assert (ended.code, proofs(ended)) == (3, {"unsigned"})


def test_a_signature_of_another_hour_is_another_requests(gateway, verify):
    with running(create_app()) as url:
        path = gateway(url)
        text = path.read_text()
        records = [json.loads(line) for line in text.splitlines()]
        for record in records:
            if record["kind"] == "exchange" and record["made_at"]:
                record["made_at"] = "2026-11-01T12:00:00+00:00"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        ended = verify(path, url)
    assert (ended.code, proofs(ended)) == (1, {"invalid"})
    assert "another's" in ended.document["answers"][0]["reason"]


@pytest.mark.parametrize("answering", [{"keys": {"sk-of-the-gateway-0123456789"}}, {"fault": ["everything-500"]}])
def test_where_nobody_answers_the_question_it_could_not_be_checked(gateway, verify, answering):
    with running(create_app()) as url, running(create_app(**answering)) as other:
        ended = verify(gateway(url), other)
    assert (ended.code, proofs(ended)) == (3, {"could-not-check"})


@pytest.mark.parametrize("model", ["moonshotai/kimi-k2.6", "moonshot/kimi-k2-6", "kimi-k2.6"])
def test_a_gateways_id_is_asked_about_as_the_vendors(said, model):
    headers = ((signatures.TIMESTAMP, "1"), (signatures.SIGNATURE, "reqsigv1_x"))
    answered = said("chat.completions", {}, asked={"model": model}, headers=headers)
    asked = replace(answered.request, headers=((signatures.NONCE, "n"),))
    assert asked_about(replace(answered, request=asked))["model"] == "kimi-k2.6"


def test_evidence_without_a_signed_chat_proves_nothing(folder, verify):
    (folder / "a.json").write_text('{"object": "list", "data": []}')
    with running(create_app()) as url:
        ended = verify("a.json", url)
    assert (ended.code, ended.document["answers"]) == (3, [])


def test_without_the_key_of_the_host_that_is_asked_nothing_is_proven(cli, folder, monkeypatch):
    monkeypatch.delenv("MOONSHOT_API_KEY", raising=False)
    ended = cli("verify", ROOT / "cassettes/moonshot/chat")
    assert ended.code == 2
    assert "MOONSHOT_API_KEY" in ended.err


def test_a_host_that_signs_nothing_cannot_be_asked(cli, folder, monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    ended = cli("verify", ROOT / "cassettes/moonshot/chat", "--target", "openrouter")
    assert ended.code == 2
    assert "openrouter signs nothing" in ended.err
