"""What a browser demands before a page of another origin may ask the API: leave to send, and leave to read."""

from dataclasses import replace

import pytest

from conformance.reference import create_app
from conformance.reference.inprocess import client
from conformance.vocabulary import Request

PAGE = "https://www.typingmind.com"
LIST = {"object": "list", "data": []}
REFUSED = {"error": {"type": "invalid_authentication_error", "message": "Invalid Authentication"}}
WANTED = {
    "origin": PAGE, "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
}  # fmt: skip
LEAVE = {"access-control-allow-origin": PAGE, "access-control-allow-headers": "Content-Type, Authorization"}


@pytest.fixture
def verdict(said, verdict_of):
    """Judge one preflight, and the answers around it, by a clause."""

    def judge(clause, *, status=204, asked=WANTED, told=LEAVE, answer=LEAVE, refusal=LEAVE, control=200):
        def exchange(endpoint, body, wanted, headers, **more):
            content = (("content-type", "application/json"), *pairs(headers))
            made = said(endpoint, body, headers=content, **more)
            return replace(made, request=Request("GET", "https://api.moonshot.ai/v1", pairs(wanted)))

        return verdict_of(
            clause,
            exchange("models.list", LIST, {"origin": PAGE}, answer, status=control),
            exchange("preflight", None, asked, told, status=status),
            exchange("models.list", REFUSED, {"origin": PAGE}, refusal, status=401, refused=True),
            exchange("preflight", None, asked, told, status=status),
            model="kimi-k2.6",
        )

    return judge


def pairs(headers):
    return tuple(headers) if isinstance(headers, tuple) else tuple(headers.items())


CLAUSES = [
    "browser.preflight-answered", "browser.preflight-origin", "browser.preflight-headers", "browser.sdk-headers",
    "browser.answer-readable", "browser.refusal-readable",
]  # fmt: skip


@pytest.mark.parametrize("clause", CLAUSES)
def test_with_leave_for_all_of_it_each_clause_holds(verdict, clause):
    assert verdict(clause).status == "pass"


@pytest.mark.parametrize("clause", CLAUSES)
def test_nothing_is_said_where_the_same_page_got_no_answer_at_all(verdict, clause):
    assert verdict(clause, control=403).status == "could-not-check"


@pytest.mark.parametrize("status", [301, 401, 403, 405, 500])
def test_a_preflight_that_does_not_succeed_is_found(verdict, status):
    assert verdict("browser.preflight-answered", status=status).status == "warn"


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_is_busy_says_nothing_of_preflights(verdict, status):
    assert verdict("browser.preflight-answered", status=status).status == "could-not-check"


@pytest.mark.parametrize("status", [200, 204])
def test_a_preflight_may_succeed_with_a_body_or_without(verdict, status):
    assert verdict("browser.preflight-answered", status=status).status == "pass"


@pytest.mark.parametrize("clause", ["browser.preflight-origin", "browser.preflight-headers"])
def test_what_a_refused_preflight_permits_could_not_be_checked(verdict, clause):
    assert verdict(clause, status=405).status == "could-not-check"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"access-control-allow-origin": PAGE}, "pass"),
        ({"access-control-allow-origin": "*"}, "pass"),
        ({"access-control-allow-origin": "https://platform.kimi.ai"}, "warn"),
        ({"access-control-allow-origin": f"{PAGE}/"}, "warn"),
        ({"access-control-allow-origin": f"{PAGE}, *"}, "warn"),
        ((("access-control-allow-origin", PAGE), ("access-control-allow-origin", PAGE)), "warn"),
        ({}, "warn"),
    ],
)  # fmt: skip
def test_an_answer_is_readable_where_it_permits_the_page_or_all(verdict, headers, status):
    assert verdict("browser.answer-readable", answer=headers).status == status
    assert verdict("browser.refusal-readable", refusal=headers).status == status
    assert verdict("browser.preflight-origin", told=headers).status == status


@pytest.mark.parametrize(
    ("permitted", "missing"),
    [
        ("authorization, content-type", []),
        ("AUTHORIZATION,CONTENT-TYPE,X-OTHER", []),
        ("*, authorization", []),
        ("*", ["authorization"]),
        ("content-type", ["authorization"]),
        ("", ["authorization", "content-type"]),
    ],
)
def test_each_header_is_permitted_by_name_and_a_star_does_not_stand_for_the_key(verdict, permitted, missing):
    found = verdict("browser.preflight-headers", told={**LEAVE, "access-control-allow-headers": permitted}).findings
    assert [finding.expected for finding in found] == missing


@pytest.mark.parametrize(
    ("method", "permitted", "status"),
    [
        ("POST", "", "pass"),
        ("DELETE", "", "warn"),
        ("DELETE", "GET, POST", "warn"),
        ("DELETE", "GET, DELETE", "pass"),
        ("DELETE", "*", "pass"),
    ],
)
def test_a_method_that_is_not_safe_needs_leave(verdict, method, permitted, status):
    asked = {**WANTED, "access-control-request-method": method}
    told = {**LEAVE, "access-control-allow-methods": permitted}
    assert verdict("browser.preflight-headers", asked=asked, told=told).status == status


class TestTheReferenceServer:
    def preflight(self, headers, path="/chat/completions"):
        with client(create_app(), key=None) as api:
            return api.options(
                path,
                headers={
                    "Origin": PAGE,
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": headers,
                },
            )

    def test_a_preflight_needs_no_key_and_permits_what_a_chat_sends(self):
        answer = self.preflight("authorization,content-type")
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert answer.headers["Access-Control-Allow-Headers"] == "authorization, content-type"

    def test_one_that_asks_for_the_version_header_permits_no_header_as_was_seen(self):
        answer = self.preflight("authorization,content-type,kimi-api-version")
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert "Access-Control-Allow-Headers" not in answer.headers

    def test_a_path_that_does_not_exist_has_a_preflight_too(self):
        assert self.preflight("authorization", "/nowhere").status_code == 204

    def test_options_that_are_no_preflight_are_a_wrong_method(self):
        with client(create_app()) as api:
            assert api.options("/models").status_code == 405

    def test_who_is_no_page_is_told_nothing_of_pages(self):
        with client(create_app()) as api:
            assert not [name for name in api.get("/models").headers if name.startswith("access-control")]
