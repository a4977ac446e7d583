"""schemathesis at work on one part of a run: it makes requests, the bridge sends them, its checks judge the answers."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from conformance.fuzz import phases
from conformance.fuzz.bridge import Bridge
from conformance.fuzz.findings import Findings, broken_or_held
from conformance.fuzz.phases import Part
from conformance.fuzz.rules import SCHEMATHESIS
from conformance.judge import verdict
from conformance.vocabulary import Exchange, Finding

if TYPE_CHECKING:
    from schemathesis.core.failures import Failure
    from schemathesis.engine.recorder import ScenarioRecorder


def generate(
    part: Part, whole: dict[str, Any], bridge: Bridge, findings: Findings, *, seed: int, requests: int
) -> None:
    """Run one part, of so many requests at the most; what schemathesis itself fails at is an error of the suite.

    Raises KeyboardInterrupt where a person ended it.
    """
    from schemathesis import engine, openapi
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import events

    config = SchemathesisConfig.from_dict(phases.settings(part, seed, requests))
    schema: Any = openapi.from_dict(copy.deepcopy(whole), config=config)
    schema.app = bridge
    if part.operation:
        schema = schema.include(operation_id=part.operation)
    bridge.stopped = False
    with _nothing_from_loaded_source():
        for event in engine.from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                _learn(event.recorder, bridge, findings)
            elif isinstance(event, events.NonFatalError):
                place = ("fuzz.answered", part.operation or "files.create")
                crash = f"schemathesis, in {part.phase}: {event.info.title}: {event.value!r}"
                findings.crashes.setdefault(place, crash)
            elif isinstance(event, events.Interrupted) and not bridge.stopped:
                # It ends one phase on an interrupt, and says no more of it.
                raise KeyboardInterrupt
    bridge.exchanges.clear()


@contextmanager
def _nothing_from_loaded_source() -> Iterator[None]:
    """Keep hypothesis from drawing constants of the source that happens to be loaded: a seed would tell nothing.

    What is loaded, and what of it lies in a checkout, is another set in each installation. There is no public setting.
    """
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    found = providers._get_local_constants
    nothing = Constants()
    providers.CONSTANTS_CACHE.cache.clear()
    providers._get_local_constants = lambda: nothing
    try:
        yield
    finally:
        providers._get_local_constants = found
        providers.CONSTANTS_CACHE.cache.clear()


def _learn(recorder: ScenarioRecorder, bridge: Bridge, findings: Findings) -> None:
    """Keep what the checks of schemathesis came to."""
    for case, nodes in recorder.checks.items():
        exchange = bridge.exchanges.get(case)
        if exchange is None or exchange.response is None:
            continue
        for node in nodes:
            clause, failure = SCHEMATHESIS.get(node.name), node.failure_info and node.failure_info.failure
            if clause is None or (failure is None and not _looked(node.name, case, recorder, bridge)):
                continue
            found = (_finding(failure),) if failure else ()
            before = tuple(_before(case, failure, recorder, bridge)) if failure else ()
            findings.keep(broken_or_held(clause, exchange.endpoint, found, findings.run), (*before, exchange))


def _looked(check: str, case: str, recorder: ScenarioRecorder, bridge: Bridge) -> bool:
    """Tell whether a check that passed had anything to look at: two speak only of what was made or deleted before."""
    if check not in ("use_after_free", "ensure_resource_availability"):
        return True
    exchange = bridge.exchanges[case]
    others = [bridge.exchanges[other] for other in recorder.cases if other in bridge.exchanges and other != case]
    made = "DELETE" if check == "use_after_free" else "POST"
    return exchange.request.method == "GET" and any(_concern(other, exchange, made) for other in others)


def _concern(other: Exchange, exchange: Exchange, method: str) -> bool:
    """Tell whether another request made or deleted what this one asks for."""
    if other.request.method != method or other.response is None or other.response.status >= 300:
        return False
    if method == "DELETE":
        return exchange.request.url.startswith(other.request.url)
    name = other.json.get("id") if isinstance(other.json, dict) else None
    return isinstance(name, str) and f"/{name}" in exchange.request.url


def _before(case: str, failure: Failure, recorder: ScenarioRecorder, bridge: Bridge) -> Iterator[Exchange]:
    """Yield the exchanges that a failure needs before its own."""
    for each in recorder.iter_chain_cases(case_id=case, related_case_ids=failure.related_case_ids()):
        if each.id != case and each.id in bridge.exchanges:
            yield bridge.exchanges[each.id]


def _finding(failure: Failure) -> Finding:
    pointer = "".join(f"/{token}" for token in getattr(failure, "instance_path", ()))
    said = " ".join([f"{failure.title}.", *failure.message.split()])
    return verdict.clean(Finding(pointer, "schemathesis to find nothing", said))
