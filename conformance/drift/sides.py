"""One side of a comparison: what the run file of one target says, and what of it may be held against another's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from conformance import strictjson
from conformance.catalogue import gateways
from conformance.evidence.runfile import Record, exchange_of
from conformance.judge import answers
from conformance.vocabulary import CouldNotCheck, Exchange, Mode

CHATS = ("chat.completions", "chat.stream")
PLAIN = "chat.one-word"


@dataclass(frozen=True)
class Side:
    """One target's run: ``label`` is its name in the comparison, and ``records`` are those of its run file."""

    label: str
    records: tuple[Record, ...]

    @property
    def run(self) -> Record:
        """The record of the run, which tells who was asked, how, and who answered."""
        return self.records[0]

    @property
    def model(self) -> str:
        """The model's id as this target was asked for it."""
        return str(self.run["model"])

    @cached_property
    def announced(self) -> str | None:
        """The announced model that was asked for, or None where it is not known."""
        known = gateways.find(self.model)
        return known.model if known else None

    @property
    def official(self) -> bool:
        """Tell whether the address is one of the vendor's own hosts."""
        host = gateways.host_of(str(self.run["base_url"]))
        return host is not None and host.official

    @property
    def timed(self) -> bool:
        """Tell whether times of this run are those of the service."""
        return self.run["mode"] in (Mode.LIVE, Mode.RECORD)

    @cached_property
    def exchanges(self) -> dict[tuple[str, str], Exchange]:
        """What was said, by scenario and step."""
        said = (exchange_of(record) for record in self.records if record["kind"] == "exchange")
        return {(exchange.scenario, exchange.step): exchange for exchange in said}

    def said_in(self, *scenarios: str) -> list[Exchange]:
        """Return what was said in some scenarios, all of it."""
        return [exchange for (scenario, _), exchange in self.exchanges.items() if scenario in scenarios]

    @cached_property
    def unknown(self) -> frozenset[tuple[str, str]]:
        """The members that no schema of ours knows, by endpoint and place, array indexes folded."""
        changes = (record for record in self.records if record["kind"] == "change")
        return frozenset((one["endpoint"], one["where"]) for one in changes if one["change"] == "unknown-member")

    def verdicts(self) -> Iterator[Record]:
        """Yield the records of the verdicts."""
        return (record for record in self.records if record["kind"] == "verdict")

    def answered(self) -> list[Exchange]:
        """Return the exchanges that succeeded, whole and in streams."""
        return [exchange for exchange in self.exchanges.values() if succeeded(exchange)]


def succeeded(exchange: Exchange) -> bool:
    """Tell whether a request that was to succeed got a whole answer of the API."""
    return answers.accepted(exchange) and _is_answer(exchange)


def refused(exchange: Exchange) -> bool:
    """Tell whether a request was turned down for what it asked, and not for the account's or the hour's sake."""
    code = exchange.response.status if exchange.response else 0
    return 400 <= code < 500 and code != 401 and code not in answers.NOT_NOW and _is_answer(exchange)


def _is_answer(exchange: Exchange) -> bool:
    try:
        answers.response(exchange)
    except CouldNotCheck:
        return False
    return True


def is_reasoning(name: str) -> bool:
    """Tell whether a member, or a place, is one in which a host tells what the model thought."""
    return "reasoning" in name or "thinking" in name


def values(exchange: Exchange) -> list[Any]:
    """Return the JSON values of a body: one, or those of a stream's events; none where it holds no JSON."""
    if answers.is_stream(exchange) and exchange.response and exchange.response.status == 200:
        from conformance import sse

        texts: list[str | bytes] = [event.data for event in sse.parse(exchange.response.body).events]
    else:
        texts = [exchange.response.body] if exchange.response else []
    found = []
    for text in texts:
        with suppress(strictjson.NotStrictJSON):
            found.append(strictjson.loads(text))
    return found
