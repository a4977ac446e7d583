"""The checks of signatures: with answers that hold, that break a clause, and that tell nothing."""

from datetime import timedelta

import pytest

from conformance.contract import ledger
from conformance.evidence import signatures
from conformance.scenarios import scenarios
from conformance.vocabulary import Request
from tests.conftest import JSON_ANSWER, NOON

VERIFY = "signatures.verify"
TOLD = {"nonce": "7d929748", "timestamp": int(NOON.timestamp() * 1000), "model": "kimi-k2.6", "signature": "reqsigv1_x"}
OTHERS = [{}, {"nonce": "n"}, {"timestamp": 1}, {"model": "kimi-k3"}, {"signature": "reqsigv1_y"}, {}]
HONEST = [True, False, False, False, False, True]
CHAT = {"choices": []}
ASKED = {"model": "kimi-k2.6", "messages": []}


@pytest.fixture(scope="session")
def answered(said):
    """What was asked and answered about a signature; an answer that is no boolean stands for the whole body."""

    def make(valid, headers=(*JSON_ANSWER, ("cache-control", "no-store"))):
        bodies = [{"valid": told} if isinstance(told, bool) else told for told in valid]
        asked = zip(OTHERS, bodies, strict=False)
        return [said(VERIFY, body, asked=TOLD | other, headers=headers) for other, body in asked]

    return make


@pytest.fixture(scope="session")
def chat(said):
    """A chat answer with some headers, to a request with a nonce."""

    def make(timestamp=str(TOLD["timestamp"]), signature="reqsigv1_x", nonce="7d929748", **more):
        told = {signatures.TIMESTAMP: timestamp, signatures.SIGNATURE: signature}
        headers = JSON_ANSWER + tuple((name, value) for name, value in told.items() if value is not None)
        exchange = said("chat.completions", CHAT, asked=ASKED, headers=headers, **more)
        request = Request("POST", exchange.request.url, ((signatures.NONCE.lower(), nonce),), exchange.request.body)
        return type(exchange)(**{**exchange.__dict__, "request": request})

    return make


class TestWhoVerifies:
    @pytest.mark.parametrize("clause", ["signatures.true", "signatures.false", "signatures.again"])
    def test_what_is_valid_as_it_was_and_not_otherwise_holds(self, answered, verdict_of, clause):
        assert verdict_of(clause, *answered(HONEST)).status == "pass"

    @pytest.mark.parametrize(
        ("clause", "valid"),
        [
            ("signatures.true", [False, *HONEST[1:]]),
            ("signatures.false", [*HONEST[:3], True, False, True]),
            ("signatures.false", [True] * 6),
            ("signatures.again", [*HONEST[:5], False]),
        ],
    )
    def test_what_is_told_wrongly_is_found(self, answered, verdict_of, clause, valid):
        assert verdict_of(clause, *answered(valid)).status == "fail"

    def test_the_value_that_is_not_looked_at_is_named(self, answered, verdict_of):
        (finding,) = verdict_of("signatures.false", *answered([*HONEST[:3], True, False, True])).findings
        assert finding.expected == "false with another model"

    @pytest.mark.parametrize("clause", ["signatures.true", "signatures.false", "signatures.again"])
    @pytest.mark.parametrize("valid", [[{}], [{"valid": "true"}] * 6, [True]])
    def test_what_tells_nothing_never_passes(self, answered, verdict_of, clause, valid):
        if (clause, valid) != ("signatures.true", [True]):
            assert verdict_of(clause, *answered(valid)).status == "could-not-check"

    @pytest.mark.parametrize(("value", "status"), [("private, No-Store", "pass"), ("no-cache", "fail"), ("", "fail")])
    def test_an_answer_that_may_be_kept_is_found(self, answered, verdict_of, value, status):
        told = answered(HONEST, headers=(*JSON_ANSWER, ("cache-control", value)))
        assert verdict_of("signatures.no-store", *told).status == status


class TestWhatIsSigned:
    CLAUSES = ("signatures.given", "signatures.prefix", "signatures.timestamp")

    @pytest.mark.parametrize("clause", CLAUSES)
    def test_a_signed_answer_holds(self, chat, verdict_of, clause):
        assert verdict_of(clause, chat()).status == "pass"

    @pytest.mark.parametrize(
        ("clause", "headers"),
        [
            ("signatures.given", {"signature": None}),
            ("signatures.given", {"timestamp": None}),
            ("signatures.prefix", {"signature": "x"}),
            ("signatures.prefix", {"signature": "reqsigv1_"}),
            ("signatures.timestamp", {"timestamp": str(int(NOON.timestamp()))}),
            ("signatures.timestamp", {"timestamp": "now"}),
            ("signatures.timestamp", {"timestamp": "9" * 5000}),
            ("signatures.timestamp", {"made_at": NOON + timedelta(minutes=6)}),
        ],
    )
    def test_one_that_is_not_as_documented_is_found(self, chat, verdict_of, clause, headers):
        assert verdict_of(clause, chat(**headers)).status == "fail"

    @pytest.mark.parametrize("clause", CLAUSES)
    @pytest.mark.parametrize("more", [{"status": 500}, {"failure": "no answer"}])
    def test_an_answer_that_did_not_succeed_tells_nothing(self, chat, verdict_of, clause, more):
        assert verdict_of(clause, chat(**more)).status == "could-not-check"

    def test_a_target_without_the_endpoint_promises_no_signature(self, chat, verdict_of, openrouter):
        for clause in self.CLAUSES:
            assert verdict_of(clause, chat(signature=None), target=openrouter).status == "not-applicable"

    def test_an_empty_nonce_has_nothing_signed(self, chat, verdict_of):
        assert verdict_of("signatures.only-asked", chat(nonce="", signature=None)).status == "pass"
        assert verdict_of("signatures.only-asked", chat(nonce="")).status == "warn"


@pytest.fixture(scope="session")
def openrouter():
    from conformance import targets

    return targets.load("openrouter")


class TestAsking:
    def test_a_run_asks_about_what_it_was_told_and_about_nothing_else(self, ran):
        said = ran(mode="reference", select="signatures").session.run.conversations
        chat, asked = said["chat.one-word"][-1], [each.asked for each in said[VERIFY]]
        assert asked[0] == asked[-1] == signatures.signed(chat)
        assert [[name for name in each if each[name] != asked[0][name]] for each in asked] == [
            [], ["nonce"], ["timestamp"], ["model"], ["signature"], [],
        ]  # fmt: skip

    def test_without_a_signature_nothing_is_asked_and_that_could_not_be_checked(self, ran, key):
        from conformance.reference import create_app
        from conformance.reference.serving import running

        with running(create_app(fault=["signature-headers-missing"])) as url:
            told = ran(target=f"moonshot={url}", mode="live", select="signatures")
        assert told.session.run.conversations[VERIFY] == ()
        assert "signatures.true" in told.came_to("could-not-check")
        assert told.came_to("fail") == {"signatures.given"}

    def test_each_live_run_has_a_nonce_of_its_own_and_recordings_have_one(self, ran, key):
        from conformance.reference import create_app
        from conformance.reference.serving import running

        def nonce(**options):
            told = ran(select="signatures.given", **options)
            return signatures.nonce_of(told.session.run.conversations["chat.one-word"][0])

        with running(create_app()) as url:
            live = [nonce(target=f"moonshot={url}", mode="live") for _ in range(2)]
        assert len({*live, nonce(mode="reference")}) == 3
        assert nonce(mode="replay") == nonce(mode="reference")

    def test_no_request_is_paid_for_it(self):
        assert all(not each.spends.requests for name, each in scenarios().items() if "signature" in name)

    def test_every_clause_has_its_page(self):
        told = {clause.source for name, clause in ledger.clauses().items() if name.startswith("signatures.")}
        assert told == {
            "https://platform.kimi.ai/docs/api/signatures-verify", "https://platform.kimi.ai/docs/api/chat",
        }  # fmt: skip
