"""POST /chat/completions, whole answers: their shape, how they end, and whether they answer what was asked."""

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
from conformance.checks.reading import (
    CHAT,
    budget_of,
    calls_in,
    choices,
    counted,
    declared,
    is_cut,
    letters,
    request_member,
    request_of,
    text_in,
    tool_calls,
)
from conformance.judge import answers, brought
from conformance.scenarios.stream import PREFIX
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, NotApplicable, Run, find, member

# How the template of the model marks its thoughts, its turns and its calls: https://huggingface.co/moonshotai
MARKS = ("<think>", "</think>", "<|im_", "<|tool_call")
# What stands for bytes that are no character, as where one is torn apart between two pieces of a stream.
BROKEN, BROKEN_NAME = "\ufffd", "U+FFFD"
# Seconds by which the time inside an id may differ from the created time beside it.
ID_TIME = 60


test_status = rule_of_status("chat.status", CHAT)
test_shape = rule_of_shape("chat.completion")


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
    told = [exchange.at(f"{where}/index", int) for where, _ in choices(exchange)]
    if sorted(told) != list(range(len(told))):
        yield Finding("/choices", f"indices {list(range(len(told)))}", str(told))


@rule_of_answer("chat.choice.count")
def test_choice_count(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    silent = find(request_of(exchange), "/n") in (ABSENT, None)
    wanted = 1 if silent else member(exchange.asked, "/n", int)
    if (told := len(choices(exchange))) != wanted:
        yield Finding("/choices", f"{wanted} choice(s)", told)


@rule_of_answer("chat.finish.tool-calls")
def test_finish_tool_calls(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for where, choice in choices(exchange):
        reason, has_calls = exchange.at(f"{where}/finish_reason", str), bool(calls_in(where, choice))
        if reason == "tool_calls" and not has_calls:
            yield Finding(f"{where}/message/tool_calls", 'calls, as it ends with "tool_calls"', "none")
        # A budget may end in the middle of a call.
        if has_calls and reason not in ("tool_calls", "length"):
            yield Finding(f"{where}/finish_reason", "tool_calls, as it calls a tool", reason)


@rule_of_conversation("chat.finish.length", "chat.cut-by-budget", "stream.cut-by-budget")
def test_finish_length(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, ANSWERS):
        answers.success(exchange, run)
        told = answers.whole(exchange)
        for where, _ in choices(told):
            if (reason := told.at(f"{where}/finish_reason", str)) != "length":
                budget = budget_of(exchange)
                yield Finding(
                    f"{where}/finish_reason", f"length, as the answer needs more than {budget} tokens", reason
                )


@rule_of_answer("chat.finish.within-budget")
def test_within_budget(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    budget = budget_of(exchange)
    used, number = counted(exchange, "completion_tokens"), len(choices(exchange))
    if used > budget * number:
        yield Finding(
            "/usage/completion_tokens", f"at most {budget}, the limit asked for, for {number} choice(s)", used
        )


@rule_of_answer("chat.finish.length-spent")
def test_length_spent(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if not any(choice.get("finish_reason") == "length" for _, choice in choices(exchange)):
        raise NotApplicable('no choice ends with "length"')
    budget = budget_of(exchange)
    used = counted(exchange, "completion_tokens")
    if used * 10 < budget * 9:
        yield Finding("/usage/completion_tokens", f'about {budget}, as it ends with "length"', used)


@rule_of_answer("chat.tool-call.ids-unique")
def test_tool_call_ids_unique(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    ids = [exchange.at(f"{where}/id", str) for where, _ in tool_calls(exchange)]
    for name, times in Counter(ids).items():
        if times > 1:
            yield Finding("/choices", f"the tool call id {name!r} once", f"{times} times")


@rule_of_answer("chat.tool-call.arguments-json")
def test_tool_call_arguments(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for where, _ in tool_calls(exchange):
        arguments = exchange.at(f"{where}/function/arguments", str)
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
    for where, _ in calls:
        if (name := exchange.at(f"{where}/function/name", str)) not in names:
            yield Finding(f"{where}/function/name", f"one of {', '.join(names)}", name)


@rule_of_answer("chat.tool-call.arguments-declared")
def test_tool_call_declared(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    yield from against_parameters(exchange, declared(exchange))


def against_parameters(exchange: Exchange, functions: dict[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each call whose arguments do not obey the parameters of its function, which is one of these.

    Raises NotApplicable where none of them is called, CouldNotCheck where arguments are no JSON.
    """
    named = [(where, exchange.at(f"{where}/function/name", str)) for where, _ in tool_calls(exchange)]
    called = [(where, find(functions.get(name), "/parameters")) for where, name in named]
    if not any(isinstance(parameters, dict) for _, parameters in called):
        raise NotApplicable("no function is called that declares its parameters so")
    for where, parameters in called:
        try:
            arguments = strictjson.loads(exchange.at(f"{where}/function/arguments", str))
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


@rule_of_conversation("chat.partial", "stream.partial")
def test_partial(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in asked(conversation, ANSWERS):
        answers.success(exchange, run)
        said = answers.whole(exchange).at("/choices/0/message/content", str)
        if not said.strip():
            raise CouldNotCheck(Finding("/choices/0/message/content", "some text", said))
        if letters(said).startswith(letters(PREFIX)):
            yield Finding("/choices/0/message/content", f"what comes after {PREFIX!r}", said)


@rule_of_answer("chat.answer.no-marks")
def test_no_marks(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    said = [(where, text_in(where, choice)) for where, choice in choices(exchange)]
    if not any(text for _, text in said):
        raise NotApplicable("the answer says nothing")
    for where, text in said:
        for mark in MARKS:
            if mark in text:
                yield Finding(f"{where}/message/content", f"no {mark!r} of the model's template", text)


@rule_of_answer("chat.answer.whole-characters")
def test_whole_characters(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    said = list(texts(exchange))
    if not any(text for _, text in said):
        raise NotApplicable("the answer says nothing")
    if BROKEN in strictjson.canonical(request_of(exchange)):
        raise NotApplicable(f"the request holds {BROKEN_NAME} itself")
    for where, text in said:
        if BROKEN in text:
            yield Finding(where, f"no {BROKEN_NAME}, which stands for bytes that were no character", text)


def texts(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Yield what an answer says, thinks and calls with, and where; raises CouldNotCheck where calls are no list."""
    for where, choice in choices(exchange):
        places = [f"/message/tool_calls/{index}/function/arguments" for index, _ in enumerate(calls_in(where, choice))]
        for place in ("/message/content", "/message/reasoning_content", *places):
            if isinstance(text := find(choice, place), str):
                yield where + place, text
