"""What ``drift`` prints: one document, and a page for a terminal of 80 columns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from textwrap import fill

from conformance import __version__
from conformance.drift import standing
from conformance.drift.comparison import Drift
from conformance.drift.standing import Stands, State
from conformance.evidence.runfile import Record
from conformance.report.models import table
from conformance.report.standing import lines as standing_lines
from conformance.report.standing import of_state
from conformance.vocabulary import Severity

LEVELS = tuple(Severity)


def document(drift: Drift, stands: Stands, fail_on: Severity) -> Record:
    """Return the document that ``--json`` prints; its schema is schemas/drift.json.

    Only new changes are counted by their weight, and only they make the exit status 1. ``mode`` and ``spend``
    are those of a document for which nobody was asked.
    """
    heaviest_first = sorted(stands.standings, key=lambda one: LEVELS.index(one.change.severity))
    records = [standing.record(one) for one in heaviest_first]
    states = Counter(record["state"] for record in records)
    counts = Counter(record["severity"] for record in of_state(records, State.NEW))
    unread = any(source.could_not_check for source in drift.sources)
    fails = any(counts[level] for level in LEVELS[: LEVELS.index(fail_on) + 1])
    return {
        "suite": __version__,
        "target": drift.target.name,
        "as_of": drift.as_of.isoformat(),
        "fail_on": fail_on.value,
        "exit": 1 if fails else 5 if stands.stale else 3 if unread else 0,
        "counts": {level.value: counts[level.value] for level in LEVELS},
        "known": states[State.WENT_ON] + states[State.NOT_LOOKED_AT],
        "waived": states[State.WAIVED],
        "left_out": drift.left_out,
        "stale": list(stands.stale),
        "notes": list(stands.notes),
        "sources": [
            {
                "file": source.file,
                "kind": source.kind,
                "as_of": source.as_of.isoformat(),
                "could_not_check": source.could_not_check,
            }
            for source in drift.sources
        ],
        "models": [asdict(row) | {"agrees": row.agrees} for row in drift.models],
        "mode": "offline",
        "spend": None,
        "changes": records,
    }


def page(told: Record) -> str:
    """Return a document for people: what could not be checked, every change with its sources, and the counts."""
    lines = [f"{told['target']}, as of {told['as_of']}: {_counted(len(told['sources']), 'source')}"]
    if told["mode"] == "reference":
        lines.append("The reference server of this suite answered: that says nothing about the service.")
    for source in told["sources"]:
        if source["could_not_check"]:
            lines += ["", _wrapped(f"COULD NOT CHECK  {source['file']}: {source['could_not_check']}")]
    lines += table(told["models"])
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in [*of_state(told["changes"], State.NEW), *of_state(told["changes"], State.WAIVED)]:
        names = ("severity", "change", "model", "endpoint", "where", "since", "waiver")
        groups.setdefault(tuple(record[name] for name in names), []).append(record)
    for same in groups.values():
        lines += ["", *_entry(same)]
    more = [*standing_lines(told["changes"]), *told["notes"], *(f"stale: {sentence}" for sentence in told["stale"])]
    lines += ["", *map(_wrapped, more)] if more else []
    counts = ", ".join(f"{count} {level}" for level, count in told["counts"].items())
    left_out = [f"{told['left_out']} left out"] if told["left_out"] else []
    return "\n".join([*lines, "", ", ".join([counts, *left_out]), *_spent(told["spend"])])


def _spent(spend: Record | None) -> Iterator[str]:
    if spend:
        requests, paid = _counted(spend["requests"], "request"), spend["paid_requests"]
        yield f"{requests}, of which {paid} may be billed: {spend['usd']:.6f} USD"


def _entry(same: list[Record]) -> Iterator[str]:
    """Yield the lines of a change, and of the same change in the documents before."""
    last = same[-1]
    about = " ".join(word for word in (last["model"], last["endpoint"]) if word)
    odd = f" ({last['odd_one_out']})" if last["odd_one_out"] else ""
    weight = "WAIVED" if last["waiver"] else last["severity"].upper()
    yield _wrapped(f"{weight}  {last['change']}  {about}{odd}")
    yield _wrapped(f"  {last['detail']}")
    if last["where"]:
        yield _wrapped(f"  at {last['where']}")
    if last["since"]:
        yield _wrapped(f"  since {last['since']}{_days(same)}")
    sources = " against ".join(text for text in (last["source"], last["other_source"]) if text)
    if sources:
        yield _wrapped(f"  {sources}")
    if last["waiver"]:
        yield _wrapped(f"  waived: {last['waiver']}")


def _days(same: list[Record]) -> str:
    if len(same) == 1:
        return f", {_counted(same[0]['days'], 'day')}" if same[0]["days"] else ""
    days = ", ".join(dict.fromkeys(str(record["days"]) for record in same))
    return f", seen in {len(same)} documents, after {days} days"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _wrapped(text: str) -> str:
    return fill(text, 80, subsequent_indent="    ", break_on_hyphens=False, replace_whitespace=True)


def text(told: Record) -> str:
    """Return a document as JSON."""
    return json.dumps(told, ensure_ascii=False, indent=1)
