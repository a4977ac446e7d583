"""Tools: called as often as asked, forced, forbidden, and by the schema that the request declares."""

from collections import Counter
from collections.abc import Generator, Iterator

from conformance.checks import ANSWERS, Conversation, asked, rule_of_answer, rule_of_conversation
from conformance.checks.reading import (
    choices,
    declared,
    is_cut,
    one_word,
    request_member,
    text_in,
    tool_calls,
)
from conformance.checks.test_chat import against_parameters
from conformance.contract import ledger
from conformance.judge import answers
from conformance.judge.samples import Rate
from conformance.scenarios import tools
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable, Run, find, member

CALLS = "/choices/0/message/tool_calls"


def answered(conversation: Conversation, run: Run) -> Conversation:
    """Return the answers of a scenario, streams added up; raises CouldNotCheck where one did not succeed."""
    found = asked(conversation, ANSWERS)
    for exchange in found:
        answers.success(exchange, run)
    return tuple(answers.whole(exchange) for exchange in found)


def names_called(exchange: Exchange) -> list[str]:
    """Return the names of the called functions, in order; none where no tool is called."""
    try:
        return [exchange.at(f"{where}/function/name", str) for where, _ in tool_calls(exchange)]
    except NotApplicable:
        return []


def ends_with(exchange: Exchange, role: str) -> bool:
    """Tell whose message is the last of a request: a user asks for a call, a tool tells its result."""
    return [find(message, "/role") for message in member(exchange.asked, "/messages", list)[-1:]] == [role]


def cut(exchange: Exchange) -> bool:
    """Tell whether the budget cut an answer, so that what is not called in it might have been called."""
    return any(is_cut(choice) for _, choice in choices(exchange))


def uncalled(exchange: Exchange, expected: str) -> Iterator[Finding]:
    """Yield the finding that something else is called than expected; raises CouldNotCheck where the budget cut it."""
    if cut(exchange):
        raise CouldNotCheck(Finding("/choices/0/finish_reason", "an answer that is not cut", "length"))
    yield Finding(CALLS, expected, ", ".join(names_called(exchange)) or "none")


@rule_of_conversation(tools.CALLED, "tools.call")
def test_called_when_asked(conversation: Conversation, run: Run) -> Generator[Finding, None, str]:
    clause, rate = ledger.clauses()[tools.CALLED], Rate(0, 0)
    for exchange in answered(conversation, run):
        called = names_called(exchange)
        if ends_with(exchange, "user") and (called or not cut(exchange)):
            rate = rate.with_sample(held=bool(called))
    clear = rate.clear(clause.at_least)
    if clear is None:
        raise CouldNotCheck(
            Finding("", f"samples that tell whether it is at least {clause.at_least:g}", rate.sentence())
        )
    if not clear:
        yield Finding("", f"a share of at least {clause.at_least:g}", rate.sentence())
    return rate.sentence()


@rule_of_conversation("tools.parallel", "tools.parallel", "stream.tools")
def test_parallel(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        if set(names_called(exchange)) != {"get_time", "get_weather"}:
            yield from uncalled(exchange, "calls of get_weather and get_time")


@rule_of_conversation("tools.none", "tools.none")
def test_none(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        if called := names_called(exchange):
            yield Finding(CALLS, "no call, as tool_choice is none", ", ".join(called))
        elif cut(exchange):
            raise CouldNotCheck(Finding("/choices/0/finish_reason", "an answer that is not cut", "length"))


@rule_of_conversation("tools.required", "tools.required")
def test_required(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        if not names_called(exchange):
            yield from uncalled(exchange, "a call, as tool_choice is required")


@rule_of_conversation("tools.named", "tools.named")
def test_named(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        wanted = member(exchange.asked, "/tool_choice/function/name", str)
        if set(names_called(exchange)) != {wanted}:
            yield from uncalled(exchange, f"a call of {wanted}")


@rule_of_conversation("tools.dynamic", "tools.dynamic")
def test_dynamic(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        if "get_weather" not in names_called(exchange):
            yield from uncalled(exchange, "a call of get_weather")


@rule_of_conversation("tools.result-used", "tools.call")
def test_result_used(conversation: Conversation, run: Run) -> Iterator[Finding]:
    after = [exchange for exchange in answered(conversation, run) if ends_with(exchange, "tool") and not cut(exchange)]
    said = [find(exchange.json, "/choices/0/message/content") for exchange in after]
    told = [text for text in said if isinstance(text, str) and text.strip()]
    if not told:
        raise CouldNotCheck(Finding("", "an answer that says something after the result of a tool", "none"))
    for text in told:
        if tools.DEGREES not in text:
            yield Finding("/choices/0/message/content", f"the {tools.DEGREES} degrees that the tool told", text)


@rule_of_conversation("chat.id-unique", "tools.call")
def test_id_unique(conversation: Conversation, run: Run) -> Iterator[Finding]:
    ids = [exchange.at("/id", str) for exchange in answered(conversation, run)]
    if len(ids) < 2:
        raise CouldNotCheck(Finding("/id", "two answers", len(ids)))
    for name, times in Counter(ids).items():
        if times > 1:
            yield Finding("/id", f"the id {name} for one answer", f"for {times}")


@rule_of_conversation("tools.result-answered", "tools.call")
def test_result_answered(conversation: Conversation, run: Run) -> Iterator[Finding]:
    after = [exchange for exchange in answered(conversation, run) if ends_with(exchange, "tool")]
    if not after:
        raise CouldNotCheck(Finding("", "an answer after the result of a tool", "no tool was called"))
    for exchange in after:
        texts = [text_in(where, choice) for where, choice in choices(exchange)]
        if not any(text.strip() for text in texts) and not names_called(exchange):
            yield from uncalled(exchange, "a call, or some text in content")


@rule_of_answer("tools.strict")
def test_strict(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    strict = {name: each for name, each in declared(exchange).items() if each.get("strict") is True}
    yield from against_parameters(exchange, strict)


@rule_of_conversation("tools.counted", "tools.required", "tools.named")
def test_counted(conversation: Conversation, run: Run) -> Iterator[Finding]:
    fewer = one_word(run).at("/usage/prompt_tokens", int)
    for exchange in answered(conversation, run):
        request_member(exchange, "tools", list)
        if not (told := exchange.at("/usage/prompt_tokens", int)) > fewer:
            yield Finding("/usage/prompt_tokens", f"more than {fewer} for a longer prompt without tools", told)
