"""A verdict in words, for a terminal of 80 columns and for the pages."""

from __future__ import annotations

import json

from conformance.evidence.runfile import Record


def complaint(record: Record) -> str:
    """Return what a person needs to know about a verdict that is not green."""
    lines = [
        f"{record['status'].upper()}  {record['clause']}  ({record['level']}, {record['clause_kind']})",
        f"  {record['sentence']}",
        f"  asked in {record['scenario']}, exchange {', '.join(map(str, record['exchanges'])) or 'none'}",
    ]
    lines += [f"  {line}" for finding in record["findings"] for line in told(finding)]
    if record["reason"] and not record["findings"]:
        lines.append(f"  {record['reason']}")
    lines.append(f"  source: {record['source']} (read {record['read']})")
    return "\n".join(lines)


def told(finding: Record) -> list[str]:
    """Return a finding as lines."""
    return [
        f"at {finding['where'] or 'the answer'}",
        f"  expected {finding['expected']}",
        f"  got      {value(finding['actual'])}",
    ]


def value(actual: object) -> str:
    """Return what was there, as JSON writes it unless it is text."""
    return actual if isinstance(actual, str) else json.dumps(actual, ensure_ascii=False)
