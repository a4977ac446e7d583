"""``results.json`` and ``summary.md``, made from the records of a run."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.drift.standing import State
from conformance.evidence.runfile import Record
from conformance.report import doctor, standing
from conformance.report.text import money, pace, told
from conformance.vocabulary import Severity

VERDICT_MEMBERS = (
    "clause",
    "level",
    "scenario",
    "endpoint",
    "status",
    "source",
    "findings",
    "sentence",
    "reason",
    "exchanges",
)
HEADINGS = {
    "error": "Errors of the suite itself",
    "fail": "Does not conform",
    "could-not-check": "Could not be checked",
    "warn": "Warnings",
    "waived": "Waived",
}


def document(records: list[Record]) -> Record:
    """Return the document that ``--json`` prints; its schema is schemas/run.json."""
    run, end = records[0], records[-1]
    verdicts = [record for record in records if record["kind"] == "verdict"]
    return {
        "suite": run["suite"],
        "target": run["target"],
        "mode": run["mode"],
        "provenance": {"kind": run["provenance"], "sentence": run["provenance_sentence"]},
        "as_of": run["as_of"],
        "model": run["model"],
        "exit": end.get("exit", 4),
        "counts": end.get("counts", {}),
        "spend": end.get("spend", {}),
        "stale": end.get("stale", []),
        "verdicts": [verdict(record) for record in verdicts],
        "changes": of_kind(records, "change"),
        "timings": of_kind(records, "timing"),
        "doctor": of_kind(records, "doctor"),
        "notes": end.get("notes", []),
    }


def of_kind(records: list[Record], kind: str) -> list[Record]:
    """Return the records of a kind, without the word that tells it."""
    return [
        {name: value for name, value in record.items() if name != "kind"}
        for record in records
        if record["kind"] == kind
    ]


def verdict(record: Record) -> Record:
    """Return a verdict as results.json has it."""
    shown = {name: record[name] for name in VERDICT_MEMBERS}
    return shown | {name: record[name] for name in ("odd_one_out", "attribution", "file") if name in record}


def write(records: list[Record], out: Path) -> str:
    """Write results.json and summary.md to a folder, and return the text of the first."""
    text = json.dumps(document(records), ensure_ascii=False, indent=1)
    (out / "results.json").write_text(text + "\n", encoding="utf-8")
    (out / "summary.md").write_text(markdown(records), encoding="utf-8")
    return text


def markdown(records: list[Record]) -> str:
    """Return the summary for a pull request or a chat: who answered, the counts, and what is not green."""
    run, end = records[0], records[-1]
    counts = end.get("counts", {})
    lines = [
        f"**{plain(run['provenance_sentence'])}**",
        "",
        f"`{run['target']}` · `{run['model']}` · {run['mode']} · as of {run['as_of']} · suite {run['suite']}",
        "",
        *advice(of_kind(records, "doctor")),
        "| " + " | ".join(name.replace("_", " ") for name in counts) + " |",
        "|" + " --- |" * len(counts),
        "| " + " | ".join(str(count) for count in counts.values()) + " |",
    ]
    for status, heading in HEADINGS.items():
        found = [record for record in records if record["kind"] == "verdict" and record["status"] == status]
        if found:
            lines += ["", f"### {heading}", "", *(point for record in found for point in points(record))]
    lines += ["", *(f"- {plain(line)}" for line in (money(end), *map(pace, of_kind(records, "timing"))) if line)]
    if changes := changed(records):
        lines += ["", "### Changes", "", *(f"- {plain(line)}" for line in changes)]
    lines += [f"\n**Stale:** {plain(sentence)}" for sentence in end.get("stale", [])]
    return "\n".join(lines) + "\n"


def advice(steps: list[Record]) -> list[str]:
    """Return what the doctor found: one line, and what somebody should read; nothing where none was asked."""
    if not steps:
        return []
    told = [
        f"- **{step['step']}** ({step['status']}): {plain(step['sentence'])} {plain(step['advice'])}"
        for step in doctor.notable(steps)
    ]
    return [doctor.headline(steps), "", *told, *([""] if told else [])]


def changed(records: list[Record]) -> list[str]:
    """Return in words how the changes of a run stand: what is new where it was held against an earlier one."""
    changes = [record for record in records if record["kind"] == "change"]
    new = sorted(standing.of_state(changes, State.NEW), key=lambda one: list(Severity).index(one["severity"]))
    alarms = [f"{one['severity']}: {standing.name(one)}: {one['detail']}" for one in new if "since" in records[0]]
    return [*alarms, *standing.lines(changes), *records[-1].get("notes", [])]


def points(record: Record) -> list[str]:
    """Return a verdict as an item of a list, with its findings below."""
    place = record.get("file") or record["scenario"]
    where = f"`{record['clause']}` ({record['level']}) in {plain(place)}"
    head = f"- {where}: {record['sentence']} [source]({record['source']})"
    said = [" ".join(part.strip() for part in told(finding)) for finding in record["findings"]] or [record["reason"]]
    said.append(record.get("attribution", ""))
    return [head, *(f"  - {plain(text)}" for text in said if text)]


def plain(text: str) -> str:
    """Return a text in which Markdown and HTML find nothing to render."""
    flat = " ".join(str(text).split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#!~&" else letter for letter in flat)
