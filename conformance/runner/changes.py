"""What a run saw that breaks no clause: members and models that nothing announced, recordings that nothing played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from conformance import catalogue
from conformance.drift import lifecycle, presence, seen
from conformance.evidence.cassette import Cassette
from conformance.judge import account, answers, verdict
from conformance.vocabulary import Change, CouldNotCheck, Exchange, Finding, OddOneOut, Run

# Of one endpoint; more are one change: that its answers are of another kind.
KEPT = 50


def of(run: Run, cassettes: Mapping[str, Cassette]) -> Iterator[Change]:
    """Yield the changes of a run, each once."""
    yield from _unknown_members(run)
    yield from {(one.kind, one.model): one for one in _models(run)}.values()
    for name, cassette in cassettes.items():
        for request in cassette.unplayed():
            yield Change("recording-not-played", name, cassette.path.name, request, odd_one_out=OddOneOut.RECORDING)


def _unknown_members(run: Run) -> Iterator[Change]:
    odd = OddOneOut.OURS if run.target.official else OddOneOut.GATEWAY
    seen: set[tuple[str, str]] = set()
    told: Counter[str] = Counter()
    for exchange in answers.everything(run):
        for schema, where in _places(exchange):
            if (exchange.endpoint, where) not in seen and told[exchange.endpoint] < KEPT:
                seen.add((exchange.endpoint, where))
                told[exchange.endpoint] += 1
                clean = verdict.clean(Finding(where, "", "")).where
                detail = f"no schema knows it ({schema}.json)"
                yield Change("unknown-member", exchange.endpoint, clean, detail, odd_one_out=odd)


def _places(exchange: Exchange) -> Iterator[tuple[str, str]]:
    for schema, pointers in _unknown(exchange):
        for pointer in pointers:
            yield schema, "/".join("*" if token.isdigit() else token for token in pointer.split("/"))


def _models(run: Run) -> Iterator[Change]:
    """Yield where what is listed, what was announced and what was answered disagree; gateways have ids of their own."""
    if not run.target.official:
        return
    exchanges = list(answers.everything(run))
    known = account.kind_of(exchanges, run.target)
    for exchange in exchanges:
        if exchange.endpoint == "models.list" and not exchange.refused:
            # That it is no list of models is said by the clauses.
            with suppress(CouldNotCheck):
                yield from islice(lifecycle.changes(exchange, run.target, run.day(exchange), known), KEPT)
    day = max((run.day(exchange) for exchange in exchanges), default=run.started.date())
    told = seen.of(exchanges, run.target, day, run.target.canonical_url)
    yield from islice(presence.changes(_of_models(told), run.target, day), KEPT)


def _of_models(told: seen.Seen) -> seen.Seen:
    """Return what was seen of models, without the names that a run makes up to be refused."""
    known = {*catalogue.models(), *(told.listed or ())}
    return replace(told, calls={model: call for model, call in told.calls.items() if model in known})


def _unknown(exchange: Exchange) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the schemas that an exchange was judged by, each with the members that it does not know."""
    for (_, schema), shape in exchange.__dict__.get("shapes", {}).items():
        yield schema, shape.unknown
    if "transcript" in exchange.__dict__:
        yield "chat.chunk", answers.transcript(exchange).unknown
