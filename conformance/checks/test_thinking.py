"""Thinking: told where it is on, not told where it is off, and counted."""

from collections.abc import Callable, Iterator

from conformance import catalogue
from conformance.checks import Conversation, Rule, rule_of_answer, rule_of_conversation
from conformance.checks.test_chat import choices, request_member
from conformance.checks.test_refusals import outcome, require_control, status_of
from conformance.judge import answers
from conformance.scenarios import scenarios
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, NotApplicable, Run, find

COUNT = "/usage/completion_tokens_details/reasoning_tokens"


def thinks(exchange: Exchange, run: Run) -> bool:
    """Tell whether a model thinks before it gives an answer; raises NotApplicable where that is not known."""
    family = catalogue.family_of(run.model)
    if family is None or (exchange.file and not exchange.request.body):
        raise NotApplicable("it is not known whether the model thinks")
    off = find(exchange.asked, "/thinking/type") == "disabled"
    return family.thinks == "always" or (family.thinks == "optionally" and not off)


@rule_of_answer("thinking.told")
def test_told(exchange: Exchange, run: Run) -> Iterator[Finding]:
    if exchange.endpoint == "chat.stream":
        raise NotApplicable("a stream cannot tell reasoning that is empty")
    if not thinks(exchange, run):
        raise NotApplicable("the model does not think before this answer")
    for where, choice in choices(exchange):
        told = find(choice, "/message/reasoning_content")
        if not isinstance(told, str):
            yield Finding(f"{where}/message", "a reasoning_content", "none" if told is ABSENT else told)


@rule_of_answer("thinking.not-told")
def test_not_told(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if find(request_member(exchange, "thinking", dict), "/type") != "disabled":
        raise NotApplicable("the model was not told not to think")
    for where, choice in choices(exchange):
        if (told := find(choice, "/message/reasoning_content")) not in (ABSENT, None, ""):
            yield Finding(f"{where}/message/reasoning_content", "nothing, or an empty text", told)


@rule_of_answer("thinking.counted")
def test_counted(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    thoughts = [find(choice, "/message/reasoning_content") for _, choice in choices(exchange)]
    if not any(isinstance(thought, str) and thought.strip() for thought in thoughts):
        raise NotApplicable("the answer tells no reasoning")
    told = find(exchange.json, COUNT)
    if not (type(told) is int and told > 0):
        yield Finding(COUNT, "a count above 0", "nothing there" if told is ABSENT else told)


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
                if (code := status_of(exchange)) != 200:
                    yield Finding("status", "200", f"{code}: {answers.message(exchange)}")
                else:
                    yield from function(exchange)

        return rule_of_conversation(clause, name)(judge)

    return make


@rule_of_probe("thinking.effort-unlisted", "thinking.effort-unlisted")
def test_effort_unlisted(_exchange: Exchange) -> Iterator[Finding]:
    yield from ()


@rule_of_probe("thinking.off-undocumented", "thinking.off-undocumented")
def test_off_undocumented(exchange: Exchange) -> Iterator[Finding]:
    if told := find(exchange.json, "/choices/0/message/reasoning_content") or None:
        yield from () if told is ABSENT else [Finding("/choices/0/message/reasoning_content", "nothing", told)]


@rule_of_probe("parameters.unknown-ignored", "parameters.unknown")
def test_unknown_ignored(_exchange: Exchange) -> Iterator[Finding]:
    yield from ()
