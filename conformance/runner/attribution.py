"""Who changed it, where a gateway's answer breaks a clause: the gateway, unless the vendor's own host breaks it too.

Three grounds are told apart: what the gateway documents of itself, what the vendor's host keeps in the recordings that
travel with the package, and what it keeps by its contract alone. Recordings from the reference server are called so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from conformance import __version__, rows
from conformance.catalogue import gateways
from conformance.contract import ledger
from conformance.judge import verdict
from conformance.runner import provenance
from conformance.runner.conduct import Conductor, needed
from conformance.runner.settings import settings
from conformance.scenarios import scenarios
from conformance.vocabulary import Check, Clause, Mode, OddOneOut, Run, Status, Target, Verdict

VENDOR = "moonshot"
BROKEN = frozenset({Status.FAIL, Status.WARN})


def attributed(reached: Verdict, target: Target, model: str = "", check: Check | None = None) -> Verdict:
    """Return a verdict with who stands against the others, and why, where an answer of a gateway breaks a clause.

    ``check`` is what reached it for a ``model``, none where a file was judged.
    """
    if target.official or reached.status not in BROKEN:
        return reached
    if documents_itself(reached.clause):
        told = f"{target.name} documents this of itself, and does otherwise."
        return replace(reached, odd_one_out=OddOneOut.GATEWAY, attribution=told)
    odd, ground = _at_the_vendors(check, model) if check else (OddOneOut.GATEWAY, "by its contract")
    if odd is OddOneOut.SERVICE:
        told = f"The vendor's own host breaks this clause too, {ground}: {target.name} passes on what it is given."
    else:
        told = f"The vendor's own host keeps this clause {ground}: {target.name} changed it, or who answers behind it."
    return replace(reached, odd_one_out=odd, attribution=told)


def documents_itself(clause: Clause) -> bool:
    """Tell whether a clause is one of a gateway's own documents."""
    endpoint = ledger.endpoints().get(clause.endpoint)
    return endpoint is not None and bool(endpoint.host)


def _at_the_vendors(check: Check, model: str) -> tuple[OddOneOut, str]:
    """Return whether the vendor's own host breaks what a check looks at, and how that is known."""
    known = gateways.find(model)
    recorded = _recorded(known.model if known else model)
    if recorded is None:
        return OddOneOut.GATEWAY, "by its contract"
    run, said = recorded
    found = verdict.reach(check, run.conversations.get(check.scenario, ()), run)
    if found.status is Status.PASS:
        server = ", which are of the reference server" if said == provenance.REFERENCE else ""
        return OddOneOut.GATEWAY, f"by its contract and in the recordings that come along{server}"
    if found.status in BROKEN and said == provenance.LIVE:
        return OddOneOut.SERVICE, "in the recordings that come along"
    return OddOneOut.GATEWAY, "by its contract"


@cache
def _recorded(model: str) -> tuple[Run, str] | None:
    """Return all that was recorded of the vendor's own host, and who answered; None where there is nothing."""
    try:
        asked = settings(target=VENDOR, mode=Mode.REPLAY.value, model=model)
    except rows.ConfigurationError:
        return None
    done = Conductor(asked).run(needed(scenarios()))
    run = Run(__version__, asked.target, asked.mode, asked.model, datetime.now(UTC), None, done.conversations)
    return run, provenance.of(asked, done).kind
