"""The reports: well formed whatever came over the wire, and its first line says who answered."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import jsonschema
import pytest

from conformance import shipped
from conformance.contract import schemas
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.report import curl, html, results, text

LATE = shipped.folder("cassettes") / "scenarios" / "k26-announced-k25-listed"
ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
LONG = "x" * 200_000
ANSI = "\x1b[2J\x1b]0;title\x07"
MODEL = f"kimi-k2.6{ATTACK}"


class Page(HTMLParser):
    """Reads a page as a browser would: its headings, its elements and handlers, and what its script writes into it."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.headings, self.handlers, self.elements, self.written, self._inside = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._inside.append(tag)
        self.elements.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if told := dict(attrs).get("data-jsonblob"):
            self.written = [Page(part) for part in texts(json.loads(told)) if "<" in part]

    def handle_endtag(self, tag):
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data):
        if self._inside and self._inside[-1] == "h1":
            self.headings.append(data.strip())


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


def harmless(text):
    """Assert that a page has no script, image or handler but those that pytest-html and we put there."""
    page = Page(text)
    assert page.written
    assert set(page.handlers) <= {"onclick"}
    assert page.elements.count("script") == 2
    assert page.elements.count("img") == 1
    for part in page.written:
        assert (part.handlers, {"script", "img"} & set(part.elements)) == ([], set())


def answer(status, body, *headers):
    content = json.dumps(body).encode() if not isinstance(body, bytes) else body
    head = "".join(
        f"{line}\r\n" for line in ("Content-Type: application/json", f"Content-Length: {len(content)}", *headers)
    )
    return f"HTTP/1.1 {status} X\r\n{head}Connection: close\r\n\r\n".encode("latin-1") + content


HOSTILE = {
    "a body": answer(200, {"object": ATTACK, "data": [{"id": MODEL, "object": ATTACK, "created": ATTACK}], ATTACK: 1}),
    "an error": answer(500, {"error": {"message": ATTACK + ANSI, "type": ATTACK}}),
    "a header": answer(200, {"object": "list", "data": []}, f"Msh-Request-Id: {ATTACK}", f"Location: {ATTACK}"),
    "half a character": answer(200, b'{"object": "\\ud800<script>alert(1)</script>", "data": [{"id": "\\udfff"}]}'),
    "a long line": answer(200, {"object": LONG, "data": [{"id": LONG}], LONG: 1}),
    "escapes": answer(200, {"object": ANSI, "data": [{"id": f"{ANSI}\x00\x0b\ufffe"}]}),
    "no text": answer(200, b"\xff\xfe<script>alert(1)</script>"),
    "a page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html><title>"
    + ATTACK.replace("<", "&lt;").encode()
    + b"</title><script>alert(1)</script>",
}


@pytest.fixture
def hostile(cli, key, answering, folder):
    """Run against a server that gives one answer to everything, and return the folder of the reports."""

    def run(reply):
        with answering(lambda connection: connection.recv(1 << 16) and connection.sendall(reply)) as url:
            ended = cli(
                "run",
                "--target",
                f"moonshot={url}",
                "--mode",
                "live",
                "--select",
                "models.list",
                "--out",
                "out",
                "--json",
            )
        assert "Traceback" not in ended.err
        assert ended.code in (1, 3)
        return ended

    return run


@pytest.mark.parametrize("reply", HOSTILE.values(), ids=HOSTILE)
def test_nothing_from_the_wire_becomes_markup_or_breaks_a_report(hostile, folder, reply):
    ended = hostile(reply)
    text = (folder / "out" / "report.html").read_text(encoding="utf-8")
    for markup in ("<script>alert", "<img src=x", "onerror=alert(2)>"):
        assert markup not in text
    harmless(text)
    jsonschema.Draft202012Validator(schemas.documents()["run"]).validate(ended.document)
    ElementTree.parse(folder / "out" / "junit.xml")
    summary = (folder / "out" / "summary.md").read_text(encoding="utf-8")
    assert re.search(r"(?<!\\)<(script|img)", summary) is None


@pytest.mark.parametrize("name", ["an error", "escapes"])
def test_no_terminal_obeys_what_came_over_the_wire(hostile, folder, name):
    ended = hostile(HOSTILE[name])
    assert "\x1b[2J" not in ended.err
    assert "\x1b" not in (folder / "out" / "summary.md").read_text(encoding="utf-8")


def test_a_long_line_makes_no_long_page(hostile, folder):
    hostile(HOSTILE["a long line"])
    assert (folder / "out" / "report.html").stat().st_size < 1_500_000
    assert max(map(len, (folder / "out" / "summary.md").read_text(encoding="utf-8").splitlines())) < 2_000


def test_a_hostile_run_file_makes_the_same_harmless_page_again(hostile, cli, folder):
    hostile(HOSTILE["a body"])
    cli("report", "out/run.ndjson")
    harmless((folder / "out" / "report.html").read_text(encoding="utf-8"))


def test_a_hostile_file_name_is_shown_and_not_obeyed(cli, folder):
    (folder / "<img src=x onerror=alert(2)>.json").write_text("{}")
    cli("judge", ".", "--out", "out")
    harmless((folder / "out" / "report.html").read_text(encoding="utf-8"))


class TestPage:
    @pytest.fixture
    def page(self, cli, folder):
        cli("run", "--cassettes", LATE, "--select", "models", "--out", "out")
        return (folder / "out" / "report.html").read_text(encoding="utf-8")

    def test_its_first_line_says_who_answered(self, page):
        assert Page(page).headings[0].startswith("Recorded on 2026-")
        assert "the reference server of this project: no evidence about the service" in Page(page).headings[0]

    def test_it_is_one_file_that_asks_nobody_for_anything(self, page):
        assert re.findall(r"""(?:src|href)=["'](?!#|https://|data:)([^"']+)""", page) == []
        assert re.search(r"<(link|iframe|object|embed)\b", page) is None
        assert re.search(r"<script[^>]+src=", page) is None

    def test_every_link_to_a_source_is_https(self, page):
        links = re.findall(r'href="(?!#)([^"]+)"', page)
        assert links
        assert all(link.startswith("https://") for link in links)

    def test_the_evidence_stands_once_with_a_command_to_ask_again(self, page):
        assert page.count('id="exchange-1"') == 1
        assert "curl -sS -i -X GET https://api.moonshot.ai/v1/models" in unescape(page)
        assert '-H "Authorization: Bearer $MOONSHOT_API_KEY"' in unescape(page)

    def test_every_row_points_at_evidence_that_is_there(self, page):
        pointed = set(re.findall(r'href=\\?"#(exchange-\d+)', unescape(page)))
        assert pointed
        assert all(f'id="{name}"' in page for name in pointed)

    def test_what_is_broken_is_told_with_what_was_expected(self, page):
        assert "3 days late" in unescape(page)


class TestKey:
    def test_it_is_in_no_report_whatever_the_server_repeats(self, cli, key, folder):
        with running(create_app(fault=["key-echoed"])) as url:
            cli("run", "--target", f"moonshot={url}", "--mode", "live", "--select", "chat.one-word", "--out", "out")
        for path in (folder / "out").iterdir():
            assert key.encode() not in path.read_bytes()


REQUEST = {
    "method": "POST",
    "url": "https://api.moonshot.ai/v1/chat/completions",
    "headers": [["authorization", "Bearer $MOONSHOT_API_KEY"], ["content-type", "application/json"], ["host", "x"]],
    "body": '{"model": "it\'s"}',
}


class TestCurl:
    def test_it_names_the_variable_and_never_a_key(self):
        told = curl.command(REQUEST, "MOONSHOT_API_KEY")
        assert '-H "Authorization: Bearer $MOONSHOT_API_KEY"' in told
        assert "sk-" not in told

    def test_another_key_than_the_own_is_a_wrong_one(self):
        other = REQUEST | {"headers": [["authorization", "Bearer another key"]]}
        assert "Bearer sk-a-wrong-key" in curl.command(other, "MOONSHOT_API_KEY")

    def test_what_a_shell_would_obey_is_quoted(self):
        request = REQUEST | {"url": "https://h/v1/$(rm -rf ~)", "body": "`id` $HOME ' \" \n"}
        told = curl.command(request, "K")
        assert "'https://h/v1/$(rm -rf ~)'" in told
        assert """--data-raw '`id` $HOME '"'"' " \n'""" in told

    def test_a_body_is_never_the_name_of_a_file(self):
        assert "--data-raw @/etc/hostname" in curl.command(REQUEST | {"body": "@/etc/hostname"}, "K")

    @pytest.mark.parametrize("request_", [{"method": "", "url": "", "headers": [], "body": ""}, {"method": "POST"}])
    def test_what_cannot_be_asked_again_has_no_command(self, request_):
        assert curl.command(request_, "K") == ""


class TestSummary:
    def test_its_first_line_says_who_answered(self, cli, folder):
        cli("run", "--select", "models", "--out", "out")
        first = (folder / "out" / "summary.md").read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("**Recorded on")
        assert "no evidence about the service" in first

    def test_it_names_what_is_broken_with_its_source(self, cli, folder):
        cli("run", "--cassettes", LATE, "--select", "models", "--out", "out")
        text = (folder / "out" / "summary.md").read_text(encoding="utf-8")
        assert "### Does not conform" in text
        assert "`models.promised-listed` (MUST)" in text
        assert "[source](https://" in text

    @pytest.mark.parametrize("text", ["<b>", "[a](b)", "*x*", "a|b", "`c`", "# h", "![i](j)", "~~s~~", "a\nb", "&lt;"])
    def test_nothing_in_a_text_is_rendered(self, text):
        plain = results.plain(text)
        assert "\n" not in plain
        assert re.search(r"(?<!\\)[`*_\[\]<>|#!~&]", plain) is None


SPEND = {"requests": 7, "paid_requests": 2, "prompt_tokens": 100, "completion_tokens": 20, "usd": 0.01234}
TIMING = {
    "exchange": 3, "scenario": "stream.text", "first_byte": 0.25, "first_reasoning": 0.5, "first_content": 1.0,
    "whole": 2.0, "gap_p50": 0.02, "gap_p95": 0.031, "gap_max": 0.4, "tokens_per_second": 48.5,
}  # fmt: skip


class TestMoney:
    def test_it_tells_requests_tokens_and_dollars(self):
        told = "7 requests, 2 of them paid: 100 + 20 tokens, 0.0123 USD by the usage"
        assert text.money({"spend": SPEND}) == told

    @pytest.mark.parametrize(
        ("after", "told"), [(4.5, "fell by 0.50000"), (5, "fell by 0.00000"), (6, "rose by 1.00000")]
    )
    def test_it_tells_how_the_balance_changed(self, after, told):
        spend = SPEND | {"balance_before": 5, "balance_after": after}
        assert text.money({"spend": spend}).endswith(f"; the balance {told}")

    @pytest.mark.parametrize("known", ["balance_before", "balance_after"])
    def test_of_one_balance_alone_nothing_is_said(self, known):
        unknown = {"balance_before": None, "balance_after": None}
        assert "balance" not in text.money({"spend": SPEND | unknown | {known: 5}})

    @pytest.mark.parametrize("end", [{}, {"spend": {}}, {"spend": SPEND | {"requests": 0}}])
    def test_of_a_run_that_asked_nothing_nothing_is_said(self, end):
        assert text.money(end) == ""


class TestPace:
    def test_it_tells_moments_gaps_and_tokens(self):
        assert text.pace(TIMING) == (
            "stream.text: first byte 0.250 s, reasoning 0.500 s, content 1.000 s, end 2.000 s, "
            "gaps 20 / 31 / 400 ms (p50 / p95 / max), 48.5 tokens/s"
        )

    def test_what_was_not_measured_is_not_told(self):
        nothing = dict.fromkeys(("first_reasoning", "gap_p50", "gap_p95", "gap_max", "tokens_per_second"))
        assert text.pace(TIMING | nothing) == "stream.text: first byte 0.250 s, content 1.000 s, end 2.000 s"

    def test_the_page_escapes_whatever_bears_a_name(self):
        assert "<b>" not in html.costs({"spend": SPEND}, [TIMING | {"scenario": "<b>"}])

    def test_the_page_of_a_run_that_asked_nothing_has_no_list_of_costs(self):
        assert html.costs({}, []) == ""


class TestALiveRunIn:
    @pytest.fixture
    def written(self, cli, key, folder):
        with running(create_app(tokens_per_second=100)) as url:
            live = ("--target", f"moonshot={url}", "--mode", "live", "--select", "balance or stream.text")
            document = cli("run", *live, "--out", "out", "--json").document
        return document, {path.name: path.read_text(encoding="utf-8") for path in (folder / "out").iterdir()}

    def test_every_report_tells_the_same_money_and_pace(self, written):
        document, files = written
        (timing,) = document["timings"]
        lines = [text.money(document), text.pace(timing)]
        assert lines[0].count("balance fell by 0.000") == 1
        for line in lines:
            assert results.plain(line) in files["summary.md"]
            assert line in unescape(files["report.html"])

    def test_the_document_has_the_timing_of_the_run_file(self, written):
        document, files = written
        records = [json.loads(line) for line in files["run.ndjson"].splitlines()]
        assert [{"kind": "timing", **timing} for timing in document["timings"]] == [
            record for record in records if record["kind"] == "timing"
        ]

    def test_every_line_and_the_document_obey_their_schemas(self, written):
        document, files = written
        documents = schemas.documents()
        jsonschema.validate(document, documents["run"])
        for line in files["run.ndjson"].splitlines():
            jsonschema.validate(json.loads(line), documents["runfile.line"])

    def test_no_piece_of_it_holds_anything_but_numbers(self, written):
        records = [json.loads(line) for line in written[1]["run.ndjson"].splitlines()]
        pieces = [record["response"].get("pieces", []) for record in records if record["kind"] == "exchange"]
        assert any(pieces)
        assert {type(part) for told in pieces for pair in told for part in pair} <= {int, float}


class TestWhoAnswered:
    @pytest.mark.parametrize(
        ("options", "kind"),
        [({}, "reference"), ({"mode": "reference"}, "reference"), ({"mode": "live"}, "elsewhere")],
    )
    def test_it_is_told_in_a_word(self, ran, key, answering, options, kind):
        body = answer(200, {"object": "list", "data": []})
        with answering(lambda connection: connection.recv(1 << 16) and connection.sendall(body)) as url:
            target = {"target": f"moonshot={url}"} if options.get("mode") == "live" else {}
            assert ran(select="models.status", **options, **target).records[0]["provenance"] == kind

    def test_a_stand_in_is_told_also_when_it_is_asked_live(self, ran, key):
        with running(create_app()) as url:
            assert ran(target=f"moonshot={url}", mode="live", select="balance").records[0]["provenance"] == "reference"

    def test_nobody_is_told_where_nobody_answered(self, ran, key, closed_port):
        told = ran(target=f"moonshot={closed_port}", mode="live", select="models.status")
        assert told.records[0]["provenance"] == "unknown"
        assert "answered" in told.records[0]["provenance_sentence"]
