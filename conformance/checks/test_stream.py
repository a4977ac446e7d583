"""POST /chat/completions, streamed: every event, the order of all of them, and what they add up to."""

import math
from collections.abc import Iterator
from dataclasses import replace

from conformance.checks import (
    Conversation,
    Rule,
    asked,
    calling,
    check_of,
    nothing_for,
    rule_of_conversation,
    rule_of_exchange,
    rule_of_status,
)
from conformance.checks.reading import choices, is_cut, letters, one_word
from conformance.checks.test_thinking import may_think
from conformance.contract import schemas
from conformance.judge import answers
from conformance.judge.stream import GRAMMAR
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, Judgement, Mode, NotApplicable, Run, find

STREAM = "chat.stream"
# Seconds that an answer must take to be generated before it tells how it is sent.
LONG = 1.0
# Events that a stream must have: those of an answer of one word come at once, however it is sent.
MANY = 12
# The share of the time until it begins within which a stream comes that is sent at once.
AT_ONCE = 0.05

test_status = rule_of_status("stream.status", STREAM)


def judgement_of_stream(clause: str) -> Judgement:
    """Return the judgement of one clause about the events of a stream, or about their order."""

    def judge(conversation: Conversation, run: Run) -> Iterator[Finding]:
        looked = False
        for exchange in asked(conversation, (STREAM,)):
            answers.success(exchange, run)
            told = answers.transcript(exchange)
            looked = looked or clause in told.looked_at
            yield from told.findings.get(clause, ())
            for unchecked in told.unchecked:
                raise CouldNotCheck(unchecked)
        if not looked:
            raise nothing_for(clause, conversation, "no event here has what this clause speaks of")

    return judge


CLAUSES = (*schemas.clauses_of("chat.chunk"), *GRAMMAR)
test_events = Rule(
    "test_events",
    tuple(
        replace(check_of(clause, name, "test_events", judgement_of_stream(clause)), endpoints=(STREAM,))
        for name in calling(STREAM)
        for clause in CLAUSES
    ),
)


@rule_of_exchange("stream.content-type", STREAM)
def test_content_type(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if exchange.file and exchange.header("content-type") is None:
        raise NotApplicable("the recording does not tell the headers")
    said = exchange.header("content-type") or "none"
    if said.split(";")[0].strip().lower() != "text/event-stream":
        yield Finding("header Content-Type", "text/event-stream", said)


@rule_of_exchange("stream.incremental", STREAM)
def test_incremental(exchange: Exchange, run: Run) -> Iterator[Finding]:
    pieces = exchange.response.pieces if exchange.response else ()
    if run.mode not in (Mode.LIVE, Mode.RECORD) or exchange.file or not pieces:
        raise NotApplicable("only a live run tells when the pieces of a stream arrive")
    begun, spread = pieces[0].seconds, pieces[-1].seconds - pieces[0].seconds
    if pieces[-1].seconds < LONG or answers.response(exchange).body.count(b"data:") < MANY:
        raise NotApplicable(f"the stream took less than {LONG:g} s, or had fewer than {MANY} events")
    if spread > begun * AT_ONCE:
        return
    # What a server needs for any answer is no generation: that is known from the whole answer of one word, and from the
    # answers that need none. And one that sends at once does so with every stream: a single late one had to wait.
    words = [other.seconds for other in run.conversations.get("chat.one-word", ()) if answers.accepted(other)]
    usual = max(min(words, default=math.inf), slow(run))
    if any(begins(other) < usual + LONG for other in [exchange, *long_streams(run)]):
        raise NotApplicable(f"not every stream began {LONG:g} s later than answers usually come")
    yield Finding(
        "", f"pieces from about {usual:.1f} s on", f"all {len(pieces)} at {begun:.1f} s, within {spread:.3f} s"
    )


def slow(run: Run) -> float:
    """Return the seconds within which nine of ten answers came that needed no generation, or 0 where there is none."""
    seconds = sorted(other.seconds for other in answers.everything(run) if needs_no_generation(other))
    return seconds[len(seconds) * 9 // 10] if seconds else 0.0


def needs_no_generation(exchange: Exchange) -> bool:
    """Tell whether an answer was given without a model: a refusal, a list, a balance."""
    answer = exchange.response
    return answer is not None and (answer.status >= 400 or exchange.endpoint not in (STREAM, "chat.completions"))


def long_streams(run: Run) -> list[Exchange]:
    """Return the streams of a run that have enough events to tell how they are sent."""
    streams = [exchange for exchange in answers.everything(run) if exchange.endpoint == STREAM and exchange.response]
    return [each for each in streams if answers.response(each).body.count(b"data:") >= MANY and begins(each)]


def begins(exchange: Exchange) -> float:
    """Return the seconds until a stream began, or 0 where that is not known."""
    return exchange.response.pieces[0].seconds if exchange.response and exchange.response.pieces else 0.0


def both(conversation: Conversation, run: Run) -> tuple[Exchange, Exchange]:
    """Return what a stream adds up to and the whole answer to the same request; raises CouldNotCheck."""
    streamed = asked(conversation, (STREAM,))[0]
    answers.success(streamed, run)
    return answers.whole(streamed), one_word(run)


@rule_of_conversation("stream.same-finish", "stream.text")
def test_same_finish(conversation: Conversation, run: Run) -> Iterator[Finding]:
    streamed, whole = (each.at("/choices/0/finish_reason", str) for each in both(conversation, run))
    if streamed != whole:
        yield Finding("/choices/0/finish_reason", f"{whole}, as in the whole answer", streamed)


@rule_of_conversation("stream.same-prompt", "stream.text")
def test_same_prompt(conversation: Conversation, run: Run) -> Iterator[Finding]:
    streamed, whole = (each.at("/usage/prompt_tokens", int) for each in both(conversation, run))
    if streamed != whole:
        yield Finding("/usage/prompt_tokens", f"{whole}, as in the whole answer", streamed)


@rule_of_conversation("stream.same-content", "stream.text")
def test_same_content(conversation: Conversation, run: Run) -> Iterator[Finding]:
    streamed, whole = both(conversation, run)
    if any(is_cut(choice) for each in (streamed, whole) for _, choice in choices(each)):
        raise CouldNotCheck(Finding("/choices/0/finish_reason", "answers that are not cut", "length"))
    told, wanted = (each.at("/choices/0/message/content", str) for each in (streamed, whole))
    if not letters(wanted):
        raise CouldNotCheck(Finding("/choices/0/message/content", "a word in the whole answer", wanted))
    if letters(told) != letters(wanted):
        yield Finding("/choices/0/message/content", f"{wanted!r}, as in the whole answer", told)


@rule_of_conversation("stream.same-members", "stream.text")
def test_same_members(conversation: Conversation, run: Run) -> Iterator[Finding]:
    exchanges = both(conversation, run)
    if any(is_cut(find(each.json, "/choices/0")) for each in exchanges):
        raise CouldNotCheck(Finding("/choices/0/finish_reason", "two answers that are not cut", "length"))
    told, wanted = (members(each) for each in exchanges)
    if not wanted:
        raise CouldNotCheck(Finding("/choices/0/message", "a message that says something", "none"))
    if told != wanted:
        yield Finding("/choices/0/message", f"members {sorted(wanted)}", str(sorted(told)))


def members(exchange: Exchange) -> set[str]:
    """Return the members of a message that must be the same in every answer to the same request.

    One that is there and empty says what an absent one says, as a stream has no way to send nothing. What a model
    thinks about a small question may be nothing, in one answer and not in another.
    """
    by_chance = {"reasoning_content"} if may_think(exchange) else set()
    message = exchange.at("/choices/0/message", dict)
    return {name for name, value in message.items() if value not in ("", None, [])} - by_chance
