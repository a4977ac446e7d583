"""How each side answers what all were asked: whether, under which names, for what money and how fast."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median

from conformance.catalogue import gateways
from conformance.drift.alike import pairs, thinking
from conformance.drift.charges import VENDORS, charged, listed
from conformance.drift.effects import REFUSED, prompt_tokens, refusal
from conformance.drift.facts import Cell, Row, unknown
from conformance.drift.sides import CHATS, PLAIN, Side, is_reasoning, refused, succeeded, values
from conformance.judge import answers
from conformance.judge.shapes import shown
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Severity, find

ANSWERED, AS_ASKED, NONE = "answered", "as asked", "none"
_REASONS = frozenset({"stop", "length", "tool_calls"})
# The day on which a gateway took up a model, behind its id.
_DAY = re.compile(r"-\d{8}$", re.ASCII)


def rows(sides: Sequence[Side]) -> Iterator[Row]:
    """Yield the facts about answers, those that are equal, too."""
    for endpoint in CHATS:
        yield _row("model", endpoint, "/model", sides, partial(model, endpoint=endpoint), due=AS_ASKED)
        # That a member has another name is told where members are compared.
        yield Row("reasoning", endpoint, "", tuple(reasoning(side, endpoint) for side in sides))
        yield finish(endpoint, sides)
    yield _row("prompt-tokens", PLAIN, "/usage/prompt_tokens", sides, partial(tokens, against=sides[0]))
    yield _row("price", CHATS[0], "/usage", sides, charged, due=VENDORS)
    yield _row("price", "models.list", "/data/*/pricing", sides, listed)
    for endpoint in CHATS:
        cells = tuple(seconds(side, endpoint) for side in sides)
        yield Row("latency", endpoint, "", cells)


def _row(
    aspect: str, about: str, where: str, sides: Sequence[Side], told: Callable[[Side], Cell], due: str | None = None
) -> Row:
    return Row(aspect, about, where, tuple(told(side) for side in sides), Severity.RISKY, due)


def requests(sides: Sequence[Side]) -> Iterator[Row]:
    """Yield which scenarios' requests each side answers or turns down."""
    for scenario in dict.fromkeys(scenario for scenario, _ in sides[0].exchanges):
        # What the contract wants of a wrong request is judged by its clauses; some of them it takes.
        wrong = any(exchange.refused for exchange in sides[0].said_in(scenario))
        yield Row("request", scenario, "", _outcomes(sides, scenario), Severity.BREAKING, None if wrong else ANSWERED)


def _outcomes(sides: Sequence[Side], scenario: str) -> tuple[Cell, ...]:
    """Return what became of those requests of a scenario of which every side knows that knows any."""
    came = [{exchange.step: _came(exchange) for exchange in side.said_in(scenario)} for side in sides]
    known = [{step: cell for step, cell in cells.items() if cell.value is not None} for cells in came]
    common = set.intersection(*(set(cells) for cells in known if cells)) if any(known) else set()
    return tuple(
        _together([cell for step, cell in cells.items() if step in common])
        if cells
        else next(iter(whole.values()), unknown("not asked"))
        for cells, whole in zip(known, came, strict=True)
    )


def _together(cells: Sequence[Cell]) -> Cell:
    if not cells:
        return unknown("not asked what the others were")
    words = [str(cell.value) for cell in cells]
    return cells[0] if len(set(words)) == 1 else Cell.of(", ".join(words))


def _came(exchange: Exchange) -> Cell:
    """Return what became of a request; that of an account or an hour is nothing that the request came to."""
    if exchange.response is None:
        return unknown(str(shown(exchange.failure or "no answer")))
    if refused(exchange):
        return Cell(REFUSED, refusal(exchange))
    if exchange.response.status in answers.success_of(exchange):
        return Cell.of(ANSWERED)
    return unknown(f"status {exchange.response.status}: {shown(answers.message(exchange), 60)}")


def _chats(side: Side, endpoint: str) -> list[Exchange]:
    return [exchange for exchange in side.answered() if exchange.endpoint == endpoint]


def model(side: Side, endpoint: str) -> Cell:
    """Return which model the answers name: the one that was asked for, or another."""
    named = {
        name
        for one in _chats(side, endpoint)
        for value in values(one)
        if isinstance(name := find(value, "/model"), str)
    }
    if not named:
        return unknown("no answer names its model")
    others = sorted(named - {side.model})
    if not others:
        return Cell(AS_ASKED, f"{shown(side.model)} ({AS_ASKED})")
    known = gateways.find(_DAY.sub("", others[0]))
    same = known is not None and known.model == side.announced
    told = f"{shown(', '.join(others))}, asked for {side.model}{' (the same model)' if same else ''}"
    return Cell("another name" if same else f"another model: {others[0]}", told)


def reasoning(side: Side, endpoint: str) -> Cell:
    """Return the members in which the answers tell what the model thought."""
    chats, part = _chats(side, endpoint), "delta" if endpoint == CHATS[1] else "message"
    if not chats:
        return unknown(f"no answer of {endpoint}")
    named = {
        name
        for exchange in chats
        for value in values(exchange)
        for name, told in _members(find(value, f"/choices/0/{part}"))
        if is_reasoning(name) and told
    }
    if not named and not any(thinking(exchange) for exchange in chats):
        return unknown("it was not asked to think")
    return Cell.of(str(shown(", ".join(sorted(named)))) if named else NONE)


def _members(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, dict) else []


def finish(endpoint: str, sides: Sequence[Side]) -> Row:
    """Return why the answers that every side gave ended; a model may end as it likes, but in the contract's words."""
    ends = [
        {
            key: end
            for key, exchange in side.exchanges.items()
            if exchange.endpoint == endpoint and (end := _end(exchange))
        }
        for side in sides
    ]
    common = set.intersection(*(set(told) for told in ends if told)) if any(ends) else set()
    words = [sorted({told[key] for key in common if key in told}) for told in ends]
    cells = tuple(Cell.of(", ".join(each)) if each else unknown("no answer to what all were asked") for each in words)
    free = _REASONS.issuperset(word for each in words for word in each)
    return Row("finish-reason", endpoint, "/choices/*/finish_reason", cells, Severity.RISKY, free=free)


def _end(exchange: Exchange) -> str | None:
    try:
        told = find(answers.whole(exchange).json, "/choices/0/finish_reason") if succeeded(exchange) else ABSENT
    except CouldNotCheck:
        return None
    return None if told is ABSENT else str(shown(told))


def tokens(side: Side, against: Side) -> Cell:
    """Return how many tokens the plainest request has, as the answer counts them, where it is that of another side."""
    if not any(pair.as_thoughtful for pair in pairs(against, side) if pair.one.scenario == PLAIN):
        return unknown("asked otherwise")
    count = next((count for one in side.said_in(PLAIN) if (count := prompt_tokens(one)) is not None), None)
    return unknown("no prompt tokens are told") if count is None else Cell.of(str(count))


def seconds(side: Side, endpoint: str) -> Cell:
    """Return how fast answers came, of a live run alone: whole ones, or the first bytes of streams."""
    if not side.timed:
        return unknown(f"told by live runs alone, and this is {side.run['mode']}")
    if endpoint == CHATS[1]:
        firsts = [record["first_byte"] for record in side.records if record["kind"] == "timing"]
        took, what = [each for each in firsts if each is not None], "to the first byte"
    else:
        took, what = [exchange.seconds for exchange in _chats(side, endpoint)], "an answer"
    return Cell.of(f"{median(took):.3f} s {what}, median of {len(took)}") if took else unknown("no answer")
