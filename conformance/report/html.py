"""The page for reviewers: pytest-html's, self-contained, with a row a verdict and the evidence of each exchange once.

Loaded as a pytest plugin by ``run`` and ``report``. Everything that came over the wire is escaped here, and nowhere put
into a name or an id.
"""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from conformance.report import curl, doctor, kills
from conformance.report.items import SESSION, Record
from conformance.report.text import complaint, money, pace

COUNTED = ("fail", "error", "could-not-check", "warn", "waived", "pass", "not-applicable")
# Evidence beyond this is in the run file; a page must open.
SHOWN = 20_000


class Page:
    """The page's hooks for one session, whose records it reads when the run has ended."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._page: Any = None

    def pytest_html_report_title(self, report: Any) -> None:  # noqa: ANN401 - pytest-html's own type
        """Keep the page, whose title is known only when it is known who answered."""
        self._page = report
        report.title = "kimi-conformance"

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Name the columns."""
        cells[:] = [
            # The page's own filters go by this column, in pytest's words; the style sheet hides it.
            '<th class="sortable" data-column-type="result">Result</th>',
            '<th class="sortable" data-column-type="verdict">Verdict</th>',
            '<th class="sortable" data-column-type="level">Level</th>',
            '<th class="sortable" data-column-type="clause">Clause</th>',
            '<th class="sortable" data-column-type="scenario">Asked in</th>',
            "<th>Source</th>",
            "<th>Evidence</th>",
        ]

    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:  # noqa: ANN401 - pytest's own type
        """Write a row: the verdict, the sentence of its clause, where it was asked, the source, and the evidence."""
        record: Record | None = getattr(report, "conformance", None)
        if record is None:
            return
        links = " ".join(f'<a href="#exchange-{int(number)}">{int(number)}</a>' for number in record["exchanges"])
        place = record["scenario"] if "file" not in record else record["file"]
        cells[:] = [
            cells[0],
            f'<td class="col-verdict verdict-{escape(record["status"])}">{escape(record["status"])}</td>',
            f'<td class="col-level">{escape(record["level"])}</td>',
            f'<td class="col-clause">{escape(record["sentence"])}<br><code>{escape(record["clause"])}</code></td>',
            f'<td class="col-scenario">{escape(place)}</td>',
            f'<td class="col-source">{source_link(record)}</td>',
            f'<td class="col-evidence">{links}</td>',
        ]

    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:  # noqa: ANN401 - pytest's own type
        """Write what a row unfolds to."""
        record: Record | None = getattr(report, "conformance", None)
        if record is not None:
            data[:] = [escape(complaint(record))]

    @pytest.hookimpl(trylast=True)
    def pytest_html_results_summary(self, prefix: list[str], postfix: list[str]) -> None:
        """Write who answered, the counts, what changed, and the evidence."""
        session = self._config.stash.get(SESSION, None)
        if session is None or not session.records:
            return
        run, end = session.records[0], session.records[-1]
        self._page.title = run["provenance_sentence"]
        self._page.set_data("environment", environment(run))
        counts = end.get("counts", {})
        told = "".join(
            f'<span class="count verdict-{name}">{counts.get(name.replace("-", "_"), 0)} {name}</span>'
            for name in COUNTED
        )
        prefix.append(f'<p class="provenance">{escape(run["provenance_sentence"])}</p>')
        prefix.append(doctor.page([record for record in session.records if record["kind"] == "doctor"]))
        prefix.append(f'<p class="counts">{told}</p>')
        if end["kind"] != "end":
            prefix.append('<p class="provenance">This run did not end: what is missing was not looked at.</p>')
        prefix.extend(f'<p class="stale">Stale: {escape(sentence)}</p>' for sentence in end.get("stale", []))
        prefix.append(costs(end, [record for record in session.records if record["kind"] == "timing"]))
        postfix.append(changes([record for record in session.records if record["kind"] == "change"]))
        postfix.append(kills.page(kills.published()))
        postfix.append(evidence([record for record in session.records if record["kind"] == "exchange"], run))


def pytest_configure(config: pytest.Config) -> None:
    """Write the page where pytest-html was asked for one."""
    if config.getoption("htmlpath", None):
        config.pluginmanager.register(Page(config), "kimi-conformance-page")


def environment(run: Record) -> Record:
    """Return the table at the head of the page; pytest-html writes its values as HTML."""
    names = ("suite", "target", "base_url", "mode", "provenance", "model", "as_of", "select", "started")
    return {name: escape(str(run[name])) for name in names if run.get(name) is not None}


def source_link(record: Record) -> str:
    """Return a link to a clause's source; anything but https is shown as text."""
    source, read = escape(record["source"]), escape(record["read"])
    if not record["source"].startswith("https://"):
        return source
    return f'<a href="{source}" rel="noreferrer">{escape(record["clause_kind"])}</a><br>read {read}'


def costs(end: Record, timings: list[Record]) -> str:
    """Return what the run cost and how fast its streams came, or nothing."""
    lines = [line for line in (money(end), *map(pace, timings)) if line]
    return f'<ul class="costs">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>' if lines else ""


def changes(records: list[Record]) -> str:
    """Return the list of changes, or nothing."""
    if not records:
        return ""
    rows = "".join(
        f"<li><code>{escape(record['change'])}</code> {escape(record['endpoint'])} "
        f"<code>{escape(record['where'])}</code>: {escape(record['detail'])}{escape(attributed(record))}</li>"
        for record in records
    )
    head = f"<summary>{len(records)} changes that break no clause</summary>"
    return f'<details class="changes">{head}<ul>{rows}</ul></details>'


def attributed(record: Record) -> str:
    """Return how much a change weighs and who stands against the others; nothing of an older run file."""
    told = [record.get(name) for name in ("severity", "odd_one_out", "state", "waiver")]
    return f" ({', '.join(word for word in told if word)})" if any(told) else ""


def evidence(records: list[Record], run: Record) -> str:
    """Return every exchange once, folded."""
    blocks = "".join(exchange(record, run) for record in records)
    head = f"<summary>Evidence: {len(records)} exchange(s)</summary>"
    return f'<details class="evidence">{head}{blocks}</details>{UNFOLD}'


def exchange(record: Record, run: Record) -> str:
    """Return one exchange: the request, the same as curl, every attempt, and the answer."""
    answer = record["response"]
    came = str(answer["status"]) if answer else record["failure"] or "no answer"
    head = f"{record['id']}. {record['scenario']}: {record['request']['method']} {record['request']['url']} → {came}"
    parts = [
        ("asked", message(f"{record['request']['method']} {record['request']['url']}", record["request"])),
        ("again with curl", curl.command(record["request"], run["key_variable"])),
        *((f"attempt {number}", attempt(tried)) for number, tried in enumerate(record["attempts"], 1)),
        ("answered", message(str(answer["status"]), answer) if answer else came),
        ("when", f"{record['made_at'] or 'unknown'}" + (f", {record['seconds']:.3f} s" if record["seconds"] else "")),
    ]
    body = "".join(f"<h4>{title}</h4><pre>{escape(text)}</pre>" for title, text in parts if text)
    return (
        f'<details class="exchange" id="exchange-{int(record["id"])}"><summary>{escape(head)}</summary>{body}</details>'
    )


def attempt(tried: Record) -> str:
    """Return an earlier attempt and how long it was waited after it."""
    answer = tried["response"]
    came = message(str(answer["status"]), answer) if answer else tried["failure"]
    return f"{came}\n(waited {tried['waited']:g} s)"


def message(first: str, part: Record) -> str:
    """Return a request or an answer as text: its first line, its headers, its body."""
    headers = "\n".join(f"{name}: {value}" for name, value in part["headers"])
    body = part.get("body")
    if body is None:
        body = f"(no UTF-8, in base64) {part['body_base64']}"
    if len(body) > SHOWN:
        body = f"{body[:SHOWN]}… ({len(body)} characters; the rest is in the run file)"
    return "\n".join(filter(None, (first, headers, "" if not body else "\n" + body)))


UNFOLD = """<script>
(function () {
  function unfold() {
    var shown = document.getElementById(location.hash.slice(1));
    for (var each = shown; each; each = each.parentElement) {
      if (each.tagName === "DETAILS") { each.open = true; }
    }
    if (shown) { shown.scrollIntoView(); }
  }
  window.addEventListener("hashchange", unfold);
  window.addEventListener("DOMContentLoaded", unfold);
})();
</script>"""
