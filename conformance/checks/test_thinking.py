"""Thinking: told where it is on, not told where it is off, and counted."""

from collections.abc import Callable, Iterator

from conformance import catalogue
from conformance.catalogue import Family
from conformance.checks import Conversation, Rule, rule_of_answer, rule_of_conversation
from conformance.checks.reading import choices, letters, optional, request_member, request_of, require_usage
from conformance.checks.test_refusals import outcome, require_control
from conformance.judge import answers
from conformance.scenarios import scenarios
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, NotApplicable, Run, find

COUNT = "/usage/completion_tokens_details/reasoning_tokens"
# Letters of a reasoning that says more than the answer may say as well.
MUCH = 20


def family_of(exchange: Exchange) -> Family | None:
    """Return the family of the model that was asked, which is not always that of the run; None where it is unknown."""
    model = find(request_of(exchange), "/model")
    return catalogue.family_of(model) if isinstance(model, str) else None


def is_off(exchange: Exchange) -> bool:
    """Tell whether the model was told not to think."""
    return bool(find(request_of(exchange), "/thinking/type") == "disabled")


def thinks(exchange: Exchange) -> bool:
    """Tell whether a model thinks before it gives an answer; raises NotApplicable where that is not known."""
    if family_of(exchange) is None:
        raise NotApplicable("it is not known whether the model thinks")
    return may_think(exchange)


def may_think(exchange: Exchange) -> bool:
    """Tell whether a model may think before it gives an answer, as every one may that nobody knows."""
    family = family_of(exchange)
    return not is_off(exchange) and (family is None or family.thinks != "never")


@rule_of_answer("thinking.told")
def test_told(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if exchange.endpoint == "chat.stream":
        raise NotApplicable("a stream cannot tell reasoning that is empty")
    if not thinks(exchange):
        raise NotApplicable("the model does not think before this answer")
    for where, choice in choices(exchange):
        told = find(choice, "/message/reasoning_content")
        if not isinstance(told, str):
            yield Finding(f"{where}/message", "a reasoning_content", "none" if told is ABSENT else told)


@rule_of_answer("thinking.not-told")
def test_not_told(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    request_member(exchange, "thinking", dict)
    family = family_of(exchange)
    if not is_off(exchange) or (family and family.thinks == "always"):
        raise NotApplicable("the model was not told not to think, or is documented always to think")
    yield from reasoning_told(exchange)


def reasoning_told(exchange: Exchange) -> Iterator[Finding]:
    """Yield a finding for each choice that tells some reasoning."""
    for where, choice in choices(exchange):
        if (told := find(choice, "/message/reasoning_content")) not in (ABSENT, None, ""):
            yield Finding(f"{where}/message/reasoning_content", "nothing, or an empty text", told)


@rule_of_answer("thinking.counted")
def test_counted(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    thoughts = [find(choice, "/message/reasoning_content") for _, choice in choices(exchange)]
    if not any(isinstance(thought, str) and thought.strip() for thought in thoughts):
        raise NotApplicable("the answer tells no reasoning")
    require_usage(exchange)
    told = find(exchange.json, COUNT)
    if not (type(told) is int and told > 0):
        yield Finding(COUNT, "a count above 0", "nothing there" if told is ABSENT else told)


@rule_of_answer("thinking.counted-told")
def test_counted_told(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    # One token alone is counted for a model that was told not to think.
    if (counted := optional(exchange, COUNT)) <= 1:
        raise NotApplicable("the usage counts no reasoning")
    if not list(reasoning_told(exchange)):
        yield Finding(
            "/choices/0/message/reasoning_content", f"some reasoning, as {counted} tokens are counted", "none"
        )


@rule_of_answer("thinking.apart")
def test_apart(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    thoughts = [(where, letters(thought)) for where, thought in told_in(exchange, "reasoning_content")]
    if not any(len(thought) >= MUCH for _, thought in thoughts):
        raise NotApplicable(f"no choice tells reasoning of {MUCH} letters, which no answer has by chance")
    said = dict(told_in(exchange, "content"))
    for where, thought in thoughts:
        if len(thought) >= MUCH and thought in letters(said.get(where, "")):
            yield Finding(f"{where}/message/content", "an answer without the reasoning before it", said[where])


def told_in(exchange: Exchange, name: str) -> list[tuple[str, str]]:
    """Return a text of each message with the place of its choice, where it is one."""
    found = [(where, find(choice, f"/message/{name}")) for where, choice in choices(exchange)]
    return [(where, text) for where, text in found if isinstance(text, str)]


def rule_of_probe(clause: str, name: str) -> Callable[[Callable[[Exchange], Iterator[Finding]]], Rule]:
    """Make a function a rule on the answer to a request about which the sources disagree, beside its control."""

    def make(function: Callable[[Exchange], Iterator[Finding]]) -> Rule:
        def judge(conversation: Conversation, run: Run) -> Iterator[Finding]:
            probes = [exchange for exchange in conversation if exchange.refused]
            if not probes:
                raise CouldNotCheck(
                    Finding("", "a request that may be refused", f"none was made: {outcome(conversation)}")
                )
            for exchange in probes:
                require_control(exchange, scenarios()[name], run)
                if (code := answers.status(exchange, run)) != 200:
                    yield Finding("status", "200", f"{code}: {answers.message(exchange)}")
                    continue
                choices(exchange)
                yield from function(exchange)

        return rule_of_conversation(clause, name)(judge)

    return make


@rule_of_probe("thinking.effort-unlisted", "thinking.effort-unlisted")
def test_effort_unlisted(_exchange: Exchange) -> Iterator[Finding]:
    yield from ()


@rule_of_probe("thinking.off-undocumented", "thinking.off-undocumented")
def test_off_undocumented(exchange: Exchange) -> Iterator[Finding]:
    yield from reasoning_told(exchange)


@rule_of_probe("parameters.unknown-ignored", "parameters.unknown")
def test_unknown_ignored(_exchange: Exchange) -> Iterator[Finding]:
    yield from ()
