"""What a run saw that breaks no clause: members and models that nothing announced, recordings that nothing played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice

from conformance.drift import lifecycle
from conformance.evidence.cassette import Cassette
from conformance.judge import answers, verdict
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
    """Yield where the lists of models disagree with what was announced; gateways have ids of their own."""
    for exchange in answers.everything(run):
        if exchange.endpoint == "models.list" and not exchange.refused and run.target.official:
            # That it is no list of models is said by the clauses.
            with suppress(CouldNotCheck):
                yield from islice(lifecycle.changes(exchange, run.target, run.day(exchange)), KEPT)


def _unknown(exchange: Exchange) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the schemas that an exchange was judged by, each with the members that it does not know."""
    for (_, schema), shape in exchange.__dict__.get("shapes", {}).items():
        yield schema, shape.unknown
    if "transcript" in exchange.__dict__:
        yield "chat.chunk", answers.transcript(exchange).unknown
