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
    if "attribution" in record:
        lines.append(f"  {record['odd_one_out']}: {record['attribution']}")
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


def money(end: Record) -> str:
    """Return in one sentence what a run sent and cost, or nothing where it asked for nothing."""
    spend = end.get("spend") or {}
    if not spend.get("requests"):
        return ""
    paid, tokens = spend.get("paid_requests", 0), (spend["prompt_tokens"], spend["completion_tokens"])
    counted = f"{tokens[0]} + {tokens[1]} tokens, {spend['usd']:.4f} USD by the usage"
    said = f"{spend['requests']} requests, {paid} of them paid: {counted}"
    before, after = spend.get("balance_before"), spend.get("balance_after")
    if before is None or after is None:
        return said
    return f"{said}; the balance {'fell' if after <= before else 'rose'} by {abs(before - after):.5f}"


def pace(timing: Record) -> str:
    """Return in one line how fast a stream came."""
    names = {"first_byte": "first byte", "first_reasoning": "reasoning", "first_content": "content", "whole": "end"}
    told = [f"{word} {timing[name]:.3f} s" for name, word in names.items() if timing[name] is not None]
    if timing["gap_p50"] is not None:
        gaps = (timing[name] for name in ("gap_p50", "gap_p95", "gap_max"))
        told.append("gaps " + " / ".join(f"{gap * 1000:.0f}" for gap in gaps) + " ms (p50 / p95 / max)")
    if timing["tokens_per_second"] is not None:
        told.append(f"{timing['tokens_per_second']:g} tokens/s")
    return f"{timing['scenario']}: {', '.join(told)}"
