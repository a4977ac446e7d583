"""Tools: called as often as asked, forced, forbidden, and by the schema that the request declares."""

from collections.abc import Generator, Iterator

from conformance import strictjson
from conformance.checks import ANSWERS, Conversation, asked, rule_of_answer, rule_of_conversation
from conformance.checks.test_chat import declared, one_word, request_member, tool_calls
from conformance.contract import ledger
from conformance.judge import answers, shapes
from conformance.judge.samples import Rate
from conformance.scenarios import tools
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, NotApplicable, Run, find, member


def answered(conversation: Conversation, run: Run) -> Conversation:
    """Return the answers of a scenario, streams added up; raises CouldNotCheck where one did not succeed."""
    found = asked(conversation, ANSWERS)
    for exchange in found:
        answers.success(exchange, run)
    return tuple(answers.whole(exchange) for exchange in found)


def names_called(exchange: Exchange) -> list[str]:
    """Return the names of the called functions, in order; none where no tool is called."""
    try:
        return [member(call, "/function/name", str) for _, call in tool_calls(exchange)]
    except NotApplicable:
        return []


def asks_for_call(exchange: Exchange) -> bool:
    """Tell whether the last message of a request is a user's: then a call was asked for, and not given an answer."""
    return bool(find(member(exchange.asked, "/messages", list)[-1], "/role") == "user")


@rule_of_conversation(tools.CALLED, "tools.call")
def test_called_when_asked(conversation: Conversation, run: Run) -> Generator[Finding, None, str]:
    clause, rate = ledger.clauses()[tools.CALLED], Rate(0, 0)
    for exchange in answered(conversation, run):
        if asks_for_call(exchange):
            rate = rate.with_sample(held=bool(names_called(exchange)))
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
        if (called := sorted(names_called(exchange))) != ["get_time", "get_weather"]:
            yield Finding(
                "/choices/0/message/tool_calls", "calls of get_weather and get_time", ", ".join(called) or "none"
            )


@rule_of_conversation("tools.none", "tools.none")
def test_none(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        if called := names_called(exchange):
            yield Finding("/choices/0/message/tool_calls", "no call, as tool_choice is none", ", ".join(called))


@rule_of_conversation("tools.required", "tools.required")
def test_required(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        if not names_called(exchange):
            yield Finding("/choices/0/message/tool_calls", "a call, as tool_choice is required", "none")


@rule_of_conversation("tools.named", "tools.named")
def test_named(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        wanted = member(exchange.asked, "/tool_choice/function/name", str)
        if set(called := names_called(exchange)) != {wanted}:
            yield Finding("/choices/0/message/tool_calls", f"a call of {wanted}", ", ".join(called) or "none")


@rule_of_conversation("tools.dynamic", "tools.dynamic")
def test_dynamic(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in answered(conversation, run):
        if (called := names_called(exchange)) != ["get_weather"]:
            yield Finding("/choices/0/message/tool_calls", "a call of get_weather", ", ".join(called) or "none")


@rule_of_conversation("tools.result-answered", "tools.call")
def test_result_answered(conversation: Conversation, run: Run) -> Iterator[Finding]:
    after = [exchange for exchange in answered(conversation, run) if not asks_for_call(exchange)]
    if not after:
        raise CouldNotCheck(Finding("", "an answer after the result of a tool", "no tool was called"))
    for exchange in after:
        content = find(exchange.json, "/choices/0/message/content")
        if not (isinstance(content, str) and content.strip()) and not names_called(exchange):
            yield Finding("/choices/0/message/content", "some text", "nothing there" if content is ABSENT else content)


@rule_of_answer("tools.strict")
def test_strict(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    functions = {name: function for name, function in declared(exchange).items() if function.get("strict") is True}
    called = [(where, call) for where, call in tool_calls(exchange) if find(call, "/function/name") in functions]
    if not called:
        raise NotApplicable("no tool that is strict is called")
    for where, call in called:
        try:
            arguments = strictjson.loads(member(call, "/function/arguments", str))
        except strictjson.NotStrictJSON as error:
            raise CouldNotCheck(Finding(f"{where}/function/arguments", "JSON", str(error))) from None
        if complaint := shapes.complaint(functions[call["function"]["name"]]["parameters"], arguments):
            yield Finding(f"{where}/function/arguments", "what the parameters declare", complaint)


@rule_of_conversation("tools.counted", "tools.required", "tools.named")
def test_counted(conversation: Conversation, run: Run) -> Iterator[Finding]:
    fewer = one_word(run).at("/usage/prompt_tokens", int)
    for exchange in answered(conversation, run):
        request_member(exchange, "tools", list)
        if not (told := exchange.at("/usage/prompt_tokens", int)) > fewer:
            yield Finding("/usage/prompt_tokens", f"more than {fewer} for a longer prompt without tools", told)
