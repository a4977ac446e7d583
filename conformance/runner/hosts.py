"""Which checks concern a target at all: what one gateway has of its own says nothing of another host."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from conformance.contract import ledger
from conformance.runner.conduct import endpoints_of
from conformance.scenarios import scenarios
from conformance.vocabulary import Check, Target

# What any gateway may change on the way; the vendor's own host is none.
_OF_GATEWAYS = "gateways."


def concerning(checks: Sequence[Check], target: Target) -> list[Check]:
    """Return the checks that concern a target; all of them where none does, so that each says why it does not apply."""
    return [check for check in checks if _concerns(check, target)] or list(checks)


def _concerns(check: Check, target: Target) -> bool:
    if target.official and check.clause.id.startswith(_OF_GATEWAYS):
        return False
    asked = {check.clause.endpoint, *endpoints_of(scenarios()[check.scenario])} & _of_one_host()
    return asked <= target.endpoints


@cache
def _of_one_host() -> frozenset[str]:
    """Return the endpoints that belong to one host alone."""
    return frozenset(name for name, row in ledger.endpoints().items() if row.host)
