"""A real Chromium opens a page of a front end's origin and asks the reference server, honest or lying.

Where there is none these tests are skipped, and in CI, where .ci/run installs it, they fail.
"""

import json
import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from conformance.catalogue.frontends import frontends
from conformance.frontends import chromium
from conformance.frontends.check import Checker
from conformance.frontends.chromium import NoBrowserError, visit
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.runner.settings import settings
from conformance.vocabulary import Status

DAY = date(2026, 9, 3)


@pytest.fixture(scope="module", autouse=True)
def browser():
    """The program that is a browser, which can be started."""
    try:
        with chromium._started() as tab:
            assert tab.browser
    except NoBrowserError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    return next(found for name in chromium.PROGRAMS if (found := shutil.which(name)))


@pytest.fixture(scope="module")
def checked():
    """Check a front end against a server that tells a lie, or none; each is asked once."""
    known = {}

    def check(fault="", *, name="typingmind", headers=(), **server):
        if (fault, name, headers) not in known:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MOONSHOT_API_KEY", "sk-tests-of-the-suite-0123456789")
                with running(create_app(as_of=DAY, fault=[fault] if fault else [], **server)) as url:
                    asked = settings(target=f"moonshot={url}", mode="live")
                    known[fault, name, headers] = Checker(frontends()[name], asked, headers).check()
        return known[fault, name, headers]

    return check


def broken(found):
    return {row.check for row in found.results if row.status is Status.FAIL}


def slow(checked):
    """An honest check of a server that speaks as slowly as a service does."""
    return checked(tokens_per_second=12)


class TestAnHonestServer:
    def test_can_be_asked_from_a_page(self, checked):
        found = slow(checked)
        assert (found.exit, broken(found)) == (0, set())
        assert {row.status for row in found.results} == {Status.PASS}

    def test_is_asked_from_the_origin_of_the_front_end_itself(self, checked):
        assert [one.origin for one in slow(checked).visits] == ["https://www.typingmind.com"]

    def test_is_seen_to_stream(self, checked):
        (one,) = slow(checked).visits
        assert one.body.endswith(b"data: [DONE]\n\n")
        assert sum(piece.size for piece in one.pieces) == len(one.body)
        assert one.pieces[-1].seconds - one.pieces[0].seconds > 1

    def test_can_be_asked_by_a_page_with_the_openai_sdk(self, checked):
        assert checked(name="openai-javascript").exit == 0

    def test_does_not_let_a_page_send_the_version_header_as_was_seen(self, checked):
        found = checked(headers=("Kimi-Api-Version",))
        assert broken(found) == {"browser.preflight-headers", "chat"}
        assert found.visits[0].reason == "HeaderDisallowedByPreflightResponse"


@pytest.mark.parametrize(
    ("fault", "clauses", "reason"),
    [
        (
            "cors-missing",
            {"preflight-origin", "preflight-headers", "answer-readable", "refusal-readable"},
            "PreflightMissingAllowOriginHeader",
        ),
        (
            "cors-for-one-origin",
            {"preflight-origin", "answer-readable", "refusal-readable"},
            "PreflightAllowOriginMismatch",
        ),
        ("preflight-refused", {"preflight-answered"}, "PreflightInvalidStatus"),
        ("preflight-without-authorization", {"preflight-headers"}, "HeaderDisallowedByPreflightResponse"),
    ],
)  # fmt: skip
def test_what_the_headers_tell_beforehand_the_browser_does(checked, fault, clauses, reason):
    found = checked(fault)
    assert (found.exit, broken(found) - {"chat"}) == (1, {f"browser.{name}" for name in clauses})
    (one,) = found.visits
    assert (one.error, one.reason, one.status) == ("TypeError: Failed to fetch", reason, 0)
    assert "has been blocked by CORS policy" in one.console


def test_leave_that_refusals_lack_is_found_though_the_chat_is_answered(checked):
    assert broken(checked("cors-missing-on-errors")) == {"browser.refusal-readable"}


def test_a_star_for_the_key_is_found_though_this_browser_still_lets_it_pass(checked):
    assert broken(checked("preflight-with-a-star")) == {"browser.preflight-headers"}


def test_a_stream_that_comes_at_once_is_found_by_two_of_them(checked):
    found = checked("stream-in-one-burst")
    assert (found.exit, broken(found)) == (1, {"stream.incremental"})
    assert [len(one.pieces) < 3 for one in found.visits] == [True, True]


def test_a_header_of_the_sdk_that_has_no_leave_stops_the_sdk(checked):
    assert broken(checked("preflight-without-sdk-headers", name="openai-javascript")) == {
        "browser.preflight-headers", "chat",
    }  # fmt: skip


class TestTheBrowser:
    KEY = "sk-secret-of-this-test-0123456789"

    @pytest.fixture
    def asked(self):
        with running(create_app(as_of=DAY)) as url:
            yield {
                "url": f"{url}/chat/completions", "body": "{", "limit": 1000,
                "headers": {"authorization": f"Bearer {self.KEY}", "content-type": "application/json"},
            }  # fmt: skip

    def test_is_told_the_key_by_no_command_line_and_no_variable(self, asked, browser, tmp_path, monkeypatch):
        program = tmp_path / "chromium"
        program.write_text(f'#!/bin/sh\n(env; echo "$@") > {tmp_path}/told\nexec {browser} "$@"\n')
        program.chmod(0o755)
        monkeypatch.setattr(chromium, "PROGRAMS", (str(program),))
        monkeypatch.setenv("MOONSHOT_API_KEY", self.KEY)
        assert visit("https://page.example", asked, 20).status == 400
        told = (tmp_path / "told").read_text()
        assert "--remote-debugging-pipe" in told
        assert self.KEY not in told

    def test_leaves_no_file_and_no_process_behind(self, asked, tmp_path, monkeypatch):
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
        visit("https://page.example", asked, 20)
        assert list(tmp_path.iterdir()) == []
        if Path("/proc/self/cmdline").exists():
            running_still = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
            assert not [line for line in running_still if str(tmp_path).encode() in line]

    def test_reads_no_more_than_it_is_told_to(self, asked):
        messages = [{"role": "user", "content": "Count from one to one hundred."}]
        body = json.dumps({"model": "kimi-k2.6", "messages": messages, "stream": True})
        assert 1000 < len(visit("https://page.example", {**asked, "body": body}, 20).body) < 100_000

    def test_follows_no_redirect_with_the_key(self, asked):
        with running(create_app(fault=["redirect"])) as url:
            found = visit("https://page.example", {**asked, "url": f"{url}/chat/completions"}, 20)
        assert (found.status, found.error) == (0, "TypeError: Failed to fetch")

    def test_stops_waiting_for_an_answer_that_never_comes(self, asked):
        with running(create_app(fault=["silent"])) as url:
            found = visit("https://page.example", {**asked, "url": f"{url}/chat/completions"}, 0.5)
        assert found.error.startswith("TimeoutError")
