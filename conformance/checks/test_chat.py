"""POST /chat/completions, whole answers: their shape, their sums, and whether they answer what was asked."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from conformance import strictjson
from conformance.checks import (
    Conversation,
    asked,
    rule_of_answer,
    rule_of_conversation,
    rule_of_shape,
    rule_of_status,
)
from conformance.checks.clocks import in_seconds, of_now
from conformance.judge import answers, shapes
from conformance.scenarios.chat import PREFIX
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, NotApplicable, Run, Value, find, member

CHAT = "chat.completions"
# Seconds by which the time inside an id may differ from the created time beside it.
ID_TIME = 60
# By so many tokens at the most the question about the picture is longer than the prompt it is held against.
WORDS_MORE = 12

test_status = rule_of_status("chat.status", CHAT)
test_shape = rule_of_shape("chat.completion")


def choices(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """Return the choices with their places; raises CouldNotCheck where there is none that can be read."""
    found = [(f"/choices/{index}", choice) for index, choice in enumerate(exchange.at("/choices", list))]
    if not found:
        raise CouldNotCheck(Finding("/choices", "at least one choice", "none"))
    for where, choice in found:
        if not isinstance(find(choice, "/message"), dict):
            raise CouldNotCheck(Finding(f"{where}/message", "a message", choice))
    return found


def tool_calls(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    """Return the tool calls of all choices with their places; raises NotApplicable where there is none."""
    found = [(where, find(choice, "/message/tool_calls")) for where, choice in choices(exchange)]
    calls = [
        (f"{where}/message/tool_calls/{index}", call)
        for where, listed in found
        if isinstance(listed, list)
        for index, call in enumerate(listed)
    ]
    if not calls:
        raise NotApplicable("the answer calls no tool")
    for where, call in calls:
        if not isinstance(call, dict):
            raise CouldNotCheck(Finding(where, "a tool call", call))
    return calls


def optional(exchange: Exchange, pointer: str) -> int:
    """Return an optional count; raises NotApplicable where it is absent, CouldNotCheck where it is no integer."""
    if find(exchange.json, pointer) is ABSENT:
        raise NotApplicable(f"the answer has no {pointer}")
    return exchange.at(pointer, int)


def one_word(run: Run) -> Exchange:
    """Return the whole answer of one word, which others are held against; raises CouldNotCheck where there is none."""
    for exchange in run.conversations.get("chat.one-word", ()):
        if exchange.endpoint == CHAT:
            answers.success(exchange, run)
            return exchange
    raise CouldNotCheck(Finding("", "chat.one-word, to hold this against", "it was not asked"))


def counted(exchange: Exchange, name: str) -> int:
    """Return a count of the usage; raises CouldNotCheck where there is none.

    Of a stream that tells no usage at all other clauses speak, so there it raises NotApplicable.
    """
    if exchange.endpoint == "chat.stream" and find(exchange.json, "/usage") is ABSENT:
        raise NotApplicable("the stream tells no usage, which other clauses speak of")
    return exchange.at(f"/usage/{name}", int)


def request_member(exchange: Exchange, name: str, kind: type[Value]) -> Value:
    """Return a member of the request; raises NotApplicable where it has none, or a recording does not tell it."""
    if exchange.file and not exchange.request.body:
        raise NotApplicable("the recording does not tell the request")
    if find(exchange.asked, f"/{name}") in (ABSENT, None):
        raise NotApplicable(f"the request has no {name}")
    return member(exchange.asked, f"/{name}", kind)


def declared(exchange: Exchange) -> dict[str, Any]:
    """Return the functions that a request declares, by name; what is no declaration is left out."""
    functions = [find(tool, "/function") for tool in request_member(exchange, "tools", list)]
    return {function["name"]: function for function in functions if isinstance(find(function, "/name"), str)}


@rule_of_answer("chat.created-seconds")
def test_created_seconds(exchange: Exchange, run: Run) -> Iterator[Finding]:
    yield from in_seconds(exchange.at("/created", int), "/created", exchange, run)
    yield from of_now(exchange.at("/created", int), "/created", exchange, run)


@rule_of_answer("chat.model-asked")
def test_model_asked(exchange: Exchange, run: Run) -> Iterator[Finding]:
    if not run.target.official:
        raise NotApplicable("a gateway may call the model by another name")
    wanted, told = request_member(exchange, "model", str), exchange.at("/model", str)
    if told != wanted:
        yield Finding("/model", wanted, told)


@rule_of_answer("chat.choice.indices")
def test_choice_indices(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    told = [member(choice, "/index", int) for _, choice in choices(exchange)]
    if sorted(told) != list(range(len(told))):
        yield Finding("/choices", f"indices {list(range(len(told)))}", str(told))


@rule_of_answer("chat.choice.count")
def test_choice_count(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if exchange.file and not exchange.request.body:
        raise NotApplicable("the recording does not tell the request")
    n = find(exchange.asked, "/n")
    wanted = n if type(n) is int else 1
    if (told := len(choices(exchange))) != wanted:
        yield Finding("/choices", f"{wanted} choice(s)", told)


@rule_of_answer("chat.usage.sum")
def test_usage_sum(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    prompt, completion = counted(exchange, "prompt_tokens"), counted(exchange, "completion_tokens")
    total = counted(exchange, "total_tokens")
    if total != prompt + completion:
        yield Finding("/usage/total_tokens", f"{prompt} + {completion} = {prompt + completion}", total)


@rule_of_answer("chat.usage.cached-within-prompt")
def test_cached_within_prompt(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    cached, prompt = optional(exchange, "/usage/cached_tokens"), counted(exchange, "prompt_tokens")
    if cached > prompt:
        yield Finding("/usage/cached_tokens", f"at most {prompt}, the prompt tokens", cached)


@rule_of_answer("chat.usage.cached-agree")
def test_cached_agree(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    flat = optional(exchange, "/usage/cached_tokens")
    detailed = optional(exchange, "/usage/prompt_tokens_details/cached_tokens")
    if flat != detailed:
        yield Finding("/usage/prompt_tokens_details/cached_tokens", f"{flat}, as in /usage/cached_tokens", detailed)


@rule_of_answer("chat.usage.reasoning-within-completion")
def test_reasoning_within_completion(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    where = "/usage/completion_tokens_details/reasoning_tokens"
    reasoning, completion = optional(exchange, where), counted(exchange, "completion_tokens")
    if reasoning > completion:
        yield Finding(where, f"at most {completion}, the completion tokens", reasoning)


@rule_of_conversation("chat.usage.counts-prompt", "tools.call")
def test_counts_prompt(conversation: Conversation, run: Run) -> Iterator[Finding]:
    turns = asked(conversation, (CHAT,))
    for turn in turns:
        answers.success(turn, run)
    if len(turns) < 2 or len(member(turns[0].asked, "/messages", list)) == len(
        member(turns[-1].asked, "/messages", list)
    ):
        raise CouldNotCheck(Finding("", "two turns", f"{len(turns)} answers to the same prompt"))
    first, last = (turn.at("/usage/prompt_tokens", int) for turn in (turns[0], turns[-1]))
    if not last > first:
        yield Finding("/usage/prompt_tokens", f"more than {first}, as the prompt holds the one before", last)


@rule_of_answer("chat.finish.tool-calls")
def test_finish_tool_calls(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for where, choice in choices(exchange):
        reason, calls = member(choice, "/finish_reason", str), find(choice, "/message/tool_calls")
        has_calls = isinstance(calls, list) and bool(calls)
        if reason == "tool_calls" and not has_calls:
            yield Finding(f"{where}/message/tool_calls", 'calls, as it ends with "tool_calls"', "none")
        if has_calls and reason != "tool_calls":
            yield Finding(f"{where}/finish_reason", "tool_calls, as it calls a tool", reason)


@rule_of_conversation("chat.finish.length", "chat.cut-by-budget")
def test_finish_length(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, (CHAT,)):
        answers.success(exchange, run)
        for where, choice in choices(exchange):
            if (reason := member(choice, "/finish_reason", str)) != "length":
                budget = request_member(exchange, "max_completion_tokens", int)
                yield Finding(
                    f"{where}/finish_reason", f"length, as the answer needs more than {budget} tokens", reason
                )


@rule_of_answer("chat.finish.within-budget")
def test_within_budget(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    budget = request_member(exchange, "max_completion_tokens", int)
    used = counted(exchange, "completion_tokens")
    if used > budget:
        yield Finding("/usage/completion_tokens", f"at most {budget}, the max_completion_tokens asked for", used)


@rule_of_answer("chat.finish.length-spent")
def test_length_spent(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if not any(choice.get("finish_reason") == "length" for _, choice in choices(exchange)):
        raise NotApplicable('no choice ends with "length"')
    budget = request_member(exchange, "max_completion_tokens", int)
    used = counted(exchange, "completion_tokens")
    if used * 10 < budget * 9:
        yield Finding("/usage/completion_tokens", f'about {budget}, as it ends with "length"', used)


@rule_of_answer("chat.tool-call.ids-unique")
def test_tool_call_ids_unique(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    ids = [member(call, "/id", str) for _, call in tool_calls(exchange)]
    for name, times in Counter(ids).items():
        if times > 1:
            yield Finding("/choices", f"the tool call id {name!r} once", f"{times} times")


@rule_of_answer("chat.tool-call.arguments-json")
def test_tool_call_arguments(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for where, call in tool_calls(exchange):
        arguments = member(call, "/function/arguments", str)
        try:
            parsed = strictjson.loads(arguments)
        except strictjson.NotStrictJSON as error:
            yield Finding(f"{where}/function/arguments", f"the text of a JSON object ({error})", arguments)
            continue
        if not isinstance(parsed, dict):
            yield Finding(f"{where}/function/arguments", "the text of a JSON object", arguments)


@rule_of_answer("chat.tool-call.known-function")
def test_tool_call_known(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    calls = tool_calls(exchange)
    names = declared(exchange)
    for where, call in calls:
        if (name := member(call, "/function/name", str)) not in names:
            yield Finding(f"{where}/function/name", f"one of {', '.join(names)}", name)


@rule_of_answer("chat.tool-call.arguments-declared")
def test_tool_call_declared(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    calls = tool_calls(exchange)
    functions = declared(exchange)
    for where, call in calls:
        function = functions.get(member(call, "/function/name", str), {})
        if not isinstance(parameters := function.get("parameters"), dict):
            raise NotApplicable("the called function declares no parameters")
        try:
            arguments = strictjson.loads(member(call, "/function/arguments", str))
        except strictjson.NotStrictJSON as error:
            raise CouldNotCheck(Finding(f"{where}/function/arguments", "JSON", str(error))) from None
        if complaint := shapes.complaint(parameters, arguments):
            yield Finding(f"{where}/function/arguments", "what the parameters declare", complaint)


@rule_of_answer("chat.answer.not-empty")
def test_not_empty(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    stopped = [(where, choice) for where, choice in choices(exchange) if choice.get("finish_reason") == "stop"]
    if not stopped:
        raise NotApplicable('no choice ends with "stop"')
    for where, choice in stopped:
        content, calls = find(choice, "/message/content"), find(choice, "/message/tool_calls")
        said = content.strip() if isinstance(content, str) else content
        if not said and not (isinstance(calls, list) and calls):
            yield Finding(
                f"{where}/message/content", 'some text, as it ends with "stop"', choice["message"].get("content")
            )


@rule_of_answer("chat.id-created")
def test_id_created(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    name, created = exchange.at("/id", str), exchange.at("/created", int)
    digits = name.removeprefix("chatcmpl-")
    if len(digits) != 24 or not all(digit in "0123456789abcdef" for digit in digits):
        raise NotApplicable("the id is not chatcmpl- and 24 hexadecimal digits")
    if abs(int(digits[:8], 16) - created) > ID_TIME:
        yield Finding("/id", f"{created:08x}, the created time, within {ID_TIME} s", digits[:8])


@rule_of_conversation("chat.partial", "chat.partial")
def test_partial(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, (CHAT,)):
        answers.success(exchange, run)
        said = exchange.at("/choices/0/message/content", str)
        if not said.strip():
            raise CouldNotCheck(Finding("/choices/0/message/content", "some text", said))
        if said.lstrip().startswith(PREFIX):
            yield Finding("/choices/0/message/content", f"what comes after {PREFIX!r}", said)


@rule_of_conversation("chat.vision-counted", "chat.vision")
def test_vision_counted(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, (CHAT,)):
        answers.success(exchange, run)
        plain = one_word(run)
        fewer, told = (each.at("/usage/prompt_tokens", int) for each in (plain, exchange))
        if not told > fewer + WORDS_MORE:
            yield Finding("/usage/prompt_tokens", f"more than {fewer} for a shorter prompt without picture", told)


@rule_of_conversation("chat.cached", "tools.call")
def test_cached(conversation: Conversation, run: Run) -> Iterator[Finding]:
    turns = asked(conversation, (CHAT,))
    for turn in turns:
        answers.success(turn, run)
    if len(turns) < 2:
        raise CouldNotCheck(Finding("", "a prompt that was asked before", len(turns)))
    if all(find(turn.json, "/usage/cached_tokens") in (ABSENT, None, 0) for turn in turns[1:]):
        yield Finding("/usage/cached_tokens", "some tokens from the cache", "none in any repetition")
