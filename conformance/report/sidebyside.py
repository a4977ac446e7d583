"""What a comparison of several targets leaves behind: one document, a section for a terminal of 80 columns, a page."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from html import escape
from pathlib import Path
from textwrap import fill, shorten

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance import __version__
from conformance.drift.sidebyside import Comparison
from conformance.evidence.runfile import Record, change_record
from conformance.report import results

WIDTH = 80
_REASON = 48
_CHANGES = 30
# Of these a terminal shows the differences alone, which are told below its table.
_MANY = ("request", "clause")
NAME = "side-by-side"
_STYLE = Path(__file__).with_name(f"{NAME}.css")
COLUMNS = (("label", "target"), ("base_url", "address"), ("model", "as"), ("mode", "mode"), ("exit", "exit"))


def document(comparison: Comparison, runs: Sequence[list[Record]], status: int) -> Record:
    """Return the document that ``--json`` prints; its schema is schemas/side-by-side.json."""
    labels = [side.label for side in comparison.sides]
    return {
        "suite": __version__,
        "exit": status,
        "model": comparison.sides[0].announced,
        "sides": [
            {
                "label": side.label,
                "base_url": side.run["base_url"],
                "model": side.model,
                "mode": side.run["mode"],
                "official": side.official,
                "provenance": side.run["provenance_sentence"],
                "exit": records[-1].get("exit", 4),
            }
            for side, records in zip(comparison.sides, runs, strict=True)
        ],
        "rows": [
            {
                "aspect": row.aspect,
                "about": row.about,
                "where": row.where,
                "cells": {
                    label: {"value": cell.shown, "could_not_check": None}
                    if cell.value is not None
                    else {"value": None, "could_not_check": cell.shown}
                    for label, cell in zip(labels, row.cells, strict=True)
                },
            }
            for row in comparison.rows
        ],
        "changes": [change_record(change) for change in comparison.changes],
        "left_out": comparison.left_out,
        "could_not_check": [
            {"side": one.side, "reason": one.reason, "scenarios": list(one.scenarios)} for one in comparison.unasked
        ],
        "runs": [results.document(records) for records in runs],
    }


def write(told: Record, out: Path) -> str:
    """Write side-by-side.json and side-by-side.html to a folder, and return the text of the first."""
    text = json.dumps(told, ensure_ascii=False, indent=1)
    (out / f"{NAME}.json").write_text(text + "\n", encoding="utf-8")
    (out / f"{NAME}.html").write_text(page(told), encoding="utf-8")
    return text


def section(told: Record) -> str:
    """Return the comparison for a terminal of 80 columns."""
    console = Console(width=WIDTH, record=False, color_system=None)
    with console.capture() as lines:
        console.print(Text(heading(told)))
        for side in told["sides"]:
            console.print(Text(fill(f"{side['label']}: {side['provenance']}", WIDTH, subsequent_indent="  ")))
        console.print()
        console.print(_table(told))
        entries = _together(told["changes"])
        for same in entries[:_CHANGES]:
            console.print(Text("\n" + _entry(same)))
        if len(entries) > _CHANGES:
            console.print(f"\n… and {sum(map(len, entries[_CHANGES:]))} more in {NAME}.html")
        for gap in told["could_not_check"]:
            console.print(Text("\n" + _wrapped(f"COULD NOT CHECK  {_gap(gap)}")))
        console.print(Text("\n" + _counted(told)))
    return "\n".join(line.rstrip() for line in lines.get().splitlines())


def heading(told: Record) -> str:
    """Return in one sentence what is held against what."""
    first, *others = (side["label"] for side in told["sides"])
    return f"Side by side: {', '.join(others)} against {first}, asked for {told['model'] or 'models of their own'}"


def _table(told: Record) -> Table:
    table = Table(show_edge=False, pad_edge=False, width=WIDTH)
    table.add_column("", ratio=2, overflow="fold")
    for side in told["sides"]:
        table.add_column(Text(side["label"]), ratio=2, overflow="fold")
    for row in (row for row in told["rows"] if row["aspect"] not in _MANY):
        table.add_row(Text(_about(row)), *(Text(_cell(row["cells"][side["label"]])) for side in told["sides"]))
    return table


def _about(row: Record) -> str:
    words = (row["where"],) if row["aspect"] == "parameter" else (row["aspect"], row["about"], row["where"])
    return " ".join(word for word in words if word)


def _cell(cell: Record) -> str:
    """Return a cell for the terminal; the page and the document have the whole reason."""
    known: str | None = cell["value"]
    return known if known is not None else f"? {shorten(cell['could_not_check'], _REASON, placeholder=' …')}"


def _together(changes: Sequence[Record]) -> list[list[Record]]:
    """Return the changes with those members beside each other that one side dropped, or added, at one endpoint."""
    found: dict[tuple[object, ...], list[Record]] = {}
    for number, change in enumerate(changes):
        alone = None if change["change"] in ("member-dropped", "member-added") else number
        same = (alone, *(change[name] for name in ("change", "endpoint", "severity", "source", "other_source")))
        found.setdefault(same, []).append(change)
    return list(found.values())


def _entry(same: Sequence[Record]) -> str:
    change, by = same[0], f" ({_who(same[0])})" if same[0]["odd_one_out"] else ""
    place = _place(change) if len(same) == 1 else change["endpoint"]
    told = change["detail"] if len(same) == 1 else ", ".join(each["where"] for each in same)
    return "\n".join(
        [_wrapped(f"{change['severity'].upper()}  {change['change']}  {place}{by}"), _wrapped(f"  {told}")]
    )


def _place(change: Record) -> str:
    return " ".join(word for word in (change["endpoint"], change["where"]) if word)


def _who(change: Record) -> str:
    return f"{change['odd_one_out']}: {change['source']}" if change["odd_one_out"] else "not known"


def _gap(gap: Record) -> str:
    return f"{gap['side']}: {gap['reason']}: {', '.join(gap['scenarios'])}"


def _counted(told: Record) -> str:
    count = len(told["changes"]) + told["left_out"]
    more = f", {told['left_out']} of them left out" if told["left_out"] else ""
    return f"{count} difference{'' if count == 1 else 's'}{more}; a difference fails nothing by itself"


def _wrapped(text: str) -> str:
    return fill(text, WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def page(told: Record) -> str:
    """Return the comparison as one HTML file; everything that came over the wire is escaped."""
    provenance = "".join(
        f'<p class="provenance">{escape(side["label"])}: {escape(side["provenance"])}</p>' for side in told["sides"]
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(heading(told))}</title><style>{_STYLE.read_text(encoding='utf-8')}</style></head><body>"
        f"<h1>{escape(heading(told))}</h1>{provenance}"
        f"<h2>The runs</h2>{_runs(told)}<h2>{escape(_counted(told))}</h2>{_changes(told)}"
        f"<h2>Fact by fact</h2>{_rows(told)}<h2>Could not be checked</h2>{_gaps(told)}</body></html>\n"
    )


def _runs(told: Record) -> str:
    rows = [[_report(side, name) for name, _ in COLUMNS] for side in told["sides"]]
    return _html([title for _, title in COLUMNS], rows)


def _report(side: Record, name: str) -> str:
    text = escape(str(side[name]))
    return f'<a href="{text}/report.html">{text}</a>' if name == "label" else text


def _changes(told: Record) -> str:
    rows = [
        [
            f'<span class="{escape(change["severity"])}">{escape(change["severity"])}</span>',
            f"<code>{escape(change['change'])}</code>",
            f"{escape(change['endpoint'])} <code>{escape(change['where'])}</code>",
            escape(change["detail"]),
            escape(_who(change)),
        ]
        for change in told["changes"]
    ]
    return _html(["weight", "change", "where", "what", "changed by"], rows)


def _rows(told: Record) -> str:
    labels = [side["label"] for side in told["sides"]]
    differing = {(change["change"], change["endpoint"], change["where"]) for change in told["changes"]}
    places = [(f"{row['aspect']}-differs", row["about"], row["where"]) for row in told["rows"]]
    marked = {number for number, place in enumerate(places) if place in differing}
    rows = [[escape(_about(row)), *(_html_cell(row["cells"][label]) for label in labels)] for row in told["rows"]]
    return _html(["", *map(escape, labels)], rows, marked)


def _html_cell(cell: Mapping[str, str | None]) -> str:
    known = cell["value"] is not None
    return (
        escape(str(cell["value"]))
        if known
        else f'<span class="unknown">? {escape(str(cell["could_not_check"]))}</span>'
    )


def _gaps(told: Record) -> str:
    rows = [
        [escape(gap["side"]), escape(gap["reason"]), escape(", ".join(gap["scenarios"]))]
        for gap in told["could_not_check"]
    ]
    return _html(["target", "why", "scenarios"], rows)


def _html(head: Sequence[str], rows: Sequence[Sequence[str]], marked: Collection[int] = ()) -> str:
    """Return a table of cells that are HTML already, some of its rows set apart."""
    if not rows:
        return "<p>None.</p>"
    first = "".join(f"<th>{title}</th>" for title in head)
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    opened = ['<tr class="differs">' if number in marked else "<tr>" for number in range(len(rows))]
    body = "".join(f"{tag}{line}</tr>" for tag, line in zip(opened, lines, strict=True))
    return f"<table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table>"
