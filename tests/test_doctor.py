"""The doctor, step by step, against servers that are really in the way: one fact each."""

import json
import ssl
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import trustme
from starlette.middleware.cors import CORSMiddleware

from conformance import targets
from conformance.catalogue import gateways, keys
from conformance.contract import ledger
from conformance.doctor import account, examination, network, refusals
from conformance.doctor import keys as key_step
from conformance.doctor.asking import visit
from conformance.doctor.steps import PREFLIGHT, Seen
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.rows import ConfigurationError
from conformance.vocabulary import Status, Timeouts
from tests.conftest import KEY, Wire

SOON = Timeouts(connect=2, first_byte=0.5, whole=5)
DAY = date(2026, 9, 3)
REST = "x" * 24
MOONSHOT = targets.load("moonshot")
ALLOWED = (
    "Access-Control-Allow-Origin: *", "Access-Control-Allow-Headers: authorization, content-type",
)  # fmt: skip
PREFLIGHT_ANSWER = Wire.http(204, b"", *ALLOWED)
MODELS = Wire.http(200, b'{"object":"list","data":[{"id":"kimi-k2.6"}]}', "Content-Type: application/json")
BALANCE = Wire.http(
    200,
    b'{"code":0,"scode":"0x0","status":true,"data":{"available_balance":5,"voucher_balance":2,"cash_balance":3}}',
    "Content-Type: application/json",
)
PAGE = Wire.http(200, b"<!doctype html><title>Sign in</title>", "Content-Type: text/html")


def error(status: int, kind: str, message: str = "no") -> bytes:
    body = json.dumps({"error": {"message": message, "type": kind}}).encode()
    return Wire.http(status, body, "Content-Type: application/json")


def seen(target=MOONSHOT, held=KEY, **known):
    return Seen(target, known.pop("model", target.model), DAY, held, **known)


def at(url, held=KEY, model="kimi-k2.6", name="moonshot", **target_with):
    """Return what the steps come to at an address that is not waited for long."""
    target = replace(targets.load(f"{name}={url}"), **{"timeouts": SOON, **target_with})
    return visit(Seen(target, model, datetime.now(UTC).date(), held), sleep=lambda _: None).steps


def stopped_at(steps) -> str:
    """Return the step that failed, behind which nothing may be said."""
    name = examination.failed(steps)
    behind = list(steps)[list(steps).index(name) + 1 :]
    assert {steps[other].status for other in behind} <= {Status.COULD_NOT_CHECK}
    assert steps[name].advice
    return name


class TestKey:
    @pytest.mark.parametrize("held", [None, "", "  \n"])
    def test_that_is_not_there_fails_and_its_variable_is_named(self, held):
        step = key_step.key(seen(held=held))
        assert step.status is Status.FAIL
        assert "MOONSHOT_API_KEY" in step.sentence
        assert "MOONSHOT_API_KEY" in step.advice

    @pytest.mark.parametrize(
        ("held", "told"),
        [
            (f'"{KEY}"', "in quotation marks"),
            (f"'{KEY}'", "in quotation marks"),
            (f"“{KEY}”", "in quotation marks"),
            (f"Bearer {KEY}", "a header in place of a key"),
            (f"bearer {KEY}", "a header in place of a key"),
            (f"Authorization: Bearer {KEY}", "a header in place of a key"),
            ("sk-tiny", "too short"),
            ("sk-with a blank inside it", "odd characters"),
            (f"{KEY}\n{KEY}", "odd characters"),
            ("sk-mit-ümlaut-0123456789", "odd characters"),
        ],
    )
    def test_that_is_written_wrongly_fails_and_is_not_repeated(self, held, told):
        step = key_step.key(seen(held=held))
        assert step.status is Status.FAIL
        assert told in step.sentence
        assert held not in step.sentence + step.advice
        assert KEY not in step.sentence + step.advice

    @pytest.mark.parametrize("held", [f" {KEY}", f"{KEY}\n", f"\t{KEY}\r\n"])
    def test_with_blanks_around_it_is_warned_of(self, held):
        assert key_step.key(seen(held=held)).status is Status.WARN

    def test_of_the_open_platform_passes_and_only_the_host_can_tell_its_region(self):
        step = key_step.key(seen())
        assert step.status is Status.PASS
        assert "region international" in step.sentence


@pytest.mark.parametrize(
    ("prefix", "kind"),
    [(prefix, kind) for kind in keys.kinds() for prefix in kind.prefixes],
    ids=lambda value: str(value)[:12],
)
class TestEveryKindOfKey:
    def test_has_a_source_and_a_day(self, prefix, kind):
        assert kind.source.startswith("https://")
        assert kind.read <= date.today()

    def test_is_told_by_its_beginning(self, prefix, kind):
        assert keys.kind_of(prefix + REST) == (prefix, kind)

    def test_passes_at_its_own_hosts_and_fails_at_the_vendors_else(self, prefix, kind):
        for host in gateways.hosts().values():
            step = key_step.key(seen(replace(MOONSHOT, base_url=f"https://{host.address}/v1"), prefix + REST))
            if host.id in kind.hosts:
                assert step.status is Status.PASS
            elif not kind.shared:
                assert step.status is Status.FAIL
                assert kind.product in step.sentence
                assert host.name in step.advice
                assert kind.base_url in step.advice

    def test_is_no_failure_at_a_host_that_nobody_knows(self, prefix, kind):
        step = key_step.key(seen(replace(MOONSHOT, base_url="https://gateway.example/v1"), prefix + REST))
        assert step.status in (Status.PASS, Status.WARN)


def test_a_key_of_a_form_that_others_have_too_is_warned_of_where_keys_have_another():
    step = key_step.key(seen(targets.load("openrouter"), f"sk-{REST}"))
    assert (step.status, "openrouter.ai" in step.advice) == (Status.WARN, True)


def test_a_key_of_no_known_form_is_warned_of_at_the_vendors_and_passes_elsewhere():
    assert key_step.key(seen(held="0123456789abcdef")).status is Status.WARN
    elsewhere = replace(MOONSHOT, base_url="https://gateway.example/v1")
    assert key_step.key(seen(elsewhere, "0123456789abcdef")).status is Status.PASS


class TestTheWay:
    def test_a_name_that_leads_nowhere_stops_at_dns(self):
        steps = at("https://nowhere.invalid/v1")
        assert stopped_at(steps) == "dns"
        assert "nowhere.invalid" in steps["dns"].sentence

    def test_a_port_on_which_nobody_listens_stops_at_the_connection(self, closed_port):
        steps = at(closed_port)
        assert stopped_at(steps) == "connection"
        assert "Nothing listens there" in steps["connection"].advice

    def test_a_host_that_accepts_and_says_nothing_stops_at_the_answer(self, answering):
        def silent(connection):
            connection.settimeout(5)
            while connection.recv(1 << 16):
                pass

        with answering(silent) as url:
            steps = at(url)
        assert stopped_at(steps) == "answer"
        assert "no answer within 0.5 s" in steps["answer"].sentence
        assert steps["connection"].status is Status.PASS

    def test_a_slow_connection_is_warned_of(self, wire):
        with wire.scripted(PREFLIGHT_ANSWER, MODELS) as (url, _):
            link = visit(seen(targets.load(f"moonshot={url}"))).seen.connection
        assert network.connection(seen(connection=replace(link, seconds=3.0))).status is Status.WARN

    def test_a_proxy_of_the_environment_is_told_without_its_login(self, monkeypatch, wire):
        refusing = Wire.http(407, b"", 'Proxy-Authenticate: Basic realm="corp"')
        with wire.scripted(refusing) as (url, requests):
            proxy = url.removesuffix("/v1").replace("http://", "http://me:secret@")
            monkeypatch.setenv("HTTPS_PROXY", proxy)
            monkeypatch.setenv("https_proxy", proxy)
            monkeypatch.setenv("NO_PROXY", "")
            monkeypatch.setenv("no_proxy", "")
            steps = at("https://moonshot.invalid/v1")
        assert stopped_at(steps) == "answer"
        assert requests[0].startswith(b"CONNECT moonshot.invalid:443")
        assert "through the proxy 127.0.0.1:" in steps["connection"].sentence
        assert steps["dns"].status is Status.NOT_APPLICABLE
        assert "secret" not in str(steps)

    @pytest.mark.parametrize("variable", ["HTTPS_PROXY=ftp://me:secret@127.0.0.1:1", "SSL_CERT_FILE=/nowhere.pem"])
    def test_an_environment_that_names_what_cannot_be_used_is_wrong_configuration(self, monkeypatch, variable):
        for name in ("NO_PROXY", "no_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(*variable.split("=", 1))
        with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as told:
            at("https://moonshot.invalid/v1")
        assert "secret" not in str(told.value)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def secured(answering, authority, monkeypatch, tmp_path):
    """Serve over TLS with a certificate that the client trusts, and yield the base URL."""

    @contextmanager
    def serve(*names, trusted=True, **days):
        certificate = authority.issue_cert(*(names or ("localhost",)), **days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        if trusted:
            authority.cert_pem.write_to_path(tmp_path / "ca.pem")
            monkeypatch.setattr("certifi.where", lambda: str(tmp_path / "ca.pem"))
        answers = [PREFLIGHT_ANSWER, MODELS, error(500, "server_error")]

        def reply(raw):
            with context.wrap_socket(raw, server_side=True) as connection:
                Wire.request_on(connection)
                connection.sendall(answers.pop(0) if len(answers) > 1 else answers[0])

        with answering(reply) as url:
            yield url.replace("http://127.0.0.1", "https://localhost")

    return serve


class TestCertificate:
    def test_that_is_good_passes_with_its_issuer_and_its_last_day(self, secured):
        last = datetime.now(UTC) + timedelta(days=90)
        with secured(not_after=last) as url:
            step = at(url)["tls"]
        assert step.status is Status.PASS
        assert "trustme" in step.sentence
        assert f"until {last.date()}" in step.sentence
        assert "TLSv1" in step.sentence

    def test_that_ends_within_two_weeks_is_warned_of(self, secured):
        with secured(not_after=datetime.now(UTC) + timedelta(days=5, hours=1)) as url:
            step = at(url)["tls"]
        assert (step.status, "in 5 days" in step.sentence) == (Status.WARN, True)

    def test_that_nobody_vouches_for_stops(self, secured):
        with secured(trusted=False) as url:
            steps = at(url)
        assert stopped_at(steps) == "tls"
        assert "SSL_CERT_FILE" in steps["tls"].advice

    def test_that_has_expired_stops_and_our_clock_is_told(self, secured):
        with secured(not_before=datetime(2024, 1, 1), not_after=datetime(2024, 2, 1)) as url:
            steps = at(url)
        assert stopped_at(steps) == "tls"
        assert "expired" in steps["tls"].sentence
        assert f"{datetime.now(UTC):%Y-%m-%d}" in steps["tls"].advice

    def test_of_another_name_stops(self, secured):
        with secured("other.example") as url:
            steps = at(url)
        assert stopped_at(steps) == "tls"
        assert "another host answers" in steps["tls"].advice

    def test_is_not_to_be_had_from_plain_http(self, wire):
        with wire.scripted(MODELS) as (url, _):
            steps = at(url.replace("http://", "https://"))
        assert stopped_at(steps) == "tls"
        assert "could not be agreed on" in steps["tls"].sentence


class TestWhatStandsInTheWay:
    def test_a_page_stops_and_its_title_is_told_and_the_key_is_not_sent(self, wire):
        with wire.scripted(PAGE) as (url, requests):
            steps = at(url)
        assert stopped_at(steps) == "answer"
        assert "a web page, status 200: Sign in" in steps["answer"].sentence
        assert [request.partition(b" ")[0] for request in requests] == [b"OPTIONS"]
        assert KEY.encode() not in b"".join(requests)

    @pytest.mark.parametrize(
        ("reply", "told"),
        [
            (PAGE, "a web page"),
            (Wire.http(403, b"<html><title>Blocked</title>", "Content-Type: text/html"), "status 403: Blocked"),
            (Wire.http(302, b"", "Location: https://portal.example/login"), "https://portal.example/login"),
            (Wire.http(511, b""), "wants a login first"),
        ],
    )
    def test_what_comes_in_place_of_the_list_of_models_stops(self, wire, reply, told):
        with wire.scripted(PREFLIGHT_ANSWER, reply) as (url, _):
            steps = at(url)
        assert stopped_at(steps) == "answer"
        assert told in steps["answer"].sentence

    def test_a_page_in_answer_to_a_preflight_that_a_server_does_not_know_is_no_page_in_the_way(self, wire):
        page = Wire.http(405, b"<html><title>405 Not Allowed</title>", "Content-Type: text/html")
        with wire.scripted(page, MODELS, BALANCE, error(500, "server_error")) as (url, _):
            steps = at(url)
        assert steps["answer"].status is Status.PASS
        assert "answered with 405" in steps["cors"].sentence

    @pytest.mark.parametrize(
        ("date_told", "word"),
        [("Tue, 01 Jan 2030 00:00:00 GMT", "behind"), ("Tue, 01 Jan 2019 00:00:00 GMT", "ahead of")],
    )
    def test_a_clock_that_is_wrong_is_warned_of(self, wire, date_told, word):
        with wire.scripted(Wire.http(204, b"", f"Date: {date_told}"), MODELS, BALANCE, error(500, "x")) as (url, _):
            step = at(url)["clock"]
        assert (step.status, word in step.sentence) == (Status.WARN, True)


class TestBrowsers:
    @pytest.mark.parametrize(
        ("headers", "told"),
        [
            ((), "the origin that is allowed is none"),
            (("Access-Control-Allow-Origin: https://other.example", ALLOWED[1]), "https://other.example"),
            (ALLOWED[:1], "the header authorization is not allowed"),
            ((ALLOWED[0], "Access-Control-Allow-Headers: *"), "the header authorization is not allowed"),
            ((ALLOWED[0], "Access-Control-Allow-Headers: Authorization"), "the header content-type is not allowed"),
        ],
    )
    def test_that_may_not_ask_are_a_warning_with_the_reason(self, wire, headers, told):
        with wire.scripted(Wire.http(204, b"", *headers), MODELS, BALANCE, error(500, "x")) as (url, _):
            steps = at(url)
        assert (steps["cors"].status, told in steps["cors"].sentence) == (Status.WARN, True)
        assert steps["accepted"].status is Status.PASS

    @pytest.mark.parametrize("headers", [ALLOWED, (ALLOWED[0], "Access-Control-Allow-Headers: *, Authorization")])
    def test_that_may_ask_pass(self, wire, headers):
        with wire.scripted(Wire.http(200, b"", *headers), MODELS, BALANCE, error(500, "x")) as (url, _):
            assert at(url)["cors"].status is Status.PASS

    def test_are_asked_for_as_they_ask(self):
        app = CORSMiddleware(
            create_app(), allow_origins=["*"], allow_methods=["POST"], allow_headers=["authorization", "content-type"]
        )
        with running(app) as url:
            steps = at(url)
        assert {step.status for step in steps.values()} == {Status.PASS, Status.NOT_APPLICABLE}


class TestAccount:
    def test_a_refused_key_stops_with_what_the_service_says(self):
        with running(create_app(fault=["everything-401"])) as url:
            steps = at(url)
        assert stopped_at(steps) == "accepted"
        assert "Invalid Authentication" in steps["accepted"].sentence

    @pytest.mark.parametrize(
        ("host", "other"), [("api.moonshot.ai", "api.moonshot.cn"), ("api.moonshot.cn", "api.moonshot.ai")]
    )
    def test_a_key_that_the_vendor_refuses_is_most_often_one_of_the_other_region(self, said, host, other):
        refused = said("models.list", {"error": {"message": "no", "type": "x"}}, status=401)
        target = replace(MOONSHOT, base_url=f"https://{host}/v1")
        step = account.accepted(seen(target, said=(refused,)))
        assert step.status is Status.FAIL
        assert f"--target moonshot=https://{other}/v1" in step.advice

    def test_a_key_that_may_not_do_this_stops(self, wire):
        refusal = error(403, "permission_denied_error", "Your IP is not allowed")
        with wire.scripted(PREFLIGHT_ANSWER, refusal) as (url, _):
            steps = at(url)
        assert stopped_at(steps) == "accepted"
        assert "Your IP is not allowed" in steps["accepted"].sentence
        assert "IP addresses" in steps["accepted"].advice

    def test_an_error_of_the_server_tells_nothing_of_the_key(self, said):
        broken = said("models.list", {"error": {"message": "no", "type": "server_error"}}, status=500)
        assert account.accepted(seen(said=(broken,))).status is Status.COULD_NOT_CHECK

    @pytest.mark.parametrize(("amounts", "told"), [((0, 0), "Top up"), ((0, -1.5), "Pay what is owed, and top up")])
    def test_an_empty_purse_stops_and_nothing_is_paid_for(self, amounts, told):
        with running(create_app(balance=amounts)) as url:
            steps = at(url)
        assert stopped_at(steps) == "balance"
        assert told in steps["balance"].advice

    def test_a_debt_beside_vouchers_is_warned_of(self):
        with running(create_app(balance=(5, -1.5))) as url:
            assert at(url)["balance"].status is Status.WARN

    def test_vouchers_alone_do_not_pay_for_kimi_k3(self):
        with running(create_app(balance=(5, 0))) as url:
            steps, other = at(url, model="kimi-k3"), at(url)
        assert stopped_at(steps) == "balance"
        assert "vouchers" in steps["balance"].sentence
        assert other["call"].status is Status.PASS

    def test_a_balance_is_told_in_the_currency_of_the_region(self, said):
        body = {"data": {"available_balance": 5, "voucher_balance": 2, "cash_balance": 3}}
        for address, unit in (("api.moonshot.ai", "5 USD"), ("api.moonshot.cn", "5 CNY")):
            target = replace(MOONSHOT, base_url=f"https://{address}/v1")
            assert unit in account.balance(seen(target, said=(said("balance", body),))).sentence

    def test_a_balance_that_cannot_be_read_is_warned_of(self, said):
        step = account.balance(seen(said=(said("balance", {"code": 5, "data": None}),)))
        assert step.status is Status.WARN

    def test_a_gateway_has_no_balance_and_is_well_without(self, wire):
        with running(create_app()) as url:
            steps = at(url, name="openai-compatible")
        assert steps["balance"].status is Status.NOT_APPLICABLE
        assert steps["call"].status is Status.PASS


class TestModel:
    def test_that_is_not_listed_is_warned_of_and_the_call_decides(self):
        with running(create_app(as_of=date(2026, 4, 19))) as url:
            steps = at(url)
        assert steps["models"].status is Status.WARN
        assert stopped_at(steps) == "call"
        assert "404" in steps["call"].sentence

    def test_that_is_retired_is_told_with_what_to_use(self, said):
        step = account.models(seen(model="kimi-k2.5", said=(said("models.list", {"data": [{"id": "kimi-k2.6"}]}),)))
        assert "retired 2026-08-31" in step.advice
        assert "use kimi-k2.6" in step.advice

    def test_that_answers_is_told_with_what_it_cost(self):
        with running(create_app()) as url:
            step = at(url)["call"]
        assert step.status is Status.PASS
        assert "tokens, 0.0000" in step.sentence

    @pytest.mark.parametrize(
        "meaning",
        [row for row in refusals.meanings().values() if row.status != 401],
        ids=lambda row: f"{row.status}-{row.type}",
    )
    def test_that_refuses_stops_with_what_to_do(self, wire, meaning):
        refusal = error(meaning.status, meaning.type or "something", "because")
        with wire.scripted(PREFLIGHT_ANSWER, MODELS, BALANCE, refusal) as (url, _):
            steps = at(url)
        assert stopped_at(steps) == "call"
        assert meaning.says in steps["call"].sentence
        assert "because" in steps["call"].sentence
        assert (steps["call"].advice, steps["call"].source) == (meaning.advice, meaning.source)

    def test_that_answers_without_a_message_stops(self, wire):
        empty = Wire.http(200, b'{"choices":[]}', "Content-Type: application/json")
        with wire.scripted(PREFLIGHT_ANSWER, MODELS, BALANCE, empty) as (url, _):
            assert stopped_at(at(url)) == "call"


def test_four_requests_are_made_the_first_without_the_key_and_one_of_them_paid(wire):
    with wire.scripted(PREFLIGHT_ANSWER, MODELS, BALANCE, error(500, "server_error")) as (url, requests):
        at(url)
    lines = [request.partition(b" HTTP")[0] for request in requests]
    assert lines == [
        b"OPTIONS /v1/chat/completions",
        b"GET /v1/models",
        b"GET /v1/users/me/balance",
        b"POST /v1/chat/completions",
    ]
    assert [KEY.encode() in request for request in requests] == [False, True, True, True]


def test_a_preflight_is_no_operation_of_the_contract():
    assert PREFLIGHT not in ledger.endpoints()
