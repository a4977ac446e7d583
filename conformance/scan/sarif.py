"""What a scan found as SARIF 2.1.0, which code hosts and editors show beside the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from conformance import __version__
from conformance.scan.files import Found, Scan
from conformance.scan.rules import RULES

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def document(result: Scan) -> dict[str, Any]:
    """Return a scan as one SARIF document; what could not be read is a notification of its only run."""
    rules = [{"id": name, "shortDescription": {"text": sentence}} for name, sentence in RULES.items()]
    driver = {"name": "kimi-conformance", "version": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        # Columns are characters, and an offset of bytes or of UTF-16 would be another.
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _unread(result)}],
        "results": [_result(one) for one in result.found],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(one: Found) -> dict[str, Any]:
    what, use, source = one.complaint.what, one.complaint.use, one.complaint.source
    region = {"startLine": one.line, "startColumn": one.column}
    return {
        "ruleId": one.complaint.rule,
        "ruleIndex": list(RULES).index(one.complaint.rule),
        "level": "error",
        "message": {"text": f"{what}. Today: {use or 'nothing is known'}. Source: {source}"},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(one.file)}, "region": region}}],
    }


def _unread(result: Scan) -> list[dict[str, Any]]:
    return [
        {
            "level": "warning",
            "message": {"text": f"could not be read: {reason}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(file)}}}],
        }
        for file, reason in sorted(result.unread.items())
    ]


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="surrogateescape")
