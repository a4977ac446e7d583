"""What ``drift`` prints: one document, and a page for a terminal of 80 columns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from textwrap import fill

from conformance import __version__, strictjson
from conformance.drift.comparison import Drift
from conformance.evidence.runfile import Record, change_record
from conformance.report.models import table
from conformance.rows import ConfigurationError
from conformance.vocabulary import Severity

LEVELS = tuple(Severity)
_LIMIT = 256 * 1024 * 1024
Identity = tuple[object, ...]


def document(drift: Drift, earlier: Collection[Identity], fail_on: Severity) -> Record:
    """Return the document that ``--json`` prints; its schema is schemas/drift.json.

    Changes that an earlier run has told are counted in ``known`` and not told again. ``mode`` and
    ``spend`` are those of a document for which nobody was asked.
    """
    records = [change_record(change) for change in drift.changes]
    fresh = [record for record in records if identity(record) not in earlier]
    counts = Counter(record["severity"] for record in fresh)
    unread = any(source.could_not_check for source in drift.sources)
    fails = any(counts[level] for level in LEVELS[: LEVELS.index(fail_on) + 1])
    return {
        "suite": __version__,
        "target": drift.target.name,
        "as_of": drift.as_of.isoformat(),
        "fail_on": fail_on.value,
        "exit": 1 if fails else 3 if unread else 0,
        "counts": {level.value: counts[level.value] for level in LEVELS},
        "known": len(records) - len(fresh),
        "left_out": drift.left_out,
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
        "changes": fresh,
    }


def identity(record: Record) -> Identity:
    """Return what makes a change the same on another day: all but its words and the day on which it was seen."""
    return tuple(record.get(name) for name in ("change", "model", "endpoint", "where", "since"))


def told_before(path: Path) -> frozenset[Identity]:
    """Return the changes that a run file, or what ``drift --json`` printed, tells of; raises ConfigurationError."""
    try:
        if path.stat().st_size > _LIMIT:
            raise ConfigurationError(f"--since {path}: larger than {_LIMIT >> 20} MiB")
        raw = path.read_bytes()
        try:
            values = [strictjson.loads(raw)]
        except strictjson.NotStrictJSON:
            values = [strictjson.loads(line) for line in raw.splitlines() if line.strip()]
    except OSError as error:
        raise ConfigurationError(f"--since {path}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"--since {path}: no run file: {error}") from None
    if not all(isinstance(value, dict) and ("kind" in value or "changes" in value) for value in values):
        raise ConfigurationError(f"--since {path}: neither a run file nor what drift --json printed")
    return frozenset(identity(record) for record in _changes(values))


def _changes(values: Iterable[Record]) -> Iterator[Record]:
    for value in values:
        inside = value.get("changes", ())
        yield from (one for one in (inside if isinstance(inside, list) else ()) if isinstance(one, dict))
        if value.get("kind") == "change":
            yield value


def page(told: Record) -> str:
    """Return a document for people: what could not be checked, every change with its sources, and the counts."""
    lines = [f"{told['target']}, as of {told['as_of']}: {_counted(len(told['sources']), 'source')}"]
    if told["mode"] == "reference":
        lines.append("The reference server of this suite answered: that says nothing about the service.")
    for source in told["sources"]:
        if source["could_not_check"]:
            lines += ["", _wrapped(f"COULD NOT CHECK  {source['file']}: {source['could_not_check']}")]
    lines += table(told["models"])
    groups: dict[Identity, list[Record]] = {}
    for record in told["changes"]:
        groups.setdefault((record["severity"], *identity(record)), []).append(record)
    for same in groups.values():
        lines += ["", *_entry(same)]
    counts = ", ".join(f"{count} {level}" for level, count in told["counts"].items())
    more = [f"{told[name]} {word}" for name, word in _MORE.items() if told[name]]
    return "\n".join([*lines, "", ", ".join([counts, *more]), *_spent(told["spend"])])


def _spent(spend: Record | None) -> Iterator[str]:
    if spend:
        requests, paid = _counted(spend["requests"], "request"), spend["paid_requests"]
        yield f"{requests}, of which {paid} may be billed: {spend['usd']:.6f} USD"


_MORE = {"known": "told before", "left_out": "left out"}


def _entry(same: list[Record]) -> Iterator[str]:
    """Yield the lines of a change, and of the same change in the documents before."""
    last = same[-1]
    about = " ".join(word for word in (last["model"], last["endpoint"]) if word)
    odd = f" ({last['odd_one_out']})" if last["odd_one_out"] else ""
    yield _wrapped(f"{last['severity'].upper()}  {last['change']}  {about}{odd}")
    yield _wrapped(f"  {last['detail']}")
    if last["where"]:
        yield _wrapped(f"  at {last['where']}")
    if last["since"]:
        yield _wrapped(f"  since {last['since']}{_days(same)}")
    sources = " against ".join(text for text in (last["source"], last["other_source"]) if text)
    if sources:
        yield _wrapped(f"  {sources}")


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
