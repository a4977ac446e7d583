"""POST /chat/completions, whole answers: their shape, their sums, and whether they answer what was asked."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from conformance import strictjson
from conformance.checks import (
    ANSWERS,
    Conversation,
    asked,
    rule_of_answer,
    rule_of_conversation,
    rule_of_shape,
    rule_of_status,
)
from conformance.checks.clocks import in_seconds, of_now
from conformance.judge import answers, brought
from conformance.scenarios.chat import PREFIX
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, NotApplicable, Run, Value, find, member

CHAT = "chat.completions"
# How the template of the model marks its thoughts, its turns and its calls: https://huggingface.co/moonshotai
MARKS = ("<think>", "</think>", "<|im_", "<|tool_call")
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
    calls = [
        (f"{where}/message/tool_calls/{index}", call)
        for where, choice in choices(exchange)
        for index, call in enumerate(calls_in(where, choice))
    ]
    if not calls:
        raise NotApplicable("the answer calls no tool")
    for where, call in calls:
        if not isinstance(call, dict):
            raise CouldNotCheck(Finding(where, "a tool call", call))
    return calls


def calls_in(where: str, choice: dict[str, Any]) -> list[Any]:
    """Return the tool calls of a choice, none where it has none; raises CouldNotCheck where they are no list."""
    calls = find(choice, "/message/tool_calls")
    if calls is ABSENT or calls is None:
        return []
    if not isinstance(calls, list):
        raise CouldNotCheck(Finding(f"{where}/message/tool_calls", "a list of calls", calls))
    return calls


def text_in(where: str, choice: dict[str, Any]) -> str:
    """Return the text of a choice, an empty one where it has none; raises CouldNotCheck where it is of another type."""
    content = find(choice, "/message/content")
    if content is ABSENT or content is None:
        return ""
    if not isinstance(content, str):
        raise CouldNotCheck(Finding(f"{where}/message/content", "a text", content))
    return content


def is_cut(choice: object) -> bool:
    """Tell whether the budget cut a choice, whose text and calls may then end anywhere."""
    return bool(find(choice, "/finish_reason") == "length")


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
    """Return a count of the usage; raises CouldNotCheck where there is none, and as ``require_usage`` does."""
    require_usage(exchange)
    return exchange.at(f"/usage/{name}", int)


def require_usage(exchange: Exchange) -> None:
    """Raise NotApplicable where a stream tells no usage at all, of which other clauses speak."""
    if exchange.endpoint == "chat.stream" and find(exchange.json, "/usage") is ABSENT:
        raise NotApplicable("the stream tells no usage, which other clauses speak of")


def request_of(exchange: Exchange) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the body of the request; raises NotApplicable where a recording does not tell it."""
    if exchange.file and not exchange.request.body:
        raise NotApplicable("the recording does not tell the request")
    return exchange.asked


def request_member(exchange: Exchange, name: str, kind: type[Value]) -> Value:
    """Return a member of the request; raises NotApplicable where it has none, or a recording does not tell it."""
    if find(request_of(exchange), f"/{name}") in (ABSENT, None):
        raise NotApplicable(f"the request has no {name}")
    return member(exchange.asked, f"/{name}", kind)


def declared(exchange: Exchange) -> dict[str, Any]:
    """Return the functions that a request and its messages declare, by name; what is no declaration is left out.

    Raises NotApplicable where no function is declared.
    """
    messages = find(request_of(exchange), "/messages")
    speakers = [exchange.asked, *(messages if isinstance(messages, list) else [])]
    listed = [tools for speaker in speakers if isinstance(tools := find(speaker, "/tools"), list)]
    functions = [find(tool, "/function") for tools in listed for tool in tools]
    known = {function["name"]: function for function in functions if isinstance(find(function, "/name"), str)}
    if not known:
        raise NotApplicable("the request declares no function")
    return known


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
    silent = find(request_of(exchange), "/n") in (ABSENT, None)
    wanted = 1 if silent else member(exchange.asked, "/n", int)
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
    messages = [len(member(turn.asked, "/messages", list)) for turn in turns]
    if not messages[-1] > messages[0]:
        raise CouldNotCheck(Finding("", "a longer prompt after the first", f"{len(turns)} of the same length"))
    first, last = (turn.at("/usage/prompt_tokens", int) for turn in (turns[0], turns[-1]))
    if not last > first:
        yield Finding("/usage/prompt_tokens", f"more than {first}, as the prompt holds the one before", last)


@rule_of_answer("chat.finish.tool-calls")
def test_finish_tool_calls(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for where, choice in choices(exchange):
        reason, has_calls = member(choice, "/finish_reason", str), bool(calls_in(where, choice))
        if reason == "tool_calls" and not has_calls:
            yield Finding(f"{where}/message/tool_calls", 'calls, as it ends with "tool_calls"', "none")
        # A budget may end in the middle of a call.
        if has_calls and reason not in ("tool_calls", "length"):
            yield Finding(f"{where}/finish_reason", "tool_calls, as it calls a tool", reason)


@rule_of_conversation("chat.finish.length", "chat.cut-by-budget", "stream.cut-by-budget")
def test_finish_length(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, ANSWERS):
        answers.success(exchange, run)
        for where, choice in choices(answers.whole(exchange)):
            if (reason := member(choice, "/finish_reason", str)) != "length":
                budget = request_member(exchange, "max_completion_tokens", int)
                yield Finding(
                    f"{where}/finish_reason", f"length, as the answer needs more than {budget} tokens", reason
                )


@rule_of_answer("chat.finish.within-budget")
def test_within_budget(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    budget = request_member(exchange, "max_completion_tokens", int)
    used, number = counted(exchange, "completion_tokens"), len(choices(exchange))
    if used > budget * number:
        yield Finding(
            "/usage/completion_tokens", f"at most {budget}, the max_completion_tokens, for {number} choice(s)", used
        )


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
            if is_cut(find(exchange.json, where.partition("/message")[0])):
                raise CouldNotCheck(Finding(where, "a call that is not cut", "length")) from None
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
    yield from against_parameters(exchange, declared(exchange))


def against_parameters(exchange: Exchange, functions: dict[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each call whose arguments do not obey the parameters of its function, which is one of these.

    Raises NotApplicable where none of them is called, CouldNotCheck where arguments are no JSON.
    """
    named = [(where, call, member(call, "/function/name", str)) for where, call in tool_calls(exchange)]
    called = [(where, call, find(functions.get(name), "/parameters")) for where, call, name in named]
    if not any(isinstance(parameters, dict) for _, _, parameters in called):
        raise NotApplicable("no function is called that declares its parameters so")
    for where, call, parameters in called:
        try:
            arguments = strictjson.loads(member(call, "/function/arguments", str))
        except strictjson.NotStrictJSON as error:
            raise CouldNotCheck(Finding(f"{where}/function/arguments", "JSON", str(error))) from None
        if isinstance(parameters, dict) and (complaint := brought.complaint(parameters, arguments)):
            yield Finding(f"{where}/function/arguments", "what the parameters declare", complaint)


@rule_of_answer("chat.answer.not-empty")
def test_not_empty(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    stopped = [(where, choice) for where, choice in choices(exchange) if choice.get("finish_reason") == "stop"]
    if not stopped:
        raise NotApplicable('no choice ends with "stop"')
    for where, choice in stopped:
        if not text_in(where, choice).strip() and not calls_in(where, choice):
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
        if letters(said).startswith(letters(PREFIX)):
            yield Finding("/choices/0/message/content", f"what comes after {PREFIX!r}", said)


def letters(text: str) -> str:
    """Return a text without case, spaces, quotes and marks: a repetition is one however it is set."""
    return re.sub(r"[\W_]+", "", text).casefold()


@rule_of_conversation("chat.vision-counted", "chat.vision")
def test_vision_counted(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, (CHAT,)):
        answers.success(exchange, run)
        plain = one_word(run)
        fewer, told = (each.at("/usage/prompt_tokens", int) for each in (plain, exchange))
        if not told > fewer + WORDS_MORE:
            expected = f"more than {fewer} for the words of chat.one-word and {WORDS_MORE} for more words"
            yield Finding("/usage/prompt_tokens", expected, told)


@rule_of_conversation("chat.cached", "tools.call")
def test_cached(conversation: Conversation, run: Run) -> Iterator[Finding]:
    turns = asked(conversation, (CHAT,))
    for turn in turns:
        answers.success(turn, run)
    if len(turns) < 2:
        raise CouldNotCheck(Finding("", "a prompt that was asked before", len(turns)))
    told = [find(turn.json, "/usage/cached_tokens") not in (ABSENT, None) for turn in turns[1:]]
    read = [turn.at("/usage/cached_tokens", int) for turn, tells in zip(turns[1:], told, strict=True) if tells]
    if any(count < 0 for count in read):
        raise CouldNotCheck(Finding("/usage/cached_tokens", "counts", min(read)))
    if not any(read):
        yield Finding("/usage/cached_tokens", "some tokens from the cache", "none in any repetition")


@rule_of_answer("chat.answer.no-marks")
def test_no_marks(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    said = [(where, text_in(where, choice)) for where, choice in choices(exchange)]
    if not any(text for _, text in said):
        raise NotApplicable("the answer says nothing")
    for where, text in said:
        for mark in MARKS:
            if mark in text:
                yield Finding(f"{where}/message/content", f"no {mark!r} of the model's template", text)
