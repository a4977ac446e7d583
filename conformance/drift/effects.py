"""What became of the parameters of requests on one side: honoured, ignored or refused, by their effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from conformance import strictjson
from conformance.drift.facts import Cell, Row, unknown
from conformance.drift.sides import CHATS, PLAIN, Side, refused, succeeded
from conformance.judge import answers
from conformance.judge.shapes import shown
from conformance.vocabulary import CouldNotCheck, Exchange, Severity, Status, find

HONOURED, IGNORED, REFUSED = "honoured", "ignored", "refused"
_KEPT = {Status.FAIL: IGNORED, Status.WARN: IGNORED, Status.WAIVED: IGNORED, Status.PASS: HONOURED}
# Tools are told to the model as text. No tokenizer needs less than one token for so many characters of JSON, and the
# other words of these requests are fewer tokens than the shortest tool has.
_CHARACTERS_A_TOKEN = 8


@dataclass(frozen=True, slots=True)
class Effect:
    """A parameter whose effect is judged by clauses, in the scenarios that send it."""

    parameter: str
    clauses: tuple[str, ...]
    scenarios: tuple[str, ...]


EFFECTS = (
    Effect("messages: system", ("chat.system-counted",), ("chat.cut-by-budget",)),
    Effect("stop", ("parameters.stop",), ("stream.partial", "parameters.accepted")),
    Effect("max_completion_tokens", ("chat.finish.within-budget",), ("chat.cut-by-budget", "stream.cut-by-budget")),
    Effect("response_format: json_object", ("formats.object",), ("formats.json-object",)),
    Effect("response_format: json_schema", ("formats.schema",), ("formats.json-schema",)),
    Effect("tool_choice: none", ("tools.none",), ("tools.none",)),
    Effect("tool_choice: required", ("tools.required",), ("tools.required",)),
    Effect("tool_choice: named", ("tools.named",), ("tools.named",)),
    Effect("messages: image_url", ("chat.vision-counted",), ("chat.vision",)),
    Effect("messages: partial", ("chat.partial",), ("stream.partial",)),
    Effect("thinking: enabled", ("thinking.told",), ("thinking.on",)),
    Effect("stream_options.include_usage", ("stream.usage.chunk",), ("stream.text",)),
)  # fmt: skip
JUDGED = frozenset(clause for effect in EFFECTS for clause in effect.clauses)
_TOOLS = ("tools.parallel", "tools.call", "stream.tools")


def rows(sides: Sequence[Side]) -> Iterator[Row]:
    """Yield what became of each parameter that some side was sent."""
    yield _row("tools", sides, tools)
    for effect in EFFECTS:
        yield _row(effect.parameter, sides, partial(by_clauses, effect=effect))


def _row(parameter: str, sides: Sequence[Side], became: Callable[[Side], Cell]) -> Row:
    cells = tuple(became(side) for side in sides)
    return Row("parameter", CHATS[0], parameter, cells, Severity.BREAKING, HONOURED)


def by_clauses(side: Side, effect: Effect) -> Cell:
    """Return what the verdicts of the effect's clauses come to; what they did not look at is not known."""
    said = [
        verdict
        for verdict in side.verdicts()
        if verdict["clause"] in effect.clauses and verdict["scenario"] in effect.scenarios
    ]
    told = {_KEPT.get(Status(verdict["status"])) for verdict in said}
    if effect.parameter.startswith("tool_choice") and tools(side).value == IGNORED:
        return unknown("the tools did not arrive")
    for word in (IGNORED, HONOURED):
        if word in told:
            return Cell.of(word)
    if turned_down := _refusal(side, effect.scenarios):
        return turned_down
    reasons = [verdict["reason"] or verdict["status"] for verdict in said]
    return unknown(str(shown(reasons[0] if reasons else "not selected")))


def _refusal(side: Side, scenarios: Sequence[str]) -> Cell | None:
    """Return the cell of what is refused although the plainest request is answered, or None."""
    plain = any(succeeded(exchange) for exchange in side.said_in(PLAIN))
    for exchange in side.said_in(*scenarios) if plain else ():
        if not exchange.refused and refused(exchange):
            return Cell(REFUSED, refusal(exchange))
    return None


def refusal(exchange: Exchange) -> str:
    """Return in short how a request was turned down."""
    status = exchange.response.status if exchange.response else "nothing"
    return f"{REFUSED} ({status}: {shown(answers.message(exchange), 60)})"


def tools(side: Side) -> Cell:
    """Return whether tools arrived: one is called, or the prompt has the tokens that they are told with."""
    sent = [exchange for exchange in side.said_in(*_TOOLS) if succeeded(exchange)]
    if any(_calls(exchange) for exchange in sent):
        return Cell(HONOURED, f"{HONOURED} (one is called)")
    if not sent:
        return _refusal(side, _TOOLS) or unknown("no request with tools was answered")
    plain = next((count for one in side.said_in(PLAIN) if (count := prompt_tokens(one)) is not None), None)
    counted = [(exchange, count) for exchange in sent if (count := prompt_tokens(exchange)) is not None]
    if plain is None or not counted:
        return unknown("no tool is called, and no prompt tokens are told")
    exchange, count = counted[0]
    least = len(strictjson.canonical(find(exchange.asked, "/tools"))) // _CHARACTERS_A_TOKEN
    told = f"{count - plain:+} prompt tokens, at least {least} for tools"
    return Cell(HONOURED, f"{HONOURED} ({told})") if count - plain >= least else Cell(IGNORED, f"{IGNORED} ({told})")


def _calls(exchange: Exchange) -> bool:
    try:
        calls = find(answers.whole(exchange).json, "/choices/0/message/tool_calls")
    except CouldNotCheck:
        return False
    return isinstance(calls, list) and bool(calls)


def prompt_tokens(exchange: Exchange) -> int | None:
    """Return the prompt tokens that an answer counts, or None where it counts none."""
    try:
        return answers.whole(exchange).at("/usage/prompt_tokens", int) if succeeded(exchange) else None
    except CouldNotCheck:
        return None
