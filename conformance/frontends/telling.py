"""What to enter in a front end, and what was checked, as one document for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from conformance.catalogue.frontends import Frontend
from conformance.frontends import entering
from conformance.frontends.check import Checked
from conformance.runner.settings import Settings


def document(frontend: Frontend, asked: Settings, checked: Checked | None) -> dict[str, Any]:
    """Return what to enter, and what was checked, as ``frontend --json`` prints it (schemas/frontend.json)."""
    return {
        "as_of": datetime.now(UTC).date().isoformat(),
        "frontend": frontend.id,
        "name": frontend.name,
        "place": frontend.place,
        "requests_from": frontend.requests_from.value,
        "target": asked.target.name,
        "model": asked.model,
        "gone": entering.gone(asked.target, asked.model, datetime.now(UTC).date()),
        "settings": [
            {"field": row.field, "value": row.value, "note": row.note or None}
            for row in entering.entries(frontend, asked.target, asked.model)
        ],
        "parameters": [
            {"parameter": row.parameter, "takes": row.takes, "sends": row.sends, "refused": row.refused, "do": row.do,
             "source": row.source}
            for row in entering.advice(frontend, asked.model)
        ],
        "how": frontend.how,
        "notes": list(frontend.notes),
        "not_found": list(frontend.not_found),
        "sources": list(frontend.sources),
        "read": frontend.read.isoformat(),
        "check": _checked(frontend, checked) if checked else None,
    }  # fmt: skip


def _checked(frontend: Frontend, checked: Checked) -> dict[str, Any]:
    return {
        "exit": int(checked.exit),
        "origin": frontend.origin or None,
        "headers": list(checked.headers),
        "results": [
            {
                "check": row.check,
                "sentence": row.sentence,
                "status": row.status.value,
                "reason": row.reason,
                "findings": [
                    {"where": one.where, "expected": one.expected, "actual": one.actual} for one in row.findings
                ],
            }
            for row in checked.results
        ],
        "visits": [
            {
                "browser": visit.browser,
                "origin": visit.origin,
                "status": visit.status,
                "pieces": len(visit.pieces),
                "bytes": len(visit.body),
                "first": visit.pieces[0].seconds if visit.pieces else None,
                "last": visit.pieces[-1].seconds if visit.pieces else None,
                "error": visit.error,
                "console": visit.console,
                "reason": visit.reason,
            }
            for visit in checked.visits
        ],
    }
