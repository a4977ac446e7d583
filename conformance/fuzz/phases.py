"""The phases of a run: what schemathesis is asked to make requests of, and what share of them each may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.fuzz.bridge import PLACEHOLDER
from conformance.fuzz.rules import SCHEMATHESIS

# What each operation is worth beside the others: a body has more ways to be wrong than an id.
_RICH = {"chat.completions": 12, "tokens.estimate": 4, "batches.create": 4, "files.create": 3, "batches.list": 2}
# Checks that ask again by themselves (what they do we do, once an operation), or that our document cannot decide: it
# states what a server may take and not what it must, and no page says how a wrong method is refused. Of headers the
# evidence keeps an allow-list.
_LEFT_OUT = (
    "positive_data_acceptance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth", "object_level_authorization", "response_headers_conformance",
)  # fmt: skip
# A busy or overloaded service says so with these, which is documented and says nothing about a request.
_NO_FAILURE = ["2xx", "3xx", "4xx", "503", "504"]
_STEPS = 6


@dataclass(frozen=True, slots=True)
class Part:
    """One phase on one operation, or on all of them together; ``weight`` is its share of what is left."""

    phase: str
    operation: str | None
    weight: float


def parts(operations: list[str]) -> Iterator[Part]:
    """Yield the parts of a run in their order, over the operations that the target has."""
    for phase, share in (("examples", 0.75), ("coverage", 2.0), ("fuzzing", 1.0)):
        for operation in operations:
            yield Part(phase, operation, share * _RICH.get(operation, 1))
    yield Part("stateful", None, 12)


def shares(wanted: list[Part]) -> Iterator[tuple[Part, float]]:
    """Yield each part with its share of the requests that are left when its turn comes."""
    rest = sum(part.weight for part in wanted)
    for part in wanted:
        yield part, part.weight / rest
        rest -= part.weight


def settings(part: Part, seed: int, requests: int) -> dict[str, Any]:
    """Return the configuration of schemathesis for one part, in the words of its own configuration file."""
    alone = {"extra-data-sources": {"responses": False}}
    phases: dict[str, dict[str, Any]] = {
        "examples": {},
        "coverage": {"unexpected-methods": [], **alone},
        "fuzzing": {"error-feedback": {"enabled": False}, **alone},
        # A chain is cut where a request is refused.
        "stateful": {"max-steps": _STEPS, "inference": {"algorithms": []}, "generation": {"mode": "positive"}},
    }
    return {
        "seed": seed,
        "cache": {"enabled": False},
        # Else it sends what stands in the source of the application, which is ours.
        "analysis": {"constants": {"enabled": False}},
        "workers": 1,
        "continue-on-failure": True,
        "auth": {"openapi": {"bearer": {"bearer": PLACEHOLDER}}},
        "generation": {
            "database": "none",
            "no-shrink": True,
            "with-security-parameters": False,
            "max-examples": max(1, requests),
        },
        "checks": {name: {"enabled": False} for name in _LEFT_OUT}
        | {name: {"enabled": True} for name in SCHEMATHESIS}
        | {"not_a_server_error": {"expected-statuses": _NO_FAILURE}},
        "phases": {name: {"enabled": name == part.phase, **rest} for name, rest in phases.items()},
    }
